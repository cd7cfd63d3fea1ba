"""Records to bytes and back: Confluent wire format (magic 0, four-byte schema id, Avro binary).

The writer's schema is found by its id among all committed versions (and those of a newer release, where its folder is
named), and resolved into the newest committed one of that subject; an unknown id or bytes that are no such record raise
`Undecodable`, whose text never holds the payload.
"""

import struct
from io import BytesIO
from typing import Any, TypeVar

import fastavro
from pydantic import BaseModel

from schemas.avro import Version, committed_versions, readable_versions

_HEADER = struct.Struct(">bI")
_R = TypeVar("_R", bound=BaseModel)


class Undecodable(ValueError):
    """Bytes that are not a record of the expected subject; the text names what was expected, not what was there."""


class Codec:
    """Encodes and decodes the records of one subject. Building one parses the schemas; keep it."""

    def __init__(self, model: type[_R]) -> None:
        self.model = model
        self.subject = model.__name__
        versions: list[Version] = committed_versions(self.subject)
        if not versions:
            raise LookupError(f"no committed schema for {self.subject}; run: frontdoor schemas write")
        self._parsed = {v.schema_id: fastavro.parse_schema(v.schema) for v in readable_versions(self.subject)}
        self._newest_id = versions[-1].schema_id
        self._newest = self._parsed[self._newest_id]
        self._prefix = _HEADER.pack(0, self._newest_id)
        self._optional = _optional_records(self._newest)

    @property
    def schema_id(self) -> int:
        """The id this codec writes."""
        return self._newest_id

    def encode(self, record: BaseModel) -> bytes:
        """The record as bytes. The record was validated when it was made, so only the writer can fail here."""
        out = BytesIO()
        out.write(self._prefix)
        # Without the warnings of values set by `model_copy`: the writer checks every one against the schema.
        plain = record.model_dump(warnings=False)
        for field, name in self._optional.items():
            if plain[field] is not None:
                # Named, so that the writer does not first try the whole record against the union.
                plain[field] = (name, plain[field])
        fastavro.schemaless_writer(out, self._newest, plain)
        return out.getvalue()

    def decode(self, data: bytes | None) -> Any:
        """The record in `data`, validated. Raises `Undecodable`."""
        if data is None or len(data) < _HEADER.size:
            raise Undecodable(f"{self.subject}: too short for the wire format")
        magic, schema_id = _HEADER.unpack_from(data)
        writer = self._parsed.get(schema_id)
        if magic != 0 or writer is None:
            raise Undecodable(f"{self.subject}: unknown magic byte or schema id")
        reader = None if schema_id == self._newest_id else self._newest
        stream = BytesIO(data)
        stream.seek(_HEADER.size)
        try:
            plain = fastavro.schemaless_reader(stream, writer, reader)
            if stream.read(1):
                raise Undecodable(f"{self.subject}: bytes left over after the record")
            return self.model.model_validate(plain)
        except Undecodable:
            raise
        except Exception as error:
            # The library's own text may quote the payload, so only its type is kept.
            raise Undecodable(f"{self.subject}: {type(error).__name__} while decoding") from None


def _optional_records(schema: Any) -> dict[str, str]:
    """The fields of a record that hold another record or nothing, each with that record's name."""
    found = {}
    for field in schema["fields"]:
        branches = field["type"] if isinstance(field["type"], list) else []
        records = [one for one in branches if isinstance(one, dict) and one["type"] == "record"]
        if len(records) == 1 and len(branches) == 2 and "null" in branches:
            found[field["name"]] = records[0]["name"]
    return found
