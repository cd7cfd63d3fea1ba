"""Kubernetes manifests: one pod with every process of a hub, and more workers for who needs them.

The processes of one hub find each other on loopback and in the run directory, so they share a pod as they share a machine.
A worker needs the broker alone: `frontdoor-more-<worker>` adds some, at most as many in all as there are partitions.
"""

from collections.abc import Sequence
from typing import Any

from schemas.catalogue import AGENCIES, Catalogue

IMAGE = "frontdoor:0.1.0"
_RUN_DIR = "/var/lib/frontdoor"
_LABEL = "app.kubernetes.io/name"
#: Ports of the pod. Connectors count up from the first.
_FIRST_CONNECTOR, METRICS, REGISTRY = 8081, 9464, 8090
#: Who must know the recipients: who calls them, and who decides which school is which.
_READ_RECIPIENTS = ("delivery", "routing")
#: Who must know the senders' folders, beside those who take from them.
_READ_SENDERS = ("watchdog",)
#: Seconds: a process drains within ten.
_GRACE = 20
_UID = 10001


def connector_ports() -> dict[str, int]:
    """The HTTP port of each agency's connector."""
    return {agency: _FIRST_CONNECTOR + number for number, agency in enumerate(AGENCIES)}


def manifests(roles: Sequence[str], catalogue: Catalogue) -> list[dict[str, Any]]:
    """Every resource, in the order in which they are applied."""
    workers = [name.removesuffix("-rows") for name in catalogue.changelogs]
    return [_settings(), _service(), _hub(roles), *(_more(worker) for worker in workers if worker in roles)]


def _settings() -> dict[str, Any]:
    values = {
        "FRONTDOOR_BOOTSTRAP_SERVERS": "frontdoor-kafka-bootstrap:9092",
        "FRONTDOOR_RUN_DIR": _RUN_DIR,
        "FRONTDOOR_BIND": "0.0.0.0",
        "FRONTDOOR_SENDERS_FILE": "/etc/frontdoor/senders.yaml",
        "FRONTDOOR_RECIPIENTS_FILE": "/etc/frontdoor-recipients/recipients.yaml",
        "FRONTDOOR_LOG_FORMAT": "json",
        "FRONTDOOR_METRICS_PORT": str(METRICS),
        "FRONTDOOR_REGISTRY_PORT": str(REGISTRY),
    }
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "frontdoor"}, "data": values}


def _service() -> dict[str, Any]:
    ports = [{"name": agency.replace("_", "-"), "port": port} for agency, port in connector_ports().items()]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "frontdoor"},
        "spec": {"selector": {_LABEL: "frontdoor"}, "ports": ports},
    }


def _hub(roles: Sequence[str]) -> dict[str, Any]:
    pod = _pod([_container(role) for role in roles])
    # Readiness of a process is told by its id, and each looks after the others' files.
    pod["shareProcessNamespace"] = True
    for name in ("senders", "recipients"):
        pod["volumes"].append({"name": name, "secret": {"secretName": f"frontdoor-{name}"}})
    return _stateful_set("frontdoor", 1, pod, volume=True)


def _more(worker: str) -> dict[str, Any]:
    container = _container(worker)
    # No two workers of one kind may have the same; a pod's name is its own and stays over a restart.
    container["env"] = [{"name": "FRONTDOOR_INSTANCE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]
    pod = _pod([container])
    pod["volumes"].append({"name": "run", "emptyDir": {}})
    if worker in _READ_RECIPIENTS:
        pod["volumes"].append({"name": "recipients", "secret": {"secretName": "frontdoor-recipients"}})
    return _stateful_set(f"frontdoor-more-{worker}", 0, pod, volume=False)


def _container(role: str) -> dict[str, Any]:
    ready, alive = (
        {"exec": {"command": ["python", "-m", "ops.ready", *more, role]}, "periodSeconds": 15, "timeoutSeconds": 10}
        for more in ((), ("--alive",))
    )
    found: dict[str, Any] = {
        "name": role.replace("_", "-"),
        "image": IMAGE,
        "command": ["python", "-m", "ops.run", role],
        "envFrom": [{"configMapRef": {"name": "frontdoor"}}, {"secretRef": {"name": "frontdoor"}}],
        "volumeMounts": [{"name": "run", "mountPath": _RUN_DIR}, {"name": "tmp", "mountPath": "/tmp"}],
        "readinessProbe": ready,
        # A process that has ended is started again anyway; one whose event loop stands still is ended.
        "livenessProbe": {**alive, "failureThreshold": 4},
        "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
        "securityContext": {
            "readOnlyRootFilesystem": True,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    if role.startswith("connector-"):
        port = connector_ports()[role.removeprefix("connector-")]
        found["env"] = [{"name": "FRONTDOOR_HTTP_PORT", "value": str(port)}]
        found["ports"] = [{"containerPort": port}]
    if role.startswith("connector-") or role in _READ_SENDERS:
        found["volumeMounts"].append({"name": "senders", "mountPath": "/etc/frontdoor", "readOnly": True})
    if role in _READ_RECIPIENTS:
        found["volumeMounts"].append({"name": "recipients", "mountPath": "/etc/frontdoor-recipients", "readOnly": True})
    return found


def _pod(containers: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "terminationGracePeriodSeconds": _GRACE,
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _UID,
            "runAsGroup": _UID,
            "fsGroup": _UID,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": containers,
        "volumes": [{"name": "tmp", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}}],
    }


def _stateful_set(name: str, replicas: int, pod: dict[str, Any], *, volume: bool) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "serviceName": name,
        "replicas": replicas,
        "selector": {"matchLabels": {_LABEL: name}},
        "template": {"metadata": {"labels": {_LABEL: name}}, "spec": pod},
    }
    if volume:
        claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "20Gi"}}}
        spec["volumeClaimTemplates"] = [{"metadata": {"name": "run"}, "spec": claim}]
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name}, "spec": spec}
