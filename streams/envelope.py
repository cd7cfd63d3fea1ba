"""From an output to a log entry: encoded value, CloudEvents headers; and the dead letter of an unreadable record."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from schemas.catalogue import codec
from schemas.cloud_events import cloud_event
from schemas.ports import Entry
from schemas.record import Record
from streams.processor import Output

#: Which field of a record is its id, and which its time.
_IDS = {
    "Disposition": "receipt_id", "Contact": "contact_id", "CaseEvent": "event_id", "AllocationEvent": "event_id",
    "Flag": "flag_id", "OutboundItem": "item_id", "Narrative": "narrative_id", "Received": "receipt_id",
    "LinkageEvent": "event_id", "Link": "link_id", "LinkReview": "review_id",
    "Probe": "probe_id",
}  # fmt: skip
_TIMES = {"Disposition": "received_at", "Contact": "received_at", "Flag": "due_at", "Received": "received_at"}


def cloud_event_headers(record: Record, source: str) -> tuple[tuple[str, bytes], ...]:
    """CloudEvents 1.0 binary-mode headers. Ids and times only, never content."""
    kind = type(record).__name__
    at: datetime = getattr(record, _TIMES.get(kind, "at"))
    return cloud_event(str(getattr(record, _IDS[kind])), kind, source, at)


def entry_of(output: Output) -> Entry:
    """The log entry of an output."""
    headers = cloud_event_headers(output.record, output.topic)
    extra = tuple((name, value.encode()) for name, value in output.headers)
    return Entry(output.topic, output.key.encode(), codec(output.topic).encode(output.record), headers + extra)


def ids_of(headers: Iterable[tuple[str, bytes | None]] | None) -> dict[str, str]:
    """The receipt or the contact whose record it is, as its headers say; for one that cannot be read itself."""
    said = {name: (value or b"").decode("ascii", "replace") for name, value in headers or () if name in ("ce_id", "ce_type")}
    field = _IDS.get(said.get("ce_type", "").removeprefix("frontdoor."), "")
    return {field.removesuffix("_id"): said.get("ce_id", "")} if field in ("receipt_id", "contact_id") else {}


def dead_letter(topic: str, record: Any, why: str) -> Entry:
    """An unreadable record, key and value and headers untouched, with Kafka Connect's error headers. `why` never
    quotes the payload."""
    errors = connect_error_headers(topic, record.partition, record.offset, "streams", "VALUE_CONVERTER", "Undecodable", why)
    kept = tuple((name, bytes(value or b"")) for name, value in (record.headers or ()))
    return Entry("quarantine", record.key, record.value, kept + tuple((n, v.encode()) for n, v in errors))


def connect_error_headers(
    topic: str, partition: int, offset: int, worker: str, stage: str, error: str, message: str
) -> tuple[tuple[str, str], ...]:
    """The headers Kafka Connect puts on a dead letter, which tools know."""
    return (
        ("__connect.errors.topic", topic),
        ("__connect.errors.partition", str(partition)),
        ("__connect.errors.offset", str(offset)),
        ("__connect.errors.connector.name", worker),
        ("__connect.errors.task.id", "0"),
        ("__connect.errors.stage", stage),
        ("__connect.errors.class.name", "frontdoor"),
        ("__connect.errors.exception.class.name", error),
        ("__connect.errors.exception.message", message),
    )
