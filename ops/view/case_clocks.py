"""Every clock of one contact beside the same-day one, worked out again from its events with the workers' own rules; and
what each event did not do, so that nobody wonders why a clock runs on."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel

from ops.view.board import BoardFlag, board_flag
from ops.view.coverage import ticked
from ops.view.same_day import ClockState, How
from ops.view.snapshot import FlagNow, Snapshot, flag_agrees
from ops.view.times import minutes_left
from schemas.case_event import CaseEvent
from schemas.clock_policy import Clock
from streams.case_clocks import Run, runs
from streams.clock_rules import ClockRules
from streams.milestones import Milestone, happened, milestones

#: Said of every contact, whether a clock waits for it or not.
_SAID_OF_ANY = frozenset({"opened", "acknowledged", "allocated", "decision"})


class ClockRun(BaseModel):
    """One run of a clock. `evidence_how`: proof (the hub held it in time), claim (dated in time, arrived after: recorded
    late), late, or null. `minutes_left` is negative after the limit. `assessed_…` are of the same-day clock;
    `answered_by` and `answered_at` of what met or ended another one. `rests_on`: the versions of policy and calendar."""

    clock: str
    title: str = ""
    opening: int
    started_at: datetime
    due_at: datetime
    minutes_left: int
    state: ClockState
    assessed_by: str = ""
    assessed_level: str = ""
    assessed_at: datetime | None = None
    claimed_at: datetime | None = None
    evidence_event_id: str
    evidence_how: How | None
    answered_by: str = ""
    answered_at: datetime | None = None
    recorded_late: bool = False
    rests_on: str = ""
    flag: BoardFlag | None
    flag_agrees: bool


class CaseClocks:
    """The clocks of one contact at a snapshot's moment; none where the view has no rules or the contact never opened."""

    def __init__(self, at: Snapshot, events: Sequence[CaseEvent]) -> None:
        self._at = at
        self._events = events
        self._opened = next((event for event in events if event.opened is not None), None)
        self._authority = self._opened.opened.authority_code if self._opened and self._opened.opened else ""
        self._milestones = [one for event in events for one in milestones(event) if self._first_opening(event)]
        self._runs = runs(self._milestones, at.rules, self._authority) if at.rules else []

    def told(self, partition: int, flags: Sequence[FlagNow]) -> list[ClockRun]:
        """Each run, in the order of the policy; `partition` is the one whose ticks tell the contact's time."""
        by_about = {(flag.clock, flag.opening, flag.due_at): flag for flag in flags}
        rules = self._at.rules
        assert rules is not None or not self._runs
        return [
            self._told(run, rules, partition, by_about.get((run.clock, run.opening, run.due_at)))
            for run in self._runs
            if rules is not None
        ]

    def waits_for(self) -> list[tuple[str, ...]]:
        """What stops each clock that nothing has answered."""
        clocks = self._at.rules.tracked(self._authority) if self._at.rules is not None else {}
        return [clocks[run.clock].stop for run in self._runs if run.state == "running"]

    def notes(self) -> dict[str, str]:
        """By event id: what an event did not do, or did late."""
        if self._at.rules is None:
            return {}
        clocks = self._at.rules.tracked(self._authority)
        notes: dict[str, str] = {}
        for one in self._milestones:
            said = [text for name, clock in clocks.items() if (text := self._not_done(name, clock, one))]
            concerned = {name for name, clock in clocks.items() if one.name in clock.stop or one.name == clock.start}
            if concerned and one.name not in _SAID_OF_ANY and not any(run.clock in concerned for run in self._runs):
                said.append("no clock that it could stop has started")
            if said:
                notes[one.event_id] = "; ".join(said)
        for event in self._events:
            if event.happened_at is not None and happened(event) != event.happened_at:
                notes[event.event_id] = "its time lies ahead of ours, so ours counts"
        return notes

    def _first_opening(self, event: CaseEvent) -> bool:
        return event.type != "opened" or event is self._opened

    def _not_done(self, name: str, clock: Clock, one: Milestone) -> str:
        mine = [run for run in self._runs if run.clock == name]
        if one.name in clock.stop:
            answered = next((run for run in mine if run.answer == one), None)
            if answered is not None:
                return f"{name} clock: recorded late" if answered.recorded_late else ""
            if clock.four_eyes and mine and mine[-1].answer is None and one.at >= mine[-1].started_at:
                return f"{name} clock: by the person whose work it is to look at, so it does not stop it"
            if mine and all(one.at < run.started_at for run in mine):
                return f"{name} clock: before its start, so it does not stop it"
        elif one.name == clock.start and mine and all(run.started_at != one.at for run in mine) and one.name != "referral_made":
            return f"{name} clock: it ran already, so it does not start again"
        return ""

    def _told(self, run: Run, rules: ClockRules, partition: int, flag: FlagNow | None) -> ClockRun:
        state = self._state(run, partition)
        answer = run.answer if run.answer is not None and run.state in ("met", "ended", "late") else None
        by = next((event.by for event in self._events if answer and event.event_id == answer.event_id), "")
        how: dict[ClockState, How] = {"met_by_proof": "proof", "met_by_claim": "claim"}
        return ClockRun(
            clock=run.clock, title=rules.tracked(self._authority)[run.clock].title, opening=run.opening,
            started_at=run.started_at, due_at=run.due_at, minutes_left=minutes_left(run.due_at, self._at.now),
            state=state, evidence_event_id=answer.event_id if answer else "",
            evidence_how=how.get(state, "late" if answer and run.state == "late" else None),
            answered_by=by, answered_at=answer.at if answer else None, recorded_late=run.recorded_late,
            rests_on=run.limit.rests_on, flag=board_flag(flag),
            flag_agrees=flag_agrees(state, flag if flag is not None and flag.standing else None),
        )  # fmt: skip

    def _state(self, run: Run, partition: int) -> ClockState:
        if run.state == "met":
            return "met_by_claim" if run.recorded_late else "met_by_proof"
        if run.state == "ended":
            return "ended"
        if self._at.now < run.due_at:
            return "open"
        passed = ticked(self._at.db, partition, run.due_at)
        if passed.covered and run.limit.known:
            return "missed"
        return "not_verifiable" if passed.passed else "overdue"
