"""What a run has left, against a hub to which nothing happened: every processor once more over the log, record by record.

Workers that were killed, paused and cut off may have written their outputs more than once, and nothing else may show of it:
each output that the undisturbed decision gives is on the log with the same key, headers and content (traces aside, and as the
newest version of its schema writes it) and in the same order, nothing else that a worker wrote is there, and the rows that a
worker would find after a start are the decision's own. What connectors, delivery, the ticker and people write beside them is
input here, and never judged.

It runs when the hub has drained and its clock stands still: then every input has been decided about. Memory grows with the
hub's rows, and by a digest for each record that a worker wrote.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ops.audit.decoding import Unreadable, decoder_of, digest
from ops.audit.log_reader import LogReader
from ops.audit.verdict import CannotLook
from ops.group_offsets import GroupOffsets
from ops.replay.choice import Logged
from ops.replay.log import logged
from ops.run import PROCESSORS
from schemas.catalogue import catalogue, codec
from schemas.ports import Entry
from schemas.settings import Settings
from schemas.trace import HEADER
from schemas.wire import Undecodable
from streams.changelog import Changelog, RowRecord
from streams.envelope import dead_letter, entry_of
from streams.partition import PartitionState
from streams.processor import Processor

#: What is wrong with a record or a row.
NOT_ON_THE_LOG, NOT_DECIDED, OTHER_CONTENT = "not on the log", "on the log, and never decided", "on the log with other content"
OTHER_ORDER = "on the log in another order"
NO_ROW, NO_SUCH_ROW, OTHER_ROW = "a row that is missing", "a row that was never decided", "a row with other content"

_ERROR = "__connect.errors."
_DEAD = "dead letter of"
#: Differences that are told by name.
_NAMED = 10
#: Seconds for a coordinator to say what its group has committed.
_PATIENCE = 20.0
#: Seconds without a row until the reading of rows is given up.
_SILENCE = 45.0


class _Output(NamedTuple):
    """One output: what it is, by id or place, and a digest of all that it says."""

    topic: str
    name: str
    digest: bytes


class Replay:
    """Decides what is on the log again. Give it every record of `topics` with `take`, in order within each partition, then every
    processor's changelog with `rows`; `found` says what differs. Names are ids and places, never content."""

    def __init__(self, processors: Sequence[Processor]) -> None:
        writers = {"worker", *(processor.name for processor in processors)}
        self._written_to = {name for name, topic in catalogue().topics.items() if writers & set(topic.writers)}
        self._readers: dict[str, list[Processor]] = defaultdict(list)
        for processor in processors:
            for topic in processor.inputs:
                self._readers[topic].append(processor)
        self._states: dict[tuple[str, int], PartitionState] = {}
        #: What came of the records of a partition, in order, by processor, topic and partition.
        self._decided: dict[tuple[str, str, int], dict[_Output, None]] = defaultdict(dict)
        #: Where each output stands first.
        self._logged: dict[_Output, tuple[int, int]] = {}
        self._rows: Counter[str] = Counter()
        self._wrong_rows: list[tuple[str, str]] = []

    @property
    def topics(self) -> list[str]:
        """What workers read or write."""
        return sorted({*self._readers, *self._written_to})

    def take(self, record: Logged) -> None:
        """One record, as what a worker wrote and as what workers decide about."""
        if record.topic in self._written_to and _by_a_worker(record):
            written = _output(record.topic, record.key, record.value, record.headers)
            self._logged.setdefault(written, (record.partition, record.offset))
        for processor in self._readers.get(record.topic, ()):
            decided = self._decided[processor.name, record.topic, record.partition]
            for entry in _decide(self._state(processor, record.partition), record):
                decided[_output(entry.topic, entry.key, entry.value, entry.headers)] = None

    def rows(self, processor: Processor, changelog: Iterable[RowRecord], committed: Mapping[tuple[str, int], int]) -> None:
        """A whole changelog, as workers that start read it, with what their group has committed by topic and partition."""
        found: dict[int, PartitionState] = {}
        mine = {
            partition: {topic: offset for (topic, number), offset in committed.items() if number == partition}
            for partition in range(catalogue().keyed_partitions)
        }
        for partition, offsets in mine.items():
            found[partition] = PartitionState(processor)
            for topic, offset in offsets.items():
                found[partition].durable(topic, offset)
        for row in changelog:
            if row.value is not None:
                found[row.partition].restore(row.key, row.value)
        for partition, state in found.items():
            state.recovered(mine[partition])
            self._compare_rows(processor.name, partition, self._state(processor, partition), state)

    def _compare_rows(self, name: str, partition: int, decided: PartitionState, found: PartitionState) -> None:
        for key in sorted(decided.rows.keys() | found.rows.keys()):
            want, have = decided.get(key), found.get(key)
            self._rows[name] += 1
            if want is None or have is None:
                what = NO_ROW if have is None else NO_SUCH_ROW
            elif want.model_dump_json(exclude_defaults=True) != have.model_dump_json(exclude_defaults=True):
                what = OTHER_ROW
            else:
                continue
            self._wrong_rows.append((what, f"{name}/{partition}: {key}"))

    def found(self) -> dict[str, Any]:
        """How many records and rows were compared, how many of each kind differ, and the first of each by name."""
        decided = {output for outputs in self._decided.values() for output in outputs}
        names: dict[str, list[str]] = defaultdict(list)
        for what, name in [*self._wrong_outputs(decided), *self._wrong_order(), *self._wrong_rows]:
            names[what].append(name)
        return {
            "ok": not names,
            "records": dict(sorted(Counter(output.topic for output in decided | self._logged.keys()).items())),
            "rows": dict(self._rows),
            "differences": {what: len(wrong) for what, wrong in names.items()},
            "examples": {what: wrong[:_NAMED] for what, wrong in names.items()},
        }

    def _wrong_outputs(self, decided: set[_Output]) -> Iterator[tuple[str, str]]:
        missing = {f"{output.topic}: {output.name}" for output in decided - self._logged.keys()}
        added = {f"{output.topic}: {output.name}" for output in self._logged.keys() - decided}
        for name in sorted(missing | added):
            yield OTHER_CONTENT if name in missing & added else NOT_ON_THE_LOG if name in missing else NOT_DECIDED, name

    def _wrong_order(self) -> Iterator[tuple[str, str]]:
        """What came of one partition is in that order on each partition it was written to, repeats aside."""
        for outputs in self._decided.values():
            last: dict[tuple[str, int], int] = {}
            for output in outputs:
                # A record without a key goes anywhere, and only what nobody can read has none.
                if output not in self._logged or output.name.startswith(_DEAD):
                    continue
                partition, offset = self._logged[output]
                if offset < last.get((output.topic, partition), -1):
                    yield OTHER_ORDER, f"{output.topic}: {output.name}"
                last[output.topic, partition] = offset

    def _state(self, processor: Processor, partition: int) -> PartitionState:
        seat = (processor.name, partition)
        if seat not in self._states:
            self._states[seat] = PartitionState(processor)
        return self._states[seat]


