"""What of a case event the clocks know: milestones, by the names the policy uses. Pure."""

import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, NamedTuple

from pydantic import AfterValidator

from schemas.case_event import CaseEvent
from schemas.codes import decision_kind, folded_name, is_named_worker
from schemas.london import midnight_after
from schemas.record import Instant
from streams import same_day
from streams.deadlines import AN_INSTANT

#: The same few names stand in every row: one copy of each in memory.
Word = Annotated[str, AfterValidator(sys.intern)]

#: Case events that are milestones under their own name.
_DIRECT = frozenset(
    {
        "acknowledged", "assessment_started", "assessment_authorised", "strategy_discussion", "conference_held",
        "core_group_held", "review_held", "conference_not_needed", "domestic_abuse_believed", "school_told",
        "mash_received", "mash_decision", "closed", "transfer_accepted",
        "missing_in_case_system", "found_in_case_system",
    }
)  # fmt: skip


class Milestone(NamedTuple):
    """One thing that happened. `at`: when it happened, as far as anybody knows; `heard_at`: when the hub heard of it.
    A tuple, because a case holds several for years. `level`: the risk then, where a clock asks for it; `by`: who did it, where
    the next step must be somebody else's."""

    name: Word
    at: Instant
    heard_at: Instant
    event_id: str
    level: Word = ""
    by: Word = ""


def milestones(event: CaseEvent) -> Iterator[Milestone]:
    """What an event adds; nothing if it does not count."""
    if event.problem:
        return
    at = happened(event)
    if event.type == "opened" and event.opened is not None:
        # A message nobody could read has the same-day clock alone; what it becomes has all of them.
        if event.opened.kind != "unreadable":
            yield Milestone("opened", at, event.at, event.event_id, event.opened.risk)
            if event.opened.kind == "referral":
                yield Milestone("referral_made", at, event.at, event.event_id)
    elif event.type in _DIRECT:
        yield Milestone(event.type, at, event.at, event.event_id, event.level)
    elif event.type == "sign_off_checked":
        # A signature alone is a claim; the rota has said that it is one of somebody who may sign.
        yield Milestone("risk_assessment_signed_off", at, event.at, event.event_id, "", folded_name(event.by))
    elif event.type == "allocated" and is_named_worker(event.by):
        yield Milestone("allocated", at, event.at, event.event_id)
    elif event.type == "risk_assessed" and same_day.is_evidence(event):
        yield Milestone("risk_assessed", at, event.at, event.event_id, event.level, folded_name(event.by))
    elif event.type in ("decision", "no_further_action"):
        yield Milestone("decision", at, event.at, event.event_id)
        kind = decision_kind(event.details.get("decision", "")) if event.type == "decision" else "no_assessment"
        if kind == "no_assessment":
            yield Milestone("no_assessment", at, event.at, event.event_id)
        elif kind == "referral":
            yield Milestone("referral_made", at, event.at, event.event_id)


def happened(event: CaseEvent) -> datetime:
    """When it happened: the sender's time if it is not after ours. A date alone stands for the last moment of that day,
    or for ours if that is earlier: a limit on that day is met, one during it is not taken as met."""
    if event.happened_at is not None:
        return min(event.happened_at, event.at)
    if event.happened_on is not None:
        return min(midnight_after(event.happened_on) - AN_INSTANT, event.at)
    return event.at
