"""A contact's story as lines in the order of the hub's time, each a sentence."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import BaseModel

from ops.view.snapshot import FlagNow
from ops.view.times import in_london
from schemas.allocation import AllocationEvent
from schemas.case_event import CaseEvent
from schemas.delivery import Delivery
from schemas.london import civil_date, midnight_after
from schemas.narrative import Narrative
from schemas.outbound import OutboundItem
from streams.same_day import CLOCK, is_evidence


class Step(BaseModel):
    """One line. `at` is the hub's time; `said_at` is the sender's own time or date, when it gave one. `what` is a
    sentence; `problem` says why an event counts for nothing, `note` what it did not do to a clock; `words` are what people
    wrote with it."""

    at: datetime
    type: str
    what: str
    by: str
    said_at: str
    problem: str
    note: str = ""
    words: list[str]


_SENTENCES = {
    "decision": "decided what happens next", "acknowledged": "said that it was received",
    "assessment_started": "the statutory assessment started",
    "assessment_authorised": "the statutory assessment was authorised",
    "strategy_discussion": "a strategy discussion was held", "s47_started": "section 47 enquiries started",
    "s47_ended": "section 47 enquiries ended", "conference_held": "a child protection conference was held",
    "core_group_held": "a core group was held", "review_held": "a review was held", "closed": "closed",
    "missing_in_case_system": "the reconciliation did not find it in the case system",
    "found_in_case_system": "the reconciliation found it in the case system",
    "risk_assessment_signed_off": "a signature under the risk assessment; the rota says whether it counts",
    "sign_off_checked": "the rota says who may sign the risk assessment off",
    "transferred": "transferred", "transfer_offered": "offered to another authority; our clocks run until it accepts",
    "transfer_accepted": "another authority accepted it", "conference_not_needed": "no conference is needed",
    "mash_received": "the multi-agency hub received it", "mash_decision": "the multi-agency hub decided",
    "domestic_abuse_believed": "police believe that the child is a victim of domestic abuse",
    "school_told": "the school was told", "not_delivered": "it could not be delivered to the case system",
    "no_further_action": "no further action was decided",
    "cancel_requested": "the sender asks to withdraw it; a person decides",
    "flag_acknowledged": "a person has seen the flag", "flag_explained": "a person has explained the flag",
    "note": "noted", "contact_recorded": "a contact was recorded",
    "link_undone": "a person took it out of its child's story", "unlinked": "a story of its own again",
    "identity_superseded": "a person hid this identity", "superseded": "this identity is hidden",
    "restricted_access": "a person looked at a hidden story",
}  # fmt: skip

_FLAGS = {
    "missed": "flag: nobody risk assessed it before the limit",
    "not_verifiable": "flag: the hub was not running at the limit, so nobody can say whether it was met",
    "unmatched": "flag: events came for a contact that was never opened",
}

#: At one moment: the arrival, the question who takes it, events in log order, what left, flags.
_ARRIVAL, _REQUEST, _EVENT, _SENT, _FLAG = range(5)


def steps(
    events: Sequence[CaseEvent],
    requests: Sequence[AllocationEvent],
    sent: Sequence[OutboundItem],
    flags: Sequence[FlagNow],
    words: Sequence[Narrative],
    *,
    deliveries: Sequence[Delivery] = (),
    transport: str = "",
    notes: Mapping[str, str] | None = None,
) -> list[Step]:
    """The lines of one contact; `events` in log order, `transport` is how it arrived, `notes` say by event id what an event
    did not do to a clock."""
    written: dict[str, list[str]] = {}
    for narrative in words:
        written.setdefault(narrative.event_id, []).append(narrative.text)
    lines: list[tuple[datetime, int, int, Step]] = []

    def add(rank: int, place: int, step: Step) -> None:
        lines.append((step.at, rank, place, step))

    by_id = {event.event_id: event for event in events}
    for place, event in enumerate(events):
        rank = _ARRIVAL if event.type == "opened" else _EVENT
        step = _event(event, written.get(event.event_id, []), transport)
        add(rank, place, step.model_copy(update={"note": (notes or {}).get(event.event_id, "")}))
    for place, request in enumerate(requests):
        add(_REQUEST, place, _line(request.at, "allocation_" + request.type, _request(request)))
    for place, item in enumerate(sent):
        kind = item.kind.replace("_", " ")
        add(_SENT, place, _line(item.at, "outbound_" + item.kind, f"{kind} for {item.recipient}"))
    for place, delivery in enumerate(deliveries):
        what = _delivered(delivery)
        add(_SENT, len(sent) + place, _line(delivery.at, "delivery_" + delivery.state, what, delivery.by))
    for place, flag in enumerate(flags):
        if flag.history == ["due_soon"] * len(flag.history) or (flag.result == "due_soon" and flag.state == "withdrawn"):
            # Nothing was missed; the clock's own line tells how it stands.
            continue
        add(_FLAG, place, _line(flag.due_at, "flag_raised", _flag(flag)))
        evidence = by_id.get(flag.evidence_event_id)
        if flag.state == "withdrawn":
            done = "it had been assessed" if flag.clock == CLOCK else "it had been done"
            what = f"flag withdrawn: {done} in time, the hub heard of it later"
            add(_FLAG, place, _line(evidence.at if evidence else flag.due_at, "flag_withdrawn", what))
    return [line[3] for line in sorted(lines, key=lambda line: line[:3])]


def _flag(flag: FlagNow) -> str:
    if flag.clock == CLOCK or flag.result == "unmatched":
        about = f"{flag.clock} clock, opening {flag.opening}: " if flag.clock == CLOCK and flag.opening > 1 else ""
        return about + _FLAGS.get(flag.result, f"flag: {flag.result}")
    nth = f", opening {flag.opening}" if flag.opening > 1 else ""
    missed = "the limit passed and nothing in time is known" if flag.result == "missed" else "nobody can say whether it was met"
    return f"flag: {flag.clock} clock{nth}: {missed}" + (f"; now with the {flag.to.replace('-', ' ')}" if flag.to else "")


def _line(at: datetime, type_: str, what: str, by: str = "") -> Step:
    return Step(at=at, type=type_, what=what, by=by, said_at="", problem="", words=[])


def _delivered(delivery: Delivery) -> str:
    what = f"{delivery.kind.replace('_', ' ')} for {delivery.recipient}"
    tries = f"{delivery.attempts} {'try' if delivery.attempts == 1 else 'tries'}"
    match delivery.state:
        case "delivered":
            return f"{what} was delivered" + (f" after {tries}" if delivery.attempts > 1 else "")
        case "undelivered":
            return f"{what} could not be delivered ({delivery.reason_code}, {tries}); with {delivery.owner or 'nobody named'}"
        case "retried":
            return f"{what} is sent again: {delivery.reason_code.replace('-', ' ')}"
    return f"{what} waits for its next try ({delivery.reason_code or 'not tried yet'}, {tries})"


def _event(event: CaseEvent, words: list[str], transport: str) -> Step:
    said = event.happened_at.isoformat() if event.happened_at else str(event.happened_on or "")
    return Step(
        at=event.at, type=event.type, what=_sentence(event, transport), by=event.by, said_at=said,
        # The reason for hiding an identity may name the other one.
        problem=event.problem, words=[] if event.type == "identity_superseded" else words,
    )  # fmt: skip


def _sentence(event: CaseEvent, transport: str) -> str:
    if event.opened is not None:
        what = "a message nobody could read arrived" if event.opened.kind == "unreadable" else "arrived"
        limit = in_london(midnight_after(civil_date(event.at)))
        return f"{what}{f' by {transport}' if transport else ''}; to be risk assessed before {limit}"
    if event.correction is not None:
        risk = f", now {event.correction.risk}" if event.correction.risk_changed and event.correction.risk else ""
        child = ", other details of the child" if event.correction.child_changed else ""
        changed = f" (changed: {event.details['changed']})" if event.details.get("changed") else ""
        return f"corrected by the sender: version {event.correction.version}{risk}{child}{changed}"
    match event.type:
        case "risk_assessed":
            kept = "" if is_evidence(event) else ", which does not count"
            return f"risk assessed: {event.level or 'no level'}{kept}"
        case "allocated":
            how, why = (event.details.get(name, "").replace("_", " ") for name in ("how", "why"))
            how = f"{how}: {why}" if how and why else how
            return f"allocated to {event.by or 'nobody named'}{f' ({how})' if how else ''}"
        case "linked":
            who = f"{event.by} says that it is" if event.by else f"it is, by the linker ({event.details.get('band', '')}),"
            moves = "" if event.details.get("may_act") == "yes" else "; too unsure to move the case"
            return f"{who} the child of contact {event.details.get('story', '')}{moves}"
        case "sign_off_checked" if not event.problem:
            return "risk assessment signed off, by somebody who may"
        case "open_case_known":
            standing = event.details.get("standing", "").replace("_", "-").replace(" ", ", ").replace("-", " ")
            since = event.details.get("since", "")
            return f"the child has an open case in the case system ({standing}{f', since {since}' if since else ''})"
        case "limit_moved":
            moved = event.details
            limits = [in_london(datetime.fromisoformat(moved[name])) for name in ("before", "after") if name in moved]
            return f"{moved.get('clock', '')} clock: limit moved from {' to '.join(limits)}, by {moved.get('rests_on', '')}"
        case "link_answered":
            verdict = {"same": "the same child as", "not_same": "not the child of", "not_sure": "perhaps the child of"}
            said = verdict.get(event.details.get("verdict", ""), "answered about")
            return f"a person looked: {said} contact {event.details.get('other_contact', 'not named')}"
        case "became":
            count = len(event.became)
            return f"read after all: became {count} {'contact' if count == 1 else 'contacts'}"
    what = _SENTENCES.get(event.type, event.type.replace("_", " "))
    return f"{what}: {event.reason_code}" if event.reason_code else what


def _request(request: AllocationEvent) -> str:
    match request.type:
        case "requested":
            return f"a named worker is asked for in team {request.team}"
        case "reassigned":
            return f"to be held by {request.worker_name or request.worker_id}"
        case "case_known":
            return "to be held by who holds the child's case in the case system, if they can take it"
        case "released":
            return "no longer counted in its worker's load"
        case "assessed":
            return "assessed: it stays with its worker, also while that worker is absent"
        case "reopened":
            return "to be assessed again: it goes to somebody else should its worker be absent"
        case "signed":
            return f"may {request.worker_name} sign the risk assessment off?"
    return request.type.replace("_", " ")
