"""What `cases`, `clocks` and `answers` leave on the log after many cases with several updates each: input, rows, commits.

The decisions are the real ones, made for one case; every other case gets its rows and events with another id in them. Rows
stand in batches of 200, as a worker with a backlog writes them, every update of all cases before the next one: nothing of it
is compacted, as in the hour that compaction waits.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_DNS, uuid5

from schemas.case_event import CaseEvent, Opened
from schemas.catalogue import codec
from schemas.ports import Entry
from streams.envelope import entry_of
from streams.partition import PartitionState
from streams.processor import Output, Processor

TOPIC = "case-events"
_SPACE = uuid5(NAMESPACE_DNS, "recovery.invalid")
_BATCH = 200
_ARRIVAL = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
#: What happens to each case, in turn.
_STORY: tuple[str, ...] = (
    "opened", "allocated", "acknowledged", "risk_assessed", "decision", "strategy_discussion", "assessment_started",
    "mash_received", "mash_decision", "conference_held", "core_group_held",
)  # fmt: skip


@dataclass(frozen=True)
class History:
    """`updates` events of one case and the row after each; `of` gives another case's."""

    case: bytes
    events: tuple[bytes, ...]
    rows: tuple[bytes, ...]

    @staticmethod
    def of(processor: Processor, updates: int) -> "History":
        """Decided by that processor."""
        state, case = PartitionState(processor), _case(-1)
        events: list[bytes] = []
        rows: list[bytes] = []
        for number in range(updates + 1):
            event = _event(case, number)
            state.apply(TOPIC, number, event)
            wrote = [write for write in state.take_dirty() if write.key == case]
            state.durable(TOPIC, number + 1)
            events.append(codec(TOPIC).encode(event))
            # A worker that has nothing to say to an event keeps the row that it has.
            rows.append(wrote[0].value.partition(b', "row": ')[2][:-1] if wrote else rows[-1])
        return History(case.encode(), tuple(events), tuple(rows))


def one_more(partition: int, number: int) -> Entry:
    """An event of a case that nobody knows yet, for that partition."""
    event = _event(str(uuid5(_SPACE, f"more {partition} {number}")), 0)
    entry = entry_of(Output(TOPIC, event.contact_id, event))
    return Entry(entry.topic, entry.key, entry.value, entry.headers, partition)


def entries_of(processor: Processor, changelog: str, *, partitions: int, each: int, updates: int) -> Iterator[Entry]:
    """Events and rows of `each` cases a partition, in the order in which they would have been appended."""
    history = History.of(processor, updates)
    for update, (event, row) in enumerate(zip(history.events, history.rows, strict=True)):
        for place in range(each):
            offset = update * each + place
            since = offset - place % _BATCH
            until = min(since + _BATCH, (update + 1) * each)
            head = (
                f'{{"topic": "{TOPIC}", "offset": {offset}, "since": {since}, "until": {until}, "rows": {until - since}, '
                f'"before": {offset - each if update else -1}, "row": '
            ).encode()
            for partition in range(partitions):
                case = _case(place * partitions + partition).encode()
                yield Entry(TOPIC, case, event.replace(history.case, case), (), partition)
                yield Entry(changelog, case, head + row.replace(history.case, case) + b"}", (), partition)


def _case(number: int) -> str:
    return str(uuid5(_SPACE, str(number)))


def _event(case: str, number: int) -> CaseEvent:
    kind = _STORY[min(number, len(_STORY) - 1)]
    opened = None
    if kind == "opened":
        opened = Opened(
            agency="health", sender="s", kind="referral", risk="amber", team="t", authority_code="383", authority_how="default"
        )
    return CaseEvent(
        event_id=str(uuid5(_SPACE, f"{case} {number}")),
        type=kind,
        contact_id=case,
        at=_ARRIVAL + timedelta(minutes=number),
        by="" if kind in ("opened", "acknowledged") else "Ben Hughes",
        level="amber" if kind == "risk_assessed" else "",
        reason_hash="0" * 32 if kind == "risk_assessed" else "",
        details={"decision": "s47"} if kind == "decision" else {},
        opened=opened,
    )
