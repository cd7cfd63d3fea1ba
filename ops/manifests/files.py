"""The manifests as files: what each holds, and writing them into a folder."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from ops.manifests import kafka_ui, kubernetes, strimzi, systemd
from ops.processes import BESIDE, ROLES, WHERE_CONFIGURED
from schemas.catalogue import Catalogue

_MADE = "# Made from the topic catalogue and the hub's processes: ./frontdoor manifests"


def manifest_files(catalogue: Catalogue) -> dict[Path, str]:
    """Every file by its path, with what it holds."""
    roles = (*ROLES, *WHERE_CONFIGURED, *BESIDE)
    configuration = kafka_ui.configuration(catalogue, "kafka:19092", f"http://127.0.0.1:{kubernetes.REGISTRY}")
    return {
        Path("strimzi/topics.yaml"): _documents(strimzi.topics(catalogue)),
        Path("strimzi/users.yaml"): _documents(strimzi.users(catalogue)),
        Path("kubernetes/frontdoor.yaml"): _documents(kubernetes.manifests(roles, catalogue)),
        Path("kafka-ui/config.yml"): _documents([configuration]),
        **{Path("systemd") / name: f"{_MADE}\n{text}" for name, text in systemd.units(roles).items()},
    }


def write_manifests(catalogue: Catalogue, folder: Path) -> list[Path]:
    """Bring every file in `folder` up to date; returns those that changed. Raises `OSError`."""
    changed = changed_manifests(catalogue, folder)
    for path, text in changed.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return list(changed)


def changed_manifests(catalogue: Catalogue, folder: Path) -> dict[Path, str]:
    """The files that are not in `folder` as they should be, and what each should hold. Raises `OSError`."""
    return {
        path: text
        for path, text in manifest_files(catalogue).items()
        if not (folder / path).is_file() or (folder / path).read_text() != text
    }


def _documents(resources: Iterable[dict[str, Any]]) -> str:
    return f"{_MADE}\n" + yaml.dump_all(resources, Dumper=_Plain, sort_keys=False, explicit_start=True, width=120)


class _Plain(yaml.SafeDumper):
    """Without anchors: a reader of manifests should not have to look things up."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
