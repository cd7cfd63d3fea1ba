"""Linkage on the log: which contacts are about one child, decided one after the other for each partnership. Pure.

Reads `linkage-in`, whose key is the partnership, so one partition holds a partnership's whole index. Nothing waits for
it: contacts are routed, allocated and on the clock before and without it. Model, normaliser and index decide alone, so
the same log gives the same decisions, bit for bit.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import get_args

from schemas.identity import is_statement
from schemas.linkage import LinkageEvent, LinkCandidate, LinkPerson, Verdict
from schemas.record import Record
from streams.linkage import review as answers
from streams.linkage.decision import LINK, REVIEW, Decision, decide
from streams.linkage.index import Changes, PersonRow, RecordRow, taken_back
from streams.linkage.model import Scorer
from streams.linkage.report import Report
from streams.linking_forgetting import KEPT_FOR, forget, last_reported
from streams.linking_ledger import LinkageLedger, candidate_of
from streams.linking_repeats import ContentRow, Repeats, as_repeat, first_of
from streams.linking_rows import Known, parse_row
from streams.linking_statements import MERGED, NOT_TAKEN, TAKEN, UNDONE, stated, statements_of, without
from streams.linking_versions import Revised, revised
from streams.processor import Decision as Decided
from streams.processor import Rows, Timeless, derived_of

NEW_VERSION = "new_version"
NEW_VERSION_DIFFERS = "new_version_differs"
ANSWERED = "answered"


class Linkage(Timeless):
    """The processor. `hash_key` keys the hashes that candidates are found by; `repeats` says when a contact repeats
    another; children whom nobody has reported for `kept_for` are forgotten."""

    name = "linkage"
    inputs = ("linkage-in",)

    def __init__(self, scorer: Scorer, hash_key: bytes, repeats: Repeats | None = None, kept_for: timedelta = KEPT_FOR) -> None:
        self._scorer = scorer
        self._repeats = repeats or Repeats()
        self._kept_for = kept_for
        self._secret = hashlib.sha256(b"linkage" + hash_key).digest()

    def parse_row(self, text: bytes) -> Record:
        """A row from its JSON."""
        return parse_row(text)

    def derive(self, rows: Mapping[str, Record]) -> Known:
        """The indexes that the rows make."""
        return Known(self._secret, rows)

    def decide(self, rows: Rows, event: Record) -> Decided:
        """See the module."""
        assert isinstance(event, LinkageEvent)
        known = derived_of(rows)
        assert isinstance(known, Known)
        index = known.index(event.partnership)
        ledger = LinkageLedger(rows, index, event, self._scorer, self._kept_for)
        overdue = known.arrivals(event.partnership).overdue(index, ledger.contact, event.at - self._kept_for)
        forgotten = forget(index, overdue)
        ledger.forget(forgotten)
        # Decided as if they had gone; what goes is the rows, and the index follows those.
        index.apply(forgotten.changes)
        try:
            _Turn(ledger, self._scorer, self._repeats).take()
        finally:
            index.apply(taken_back(forgotten.changes))
        return ledger.decision()


class _Turn:
    """One event, decided."""

    def __init__(self, ledger: LinkageLedger, scorer: Scorer, repeats: Repeats) -> None:
        self._ledger = ledger
        self._event = ledger.event
        self._index = ledger.index
        self._scorer = scorer
        self._repeats = repeats

    def take(self) -> None:
        """Decide it."""
        match self._event.type:
            case "reported":
                self.report()
            case "identified":
                self.identify()
            case "answered":
                self.answer()
            case "undone":
                self.undo()
            case "superseded":
                self.supersede()
            case "cases_loaded":
                self._ledger.load_cases()

    # -- what is asked

    def report(self) -> None:
        event, person = self._event, self._event.person
        row = self._ledger.contact(event.contact_id)
        if person is None or (row is not None and event.version <= row.version):
            return
        report = _report(event, person)
        if event.keys:
            self._ledger.put(event.contact_id, keys=list(dict.fromkeys([*(row.keys if row is not None else []), *event.keys])))
        self._reported(report)
        self._ledger.tell_open_case(event.contact_id)

    def _reported(self, report: Report) -> None:
        event = self._event
        if event.contact_id not in self._index.records:
            self._reported_first(report)
            return
        self._remember(event.contact_id)
        change = revised(self._index, report, self._scorer)
        if change is not None:
            self._ledger.keep(change.changes)
            self._revised(change)

    def _reported_first(self, report: Report) -> None:
        """A contact that linkage does not know yet."""
        contact = report.record_id
        decision, changes = decide(self._index, report, self._scorer)
        may_act = decision.may_act
        first = first_of(self._index, self._repeats.firsts(self._said_before(), self._event))
        if first:
            by_itself = decision
            decision, changes = as_repeat(self._index, report, by_itself, first)
            may_act = may_act and by_itself.person == decision.person
            self._ledger.put(contact, version=self._event.version, at=self._event.at)
        else:
            self._remember(contact)
        self._ledger.keep(changes)
        self._decided(decision, may_act, first)

    def _said_before(self) -> ContentRow | None:
        said = self._event.said
        return self._ledger.content(said.content) if said is not None and said.content else None

    def _remember(self, contact: str) -> None:
        """The contact's version, when it came, and what it says."""
        row = self._ledger.contact(contact)
        at = self._event.at if row is None or row.at is None else max(row.at, self._event.at)
        said = self._repeats.heard(self._said_before(), self._event)
        content = said.content if said is not None else row.content if row is not None else ""
        if said is not None:
            self._ledger.put_content(said)
        self._ledger.put(contact, version=self._event.version, at=at, content=content)

    def identify(self) -> None:
        """A statement about a child: it counts once, and nothing of it is kept but for a child whom somebody reported."""
        event, person = self._event, self._event.person
        if person is None or self._ledger.contact(event.contact_id) is not None:
            return
        self._ledger.put(event.contact_id, version=event.version)
        told = stated(self._index, _report(event, person), self._scorer)
        if told is None:
            return
        self._ledger.keep(told.changes)
        if any(change.key == event.contact_id for change in told.changes):
            # It keeps a child no longer than the last report does.
            latest = last_reported(self._index, told.story, self._ledger.contact)
            self._ledger.put(event.contact_id, at=latest.at if latest is not None else event.at)
        decision = replace(told.decision, record_id=told.story)
        if told.other is None:
            reasons = [TAKEN] if told.outcome == "taken" else [NOT_TAKEN, *decision.reasons]
            self._ledger.tell_link_of(decision, "CORRECTED", told.story, reasons)
            return
        row = self._ledger.contact(told.story)
        open_one = row.review if row is not None and row.review is not None and row.review.state == "open" else None
        asked = candidate_of(told.other)
        before = open_one.candidates if open_one is not None else []
        others = [one for one in before if self._story(one) != told.other.person]
        self._ledger.tell_link_of(decision, "REVIEW", told.story, [MERGED])
        self._ledger.open_review(decision, [MERGED, *(open_one.reasons if open_one is not None else [])], [asked, *others])

    def answer(self) -> None:
        event, index = self._event, self._index
        contact, other = map(self._contact, (event.contact_id, event.other_contact))
        if self._ledger.seen(event.contact_id):
            return
        if contact is None or other is None or event.verdict not in get_args(Verdict):
            self._ledger.refuse("linkage does not know both contacts")
            return
        if contact.person == other.person:
            self._answer_within(contact.person)
            return
        if index.persons[contact.person].hidden or index.persons[other.person].hidden:
            self._ledger.refuse("one of the two identities is restricted: nothing is joined to it")
            return
        asked, about = contact.person, other.person
        if about not in index.persons[asked].waiting_for and asked in index.persons[about].waiting_for:
            asked, about = about, asked
        if event.verdict == "not_sure" and about not in index.persons[asked].waiting_for:
            self._ledger.refuse("nobody asked whether these two are one child")
            return
        try:
            assert event.verdict != ""
            changes = answers.answer(index, asked, about, event.verdict)
            self._ledger.keep(changes)
        except answers.AnswerError as error:
            self._ledger.refuse(str(error))
            return
        if event.verdict == "same":
            moved = index.persons[asked]
            self._ledger.close_review(asked, "answered")
            for each in _contacts(moved):
                self._join(each, about, (*moved.members, *moved.copies))
        elif event.verdict == "not_same":
            self._unsay_merges(changes, (asked, about))
            self._ruled_out(asked, about)
        else:
            self._ledger.update_review(asked, unsure=True)

    def undo(self) -> None:
        contact = self._event.contact_id
        if self._ledger.seen(contact):
            return
        statements = statements_of(self._index, contact) if contact in self._index.persons else []
        if not statements:
            self._take_out(contact)
            return
        self._ledger.keep(without(self._index, contact, statements))
        self._ledger.tell_link(contact, "CORRECTED", contact, reasons=[UNDONE])

    def supersede(self) -> None:
        event, index = self._event, self._index
        old, new = map(self._contact, (event.contact_id, event.other_contact))
        if self._ledger.seen(event.contact_id):
            return
        if old is None or new is None:
            self._ledger.refuse("linkage does not know both contacts")
            return
        try:
            self._ledger.keep(answers.supersede(index, old.person, new.person))
        except answers.AnswerError as error:
            self._ledger.refuse(str(error))
            return
        self._ledger.close_review(old.person, "withdrawn")
        hidden = index.persons[old.person]
        for each in _contacts(hidden):
            self._ledger.tell_link(each, "CORRECTED", old.person, hidden=True, reasons=["superseded"])
            self._ledger.tell_case(each, "superseded", {})

    # -- what comes of a decision

    def _decided(self, decision: Decision, may_act: bool, repeat_of: str = "") -> None:
        contact, story = decision.record_id, decision.person
        self._ledger.tell_link_of(decision, decision.outcome, story, list(decision.reasons), may_act, repeat_of)
        if decision.outcome == LINK:
            self._ledger.link_case(contact, story, decision.score, may_act, decision.household, (contact,), repeat_of)
        if decision.outcome == REVIEW:
            self._ledger.open_review(decision, list(decision.reasons), [candidate_of(one) for one in decision.candidates])

    def _revised(self, change: Revised) -> None:
        decision, contact = change.decision, change.decision.record_id
        story = self._index.records[contact].person
        if change.anew:
            if decision.outcome != REVIEW:
                self._ledger.close_review(contact, "withdrawn")
            self._decided(decision, decision.may_act)
            return
        if change.fits:
            reasons = [NEW_VERSION]
            self._ledger.tell_link_of(decision, "CORRECTED", story, reasons)
            return
        reasons = [NEW_VERSION_DIFFERS, *decision.reasons]
        self._ledger.tell_link_of(decision, "REVIEW", story, reasons)
        candidates = [candidate_of(one) for one in decision.candidates]
        if all(one.story_id != story for one in candidates):
            person = self._index.persons[story]
            beside = next((each for each in _contacts(person) if each != contact), story)
            candidates.insert(0, LinkCandidate(story_id=story, record=beside, same=0, twin=0, sibling=0, vector=[]))
        self._ledger.open_review(decision, reasons, candidates)

    def _answer_within(self, story: str) -> None:
        """An answer about two contacts that share a story: one of them came in a version that no longer fits."""
        event = self._event
        if event.verdict == "same":
            self._ledger.close_review(event.contact_id, "answered")
        elif event.verdict == "not_sure":
            self._ledger.update_review(event.contact_id, unsure=True)
        elif self._take_out(event.contact_id if event.contact_id != story else event.other_contact):
            self._ledger.close_review(event.contact_id, "answered")

    def _take_out(self, contact: str) -> bool:
        """Undo a contact's link; False, and said why, when it has none."""
        try:
            undone = answers.undo_link(self._index, contact)
        except answers.AnswerError as error:
            self._ledger.refuse(str(error))
            return False
        self._ledger.keep(undone.changes)
        row = self._ledger.contact(contact)
        link = row.link_event if row is not None else ""
        self._ledger.put(contact, link_event="")
        self._ledger.tell_link(contact, "UNDONE", undone.now, was=undone.was, reasons=["undone"])
        self._ledger.tell_case(contact, "unlinked", {"story": undone.was, "link": link})
        return True

    def _join(self, contact: str, story: str, moved: tuple[str, ...]) -> None:
        was = self._index.records[contact].person
        self._ledger.tell_link(contact, "LINK", story, was=was, may_act=True, reasons=[ANSWERED])
        # A person's word has no place in the bands of scores.
        self._ledger.link_case(contact, story, 0.0, True, (), moved)

    def _unsay_merges(self, ruling: Changes, stories: tuple[str, ...]) -> None:
        """Two children who are not one: that a sender merged their numbers counts no more."""
        index = self._index
        index.apply(ruling)
        try:
            for story in stories:
                self._ledger.keep(without(index, story, statements_of(index, story, merging=True)))
        finally:
            index.apply(taken_back(ruling))

    def _ruled_out(self, asked: str, about: str) -> None:
        row = self._ledger.contact(asked)
        left = [one for one in self._index.persons[asked].waiting_for if one != about]
        if row is not None and row.review is not None and row.review.state == "open" and left:
            candidates = [one for one in row.review.candidates if self._story(one) != about]
            self._ledger.update_review(asked, candidates=candidates, unsure=False)
            return
        self._ledger.close_review(asked, "answered")
        self._ledger.tell_link(asked, "CORRECTED", asked, reasons=["ruled_apart"])

    def _contact(self, contact: str) -> RecordRow | None:
        """A contact that linkage knows; no statement is one."""
        return None if is_statement(contact) else self._index.records.get(contact)

    def _story(self, candidate: LinkCandidate) -> str:
        """The story a candidate is now: it may have been joined to another meanwhile."""
        record = self._index.records.get(candidate.record)
        return record.person if record is not None else candidate.story_id


def _contacts(person: PersonRow) -> list[str]:
    return [record for record in (*person.members, *person.copies) if not is_statement(record)]


def _report(event: LinkageEvent, person: LinkPerson) -> Report:
    return Report(record_id=event.contact_id, agency=event.agency, **person.model_dump())
