"""Avro schemas: generated from the models, committed with ids, and checked for compatibility.

`schemas/avsc/<Subject>/v<N>.avsc` holds every version ever released; `schemas/avsc/ids.json` gives each its id,
which never changes. `write()` adds a version when a model has changed; it refuses one that is not
BACKWARD_TRANSITIVE, because records of every earlier version stay on the log for years.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from schemas.settings import Settings

AVSC = Path(__file__).parent / "avsc"
_NAMESPACE = "frontdoor"


@dataclass(frozen=True)
class Version:
    """One committed version of a subject's schema."""

    subject: str
    version: int
    schema_id: int
    schema: dict[str, Any]


class Incompatible(ValueError):
    """A changed model whose schema cannot read what is already on the log."""


def generated(model: type) -> str:
    """The Avro schema of a model, as committed: two-space JSON, no prose."""
    # Only needed to write and check schemas, never by a running process.
    import py_avro_schema

    options = py_avro_schema.Option.JSON_INDENT_2 | py_avro_schema.Option.NO_DOC
    text = py_avro_schema.generate(model, namespace=_NAMESPACE, options=options).decode()
    return text + "\n"


@cache
def _ids() -> dict[str, int]:
    return _ids_in(AVSC)


def _ids_in(folder: Path) -> dict[str, int]:
    path = folder / "ids.json"
    loaded: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}
    return loaded


def committed_versions(subject: str) -> list[Version]:
    """Every committed version of a subject, oldest first."""
    return _versions_in(AVSC, subject, _ids())


def readable_versions(subject: str) -> list[Version]:
    """The committed versions, and after them those that only a newer release writes, if `FRONTDOOR_NEWER_SCHEMAS` names its
    `avsc` folder: while processes go over to it one by one, those that have not yet must read what it writes."""
    committed = committed_versions(subject)
    newer = Settings().newer_schemas
    if newer is None:
        return committed
    known = {version.schema_id for version in committed}
    return committed + [one for one in _versions_in(newer, subject, _ids_in(newer)) if one.schema_id not in known]


def _versions_in(folder: Path, subject: str, ids: dict[str, int]) -> list[Version]:
    found = []
    for path in (folder / subject).glob("v*.avsc"):
        number = int(path.stem[1:])
        found.append(Version(subject, number, ids[f"{subject}/v{number}"], json.loads(path.read_text())))
    return sorted(found, key=lambda v: v.version)


def incompatibilities(subject: str, schema_text: str) -> list[str]:
    """Why a schema cannot read some committed version of its subject; empty when it can read them all."""
    from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
    from avro.schema import parse

    reader = parse(schema_text)
    problems = []
    for version in committed_versions(subject):
        writer = parse(json.dumps(version.schema))
        checker: Any = ReaderWriterCompatibilityChecker
        result = checker().get_compatibility(reader, writer)
        if result.compatibility is not SchemaCompatibilityType.compatible:
            problems.append(f"{subject} v{version.version}: " + "; ".join(sorted(result.messages)))
    return problems


def pending(models: list[type]) -> dict[str, str]:
    """The version that each changed model needs, as `<Subject>/v<N>`, with its schema. Raises `Incompatible`."""
    found = {}
    for model in models:
        subject = model.__name__
        text = generated(model)
        versions = committed_versions(subject)
        if versions and versions[-1].schema == json.loads(text):
            continue
        if problems := incompatibilities(subject, text):
            raise Incompatible("; ".join(problems))
        found[f"{subject}/v{versions[-1].version + 1 if versions else 1}"] = text
    return found


def write(models: list[type]) -> list[str]:
    """Commit a new version for each model that changed, or none; returns what was written. Raises `Incompatible`."""
    written = pending(models)
    ids = dict(_ids())
    for version, text in written.items():
        path = AVSC / f"{version}.avsc"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        ids[version] = max(ids.values(), default=0) + 1
    (AVSC / "ids.json").write_text(json.dumps(ids, indent=2, sort_keys=True) + "\n")
    _ids.cache_clear()
    return list(written)
