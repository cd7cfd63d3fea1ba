"""What a day came to: per ref where it is, all flags, the audit's verdict."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ops.clock_data import clock_rules
from ops.day.clocks_told import clocks_told
from ops.day.driver import DayDriver, Sent
from ops.day.log_watch import LogWatch
from ops.view.same_day import Opening, openings
from schemas.london import LONDON

#: A ref that the hub did not take: the sender was told, and has it still.
_NOT_DELIVERED: dict[str, Any] = {
    "receipt": "",
    "disposition": "not_delivered",
    "contacts": [],
    "allocated_worker": "",
    "allocated_workers": [],
    "recipients": [],
    "answers": [],
    "received_at": "",
    "reason_code": "not_delivered",
    "notes": [],
}


@dataclass
class DayResult:
    """The outcome of a day. `contacts` is each contact's story with the child's name, for people; `stories` are the
    children with several contacts (`repeats`: which of them came again by another channel), `households` the children of
    one household, who are kept apart, `reviews` the contacts that may be about a known child, by refs; `audit` is the
    auditor's verdict as plain data; seconds are real time."""

    refs: dict[str, dict[str, Any]] = field(default_factory=dict)
    flags: list[dict[str, Any]] = field(default_factory=list)
    clocks: list[dict[str, Any]] = field(default_factory=list)
    unmatched: list[dict[str, Any]] = field(default_factory=list)
    contacts: list[dict[str, Any]] = field(default_factory=list)
    stories: list[dict[str, Any]] = field(default_factory=list)
    households: list[list[str]] = field(default_factory=list)
    reviews: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    audit: dict[str, Any] = field(default_factory=dict)
    setup_seconds: float = 0.0
    day_seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Plain data, with stable keys."""
        return {
            "refs": self.refs,
            "flags": self.flags,
            "clocks": self.clocks,
            "unmatched": self.unmatched,
            "contacts": self.contacts,
            "stories": self.stories,
            "households": self.households,
            "reviews": self.reviews,
            "problems": self.problems,
            "audit": self.audit,
            "setup_seconds": round(self.setup_seconds, 1),
            "day_seconds": round(self.day_seconds, 1),
        }


def collect(driver: DayDriver, watch: LogWatch) -> DayResult:
    """The result so far, from what the log says."""
    result = DayResult(problems=list(driver.problems))
    by_contact: dict[str, list[Any]] = {}
    for event in watch.events.values():
        by_contact.setdefault(event.contact_id, []).append(event)
    items: dict[str, list[Any]] = {}
    for item in watch.items.values():
        items.setdefault(item.contact_id, []).append(item)
    ref_of_contact: dict[str, str] = {}
    ref_of_receipt = {sent.receipt: sent.ref for sent in driver.sent.values() if sent.receipt}
    for sent in driver.sent.values():
        if not sent.receipt:
            result.refs[sent.ref] = {**_NOT_DELIVERED, "reason": sent.refused}
            continue
        disposition = watch.dispositions[sent.receipt]
        for position, contact in enumerate(disposition.contact_ids, 1):
            ref_of_contact.setdefault(contact, sent.ref if position == 1 else f"{sent.ref}/{position}")
        result.refs[sent.ref] = _ref(sent, disposition, by_contact, items, ref_of_receipt)
        result.refs[sent.ref]["answers"] = _answers(disposition, items, watch)
    line_of_contact = {
        contact: line.number
        for sent in driver.sent.values()
        for line, receipt in sent.records
        for contact in watch.dispositions[receipt].contact_ids
        if contact not in ref_of_contact
    }
    result.contacts = [_story(contact, ref, watch, by_contact.get(contact, [])) for contact, ref in ref_of_contact.items()]
    _link(result, watch, ref_of_contact)
    for flag in watch.flags.values():
        line = _flag(flag, ref_of_contact.get(flag.contact_id, ""))
        if flag.contact_id in line_of_contact:
            # An entry that nobody could read is a contact of its own, and no ref names it.
            line["line"] = line_of_contact[flag.contact_id]
        (result.unmatched if flag.result == "unmatched" else result.flags).append(line)
    result.flags.sort(key=lambda flag: (flag["due"], flag["ref"]))
    result.clocks = clocks_told(by_contact, watch.other_flags.values(), ref_of_contact, clock_rules(driver.settings))
    return result


def _link(result: DayResult, watch: LogWatch, ref_of_contact: dict[str, str]) -> None:
    """Which contacts are one child, in the order of the day, and which wait for a person to say so."""
    of_story: dict[str, list[str]] = {}
    for contact, ref in ref_of_contact.items():
        if contact in watch.links:
            of_story.setdefault(watch.links[contact].story_id, []).append(ref)
    result.households = _households([watch.links[contact] for contact in ref_of_contact if contact in watch.links], of_story)
    repeats = {
        ref: ref_of_contact.get(watch.links[contact].repeat_of, watch.links[contact].repeat_of)
        for contact, ref in ref_of_contact.items()
        if contact in watch.links and watch.links[contact].repeat_of
    }
    result.stories = [
        {
            "story": ref_of_contact.get(story, story),
            "contacts": refs,
            "repeats": {ref: repeats[ref] for ref in refs if ref in repeats},
        }
        for story, refs in of_story.items()
        if len(refs) > 1
    ]
    result.reviews = [
        {
            "ref": ref_of_contact.get(review.contact_id, review.contact_id),
            "may_be": [ref_of_contact.get(one.record, one.record) for one in review.candidates],
            "reasons": review.reasons,
        }
        for review in watch.reviews.values()
        if review.state == "open"
    ]
    result.reviews.sort(key=lambda review: str(review["ref"]))


def _households(links: list[Any], of_story: dict[str, list[str]]) -> list[list[str]]:
    """The first ref of each child of a household with several, as far as linkage has seen it."""
    groups: list[set[str]] = []
    for link in links:
        joined = {link.story_id, *link.household}
        if len(joined) > 1:
            met = [group for group in groups if group & joined]
            groups = [*(group for group in groups if group not in met), joined.union(*met)]
    known = [[refs[0] for story, refs in of_story.items() if story in group] for group in groups]
    return sorted(refs for refs in known if len(refs) > 1)


def _ref(
    sent: Sent, disposition: Any, events: dict[str, list[Any]], items: dict[str, list[Any]], ref_of_receipt: dict[str, str]
) -> dict[str, Any]:
    contacts = disposition.contact_ids
    workers = {contact: _holder(events.get(contact, [])) for contact in contacts}
    who = sorted({item.recipient for contact in contacts for item in items.get(contact, [])})
    found: dict[str, Any] = {
        "receipt": sent.receipt,
        "disposition": disposition.disposition,
        "contacts": contacts,
        "allocated_worker": workers[contacts[0]] if contacts else "",
        "allocated_workers": [workers[contact] for contact in contacts],
        "recipients": who,
        "received_at": local(disposition.received_at),
        "reason_code": disposition.reason_code,
        "reason": disposition.reason,
        "notes": [note.code for note in disposition.notes],
    }
    if disposition.duplicate_of:
        found["duplicate_of"] = ref_of_receipt.get(disposition.duplicate_of, disposition.duplicate_of)
    return found


def _answers(disposition: Any, items: dict[str, list[Any]], watch: LogWatch) -> list[dict[str, Any]]:
    """What the hub tells the sender of a message, in order. `delivered`: it has it; else it may ask for it."""
    told = [
        item
        for contact in disposition.contact_ids
        for item in items.get(contact, [])
        if item.kind == "outcome" and item.recipient == disposition.sender
    ]
    return [
        {
            "contact": item.contact_id,
            "outcome": item.outcome.get("outcome", ""),
            "decision": item.outcome.get("decision", ""),
            "at": local(item.at),
            "delivered": item.item_id in watch.deliveries and watch.deliveries[item.item_id].state == "delivered",
        }
        for item in sorted(told, key=lambda item: item.at)
    ]


def _story(contact: str, ref: str, watch: LogWatch, events: list[Any]) -> dict[str, Any]:
    known = watch.contacts.get(contact)
    person = known.report.person if known else None
    opened = next((event for event in events if event.type == "opened"), None)
    steps = [{"type": e.type, "at": local(e.at), "by": e.by, "level": e.level, "problem": e.problem} for e in events]
    flags = [flag for flag in watch.flags.values() if flag.contact_id == contact]
    return {
        "ref": ref,
        "contact_id": contact,
        "name": f"{person.given} {person.family}".strip() if person else "",
        "agency": opened.opened.agency if opened else "",
        "kind": opened.opened.kind if opened else "",
        "risk": known.report.risk if known else "",
        "version": known.version if known else 0,
        "arrived": local(opened.at) if opened else "",
        "clocks": [_clock(run) for run in openings(events)],
        "worker": _holder(events),
        "steps": sorted(steps, key=lambda step: step["at"]),
        "flags": [f"{flag.state} {flag.result}" for flag in flags],
    }


def _clock(run: Opening) -> dict[str, str]:
    """One run of the same-day clock. `met`: proof, claim, late (assessed, but not in time), ended (an unreadable message
    that was read), or empty while nobody has assessed it; `until` is when that came."""
    evidence = run.evidence
    met, until = ("ended", run.ended_at) if run.ended_at else (evidence.how, evidence.at) if evidence else ("", None)
    return {"started": local(run.started_at), "due": local(run.due_at), "met": met, "until": local(until) if until else ""}


def _holder(events: list[Any]) -> str:
    allocated = [event for event in events if event.type == "allocated" and not event.problem]
    return allocated[-1].by if allocated else ""


def _flag(flag: Any, ref: str) -> dict[str, Any]:
    return {
        "ref": ref,
        "clock": flag.clock,
        "due": local(flag.due_at),
        "state": flag.state,
        "result": flag.result,
        "opening": flag.opening,
        "contact_id": flag.contact_id,
        "flag_id": flag.flag_id,
    }


def spoken(local_time: str) -> str:
    """Such a text for people: Fri 28 Aug 23:50."""
    return f"{datetime.fromisoformat(local_time):%a %d %b %H:%M}"


def local(instant: datetime) -> str:
    """An instant as Europe/London ISO text with its offset."""
    return instant.astimezone(LONDON).isoformat()
