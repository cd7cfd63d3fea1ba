"""The life of a flag: due soon, missed, up the ladder, acknowledged, explained; or withdrawn. Pure.

Each step is one record of `flags`, once. Its body comes from the run of the clock and what answered it alone, so it
does not matter which tick noticed.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from schemas.case_event import CaseEvent
from schemas.clock_policy import Step
from schemas.flag import Flag, FlagResult, FlagState
from streams.case_clocks import Run
from streams.clock_rows import FlagRow
from streams.processor import Output

Ladder = Sequence[Step]

#: Out of which states a person's answer moves a flag. An escalated flag is the next person's, who acknowledges anew.
_ANSWERS: dict[str, tuple[FlagState, frozenset[FlagState]]] = {
    "flag_acknowledged": ("acknowledged", frozenset({"raised", "escalated"})),
    "flag_explained": ("explained", frozenset({"raised", "escalated", "acknowledged"})),
}
_OVER: frozenset[FlagState] = frozenset({"explained", "withdrawn"})


class Flags:
    """The flags of one contact while one event or tick is decided; `outputs` are what it comes to."""

    def __init__(self, contact_id: str, rows: Sequence[FlagRow]) -> None:
        self.outputs: list[Output] = []
        self._contact_id = contact_id
        self._rows = {row.about: row for row in rows}

    @property
    def rows(self) -> tuple[FlagRow, ...]:
        """All flags, as they stand now."""
        return tuple(self._rows.values())

    def withdraw(self, found: Sequence[Run], cause: str) -> None:
        """Take back the flags of runs that were met in time, that ended, or that late evidence shows never to have been;
        `cause` is the event that showed the last."""
        by_about = {run.about: run for run in found}
        for row in self.rows:
            run = by_about.get(row.about)
            if row.state == "withdrawn" or (run is not None and run.state in ("running", "late")):
                continue
            evidence = run.answer.event_id if run is not None and run.answer is not None else cause
            self._put(row._replace(state="withdrawn"), evidence=evidence)

    def answer(self, event: CaseEvent) -> None:
        """A person acknowledged or explained: the flag that the event names, or all of the contact."""
        state, follows = _ANSWERS[event.type]
        wanted = event.details.get("flag", "")
        for row in self.rows:
            if row.state in follows and wanted in ("", row.id(self._contact_id)):
                self._put(row._replace(state=state), reason_code=event.reason_code)

    def fall_due(self, run: Run, ladder: Ladder, at: datetime, awake: Callable[[datetime], bool]) -> None:
        """Warn, raise and escalate as far as time has come for a run that was neither met in time nor ended."""
        row = self._row_of(run)
        # Up to when the hub heard that the case had caught up.
        until = at if run.heard_at is None else min(at, run.heard_at)
        if row.state == "due_soon":
            for point in run.limit.warnings[row.told :]:
                if point > until:
                    break
                row = row._replace(told=row.told + 1)
                self._put(row, step_at=point)
            if run.due_at > at:
                return
            row = self._raise(row, run, ladder, awake)
        if row.state in _OVER:
            return
        for step in ladder[row.told :]:
            moment = _moment(run, step)
            if moment > until:
                break
            row = row._replace(state="escalated", to=step.to, told=row.told + 1)
            self._put(row, step_at=moment)

    def next_moment(self, run: Run, ladder: Ladder) -> datetime | None:
        """When such a run must be looked at again, if nothing happens before."""
        row = self._rows.get(run.about)
        told = row.told if row is not None else 0
        moment: datetime | None = None
        if row is None or row.state == "due_soon":
            if told < len(run.limit.warnings):
                moment = run.limit.warnings[told]
            return moment if moment is not None and _still_behind(run, moment) else run.due_at
        if row.state not in _OVER and told < len(ladder):
            moment = _moment(run, ladder[told])
        return moment if moment is not None and _still_behind(run, moment) else None

    def _row_of(self, run: Run) -> FlagRow:
        return self._rows.get(run.about) or FlagRow(
            run.clock, run.opening, run.started_at, run.due_at, "due_soon", "due_soon", rests_on=run.limit.rests_on
        )

    def _raise(self, row: FlagRow, run: Run, ladder: Ladder, awake: Callable[[datetime], bool]) -> FlagRow:
        result: FlagResult = "missed" if run.limit.known and awake(run.due_at) else "not_verifiable"
        at_once = bool(ladder) and ladder[0].after_minutes == 0
        raised = row._replace(state="raised", result=result, told=int(at_once), to=ladder[0].to if at_once else "")
        self._put(raised)
        return raised

    def _put(self, row: FlagRow, *, evidence: str = "", reason_code: str = "", step_at: datetime | None = None) -> None:
        self._rows[row.about] = row
        flag = Flag(
            flag_id=row.id(self._contact_id),
            contact_id=self._contact_id,
            clock=row.clock,
            opening=row.opening,
            started_at=row.started_at,
            due_at=row.due_at,
            state=row.state,
            result=row.result,
            evidence_event_id=evidence,
            reason_code=reason_code,
            to=row.to,
            step_at=step_at,
            rests_on=row.rests_on,
        )
        self.outputs.append(Output("flags", self._contact_id, flag))


def _moment(run: Run, step: Step) -> datetime:
    return run.due_at + timedelta(minutes=step.after_minutes)


def _still_behind(run: Run, moment: datetime) -> bool:
    """Whether, at that moment, the hub had not heard yet that the case had caught up."""
    return run.heard_at is None or moment <= run.heard_at
