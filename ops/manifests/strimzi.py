"""Strimzi's KafkaTopic and KafkaUser resources: the catalogue's topics, and a principal for each role, which may do
to them what the catalogue says and nothing else.
"""

from typing import Any

from ops.topic_access import Grant, wanted_grants
from ops.topics import settings_for
from schemas.catalogue import Catalogue

_API = "kafka.strimzi.io/v1beta2"
#: Of the Kafka resource these belong to.
CLUSTER = "frontdoor"
#: What a cluster that somebody outgrew one machine for has.
_COPIES = 3
_PATTERNS = {"LITERAL": "literal", "PREFIXED": "prefix"}


def topics(catalogue: Catalogue) -> list[dict[str, Any]]:
    """One KafkaTopic for every topic of the catalogue, changelogs included."""
    return [
        {
            "apiVersion": _API,
            "kind": "KafkaTopic",
            "metadata": _metadata(name),
            "spec": {
                "topicName": name,
                "partitions": catalogue.keyed_partitions,
                "replicas": _COPIES,
                "config": settings_for(settings, _COPIES),
            },
        }
        for name, settings in catalogue.desired().items()
    ]


def users(catalogue: Catalogue) -> list[dict[str, Any]]:
    """One KafkaUser for each role, with TLS client authentication and the rights that `topics apply` would grant it."""
    grants = sorted(wanted_grants(catalogue, "{role}"))
    return [
        _user(role, [each for each in grants if each.principal == role]) for role in sorted({one.principal for one in grants})
    ]


def _user(role: str, grants: list[Grant]) -> dict[str, Any]:
    rules = [
        {
            "resource": {"type": one.resource.lower(), "name": one.name, "patternType": _PATTERNS[one.pattern]},
            "operations": [one.operation.title(), "Describe"],
            "host": one.host,
        }
        for one in grants
    ]
    return {
        "apiVersion": _API,
        "kind": "KafkaUser",
        "metadata": _metadata(f"frontdoor-{role}"),
        "spec": {"authentication": {"type": "tls"}, "authorization": {"type": "simple", "acls": rules}},
    }


def _metadata(name: str) -> dict[str, Any]:
    # A resource's name knows no underscore.
    return {"name": name.replace("_", "-"), "labels": {"strimzi.io/cluster": CLUSTER}}
