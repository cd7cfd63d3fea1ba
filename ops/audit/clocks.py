"""Every contact's clock against its flags: one opening, the right day, one flag where it was missed, none elsewhere."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeVar

from ops.audit.coverage import Coverage
from ops.audit.findings import Findings
from ops.audit.flag_story import FLAGS, FlagStory, State, flag_stories
from ops.audit.london_day import day_of, instant, limit
from ops.audit.same_day_story import Event, Opening, Outcome, Story, outcome, told
from ops.audit.spill import Spill
from ops.audit.verdict import NotAssessed

_R = TypeVar("_R")

_SAME_DAY = "same-day"

_EVENTS = (
    "SELECT e.contact, e.type, e.event, e.at, e.happened_at, e.happened_on, e.receipt, e.problem, e.named, e.level,"
    " e.reason, e.moved, e.number, e.kind, e.repairs, e.repaired_at, e.worker, e.digest, e.t, e.p, e.o, e.ts,"
    # What came out of a repair arrived when the original did.
    " CASE WHEN e.type = 'opened' THEN coalesce(m.at, (SELECT o.at FROM received r JOIN message o"
    " ON o.receipt = r.repair_of WHERE r.repair_of <> '' AND r.receipt = e.receipt)) END"
    " FROM event e LEFT JOIN message m ON e.type = 'opened' AND m.receipt = e.receipt ORDER BY e.contact, e.seq"
)


@dataclass(slots=True)
class Clocks:
    """What the clocks and flags came to; see `verdict.Counts`."""

    outcomes: Counter[Outcome]
    contacts: int = 0
    unreadable: int = 0
    standing: int = 0
    withdrawn: int = 0
    unmatched: int = 0
    repeated_events: int = 0
    repeated_flags: int = 0


def check_clocks(spill: Spill, coverage: Coverage, found: Findings, now: int, stepped: bool) -> Clocks:
    """`one_clock`, `right_day`, `missed_flagged_once`, `no_false_flag`, `evidence_stands`, `allocated`, and who was not
    assessed. Reads contacts one by one, so that memory holds one contact. `now` in microseconds."""
    return _Judge(spill, coverage, found, now, stepped).run()


class _Judge:
    def __init__(self, spill: Spill, coverage: Coverage, found: Findings, now: int, stepped: bool) -> None:
        self.spill, self.coverage, self.found = spill, coverage, found
        self.now, self.stepped = now, stepped
        self.result = Clocks(Counter())

    def run(self) -> Clocks:
        events = _by_contact(self.spill.ask(_EVENTS), Event)
        flags = _by_contact(self.spill.ask(FLAGS), State)
        for contact, of_contact, of_flags in _together(events, flags):
            self._contact(told(contact, of_contact), self._flags(of_flags))
        self._unread()
        return self.result

    def _contact(self, story: Story, flags: list[FlagStory]) -> None:
        self.result.repeated_events += story.repeats
        for event in story.different:
            text = f"the event {event.type} was written twice under one id with different content"
            self.found.broken("one_clock", [event.event, story.contact], (event.t, event.p, event.o), text)
        for event in story.weak:
            text = "an assessment that counts without a named person, a level or a reason"
            self.found.broken("evidence_stands", [event.event, story.contact], (event.t, event.p, event.o), text)
        mine = [flag for flag in flags if flag.first.clock == _SAME_DAY and flag.first.result != "unmatched"]
        for flag in flags:
            if flag.first.result == "unmatched":
                self._unmatched(story, flag)
        if story.opened is None:
            self.result.unmatched += story.other_events > 0
            for flag in mine:
                text = "a same-day flag for a contact that never opened"
                self._unsettled_flag("no_false_flag", flag, text, flag.first.ts)
            return
        self._opened(story, story.opened)
        for opening in story.openings:
            of_opening = [flag for flag in mine if flag.first.opening == opening.number]
            self._opening(story, opening, of_opening)
        for flag in mine:
            if not 1 <= flag.first.opening <= len(story.openings):
                text = f"a flag for opening {flag.first.opening}, which never happened"
                self._unsettled_flag("no_false_flag", flag, text, flag.first.ts)
        self._not_assessed(story, story.opened)

    def _opened(self, story: Story, event: Event) -> None:
        where = (event.t, event.p, event.o)
        if event.kind == "unreadable":
            self.result.unreadable += 1
        else:
            self.result.contacts += 1
        for second in story.doubled:
            text = "opened a second time under another event id: two clocks for one contact"
            self.found.broken("one_clock", [story.contact, event.event, second.event], (second.t, second.p, second.o), text)
        if event.received_at is not None and event.received_at != event.at:
            text = f"its clock starts at {instant(event.at)}, but its message was received at {instant(event.received_at)}"
            self.found.broken("right_day", [story.contact, event.receipt], where, text)
        if story.openings[0].answer == "carried" and not self.spill.number(
            "SELECT count(*) FROM became WHERE child = ? AND parent = ?", story.contact, event.repairs
        ):
            text = "says that it came out of an unreadable message, which does not say so: its limit would pass unseen"
            self.found.unsettled("missed_flagged_once", [story.contact, event.repairs], where, event.ts, "cause", text)
        if not story.workers and any(outcome(opening, self.coverage) != "open" for opening in story.openings):
            text = "its clock is settled, but no named worker was ever given it"
            self.found.unsettled("allocated", [story.contact, event.receipt], where, event.ts, "allocation", text)

    def _opening(self, story: Story, opening: Opening, flags: list[FlagStory]) -> None:
        came_to = outcome(opening, self.coverage)
        self.result.outcomes[came_to] += 1
        for flag in flags:
            if flag.first.due_at != opening.due_at:
                text = (
                    f"the flag's limit is {instant(flag.first.due_at)}, but the London day"
                    f" {day_of(opening.started_at)} ends at {instant(opening.due_at)}"
                )
                self.found.broken("right_day", [flag.first.flag, story.contact], flag.first.where, text)
        if len(flags) > 1:
            text = f"opening {opening.number} has {len(flags)} flags with different ids"
            ids = [story.contact, *(flag.first.flag for flag in flags)]
            self.found.broken("missed_flagged_once", ids, flags[1].first.where, text)
        if came_to in ("missed", "not_verifiable"):
            self._missed(story, opening, came_to, flags)
        elif came_to == "open":
            self._not_yet(story, opening, flags)
        else:
            for flag in flags:
                self._met(story, opening, came_to, flag)

    def _missed(self, story: Story, opening: Opening, came_to: Outcome, flags: list[FlagStory]) -> None:
        if not flags:
            passed = self.coverage.first_past(opening.place[1], opening.due_at)
            since = max(opening.ts, passed[0] if passed else 0)
            text = f"{came_to}: nothing in time for the limit {instant(opening.due_at)}, and no flag says so"
            ids = [story.contact, story.opened.receipt if story.opened else ""]
            self.found.unsettled("missed_flagged_once", ids, opening.place, since, "flag", text)
        for flag in flags:
            raised = flag.states.get("raised")
            if raised is not None and raised.result != came_to:
                text = f"the flag says {raised.result}, the log shows {came_to}"
                self.found.broken("missed_flagged_once", [raised.flag, story.contact], raised.where, text)
            if not flag.standing:
                taken = flag.states["withdrawn"]
                text = "withdrawn, but no assessment that counts was in time"
                self.found.unsettled("no_false_flag", [taken.flag, story.contact], taken.where, taken.ts, "cause", text)

    def _not_yet(self, story: Story, opening: Opening, flags: list[FlagStory]) -> None:
        for flag in flags:
            self._unsettled_flag("no_false_flag", flag, "a flag before its limit has passed, by the ticks", flag.first.ts)
        if flags or self.now < opening.due_at:
            return
        # The limit has passed by the clock on the wall, and no tick has said so: nobody can have raised a flag.
        ticked = self.coverage.latest_appended_ms(opening.place[1])
        since = max(opening.ts, ticked if self.stepped else opening.due_at // 1000)
        text = f"the limit {instant(opening.due_at)} has passed, and no tick has reached this partition since: no flag"
        self.found.unsettled("missed_flagged_once", [story.contact], opening.place, since, "flag", text)

    def _met(self, story: Story, opening: Opening, came_to: Outcome, flag: FlagStory) -> None:
        ids = [flag.first.flag, story.contact]
        if flag.standing:
            if came_to == "ended_by_reading" and story.became is not None:
                passed = self.coverage.first_past(opening.place[1], opening.due_at)
                if passed is not None and passed[1] < story.became.o:
                    # Raised before the repair was known; it stays on the unreadable message.
                    return
            since = max(flag.first.ts, max(opening.evidence.values(), default=0))
            text = f"the flag stands, but its clock is {came_to.replace('_', ' ')}"
            self.found.unsettled("no_false_flag", ids, flag.first.where, since, "cause", text)
            return
        taken = flag.states["withdrawn"]
        if taken.evidence not in opening.evidence:
            text = "withdrawn by something that is no assessment in time of this contact"
            self.found.unsettled("no_false_flag", [*ids, taken.evidence], taken.where, taken.ts, "cause", text)

    def _unmatched(self, story: Story, flag: FlagStory) -> None:
        first = flag.first
        if flag.standing and story.opened is not None:
            text = "a flag that the contact never opened stands, but it did open"
            since = max(first.ts, story.opened.ts)
            self.found.unsettled("no_false_flag", [first.flag, story.contact], first.where, since, "cause", text)
        elif not flag.standing and story.opened is None:
            taken = flag.states["withdrawn"]
            text = "withdrawn as if the contact had opened, which it did not"
            self.found.unsettled("no_false_flag", [first.flag, story.contact], taken.where, taken.ts, "cause", text)
        elif story.opened is None and not story.other_events:
            self._unsettled_flag("no_false_flag", flag, "a flag for events that are not on case-events", first.ts)

    def _unsettled_flag(self, invariant: str, flag: FlagStory, text: str, since: int) -> None:
        ids = [flag.first.flag, flag.first.contact]
        self.found.unsettled(invariant, ids, flag.first.where, since, "cause", text)

    def _flags(self, states: Iterator[State]) -> list[FlagStory]:
        flags, repeats = flag_stories(states, self.found)
        self.result.repeated_flags += repeats
        standing = sum(flag.standing for flag in flags)
        self.result.standing += standing
        self.result.withdrawn += sum("withdrawn" in flag.states and not flag.warning for flag in flags)
        return flags

    def _not_assessed(self, story: Story, event: Event) -> None:
        opening = story.openings[-1]
        if story.assessed or story.became is not None:
            return
        self.found.unassessed(
            NotAssessed(
                contact_id=story.contact,
                receipt_id=event.receipt,
                why="unreadable" if event.kind == "unreadable" else "unassessed",
                received_at=instant(opening.started_at),
                due_at=instant(opening.due_at),
                overdue=self.now >= opening.due_at,
                allocated_to=story.workers[-1] if story.workers else "",
            )
        )

    def _unread(self) -> None:
        """Messages that no worker has read: any of them may be about a child."""
        for receipt, at in self.spill.ask(
            "SELECT receipt, at FROM message m WHERE NOT EXISTS"
            " (SELECT 1 FROM disposition d WHERE d.receipt = m.receipt) ORDER BY seq"
        ):
            due = limit(at)
            entry = NotAssessed(
                contact_id="", receipt_id=receipt, why="unread", received_at=instant(at), due_at=instant(due),
                overdue=self.now >= due,
            )  # fmt: skip
            self.found.unassessed(entry)


def _by_contact(rows: Iterator[tuple[Any, ...]], make: Callable[..., _R]) -> Iterator[tuple[str, Iterator[_R]]]:
    for contact, group in groupby(rows, key=lambda row: row[0]):
        yield contact, (make(*row) for row in group)


def _together(
    events: Iterator[tuple[str, Iterator[Event]]], flags: Iterator[tuple[str, Iterator[State]]]
) -> Iterator[tuple[str, Iterator[Event], Iterator[State]]]:
    """Both, contact by contact; each is in the order of contact ids. One group must be used up before the next."""
    event, flag = next(events, None), next(flags, None)
    while event is not None or flag is not None:
        contact = min(head[0] for head in (event, flag) if head is not None)
        here = event is not None and event[0] == contact
        flagged = flag is not None and flag[0] == contact
        yield contact, event[1] if event and here else iter(()), flag[1] if flag and flagged else iter(())
        if here:
            event = next(events, None)
        if flagged:
            flag = next(flags, None)
