"""Bytes of a topic to plain values, with fastavro alone: times stay integers (microseconds), dates days since 1970.

This is the auditor's own reading of the wire format. It keeps to plain values because it must read millions of
records on one core; the schemas committed for each subject are the same that every process uses.
"""

import hashlib
import struct
from functools import cache
from io import BytesIO
from typing import Any

import fastavro

from schemas.avro import committed_versions, readable_versions
from schemas.catalogue import catalogue

_HEADER = struct.Struct(">bI")


class Unreadable(ValueError):
    """Bytes that are no record of their topic; the text never holds the payload."""


def _plain_types(schema: Any) -> Any:
    """The schema without logical types, so that no date object is made for a value that is only compared."""
    if isinstance(schema, dict):
        kept = {name: _plain_types(part) for name, part in schema.items() if name != "logicalType"}
        return kept["type"] if set(kept) == {"type"} else kept
    if isinstance(schema, list):
        return [_plain_types(part) for part in schema]
    return schema


class TopicDecoder:
    """Reads the records of one topic. Raises `KeyError` for a topic that is not in the catalogue."""

    def __init__(self, topic: str) -> None:
        self.subject = catalogue().topics[topic].record
        versions = committed_versions(self.subject)
        self._writers = {v.schema_id: fastavro.parse_schema(_plain_types(v.schema)) for v in readable_versions(self.subject)}
        self._newest_id = versions[-1].schema_id
        self._newest = self._writers[self._newest_id]

    def decode(self, data: bytes | None) -> tuple[dict[str, Any], bytes]:
        """The record, and its content as the newest version writes it, so that repeats of one id by old and new writers
        compare equal. Raises `Unreadable`."""
        if data is None or len(data) < _HEADER.size:
            raise Unreadable("too short for the wire format")
        magic, schema_id = _HEADER.unpack_from(data)
        writer = self._writers.get(schema_id)
        if magic != 0 or writer is None:
            raise Unreadable("unknown magic byte or schema id")
        newest = schema_id == self._newest_id
        content = data[_HEADER.size :]
        stream = BytesIO(content)
        try:
            record: Any = fastavro.schemaless_reader(stream, writer, None if newest else self._newest)
        except Exception as error:  # The library raises many kinds, and its text may quote the payload.
            raise Unreadable(f"{type(error).__name__} while reading") from None
        if stream.read(1):
            raise Unreadable("bytes left over after the record")
        return record, content if newest else self._again(record)

    def _again(self, record: dict[str, Any]) -> bytes:
        out = BytesIO()
        fastavro.schemaless_writer(out, self._newest, record)
        return out.getvalue()


@cache
def decoder_of(topic: str) -> TopicDecoder:
    """The decoder of a topic; making one parses its schemas."""
    return TopicDecoder(topic)


def digest(data: bytes) -> bytes:
    """Sixteen bytes that differ when the content differs."""
    return hashlib.blake2b(data, digest_size=16).digest()
