"""Workers of today go on where those of an earlier release stopped, or of a later one: with their rows, on their log, to the
same flags."""

import base64
import gzip
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import to_jsonable_python

from ops.simulator.hub import decide, processors
from ops.simulator.log import Stored
from schemas.catalogue import catalogue, codec
from schemas.record import Record
from streams.linking_rows import IndexRow
from streams.partition import PartitionState
from streams.processor import Processor

RECORDED = sorted(Path(__file__).parent.glob("release-*.json.gz"))


@dataclass
class Release:
    """What `record.py` kept of it."""

    stopped_at: datetime
    middle: list[dict[str, Any]]
    records: list[Stored]

    def inputs(self, topic: str, partition: int, start: int) -> list[Stored]:
        return [one for one in self.records if (one.topic, one.partition) == (topic, partition) and one.offset >= start]

    def written(self, topic: str) -> list[Stored]:
        return [one for one in self.records if one.topic == topic and one.writer]


@pytest.fixture(params=RECORDED, ids=lambda path: path.name)
def release(request: pytest.FixtureRequest) -> Release:
    loaded = json.loads(gzip.decompress(request.param.read_bytes()))
    records = [
        Stored(
            topic, partition, offset, base64.b64decode(key), base64.b64decode(value), (),
            datetime.fromtimestamp(appended, UTC), tuple(writer) if writer else None,
        )
        for topic, partition, offset, key, value, appended, writer in loaded["records"]
    ]  # fmt: skip
    return Release(datetime.fromtimestamp(loaded["stopped_at"], UTC), loaded["middle"], records)


@pytest.fixture
def grown(release: Release) -> Release:
    """As if a later release had written its rows: each record in them says more."""
    for seat in release.middle:
        seat["rows"] = [(key, _grown(_processor(seat), text)) for key, text in seat["rows"]]
    return release


def _processor(seat: dict[str, Any]) -> Processor:
    return next(processor for processor in processors() if processor.name == seat["worker"])


def _grown(processor: Processor, text: str) -> str:
    mark = ', "row": '
    head, _, row = text.partition(mark)
    return head + mark + json.dumps(_with_more(processor.parse_row(row[:-1].encode()))) + "}"


def _with_more(value: Any) -> Any:
    """Its plain form, with something unknown in every record, behind every tuple and in the index's plain data."""
    if isinstance(value, IndexRow):
        place = {"place": [*value.plain["place"], "more"]} if "place" in value.plain else {}
        return {**_plain(value), "plain": {**value.plain, **place, "more": 1}, "more": 1}
    if isinstance(value, Record):
        changed = {name: _with_more(getattr(value, name)) for name in _plain(value) if _holds_records(value, name)}
        return {**_plain(value), **changed, "more": {"x": 1}}
    if isinstance(value, dict):
        return {key: _with_more(one) for key, one in value.items()}
    if hasattr(value, "_fields"):
        return [*to_jsonable_python(value), "more"]
    return [_with_more(one) for one in value]


def _plain(record: Record) -> dict[str, Any]:
    return dict(json.loads(record.model_dump_json(exclude_defaults=True)))


def _holds_records(record: Record, name: str) -> bool:
    value = getattr(record, name)
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else [value]
    return bool(inside) and all(isinstance(one, Record) or hasattr(one, "_fields") for one in inside)


def taken_over(processor: Processor, seat: dict[str, Any]) -> PartitionState:
    """Today's state of a partition, from the rows of the release."""
    state = PartitionState(processor)
    for key, text in seat["rows"]:
        state.restore(key, text.encode())
    state.recovered(seat["committed"])
    return state


def test_rows_that_a_later_release_has_added_to_come_to_the_same_flags_and_answers(grown: Release) -> None:
    """Going back: the older workers know nothing of what was added, and pass over it."""
    assert all('"more"' in text for seat in grown.middle for _, text in seat["rows"])
    test_the_rest_of_a_day_comes_to_the_same_flags_and_answers(grown)


def test_every_worker_that_keeps_rows_has_some_in_a_recorded_release() -> None:
    middle = [seat for path in RECORDED for seat in json.loads(gzip.decompress(path.read_bytes()))["middle"]]
    assert {seat["worker"] for seat in middle if seat["rows"]} == {one.name for one in processors()} - {"routing"}


def test_the_rest_of_a_day_comes_to_the_same_flags_and_answers(release: Release) -> None:
    said: dict[str, list[Any]] = {topic: [] for topic in catalogue().topics}
    for processor in processors():
        for seat in (seat for seat in release.middle if seat["worker"] == processor.name):
            state = taken_over(processor, seat)
            assert state.rows or not seat["rows"]
            for topic in processor.inputs:
                for stored in release.inputs(topic, seat["partition"], seat["committed"].get(topic, 0)):
                    for entry in decide(state, stored):
                        if entry.topic != "quarantine":
                            said[entry.topic].append(codec(entry.topic).decode(entry.value))
                    state.take_dirty()
                    state.durable(topic, stored.offset + 1)
    was = [(flag.record.model_dump_json(), flag.appended > release.stopped_at) for flag in release.written("flags")]
    now = {flag.model_dump_json() for flag in said["flags"]}
    assert now and now <= {flag for flag, _ in was}, "a flag that the release would not have raised"
    assert {flag for flag, afterwards in was if afterwards} <= now, "a flag that is not raised any more"
    ends: dict[tuple[str, int], Any] = {}
    for one in release.written("receipts"):
        receipt: Any = one.record
        ends[receipt.receipt_id, receipt.version] = receipt
    assert said["receipts"]
    for receipt in said["receipts"]:
        before = ends[receipt.receipt_id, receipt.version]
        # What a reader says of a message may have grown: a retry of what came before the upgrade is then another message.
        if before.disposition != "duplicate":
            assert (receipt.disposition, receipt.contact_ids) == (before.disposition, before.contact_ids)


def test_every_record_of_an_earlier_release_is_read(release: Release) -> None:
    unread = [one.topic for one in release.records if one.writer is not None and one.topic != "quarantine" and not _read(one)]
    assert unread == []


def _read(stored: Stored) -> bool:
    return isinstance(stored.record, Record)
