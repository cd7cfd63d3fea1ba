"""Two releases on one log: the next one has a field more in every record, as in the fault harness."""

import struct
from functools import cache
from typing import Any

import fastavro

from ops.chaos.next_release import FIELD
from schemas.avro import committed_versions
from schemas.catalogue import MODELS, catalogue
from schemas.record import Record
from schemas.wire import Codec

_HEADER = struct.Struct(">bI")
#: Ids of the next release's schemas are those of this one's newest, this much further on.
_FURTHER = 1_000_000


class ToldCodec(Codec):
    """This release's, told of what the next one writes: it can read that, and goes on writing its own."""

    def __init__(self, model: type[Record]) -> None:
        super().__init__(model)
        newest = committed_versions(self.subject)[-1].schema
        self._next: Any = fastavro.parse_schema({**newest, "fields": [*newest["fields"], FIELD]})
        self._parsed[self.schema_id + _FURTHER] = self._next

    def encode_as_the_next(self, record: Record) -> bytes:
        """The record as the next release writes it."""
        own = self.encode(record)[_HEADER.size :]
        added = FIELD["default"].encode()
        # A string: its length, zigzag, in one byte, then its bytes.
        return _HEADER.pack(0, self.schema_id + _FURTHER) + own + bytes([2 * len(added)]) + added


@cache
def told_codec(topic: str) -> ToldCodec:
    """The codec of a topic's records. Raises `KeyError` for a topic that is not in the catalogue."""
    return ToldCodec(MODELS[catalogue().topics[topic].record])
