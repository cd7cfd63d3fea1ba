"""One run: a story told to the hub on the log in memory, then everything settles. No wall clock, no chance."""

import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from ops.simulator import story as s
from ops.simulator.hub import TEAM, Group, Reached, Worker, processors
from ops.simulator.load import Message, catalogue_of_messages, contacts_of, repaired, told
from ops.simulator.log import COMPACTION_GRACE, PARTITIONS, MemoryLog, Stored
from ops.simulator.releases import told_codec
from ops.simulator.sabotage import grace_of
from schemas.allocation import AllocationEvent
from schemas.case_event import CaseEvent
from schemas.catalogue import AGENCIES, codec
from schemas.identity import derived_id
from schemas.london import LONDON, civil_date, midnight_after
from schemas.received import Received
from schemas.ticks import tick_key

#: Evenings before an ordinary day, the shortest and the longest of the year.
_EVENINGS = (datetime(2026, 8, 28, 21, 0), datetime(2026, 3, 28, 21, 0), datetime(2026, 10, 24, 21, 0))
#: How far past the day's end time goes on: into working days, in which clocks warn, run out, and climb their ladders.
_DAYS_AFTER = timedelta(days=3, minutes=1)
_STAFF = (("w1", "Amara Okafor", "worker"), ("w2", "Ben Hughes", "worker"), ("m1", "Chloe Davies", "manager"))
_POISONED = (*(f"received.{agency}" for agency in AGENCIES), "contacts", "case-events", "allocation-in", "linkage-in")
_NEVER_SENT = derived_id("a contact that nobody sent")


