"""The AsyncAPI 3 document: every topic with its broker settings, every record with its Avro schema, who reads what.

Names of the Kafka bindings: asyncapi/bindings, kafka/README.md.
"""

from typing import Any

from schemas.avro import committed_versions
from schemas.catalogue import MODELS, Catalogue, Kept

_BINDING = "0.5.0"
_AVRO = "application/vnd.apache.avro+json;version=1.9.0"
#: Where AsyncAPI knows the setting; the others stand in the catalogue.
_LISTS, _NUMBERS = ("cleanup.policy",), ("retention.ms", "max.message.bytes")

#: CloudEvents 1.0 in Kafka's binary mode, as `streams.envelope` writes them.
HEADERS = {
    "ce_specversion": "always 1.0",
    "ce_id": "id of the record",
    "ce_type": "frontdoor.<Record>",
    "ce_source": "which part of the hub wrote it",
    "ce_time": "when it happened, not when it was written; UTC",
    "content-type": "application/avro",
}


def asyncapi(catalogue: Catalogue) -> dict[str, Any]:
    """The document as plain data. Pure."""
    records = sorted({topic.record for topic in catalogue.topics.values()})
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Front Door",
            "version": f"{catalogue.version}.0.0",
            "description": "The topics of a messaging hub for children's safeguarding partnerships. Values are Avro in "
            "Confluent's wire format; the hub's registry gives the schema of an id.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/avro",
        "channels": {
            **{name: _channel(name, topic, topic.record, catalogue) for name, topic in catalogue.topics.items()},
            "partner.in": _partner_channel(catalogue),
        },
        "operations": dict(_operations(catalogue)),
        "components": {"messages": {name: _message(name) for name in records}},
    }


def _channel(name: str, topic: Kept, record: str, catalogue: Catalogue) -> dict[str, Any]:
    return {
        "address": name,
        "description": topic.description,
        "messages": {record: {"$ref": f"#/components/messages/{record}"}},
        "bindings": {"kafka": _topic_binding(name, topic, catalogue)},
    }


def _partner_channel(catalogue: Catalogue) -> dict[str, Any]:
    name = "partner.{organisation}.in"
    binding = _topic_binding(name, catalogue.partner_in, catalogue)
    del binding["topic"]
    return {
        "address": name,
        "description": catalogue.partner_in.description,
        "parameters": {"organisation": {"description": "The partner organisation's name in the senders file."}},
        "messages": {
            "PartnerMessage": {
                "contentType": "application/octet-stream",
                "summary": "A message in any format of its sector, as the partner's own system writes it.",
                "payload": {"type": "string"},
            }
        },
        "bindings": {"kafka": binding},
    }


def _topic_binding(name: str, topic: Kept, catalogue: Catalogue) -> dict[str, Any]:
    settings = topic.config()
    known: dict[str, Any] = {setting: settings[setting].split(",") for setting in _LISTS}
    known |= {setting: int(settings[setting]) for setting in _NUMBERS}
    return {
        "topic": name, "partitions": catalogue.keyed_partitions, "topicConfiguration": known, "bindingVersion": _BINDING,
    }  # fmt: skip


def _operations(catalogue: Catalogue) -> list[tuple[str, dict[str, Any]]]:
    """What each part of the hub does with each topic; workers read as a consumer group of their own name."""
    workers = {name.removesuffix("-rows") for name in catalogue.changelogs}
    found = []
    for name, topic in catalogue.topics.items():
        channel = {"$ref": f"#/channels/{name}"}
        for writer in topic.writers:
            found.append((f"{writer}.send.{name}", {"action": "send", "channel": channel}))
        for reader in topic.readers:
            operation: dict[str, Any] = {"action": "receive", "channel": channel}
            if reader in workers:
                group = {"type": "string", "enum": [f"frontdoor-{reader}"]}
                operation["bindings"] = {"kafka": {"groupId": group, "bindingVersion": _BINDING}}
            found.append((f"{reader}.receive.{name}", operation))
    found.append(("connector.receive.partner.in", {"action": "receive", "channel": {"$ref": "#/channels/partner.in"}}))
    return found


def _message(record: str) -> dict[str, Any]:
    told = (MODELS[record].__doc__ or "").strip().split("\n")[0]
    return {
        "name": f"frontdoor.{record}",
        "title": record,
        "summary": told,
        "contentType": "application/avro",
        "headers": {
            "type": "object",
            "required": list(HEADERS),
            "properties": {name: {"type": "string", "description": meaning} for name, meaning in HEADERS.items()},
        },
        "payload": {"schemaFormat": _AVRO, "schema": committed_versions(record)[-1].schema},
        "bindings": {
            "kafka": {
                "key": {"type": "string"},
                "schemaIdLocation": "payload",
                "schemaIdPayloadEncoding": "confluent",
                "bindingVersion": _BINDING,
            }
        },
    }
