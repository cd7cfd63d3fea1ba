"""Which records are written again, and where that is allowed. Pure.

On the cluster that they come from only what is counted once by identity may be written again: partner messages, which intake
knows by their receipts; dead letters of workers, back to where they came from; and what leaves for partners, if somebody says
that they shall hear it again. Any other topic feeds decisions that would be taken twice; another cluster has not taken them.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from schemas.ports import Entry

#: Added to a record that was written again; everything else of it stays.
BY, AT, REASON, FROM = "fd_replayed_by", "fd_replayed_at", "fd_replayed_reason", "fd_replayed_from"

_ERROR = "__connect.errors."
_ERRORS = (f"{_ERROR}exception.class.name", f"{_ERROR}exception.message", f"{_ERROR}stage")


class NotAllowed(Exception):
    """Why records of a topic may not be written again there, and what to do."""


@dataclass(frozen=True, slots=True)
class Logged:
    """One record as it stands on the log. `appended_at` is the broker's time."""

    topic: str
    partition: int
    offset: int
    appended_at: datetime
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]

    @property
    def size(self) -> int:
        """Bytes of the value."""
        return len(self.value or b"")


@dataclass(frozen=True, slots=True)
class Choice:
    """What is asked for; all that is given must hold. `offsets`: partition → first and last. `until` is exclusive."""

    offsets: dict[int, tuple[int, int]] = field(default_factory=dict)
    since: datetime | None = None
    until: datetime | None = None
    key: str | None = None
    error: str | None = None

    @property
    def is_everything(self) -> bool:
        """Whether nothing was chosen at all."""
        return not self.offsets and (self.since, self.until, self.key, self.error) == (None, None, None, None)

    def takes(self, record: Logged) -> bool:
        """Whether a record is one of those."""
        if self.offsets:
            first, last = self.offsets.get(record.partition, (1, 0))
            if not first <= record.offset <= last:
                return False
        if self.since is not None and record.appended_at < self.since:
            return False
        if self.until is not None and record.appended_at >= self.until:
            return False
        if self.key is not None and record.key != self.key.encode():
            return False
        if self.error is not None:
            told = {name: value.decode("utf-8", "replace") for name, value in record.headers}
            return any(told.get(name) == self.error for name in _ERRORS)
        return True


def check_allowed(topic: str, *, elsewhere: bool, notify: bool) -> None:
    """Raises `NotAllowed`. `elsewhere`: it is written to another cluster; `notify`: partners may hear it again."""
    if topic.startswith("outbound.") and not notify:
        raise NotAllowed("Partners would be told again. Add --notify if that is what you want.")
    if elsewhere or topic.startswith(("outbound.", "received.")) or topic == "quarantine":
        return
    raise NotAllowed(
        f"{topic} feeds decisions of this hub, which would be taken twice. Write it to another cluster (--to), or replay the "
        "partner's message on its received topic."
    )


def written_again(record: Logged, *, by: str, reason: str, at: datetime, elsewhere: bool) -> Entry:
    """The entry that repeats a record: same key, partition, bytes and headers, and who, when, why and from where.

    A dead letter goes back to the topic and partition that it came from, without its error. Raises `NotAllowed` for one that
    intake put aside: its bytes need a person first.
    """
    topic, partition, headers = record.topic, record.partition, record.headers
    if topic == "quarantine" and not elsewhere:
        errors = {name: value.decode() for name, value in headers if name.startswith(_ERROR)}
        # Intake says why it put a message aside, and not where it stood.
        if f"{_ERROR}topic" not in errors:
            raise NotAllowed(
                f"Partition {partition} offset {record.offset} is a message that could not be read. It is read again with: "
                "frontdoor quarantine retry"
            )
        topic, partition = errors[f"{_ERROR}topic"], int(errors[f"{_ERROR}partition"])
        headers = tuple((name, value) for name, value in headers if not name.startswith(_ERROR))
    marks = {
        BY: by, AT: at.isoformat(), REASON: reason, FROM: f"{record.topic}/{record.partition}/{record.offset}",
    }  # fmt: skip
    kept = tuple((name, value) for name, value in headers if name not in marks)
    return Entry(topic, record.key, record.value, kept + tuple((name, text.encode()) for name, text in marks.items()), partition)


def summary(records: list[Logged]) -> dict[str, Any]:
    """What was chosen, in numbers and places; never content."""
    places: dict[int, list[int]] = {}
    for record in records:
        places.setdefault(record.partition, []).append(record.offset)
    return {
        "records": len(records),
        "bytes": sum(record.size for record in records),
        "keys": len({record.key for record in records}),
        "first_appended_at": min((record.appended_at.isoformat() for record in records), default=None),
        "last_appended_at": max((record.appended_at.isoformat() for record in records), default=None),
        "partitions": {
            str(number): {"records": len(found), "first": min(found), "last": max(found)}
            for number, found in sorted(places.items())
        },
    }
