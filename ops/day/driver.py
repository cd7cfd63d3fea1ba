"""The driver of a stepped day: it alone owns the clock.

The clock moves only when every send has its disposition, every record is in `case-events`, no group is behind and nothing
is on its way to a recipient who can be called, and at most to the next line of the timetable or the next London midnight. So
a day has the same result however fast the machine is.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ops.clocks import stepped_clock
from ops.day.beside import PartnerSystems
from ops.day.log_watch import DayStuck, LogWatch
from ops.day.settling import Settling
from ops.day.timetable import Line
from ops.delivery import Deliveries, NotDelivered
from schemas.london import civil_date, midnight_after
from schemas.settings import Settings
from schemas.ticks import ticked_at, ticked_file


@dataclass
class Sent:
    """What the driver knows of one ref: the receipt it was given, and the lines that spoke of it. Without a receipt the
    hub has not taken it, and `refused` says why."""

    ref: str
    line: Line
    receipt: str
    refused: str = ""
    records: list[tuple[Line, str]] = field(default_factory=list)


class DayDriver:
    """Runs a timetable against a running stack. `progress(done, total, at)` is called after every instant; `partners` are the
    partner systems beside it, if any."""

    def __init__(
        self,
        settings: Settings,
        watch: LogWatch,
        *,
        partners: PartnerSystems | None = None,
        progress: Callable[[int, int, datetime], None] = lambda done, total, at: None,
    ) -> None:
        self.settings = settings
        self.watch = watch
        self.sent: dict[str, Sent] = {}
        self.problems: list[str] = []
        self._clock = stepped_clock(settings)
        self._ticked = ticked_file(settings.run_dir)
        self._settling = Settling(settings.bootstrap_servers, watch, reachable=partners.reachable if partners else ())
        self._deliveries = Deliveries(settings)
        self._ways = dict(partners.ways) if partners else {}
        self._progress = progress

    def run(self, lines: list[Line]) -> None:
        """Drive every line. Raises `DayStuck`."""
        try:
            position = 0
            while position < len(lines):
                at = lines[position].at
                self._advance(at)
                instant = [line for line in lines[position:] if line.at == at]
                for line in instant:
                    self._do(line)
                self._settling.settle()
                position += len(instant)
                self._progress(position, len(lines), at)
        finally:
            self._deliveries.close()
            self._settling.close()

    def start_at(self, instant: datetime) -> None:
        """Set the clock before anything else happens, so that the first tick has something to begin from."""
        self._step(instant)

    def _advance(self, to: datetime) -> None:
        """To an instant, stopping at every midnight on the way: deadlines fall there."""
        while True:
            midnight = midnight_after(civil_date(self._clock.now()))
            if midnight >= to:
                break
            self._step(midnight)
        if to > self._clock.now():
            self._step(to)

    def _step(self, to: datetime) -> None:
        self._clock.set(to)
        limit = time.monotonic() + 30.0
        while ticked_at(self._ticked) != to:
            if time.monotonic() > limit:
                raise DayStuck("the ticker did not follow the clock; see logs/ticker.log of the run")
            time.sleep(0.002)
        self._settling.settle()

    def _do(self, line: Line) -> None:
        if line.do == "send":
            self._send(line)
        elif line.do == "record":
            self._record(line)

    def _send(self, line: Line) -> None:
        assert line.file is not None
        try:
            receipt = self._deliver(line.agency, line.via, line.file)
        except NotDelivered as refusal:
            self.sent[line.ref] = Sent(line.ref, line, "", str(refusal))
            self.problems.append(f"line {line.number}: {line.ref} was not delivered: {refusal}")
            return
        self.sent[line.ref] = Sent(line.ref, line, receipt)
        self._await_disposition(receipt)

    def _deliver(self, agency: str, via: str, file: Path) -> str:
        way = self._ways.get(via)
        return way(file) if way is not None else self._deliveries.deliver(agency, via, file)

    def _record(self, line: Line) -> None:
        body = {**line.args}
        about, _, child = line.ref.partition("/")
        if line.ref in self.sent:
            about, child = line.ref, ""
        known = self.sent.get(about)
        if known is not None:
            contacts = self.watch.dispositions[known.receipt].contact_ids if known.receipt else []
            index = int(child or "1") - 1
            if index >= len(contacts):
                self.problems.append(f"line {line.number}: {line.ref} has {len(contacts)} contacts; nothing was recorded")
                return
            body["contact_id"] = contacts[index]
        receipt = self._deliveries.record(json.dumps(body).encode())
        if known is None and line.ref:
            self.sent[line.ref] = Sent(line.ref, line, receipt)
        elif known is not None:
            known.records.append((line, receipt))
        self._await_disposition(receipt)
        disposition = self.watch.dispositions[receipt]
        if disposition.disposition == "quarantined":
            self.problems.append(f"line {line.number}: the record was not understood: {disposition.reason}")
        self.watch.wait_for(
            f"the events of line {line.number}", lambda: all(event in self.watch.events for event in disposition.event_ids)
        )

    def _await_disposition(self, receipt: str) -> None:
        self.watch.wait_for(f"the disposition of receipt {receipt}", lambda: receipt in self.watch.dispositions)
