"""Clocks: every timescale of the policy but the same-day one, for each contact, from its case events. Pure.

Apart from `cases`, so that the same-day promise needs neither policy nor calendar. Reads `case-events` alone; the
clocks are worked out from the milestones of a contact, in whatever order they came (`streams.case_clocks`).
"""

from datetime import UTC, datetime
from functools import partial

from schemas.case_event import CaseEvent
from schemas.identity import output_id
from schemas.record import Record
from streams.case_clocks import Run, runs
from streams.case_row import TickRow
from streams.clock_rows import ClocksGlance, ClocksRow, OpenLimit
from streams.clock_rules import ClockRules
from streams.coverage import covered
from streams.flag_life import Flags
from streams.milestones import milestones
from streams.processor import Decision, Output, Rows, Tick
from streams.ticked import TICK_ROW, parsed, tick_of, vouched

_AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)


class Clocks:
    """The processor."""

    name = "clocks"
    inputs = ("case-events",)

    def __init__(self, rules: ClockRules) -> None:
        self.rules = rules

    def parse_row(self, text: bytes) -> Record:
        """A contact's row, or the partition's tick row."""
        return parsed(text, ClocksRow)

    def tick(self, event: Record) -> Tick | None:
        """A tick of this partition."""
        return tick_of(event)

    def wakes_at(self, row: Record) -> datetime | None:
        """The next warning point, limit or step of a ladder; the next tick for limits worked out under other rules."""
        return self._wakes(row) if isinstance(row, ClocksRow) else None

    def wakes_in(self, text: bytes) -> datetime | None:
        """The same, of a row that nobody has asked for yet: its milestones are not read."""
        return self._wakes(ClocksGlance.model_validate_json(text, extra="ignore"))

    def _wakes(self, row: ClocksRow | ClocksGlance) -> datetime | None:
        if row.limits and row.rests_on != self.rules.version(row.authority):
            return _AT_ONCE
        return row.wake_at

    def decide(self, rows: Rows, event: Record) -> Decision:
        """Take the event's milestones, or a person's answer to a flag."""
        assert isinstance(event, CaseEvent)
        if event.type == "tick":
            return vouched(rows, event)
        known = rows.get(event.contact_id)
        row = known if isinstance(known, ClocksRow) else ClocksRow(contact_id=event.contact_id)
        row, moved = self._under_new_rules(row, event.at)
        decision = self._event(row, event)
        return Decision([*moved, *decision.outputs], decision.rows or ({row.contact_id: row} if moved else {}))

    def _event(self, row: ClocksRow, event: CaseEvent) -> Decision:
        if event.type in ("flag_acknowledged", "flag_explained"):
            return self._answered(row, event)
        if event.type == "opened" and event.opened is not None:
            if row.opened:
                # Opened twice under two ids would be two sets of clocks for one contact; the first stands.
                return Decision()
            row = row.model_copy(update={"authority": event.opened.authority_code})
        have = {(one.event_id, one.name) for one in row.milestones}
        new = tuple(one for one in milestones(event) if (one.event_id, one.name) not in have)
        if not new:
            return Decision()
        row = row.model_copy(update={"milestones": (*row.milestones, *new)})
        found = runs(row.milestones, self.rules, row.authority)
        flags = Flags(row.contact_id, row.flags)
        flags.withdraw(found, event.event_id)
        return Decision(flags.outputs, {row.contact_id: self._row(row, found, flags)})

    def wake(self, rows: Rows, key: str, tick: Tick) -> Decision:
        """Warn of, raise and escalate what has fallen due; work limits out again under new rules."""
        row, ticks = rows.get(key), rows.get(TICK_ROW)
        assert isinstance(row, ClocksRow)
        awake = partial(covered, ticks.intervals if isinstance(ticks, TickRow) else [])
        row, moved = self._under_new_rules(row, tick.at)
        flags = Flags(row.contact_id, row.flags)
        # Time alone changes nothing about a clock that was met or ended.
        found = runs(row.milestones, self.rules, row.authority, {limit.clock for limit in row.limits})
        moments = []
        for run in _unsettled(found):
            ladder = self.rules.ladder(run.clock, row.authority)
            moment = flags.next_moment(run, ladder)
            if moment is not None and moment <= tick.at:
                flags.fall_due(run, ladder, tick.at, awake)
                moment = flags.next_moment(run, ladder)
            if moment is not None:
                moments.append(moment)
        # Nor does it move a limit.
        row = row.model_copy(update={"flags": flags.rows, "wake_at": min(moments, default=None)})
        return Decision([*moved, *flags.outputs], {key: row})

    def _under_new_rules(self, row: ClocksRow, at: datetime) -> tuple[ClocksRow, list[Output]]:
        """The row under the rules now in force, and what the log must keep of it; as it is when they are the same."""
        if not row.limits or row.rests_on == self.rules.version(row.authority):
            return row, []
        found = runs(row.milestones, self.rules, row.authority)
        flags = Flags(row.contact_id, row.flags)
        flags.withdraw(found, "")
        return self._row(row, found, flags), [*_moved(row, found, at), *flags.outputs]

    def _answered(self, row: ClocksRow, event: CaseEvent) -> Decision:
        if event.problem or not row.flags:
            return Decision()
        flags = Flags(row.contact_id, row.flags)
        flags.answer(event)
        if not flags.outputs:
            return Decision()
        found = runs(row.milestones, self.rules, row.authority)
        return Decision(flags.outputs, {row.contact_id: self._row(row, found, flags)})

    def _row(self, row: ClocksRow, found: list[Run], flags: Flags) -> ClocksRow:
        moments = (flags.next_moment(run, self.rules.ladder(run.clock, row.authority)) for run in _unsettled(found))
        return row.model_copy(
            update={
                "flags": flags.rows,
                "limits": tuple(OpenLimit(run.clock, run.opening, run.due_at) for run in _unsettled(found)),
                "wake_at": min((moment for moment in moments if moment is not None), default=None),
                "rests_on": self.rules.version(row.authority),
            }
        )


def _unsettled(found: list[Run]) -> list[Run]:
    """The runs of which something may still have to be told."""
    return [run for run in found if run.state in ("running", "late")]


def _moved(row: ClocksRow, found: list[Run], at: datetime) -> list[Output]:
    """What the log keeps of limits that other rules moved: both limits and both versions."""
    now = {(run.clock, run.opening): run for run in found}
    outputs = []
    for before in row.limits:
        run = now.get((before.clock, before.opening))
        if run is None or run.state != "running" or run.due_at == before.due_at:
            continue
        moves = (before.clock, str(before.opening), before.due_at.isoformat(), run.due_at.isoformat())
        event = CaseEvent(
            event_id=output_id(row.contact_id, "limit_moved", " ".join(moves)),
            type="limit_moved",
            contact_id=row.contact_id,
            at=at,
            details={
                **dict(zip(("clock", "opening", "before", "after"), moves, strict=True)),
                "rested_on": row.rests_on,
                "rests_on": run.limit.rests_on,
            },
        )
        outputs.append(Output("case-events", row.contact_id, event))
    return outputs
