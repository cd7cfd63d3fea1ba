"""What a Confluent client can ask about schemas, answered from the committed catalogue. Pure: no HTTP.

Subjects are named as Confluent's clients do unless told otherwise: `<topic>-value`. A record that travels on several
topics has one schema id and several subjects. Every refusal is a `Refused` with the code that those clients know.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from schemas.avro import Version, committed_versions
from schemas.catalogue import Catalogue

#: What `frontdoor schemas write` holds every change to.
COMPATIBILITY = "BACKWARD_TRANSITIVE"

_LATEST = ("latest", "-1")
_GREATEST_VERSION = 2**31 - 1


@dataclass(frozen=True)
class Refused(Exception):
    """No answer: the HTTP status, and error code and text as Confluent's own registry words them."""

    status: int
    code: int
    text: str


class Subjects:
    """The schemas of a catalogue's topics by subject, version and id."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._versions = {f"{name}-value": committed_versions(topic.record) for name, topic in catalogue.topics.items()}
        self._by_id = {version.schema_id: version for versions in self._versions.values() for version in versions}

    def names(self, prefix: str = "") -> list[str]:
        """Every subject whose name begins with `prefix`."""
        return sorted(name for name in self._versions if name.startswith(prefix))

    def numbers(self, subject: str) -> list[int]:
        """The versions of a subject, oldest first. Raises `Refused` 40401."""
        return [version.version for version in self._of(subject)]

    def version(self, subject: str, wanted: str) -> dict[str, Any]:
        """One version by its number, `latest` or `-1`. Raises `Refused` 40401, 40402, 42202."""
        versions = self._of(subject)
        if wanted in _LATEST:
            return _told(subject, versions[-1])
        if not re.fullmatch(r"[0-9]{1,10}", wanted) or not 1 <= int(wanted) <= _GREATEST_VERSION:
            raise Refused(
                422, 42202, f"The specified version '{wanted}' is not a valid version id. "
                'Allowed values are between [1, 2^31-1] and the string "latest"',
            )  # fmt: skip
        for version in versions:
            if version.version == int(wanted):
                return _told(subject, version)
        raise Refused(404, 40402, f"Version {wanted} not found.")

    def schema(self, schema_id: str) -> str:
        """The schema of an id, as JSON text. Raises `Refused` 40403."""
        return _text(self._with_id(schema_id))

    def uses(self, schema_id: str) -> list[dict[str, Any]]:
        """Subject and version of everything with that id. Raises `Refused` 40403."""
        wanted = self._with_id(schema_id)
        return [{"subject": name, "version": wanted.version} for name in self.names() if wanted in self._versions[name]]

    def registered(self, subject: str, schema: str) -> dict[str, Any]:
        """The version of a subject that has this very schema. Raises `Refused` 40401, 40403, 42201."""
        try:
            asked = json.loads(schema)
        except (TypeError, ValueError):
            raise Refused(422, 42201, "Invalid schema") from None
        for version in self._of(subject):
            if version.schema == asked:
                return _told(subject, version)
        raise Refused(404, 40403, "Schema not found")

    def _of(self, subject: str) -> list[Version]:
        if subject not in self._versions:
            raise Refused(404, 40401, f"Subject '{subject}' not found.")
        return self._versions[subject]

    def _with_id(self, schema_id: str) -> Version:
        found = self._by_id.get(int(schema_id)) if re.fullmatch(r"[0-9]{1,10}", schema_id) else None
        if found is None:
            raise Refused(404, 40403, f"Schema {schema_id} not found")
        return found


def _text(version: Version) -> str:
    return json.dumps(version.schema, separators=(",", ":"))


def _told(subject: str, version: Version) -> dict[str, Any]:
    return {"subject": subject, "version": version.version, "id": version.schema_id, "schema": _text(version)}
