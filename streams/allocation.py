"""Allocation: at once, to a named worker on the duty rota; siblings of one notice to one worker. Pure.

Reads `allocation-in`, keyed by team: rota changes, requests and ticks in one order. Who takes a request is the rota's
answer (`streams.allocation_rota`): the least loaded person on duty who has room and no conflict of interest. If nobody is,
the duty manager takes it by name, with the reason; with no manager either it waits until somebody's duty begins or a place
becomes free, unless a person gives it to somebody first. What the emergency duty team took goes over to the workers of the
morning.

Who holds a child's case keeps getting that child, also past the cap, but never against a conflict of interest: a sibling
that a later version of a notice adds goes to the worker who holds the others, if that worker is on duty. So does, after its
first allocation, a contact that a link or a person's answer says is of a child whose case somebody holds; an undone link
gives it back.

When a worker is absent or their duty has ended, what they hold and nobody has risk assessed goes to somebody else by the same
rule; what the night takes so, the morning gives back. What is assessed stays theirs: a child keeps its worker, and the duty
manager is told by name of what needs somebody meanwhile.

Whose signature under a risk assessment counts is the rota's to say as well (`streams.signing`).
"""

from collections.abc import Mapping
from datetime import datetime

from schemas.allocation import AllocationEvent
from schemas.record import Record
from streams.allocation_held import Unassessed
from streams.allocation_round import EndOfDuty, Round
from streams.allocation_rows import HoldingRow, LoadedCaseRow, TeamRow
from streams.processor import Decision, Rows, Tick


class Allocation:
    """The processor."""

    name = "allocation"
    inputs = ("allocation-in",)

    def __init__(self, at_end_of_duty: EndOfDuty = "hand_over") -> None:
        self._at_end_of_duty: EndOfDuty = at_end_of_duty

    def parse_row(self, text: bytes) -> Record:
        """A team's row, a holding, or a case of the case system."""
        row: type[Record] = HoldingRow if b'"contact_id"' in text[:20] else TeamRow
        if b'"loaded_case"' in text[:20]:
            row = LoadedCaseRow
        return row.model_validate_json(text, extra="ignore")

    def derive(self, rows: Mapping[str, Record]) -> Unassessed:
        """Of each worker, what they hold unassessed."""
        return Unassessed(rows)

    def tick(self, event: Record) -> Tick | None:
        """A tick of this partition. Whether somebody was awake meanwhile is no question here: what is due is done late."""
        assert isinstance(event, AllocationEvent)
        return Tick(event.at, event.at) if event.type == "tick" else None

    def wakes_at(self, row: Record) -> datetime | None:
        """When the rota of a team changes next, while something waits for it; when somebody's absence begins or duty ends."""
        return row.wake_at if isinstance(row, TeamRow) else None

    def wake(self, rows: Rows, key: str, tick: Tick) -> Decision:
        """Somebody's duty has begun or ended."""
        team = rows.get(key)
        assert isinstance(team, TeamRow)
        round_ = Round(rows, team, self._at_end_of_duty)
        round_.settle(tick.at)
        return round_.decision("", tick.at)

    def decide(self, rows: Rows, event: Record) -> Decision:
        """See the module."""
        assert isinstance(event, AllocationEvent)
        if event.type == "tick":
            return Decision()
        team = rows.get(event.team)
        team = team if isinstance(team, TeamRow) else TeamRow(team=event.team)
        if event.event_id in team.recent:
            return Decision()
        round_ = Round(rows, team, self._at_end_of_duty)
        match event.type:
            case "rota_set":
                round_.set_worker(event)
            case "rota_removed":
                round_.remove_worker(event)
            case "requested":
                round_.request(event, event.at)
            case "reassigned":
                round_.reassign(event)
            case "released":
                round_.release(event)
            case "assessed" | "reopened":
                round_.assessed(event)
            case "signed":
                round_.sign(event)
            case "linked":
                round_.link(event)
            case "unlinked":
                round_.unlink(event)
            case "cases_loaded":
                round_.load(event)
            case "case_known":
                round_.follow_case(event)
        round_.settle(event.at)
        return round_.decision(event.event_id, event.at)
