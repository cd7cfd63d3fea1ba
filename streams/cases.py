"""Cases: every contact tracked from opening to closure or transfer, its same-day clock, and the flags. Pure.

Reads `case-events` alone: opening, corrections, partners' and people's events, allocation and ticks arrive there in
one order. A row is one contact; the partition's tick row says when somebody was awake.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from schemas.allocation import AllocationEvent, AllocationType
from schemas.case_event import CaseEvent
from schemas.flag import Flag, FlagResult, FlagState
from schemas.identity import flag_id, output_id
from schemas.record import Record
from streams import same_day
from streams.case_row import CaseGlance, CaseRow, ClockRow, Holder, KnownCaseLink, Standing, StandingLink, TickRow
from streams.coverage import covered
from streams.milestones import happened
from streams.processor import Decision, Output, Rows, Tick
from streams.ticked import TICK_ROW, parsed, tick_of, vouched

#: An event for a contact that never opened is listed after this long, with an owner.
UNMATCHED_AFTER = timedelta(minutes=15)
#: Event ids remembered per case; an at-least-once repeat comes soon or never.
_SEEN_KEPT = 400


class Cases:
    """The processor. `duty_manager` owns what has no worker yet."""

    name = "cases"
    inputs = ("case-events",)

    def __init__(self, duty_manager: str = "") -> None:
        self.duty_manager = duty_manager

    def parse_row(self, text: bytes) -> Record:
        """A case row, or the partition's tick row."""
        return parsed(text, CaseRow)

    def tick(self, event: Record) -> Tick | None:
        """A tick of this partition."""
        return tick_of(event)

    def wakes_at(self, row: Record) -> datetime | None:
        """The next due time of a running clock, or when parked events have waited long enough."""
        return _wakes(row) if isinstance(row, CaseRow) else None

    def wakes_in(self, text: bytes) -> datetime | None:
        """The same, of a row that nobody has asked for yet."""
        return _wakes(CaseGlance.model_validate_json(text, extra="ignore"))

    def decide(self, rows: Rows, event: Record) -> Decision:
        """See the module."""
        assert isinstance(event, CaseEvent)
        if event.type == "tick":
            return vouched(rows, event)
        row = rows.get(event.contact_id)
        if row is None:
            row = CaseRow(contact_id=event.contact_id)
        assert isinstance(row, CaseRow)
        if event.event_id in row.seen:
            return Decision()
        outputs: list[Output] = []
        row = self._event(row, event, outputs)
        return Decision(outputs, {event.contact_id: row})

    def wake(self, rows: Rows, key: str, tick: Tick) -> Decision:
        """Flag what is overdue."""
        row = rows.get(key)
        ticks = rows.get(TICK_ROW)
        assert isinstance(row, CaseRow)
        intervals = ticks.intervals if isinstance(ticks, TickRow) else []
        outputs: list[Output] = []
        clocks = []
        for clock in row.clocks:
            if clock.state == "running" and clock.due_at <= tick.at:
                result: FlagResult = "missed" if covered(intervals, clock.due_at) else "not_verifiable"
                clock = clock.model_copy(update={"state": result, "flagged": True, "flag_state": "raised"})
                outputs.append(self._flag(row, clock, "raised", result))
            clocks.append(clock)
        row = row.model_copy(update={"clocks": clocks})
        if row.unmatched_at is not None and not row.unmatched_flagged and row.unmatched_at <= tick.at:
            row = row.model_copy(update={"unmatched_flagged": True})
            outputs.append(self._unmatched(row, "raised"))
        return Decision(outputs, {key: row})

    def _event(self, row: CaseRow, event: CaseEvent, outputs: list[Output]) -> CaseRow:
        row = row.model_copy(update={"seen": [*row.seen, event.event_id][-_SEEN_KEPT:]})
        if event.type == "opened":
            return self._opened(row, event, outputs)
        if row.standing == "parked":
            return self._parked(row, event)
        match event.type:
            case "corrected":
                return self._corrected(row, event, outputs)
            case "risk_assessed":
                return self._assessed(row, event, outputs)
            case "risk_assessment_signed_off":
                return self._signed(row, event, outputs)
            case "allocated":
                return self._allocated(row, event, outputs)
            case "closed" | "transfer_accepted":
                return self._ended(row, event, outputs)
            case "became":
                return self._became(row, event, outputs)
            case "linked":
                return self._linked(row, event, outputs)
            case "unlinked":
                return self._unlinked(row, event, outputs)
            case "open_case_known":
                known = KnownCaseLink(event_id=event.event_id, case_id=event.details.get("case", ""))
                return self._follow_the_open_case(row.model_copy(update={"open_case": known}), event, outputs)
            case "flag_acknowledged" | "flag_explained":
                return self._answered(row, event, outputs)
            case _:
                return row

    def _opened(self, row: CaseRow, event: CaseEvent, outputs: list[Output]) -> CaseRow:
        if row.standing != "parked" or event.opened is None:
            # Opened twice under two ids would be two clocks for one contact; the first stands.
            return row
        waiting = row.parked
        clock = same_day.start(1, event.at)
        repaired = event.opened.repaired_at
        if repaired is not None and repaired >= clock.due_at:
            # The unreadable contact has that day's flag already.
            clock = clock.model_copy(update={"state": "carried"})
        if row.unmatched_flagged:
            outputs.append(self._unmatched(row, "withdrawn"))
        row = row.model_copy(
            update={
                "standing": "open",
                "team": event.opened.team,
                "kind": event.opened.kind,
                "risk": event.opened.risk,
                "opened_at": event.at,
                "clocks": [clock],
                "parked": [],
                "unmatched_at": None,
                "unmatched_flagged": False,
            }
        )
        for parked in waiting:
            row = self._event(row, parked, outputs)
        return row

    def _parked(self, row: CaseRow, event: CaseEvent) -> CaseRow:
        first = row.unmatched_at or event.at + UNMATCHED_AFTER
        return row.model_copy(update={"parked": [*row.parked, event], "unmatched_at": first})

    def _corrected(self, row: CaseRow, event: CaseEvent, outputs: list[Output]) -> CaseRow:
        correction = event.correction
        if correction is None:
            return row
        row = row.model_copy(update={"risk": correction.risk or row.risk})
        changed = correction.risk_changed or correction.child_changed
        if not changed or row.assessed_at is None:
            return row
        # What was assessed is no longer what was reported: the first clock keeps its result, a new one starts.
        reopened = same_day.start(max(c.opening for c in row.clocks) + 1, event.at)
        if row.team:
            outputs.append(self._tell_allocation(row, event, "reopened"))
        return row.model_copy(update={"clocks": [*row.clocks, reopened], "assessed_at": None})

    def _assessed(self, row: CaseRow, event: CaseEvent, outputs: list[Output]) -> CaseRow:
        if not same_day.is_evidence(event):
            return row
        clocks = []
        for clock in row.clocks:
            evidence_by = same_day.in_time(clock.opening, clock.started_at, clock.due_at, event)
            if evidence_by and clock.state in ("running", "missed", "not_verifiable"):
                met = {"state": "met", "evidence_event_id": event.event_id, "evidence_by": evidence_by}
                clock = clock.model_copy(update=met)
                if clock.flagged and clock.flag_state != "withdrawn":
                    clock = clock.model_copy(update={"flag_state": "withdrawn"})
                    outputs.append(self._flag(row, clock, "withdrawn", "missed"))
            clocks.append(clock)
        if row.assessed_at is None and row.team:
            outputs.append(self._tell_allocation(row, event, "assessed"))
        return row.model_copy(update={"clocks": clocks, "assessed_at": event.at, "risk": event.level})

    def _signed(self, row: CaseRow, event: CaseEvent, outputs: list[Output]) -> CaseRow:
        """Whether the signer may sign is the rota's to say, and the log gets the answer; no row needs it."""
        if not event.problem and row.team:
            outputs.append(self._tell_allocation(row, event, "signed"))
        return row

    def _allocated(self, row: CaseRow, event: CaseEvent, outputs: list[Output]) -> CaseRow:
        if event.problem or not event.by:
            return row
        how = event.details.get("how", "partner")
        worker_id = event.details.get("worker_id", "")
        holder = Holder(name=event.by, worker_id=worker_id, at=event.at, how=how)
        if how == "partner" and row.team:
            # The rota did not choose this worker, so allocation must hear of it to count the load right.
            outputs.append(self._tell_allocation(row, event, "reassigned"))
        row = self._follow_the_story(row.model_copy(update={"holders": [*row.holders, holder]}), event, outputs)
        return self._follow_the_open_case(row, event, outputs)

    def _linked(self, row: CaseRow, event: CaseEvent, outputs: list[Output]) -> CaseRow:
        """This child's story began with an earlier contact. No clock is touched."""
        link = StandingLink(
            event_id=event.event_id,
            others=event.details.get("others", "").split(),
            may_act=event.details.get("may_act") == "yes",
        )
        row = row.model_copy(update={"part_of": event.details.get("story", ""), "link": link})
        return self._follow_the_story(row, event, outputs)

    def _unlinked(self, row: CaseRow, event: CaseEvent, outputs: list[Output]) -> CaseRow:
        link = row.link
        if link is None or link.event_id != event.details.get("link"):
            return row
        if link.asked:
            outputs.append(self._tell_allocation(row, event, "unlinked"))
        return row.model_copy(update={"part_of": "", "link": None})

    def _follow_the_story(self, row: CaseRow, event: CaseEvent, outputs: list[Output]) -> CaseRow:
        """Ask that whoever holds the story's other contacts takes this one too: once it has a worker, so that the first
        allocation never waits for a link."""
        link = row.link
        if link is None or link.asked or not link.may_act or not row.holders or row.standing != "open" or not row.team:
            return row
        outputs.append(self._tell_allocation(row, event, "linked"))
        return row.model_copy(update={"link": link.model_copy(update={"asked": True})})

    def _follow_the_open_case(self, row: CaseRow, event: CaseEvent, outputs: list[Output]) -> CaseRow:
        """The same for whoever the case system says holds this child's case. No clock is touched."""
        known = row.open_case
        if known is None or known.asked or not row.holders or row.standing != "open" or not row.team:
            return row
        outputs.append(self._tell_allocation(row, event, "case_known"))
        return row.model_copy(update={"open_case": known.model_copy(update={"asked": True})})

    def _ended(self, row: CaseRow, event: CaseEvent, outputs: list[Output]) -> CaseRow:
        """Nobody here holds it any more. Until the other authority accepts a transfer, its worker does: an offer, or a case
        system's word that it was `transferred`, ends nothing."""
        standing: Standing = "closed" if event.type == "closed" else "transferred"
        if row.standing == "open" and row.team:
            outputs.append(self._tell_allocation(row, event, "released"))
        return row.model_copy(update={"standing": standing})

    def _became(self, row: CaseRow, event: CaseEvent, outputs: list[Output]) -> CaseRow:
        clocks = [c.model_copy(update={"state": "became"}) if c.state == "running" else c for c in row.clocks]
        if row.standing == "open" and row.team:
            outputs.append(self._tell_allocation(row, event, "released"))
        return row.model_copy(update={"clocks": clocks, "standing": "became"})

    def _answered(self, row: CaseRow, event: CaseEvent, outputs: list[Output]) -> CaseRow:
        if event.problem:
            return row
        wanted = event.details.get("flag", "")
        state: FlagState = "acknowledged" if event.type == "flag_acknowledged" else "explained"
        follows = {"acknowledged": ("raised",), "explained": ("raised", "acknowledged")}[state]
        clocks = []
        for clock in row.clocks:
            if clock.flagged and clock.flag_state in follows and wanted in ("", _flag_id(row, clock)):
                clock = clock.model_copy(update={"flag_state": state})
                result: FlagResult = "not_verifiable" if clock.state == "not_verifiable" else "missed"
                outputs.append(self._flag(row, clock, state, result, event.reason_code))
            clocks.append(clock)
        return row.model_copy(update={"clocks": clocks})

    def _flag(self, row: CaseRow, clock: ClockRow, state: FlagState, result: FlagResult, reason_code: str = "") -> Output:
        # A withdrawal's body says which evidence; nothing in any body comes from the tick that noticed.
        flag = Flag(
            flag_id=_flag_id(row, clock),
            contact_id=row.contact_id,
            clock=clock.clock,
            opening=clock.opening,
            started_at=clock.started_at,
            due_at=clock.due_at,
            state=state,
            result=result,
            evidence_event_id=clock.evidence_event_id if state == "withdrawn" else "",
            reason_code=reason_code,
        )
        return Output("flags", row.contact_id, flag)

    def _unmatched(self, row: CaseRow, state: FlagState) -> Output:
        assert row.unmatched_at is not None
        flag = Flag(
            flag_id=flag_id(row.contact_id, "unmatched", 1, row.unmatched_at.isoformat()),
            contact_id=row.contact_id,
            clock="unmatched",
            opening=1,
            started_at=row.unmatched_at - UNMATCHED_AFTER,
            due_at=row.unmatched_at,
            state=state,
            result="unmatched",
            owner=self.duty_manager,
        )
        return Output("flags", row.contact_id, flag)

    def _tell_allocation(self, row: CaseRow, event: CaseEvent, kind: AllocationType) -> Output:
        siblings = row.link.others if row.link is not None and kind == "linked" else []
        if row.open_case is not None and kind == "case_known":
            siblings = [row.open_case.case_id]
        told = AllocationEvent(
            event_id=output_id(event.event_id, kind, row.contact_id),
            type=kind,
            team=row.team,
            at=event.at,
            contact_ids=[row.contact_id],
            worker_id=event.details.get("worker_id", "") if kind in ("reassigned", "released", "signed") else "",
            worker_name=event.by if kind in ("reassigned", "signed") else "",
            signature=event.event_id if kind == "signed" else "",
            happened_at=happened(event) if kind == "signed" else None,
            siblings=siblings,
            link=row.link.event_id if row.link is not None and kind in ("linked", "unlinked") else "",
        )
        return Output("allocation-in", row.team, told)


def _flag_id(row: CaseRow, clock: ClockRow) -> str:
    return flag_id(row.contact_id, clock.clock, clock.opening, clock.due_at.isoformat())


def standing_flags(flags: Iterable[Flag]) -> list[Flag]:
    """The last state of each flag, in order of first appearance."""
    latest: dict[str, Flag] = {}
    for flag in flags:
        latest[flag.flag_id] = flag
    return list(latest.values())


def _wakes(row: CaseRow | CaseGlance) -> datetime | None:
    due = [clock.due_at for clock in row.clocks if clock.state == "running"]
    if row.unmatched_at is not None and not row.unmatched_flagged:
        due.append(row.unmatched_at)
    return min(due, default=None)