class Run:
    """A hub, a clock and a ticker; `play` tells the story. With `telling`, `told` says what happened."""

    def __init__(self, seed: int, sabotage: str = "", telling: bool = False) -> None:
        self.sabotage = sabotage
        self.log = MemoryLog(_EVENINGS[seed % len(_EVENINGS)].replace(tzinfo=LONDON).astimezone(UTC))
        self.groups = [Group(self.log, processor, sabotage) for processor in processors(sabotage)]
        self.told: list[str] = []
        #: Records put on an input that no worker can read, and what was received, by what was appended.
        self.poison: set[tuple[str, int, int]] = set()
        #: The receipts that senders were told.
        self.acknowledged: set[str] = set()
        self._telling = telling
        self._ticked: datetime | None = None
        self._ticker_down = False
        self._connectors_newer = False
        self._paused: list[tuple[Group, int, Worker, Iterator[Reached]]] = []
        self._contacts: list[str] = []
        self._unreadable: list[tuple[Message, int]] = []

    def play(self, story: s.Story) -> None:
        """Tell the whole story, then let everything settle."""
        for step in story:
            self._step(step)
        self.settle()

    def settle(self) -> None:
        """No more faults: paused workers stop, everything is read, and every clock runs out."""
        while self._paused:
            self._resume(s.Resume(None))
        self._watch()
        self._drain()
        latest = max(self.log.now, self._ticked or self.log.now)
        self.log.now = midnight_after(civil_date(latest)) + _DAYS_AFTER
        self._tick()
        self._drain()
        for group in self.groups:
            group.commit()
        self._say("everything is read, the day has ended, and some after it")

    def _step(self, step: s.Step) -> None:
        match step:
            case s.Send():
                self._send(step)
            case s.Tell():
                self._tell(step)
            case s.Mend() if self._unreadable:
                message, occasion = self._unreadable[step.which % len(self._unreadable)]
                self._arrive(repaired(message, occasion, step.number, self.log.now), f"a repair of {message.name}")
            case s.Staff():
                self._staff(step)
            case s.Wait():
                self._wait(step)
            case s.Jump():
                self._watch()
                self.log.now += step.by
                self._say(f"the machine's clock is set by {step.by.total_seconds():+.0f} s")
            case s.Stray():
                self._write_ticks(self.log.now + step.ahead, self.log.now + step.ahead)
                self._say(f"a second ticker, {step.ahead.total_seconds():+.0f} s off, writes ticks")
            case s.Poison():
                self._poison(step)
            case s.Work() | s.Pause():
                self._work(step)
            case s.Resume() if self._paused:
                self._resume(step)
            case s.Rebalance():
                self._rebalance(step)
            case s.BrokerKilled():
                self._broker_killed(step)
            case s.Release():
                self._connectors_newer = step.newer
                self._say(f"the connectors go over to {'the next' if step.newer else 'this'} release")
            case s.Compact():
                for group in self.groups:
                    for partition in range(PARTITIONS):
                        self.log.compact((group.processor.name, partition), grace_of(self.sabotage, COMPACTION_GRACE))
                self._say("the changelogs are compacted")
            case _:
                pass

    # -- what arrives ---------------------------------------------------------------------------------------------

    def _send(self, step: s.Send) -> None:
        message = catalogue_of_messages()[step.message]
        self._arrive(message.received(step.occasion, self.log.now), f"{message.name} arrives, sending {step.occasion}")
        self._sent(message, step.occasion)

    def _sent(self, message: Message, occasion: int) -> None:
        self._contacts += [c for c in contacts_of(message, occasion) if c not in self._contacts]
        if message.unreadable:
            self._unreadable.append((message, occasion))

    def _tell(self, step: s.Tell) -> None:
        place = step.about % (len(self._contacts) + 1)
        contact = self._contacts[place] if place < len(self._contacts) else _NEVER_SENT
        other = self._contacts[(place + 1 + step.number) % len(self._contacts)] if self._contacts else _NEVER_SENT
        about = f"contact {place + 1}" if place < len(self._contacts) else "a contact that nobody sent"
        self._arrive(told(step.kind, contact, step.number, self.log.now, other), f"somebody says of {about}: {step.kind}")

    def _arrive(self, received: Received, text: str) -> None:
        """A message is made durable, and its sender told."""
        stored = self._append(received)
        self.acknowledged.add(received.receipt_id)
        self._say(f"{text} ({stored.topic}/{stored.partition} @{stored.offset})")

    def _append(self, received: Received) -> Stored:
        topic = f"received.{received.agency}"
        codec = told_codec(topic)
        value = codec.encode_as_the_next(received) if self._connectors_newer else codec.encode(received)
        return self.log.append(topic, received.sender.encode(), value)

    def _staff(self, step: s.Staff) -> None:
        worker_id, name, role = _STAFF[step.worker]
        role = "night" if role == "worker" and step.number % 3 == 0 else role
        event = AllocationEvent(
            event_id=derived_id("staff", str(step.number)),
            type="rota_set" if step.present else "rota_removed",
            team=TEAM, at=self.log.now, worker_id=worker_id, worker_name=name, role=role,
            duty_from=self.log.now - timedelta(hours=1),
            # Some duties end within the story, so that what waits, and what the night took, meets the next one's beginning.
            duty_to=self.log.now + timedelta(minutes=20) if step.number % 2 else None,
        )  # fmt: skip
        self.log.append("allocation-in", TEAM.encode(), codec("allocation-in").encode(event))
        self._say(f"{name} {'comes on duty' if step.present else 'leaves'}")

    def _poison(self, step: s.Poison) -> None:
        topic = _POISONED[step.topic]
        value = (b"", b"\x01junk", b"\x00\x00\x00\x00\x00", b"\x00" * 9)[step.number % 4]
        stored = self.log.append(topic, b"poison %d" % step.number, value, partition=step.partition)
        self.poison.add((topic, stored.partition, stored.offset))
        self._say(f"bytes that are no record are put on {topic}/{step.partition}")

    # -- time -----------------------------------------------------------------------------------------------------

    def _wait(self, step: s.Wait) -> None:
        self._watch()
        self._ticker_down = self._ticker_down or (not step.vouched and self.sabotage == "ticker-stays-down")
        if step.to_midnight:
            self.log.now = max(self.log.now, midnight_after(civil_date(self.log.now)) + step.passed)
        else:
            self.log.now += step.passed
        self._tick(step.vouched)
        self._say("a tick" if step.vouched else "a tick, after a time without a ticker")

    def _tick(self, vouched: bool = True) -> None:
        """As the ticker does: its time never runs back, and it vouches only for time that it saw pass."""
        if self._ticker_down:
            return
        at = max(self.log.now, self._ticked or self.log.now)
        self._write_ticks(at, self._ticked if vouched and self._ticked is not None else at)
        self._ticked = at

    def _write_ticks(self, at: datetime, since: datetime) -> None:
        for partition in range(PARTITIONS):
            key = tick_key(partition)
            tick = CaseEvent(
                event_id=derived_id("tick", key, at.isoformat()), type="tick", contact_id=key, at=at, covers_since=since
            )
            self.log.append("case-events", key.encode(), codec("case-events").encode(tick), partition=partition)
            duty = AllocationEvent(event_id=derived_id("duty tick", key, at.isoformat()), type="tick", team=key, at=at)
            self.log.append("allocation-in", key.encode(), codec("allocation-in").encode(duty), partition=partition)

    # -- work and faults ------------------------------------------------------------------------------------------

    def _waiting(self) -> list[tuple[Group, str, int]]:
        """The inputs that have something to read."""
        return [
            (group, topic, partition)
            for group in self.groups
            for topic in group.processor.inputs
            for partition in range(PARTITIONS)
            if group.owner(partition).lag(topic, partition) > 0
        ]

    def _work(self, step: s.Work | s.Pause) -> None:
        waiting = self._waiting()
        if not waiting:
            return
        group, topic, partition = max(waiting, key=lambda seat: _rank(step.pick, *seat))
        worker = group.owner(partition)
        records = worker.fetch(topic, partition, step.size, step.skew if isinstance(step, s.Work) else 0)
        if not records:
            return
        batch = worker.batch(topic, partition, records, step.salt)
        first, last = records[0].offset, records[-1].offset
        text = f"{group.processor.name} takes {topic}/{partition} @{first}" + (f" to @{last}" if last > first else "")
        if step.cut is None:
            self._say(text + self._whole(group, partition, batch, step.commit))
            return
        reached = _run_until(batch, step.cut)
        where = "decided" if reached is None else f"{reached[0]} ({reached[1]:.0%})"
        if isinstance(step, s.Work):
            group.crash(partition)
            self._say(f"{text}; killed at: {where}")
            return
        seat = group.expel(partition)
        if seat is not None:
            self._paused.append((group, seat, worker, batch))
            self._say(f"{text}; paused past its session at: {where}; another takes its partitions")
        else:
            group.crash(partition)
            self._say(f"{text}; killed at: {where}")

    def _resume(self, step: s.Resume) -> None:
        group, seat, _, batch = self._paused.pop(0)
        left = sum(1 for _ in batch)
        group.free(seat)
        if step.owners is not None:
            group.rebalance(step.owners)
        then = "stops" if step.owners is None else "stops, and its successor joins at once"
        self._say(f"the paused worker of {group.processor.name} goes on ({left} more effects), {then}")

    def _rebalance(self, step: s.Rebalance) -> None:
        group = self.groups[step.group]
        if step.commit:
            group.commit()
        group.rebalance(step.owners)
        self._say(f"{group.processor.name} rebalances{'' if step.commit else ', before anybody could commit'}")

    def _broker_killed(self, step: s.BrokerKilled) -> None:
        """Who got no answer sends again; who got one does not."""
        message = catalogue_of_messages()[step.message]
        received = message.received(step.occasion, self.log.now)
        self._say(f"the broker is killed while {message.name} is on its way, and {'has' if step.reached else 'has not'} got it")
        if step.reached:
            self._append(received)
        if self.sabotage == "unflushed-tail":
            for agency in AGENCIES:
                self.log.lose_tail(f"received.{agency}", step.unflushed)
        for group in self.groups:
            for partition in range(PARTITIONS):
                group.crash(partition)
        if self.sabotage == "acks-before-durable":
            self.acknowledged.add(received.receipt_id)
        else:
            self._arrive(message.received(step.occasion, self.log.now), f"{message.name} is sent again")
        self._sent(message, step.occasion)

    def _whole(self, group: Group, partition: int, batch: Iterator[Reached], commit: bool) -> str:
        worker = group.owner(partition)
        for _ in batch:
            pass
        if worker.stopped:
            group.crash(partition)
            return "; stops, because another worker wrote rows, and starts again"
        if commit:
            worker.commit()
        return ", and commits" if commit else ", and does not commit yet"

    def _watch(self) -> None:
        for group in self.groups:
            group.watch()

    def _drain(self) -> None:
        while waiting := self._waiting():
            for group, topic, partition in waiting:
                worker = group.owner(partition)
                records = worker.fetch(topic, partition, 50)
                if records:
                    self._whole(group, partition, worker.batch(topic, partition, records), commit=True)

    def _say(self, text: str) -> None:
        if self._telling:
            self.told.append(f"{self.log.now.astimezone(LONDON):%a %H:%M:%S}  {text}")


def _rank(pick: float, group: Group, topic: str, partition: int) -> int:
    """Of the inputs that wait, the one that ranks highest is picked: any of them, and by the same pick the same one, whatever
    else waits by then."""
    return zlib.crc32(f"{pick} {group.processor.name} {topic} {partition}".encode())


def _run_until(batch: Iterator[Reached], cut: s.Cut) -> Reached | None:
    """Run a batch up to the cut; what it reached last."""
    for reached in batch:
        point, share = reached
        if point > cut.at or (point == cut.at and share >= cut.share):
            return reached
    return None
