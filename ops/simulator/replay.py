"""What must hold of the log and the state: a repeat says the same, and whatever went wrong in a run has left outputs and
rows exactly as a run over the same inputs leaves them in which nothing does."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta

from ops.simulator.hub import decide, processors
from ops.simulator.log import PARTITIONS, Seat, Stored, Writer, partition_of
from ops.simulator.run import Run
from schemas.catalogue import catalogue
from schemas.contact import Contact
from schemas.disposition import Disposition
from schemas.flag import Flag
from schemas.ports import Entry
from schemas.record import Record
from streams.partition import PartitionState
from streams.processor import Processor

#: One output to the byte: key, value, headers.
Written = tuple[bytes, bytes, tuple[tuple[str, bytes], ...]]


def dead_letter_of(stored: Stored) -> tuple[str, int, int] | None:
    """Which record a dead letter stands for; None for any other record."""
    told = dict(stored.headers)
    if "__connect.errors.offset" not in told:
        return None
    topic, partition, offset = (told[f"__connect.errors.{part}"].decode() for part in ("topic", "partition", "offset"))
    return topic, int(partition), int(offset)


def replay(run: Run, processor: Processor, partition: int) -> tuple[PartitionState, dict[str, list[Entry]]]:
    """State and outputs, by input, of a fresh worker that reads a partition from the log, each input in one batch,
    undisturbed."""
    state = PartitionState(processor)
    outputs: dict[str, list[Entry]] = {topic: [] for topic in processor.inputs}
    for topic in processor.inputs:
        end = run.log.end(topic, partition)
        for stored in run.log.fetch(topic, partition, 0, end):
            outputs[topic] += decide(state, stored)
        state.take_dirty()
        state.durable(topic, end)
    return state, outputs


def _repeats(run: Run) -> Iterator[str]:
    """The same id always says the same."""
    for topic in catalogue().topics:
        first: dict[tuple[object, ...], Stored] = {}
        for stored in run.log.of_topic(topic):
            if stored.writer is None or dead_letter_of(stored) is not None:
                continue
            name = _name(stored)
            known = first.setdefault((name, _version(stored.record)), stored)
            if (known.key, known.value) != (stored.key, stored.value):
                yield f"{topic}: {name} was written twice with different content"


def _undisturbed(run: Run) -> Iterator[str]:
    """Outputs, repeats aside, and rows are those of a run without faults; also when the rows come from the changelog."""
    written: dict[Writer, list[Stored]] = defaultdict(list)
    for topic in catalogue().topics:
        for stored in run.log.of_topic(topic):
            if stored.writer is not None:
                written[stored.writer].append(stored)
    for group, processor in zip(run.groups, processors(), strict=True):
        for partition in range(PARTITIONS):
            seat = (processor.name, partition)
            state, outputs = replay(run, processor, partition)
            for topic in processor.inputs:
                yield from _outputs_compared(seat, written[processor.name, partition, topic], outputs[topic])
            held = group.owner(partition).states[partition]
            yield from _rows_compared(seat, state, held, "in the worker's memory")
            yield from _rows_compared(seat, state, _rebuilt(run, processor, partition), "after a restart")
            before = len(run.log.rows(seat))
            run.log.compact(seat, timedelta())
            if len(run.log.rows(seat)) < before:
                yield from _rows_compared(seat, state, _rebuilt(run, processor, partition), "after compaction and a restart")


def _committed(run: Run) -> Iterator[str]:
    """At the end everything is committed, and nothing past the end."""
    for group in run.groups:
        for topic in group.processor.inputs:
            for partition in range(PARTITIONS):
                committed = run.log.committed(group.processor.name, topic, partition) or 0
                if committed != run.log.end(topic, partition):
                    yield (
                        f"{group.processor.name}: {topic}/{partition} is committed to {committed}, "
                        f"and ends at {run.log.end(topic, partition)}"
                    )


LOG_CHECKS: tuple[Callable[[Run], Iterator[str]], ...] = (_repeats, _committed, _undisturbed)


def _rebuilt(run: Run, processor: Processor, partition: int) -> PartitionState:
    state = PartitionState(processor)
    for row in run.log.rows((processor.name, partition)):
        state.restore(row.key, row.value)
    committed = {topic: run.log.committed(processor.name, topic, partition) or 0 for topic in processor.inputs}
    state.recovered(committed)
    return state


def _rows_compared(seat: Seat, want: PartitionState, have: PartitionState, where: str) -> Iterator[str]:
    for key in sorted(want.rows.keys() | have.rows.keys()):
        if want.rows.get(key) != have.rows.get(key):
            yield f"{seat[0]}/{seat[1]}: {where} the row {key!r} is not that of a run without faults"


def _outputs_compared(seat: Seat, written: list[Stored], replayed: list[Entry]) -> Iterator[str]:
    have: dict[tuple[str, int], dict[Written, None]] = defaultdict(dict)
    want: dict[tuple[str, int], dict[Written, None]] = defaultdict(dict)
    for stored in written:
        have[stored.topic, stored.partition][stored.key, stored.value, stored.headers] = None
    for entry in replayed:
        key, value = entry.key or b"", entry.value or b""
        want[entry.topic, partition_of(key)][key, value, entry.headers] = None
    for place in sorted(have.keys() | want.keys()):
        name = f"{seat[0]}/{seat[1]}: {place[0]}/{place[1]}"
        for output in want[place].keys() - have[place].keys():
            yield f"{name} lacks {_named(output)}"
        for output in have[place].keys() - want[place].keys():
            yield f"{name} has {_named(output)}, which a run without faults does not write so"
        if have[place].keys() == want[place].keys() and list(have[place]) != list(want[place]):
            yield f"{name} has the records of a run without faults in another order"


def _named(output: Written) -> str:
    told = dict(output[2])
    return " ".join(part.decode() for name, part in told.items() if name in ("ce_type", "ce_id", "__connect.errors.offset"))


def _name(stored: Stored) -> str:
    return _named((stored.key, stored.value, stored.headers))


def _version(record: Record) -> object:
    """What tells apart records that share an id."""
    match record:
        case Disposition() | Contact():
            return record.version
        case Flag():
            # Each warning, and each step of the ladder, says which.
            return record.state, record.step_at
        case _:
            return None