def replay(settings: Settings) -> dict[str, Any]:
    """Decide everything on a drained hub's log again, under the settings of its workers and its stepped clock. See
    `Replay.found`.

    Raises `CannotLook` when the broker does not answer, or rows cannot be read.
    """
    processors = [make(settings) for make in PROCESSORS.values()]
    again = Replay(processors)
    for record in _records(settings.bootstrap_servers, again.topics):
        again.take(record)
    for processor in processors:
        committed = _committed(settings.bootstrap_servers, f"frontdoor-{processor.name}")
        again.rows(processor, _changelog(settings.bootstrap_servers, processor), committed)
    return again.found()


def _decide(state: PartitionState, record: Logged) -> list[Entry]:
    """What an undisturbed worker writes about one record; its rows are durable before the next."""
    try:
        event = codec(record.topic).decode(record.value)
    except Undecodable as error:
        return [dead_letter(record.topic, record, str(error))]
    entries = [entry_of(output) for output in state.apply(record.topic, record.offset, event)]
    state.take_dirty()
    state.durable(record.topic, record.offset + 1)
    return entries


def _by_a_worker(record: Logged) -> bool:
    """Workers name the topic itself as the source of their records; their dead letters keep the source of the unread one."""
    told = dict(record.headers)
    return told.get("ce_source") == f"/frontdoor/{record.topic}".encode() or f"{_ERROR}offset" in told


def _output(topic: str, key: bytes | None, value: bytes | None, headers: Iterable[tuple[str, bytes]]) -> _Output:
    kept = tuple(sorted((name, said) for name, said in headers if name != HEADER))
    told = {name: said.decode("utf-8", "replace") for name, said in kept}
    if f"{_ERROR}offset" in told:
        name = f"{_DEAD} {'/'.join(told[f'{_ERROR}{part}'] for part in ('topic', 'partition', 'offset'))}"
        content = value
    else:
        name, content = told.get("ce_id", ""), _as_the_newest(topic, value)
    return _Output(topic, name, digest(repr((key, content, kept)).encode()))


def _as_the_newest(topic: str, value: bytes | None) -> bytes | None:
    """The content as the newest version of the schema writes it, whichever release wrote it; what cannot be read as it is."""
    try:
        return decoder_of(topic).decode(value)[1]
    except Unreadable:
        return value


def _records(bootstrap: str, topics: Sequence[str]) -> Iterator[Logged]:
    reader = LogReader(bootstrap)
    try:
        for topic, partition, offset, message in reader.records(reader.ends(topics), lambda done, total: None):
            yield logged(message, topic, partition, offset)
    finally:
        reader.close()


def _changelog(bootstrap: str, processor: Processor) -> Iterator[RowRecord]:
    changelog = Changelog(bootstrap, catalogue().changelog_topic(f"{processor.name}-rows"))
    try:
        heard = time.monotonic()
        for batch in changelog.read(dict.fromkeys(range(catalogue().keyed_partitions), 0), wait=0.05):
            if batch:
                heard = time.monotonic()
            elif time.monotonic() - heard > _SILENCE:
                raise CannotLook(f"nothing is heard of the rows of {processor.name}: the broker does not say where they end")
            yield from batch
    except RuntimeError as error:
        raise CannotLook(f"the rows of {processor.name}: {error}") from None
    finally:
        changelog.close()


def _committed(bootstrap: str, group: str) -> Mapping[tuple[str, int], int]:
    deadline = time.monotonic() + _PATIENCE
    with GroupOffsets(bootstrap) as offsets:
        while (found := offsets.committed([group])[group]) is None:
            if time.monotonic() > deadline:
                raise CannotLook(f"no coordinator says what {group} has committed")
            time.sleep(0.2)
    return found
