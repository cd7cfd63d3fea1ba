"""What one linkage event leads to, while it is decided: rows, decisions, questions to people, events for cases. Pure."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import islice
from typing import get_args

from schemas.case_event import CaseEvent
from schemas.identity import is_statement, output_id
from schemas.linkage import Link, LinkageEvent, LinkCandidate, LinkOutcome, LinkReview
from streams.linkage.decision import Candidate, Decision
from streams.linkage.index import Changes, Index
from streams.linkage.model import Scorer
from streams.linking_contacts import ContactRow
from streams.linking_forgetting import Forgotten
from streams.linking_open_cases import OpenCaseRow, loaded
from streams.linking_repeats import ContentRow
from streams.linking_rows import IndexRow, index_row, leaves_the_row, row_key
from streams.processor import Decision as Decided
from streams.processor import Output, Rows

#: Lower edges of the bands of the reliability table, highest first.
_BANDS = (0.999, 0.99, 0.95, 0.85, 0.5, 0.2)
#: Other contacts of a story that a link names: those that say something of their own first.
_OTHERS_NAMED = 20
_SEEN_KEPT = 100


def band_of(score: float) -> str:
    """The band of the reliability table that a score lies in, by its lower edge; empty below all."""
    return next((f">= {edge}" for edge in _BANDS if score >= edge), "")


class LinkageLedger:
    """Collects what one event leads to. The index is only read; what changes are rows."""

    def __init__(self, rows: Rows, index: Index, event: LinkageEvent, scorer: Scorer, kept_for: timedelta) -> None:
        self.index = index
        self._kept_for = kept_for
        self.event = event
        self._rows = rows
        self._scorer = scorer
        self._outputs: list[Output] = []
        self._contacts: dict[str, ContactRow] = {}
        self._changed: dict[str, IndexRow] = {}
        self._contents: dict[str, ContentRow] = {}
        self._open_cases: dict[str, OpenCaseRow] = {}

    def decision(self) -> Decided:
        """What it came to."""
        contacts = {row_key(self.event.partnership, "contact", row.contact_id): row for row in self._contacts.values()}
        contents = {row_key(self.event.partnership, "content", row.content): row for row in self._contents.values()}
        cases = {row_key(self.event.partnership, "open", key): row for key, row in self._open_cases.items()}
        return Decided(self._outputs, {**self._changed, **contents, **contacts, **cases})

    # -- open cases of the case system

    def load_cases(self) -> None:
        """Know the cases of a load; of one that is closed nothing is kept, unless it was known."""
        for key, row in loaded(self.event):
            if not row.ended or self._rows.get(row_key(self.event.partnership, "open", key)) is not None:
                self._open_cases[key] = row

    def open_case_of(self, contacts: Iterable[str]) -> OpenCaseRow | None:
        """The open case that a load told of for the child of these contacts."""
        for contact in contacts:
            known = self.contact(contact)
            for key in known.keys if known is not None else ():
                row = self._rows.get(row_key(self.event.partnership, "open", key))
                if isinstance(row, OpenCaseRow) and row.known_at(self.event.at, self._kept_for):
                    return row
        return None

    def tell_open_case(self, contact: str) -> None:
        """Tell the contact's case, once, of the open case that the contact itself names by a number."""
        known, row = self.open_case_of([contact]), self.contact(contact)
        if known is not None and row is not None and row.open_case != known.case_id:
            self.put(contact, open_case=known.case_id)
            self.tell_case(contact, "open_case_known", known.told())

    # -- reviews

    def open_review(self, decision: Decision, reasons: list[str], candidates: list[LinkCandidate]) -> None:
        """Ask people about a contact."""
        event = self.event
        review = LinkReview(
            review_id=output_id(event.event_id, "review", decision.record_id),
            contact_id=decision.record_id,
            at=event.at,
            cause=event.event_id,
            state="open",
            opened_at=event.at,
            reasons=reasons,
            candidates=candidates,
            household=list(decision.household),
            restricted=decision.restricted,
        )
        self.put(decision.record_id, review=review)
        self._outputs.append(Output("link-reviews", decision.record_id, review))

    def close_review(self, contact: str, state: str) -> None:
        """End an open review about a contact, if there is one."""
        row = self.contact(contact)
        if row is not None and row.review is not None and row.review.state == "open":
            self.update_review(contact, state=state)

    def update_review(self, contact: str, **changes: object) -> None:
        """Another state of a contact's review, caused by this event."""
        row = self.contact(contact)
        if row is None or row.review is None:
            return
        event = self.event
        told = {
            "review_id": output_id(event.event_id, "review", contact), "at": event.at, "cause": event.event_id,
            "by": event.by, "verdict": event.verdict, "other_contact": event.other_contact, "problem": "",
        }  # fmt: skip
        review = row.review.model_copy(update={**told, **changes})
        self.put(contact, review=review)
        self._outputs.append(Output("link-reviews", contact, review))

    def refuse(self, why: str) -> None:
        """What a person decided cannot be carried out; it changes nothing, and says why."""
        event = self.event
        row = self.contact(event.contact_id)
        if row is not None and row.review is not None:
            self.update_review(event.contact_id, problem=why)
            return
        refused = LinkReview(
            review_id=output_id(event.event_id, "review", event.contact_id),
            contact_id=event.contact_id,
            at=event.at,
            cause=event.event_id,
            state="withdrawn",
            opened_at=event.at,
            verdict=event.verdict,
            other_contact=event.other_contact,
            by=event.by,
            problem=why,
        )
        self._outputs.append(Output("link-reviews", event.contact_id, refused))

    # -- rows and outputs

    def contact(self, contact: str) -> ContactRow | None:
        """A contact's row as decided so far."""
        row = self._contacts.get(contact) or self._rows.get(row_key(self.event.partnership, "contact", contact))
        return row if isinstance(row, ContactRow) else None

    def put(self, contact: str, **changes: object) -> None:
        """Change a contact's row."""
        row = self.contact(contact) or ContactRow(contact_id=contact, version=0)
        self._contacts[contact] = row.model_copy(update=changes)

    def content(self, content: str) -> ContentRow | None:
        """Who said a content lately, as decided so far."""
        row = self._contents.get(content) or self._rows.get(row_key(self.event.partnership, "content", content))
        return row if isinstance(row, ContentRow) else None

    def put_content(self, row: ContentRow) -> None:
        """Remember who said a content."""
        self._contents[row.content] = row

    def forget(self, forgotten: Forgotten) -> None:
        """Keep of children that nobody reported for long no more than their contacts' ids and versions."""
        self.keep(forgotten.changes)
        for contact in forgotten.contacts:
            row = self.contact(contact)
            if row is None:
                continue
            self._contacts[contact] = ContactRow(contact_id=contact, version=row.version)
            said = self.content(row.content) if row.content else None
            if said is not None:
                heard = [one for one in said.heard if one.contact_id != contact]
                self.put_content(said.model_copy(update={"heard": heard}))

    def seen(self, contact: str) -> bool:
        """Whether this event was decided before; from now on it was. Also of a contact that linkage does not know: what was
        refused stays refused when the event comes again after the contact."""
        row = self.contact(contact)
        known = row.seen if row is not None else []
        if self.event.event_id in known:
            return True
        self.put(contact, seen=[*known, self.event.event_id][-_SEEN_KEPT:])
        return False

    def keep(self, changes: Changes) -> None:
        """Keep changes of the index as rows."""
        for change in changes:
            if leaves_the_row(change) and row_key(self.event.partnership, change.kind, change.key) not in self._changed:
                continue
            key, row = index_row(self.event.partnership, change)
            # The last state of a row in the place of its last change.
            self._changed.pop(key, None)
            self._changed[key] = row

    def link_case(
        self,
        contact: str,
        story: str,
        score: float,
        may_act: bool,
        household: tuple[str, ...],
        moved: tuple[str, ...],
        repeat_of: str = "",
    ) -> None:
        """Tell the case that its child is known, and by which contacts."""
        person = self.index.persons[story]
        contacts = (each for each in (*person.members, *person.copies) if each not in moved and not is_statement(each))
        others = list(islice(contacts, _OTHERS_NAMED))
        loaded_case = self.open_case_of(others)
        if loaded_case is not None:
            # Whoever holds another contact here comes before whom a file named.
            others.insert(0, loaded_case.case_id)
        details = {
            "story": story,
            "band": band_of(score),
            "may_act": "yes" if may_act else "no",
            "others": " ".join(others),
            "household": " ".join(household),
            "repeat_of": repeat_of,
        }
        self.put(contact, link_event=output_id(self.event.event_id, "linked", contact))
        self.tell_case(contact, "linked", details)

    def tell_case(self, contact: str, kind: str, details: dict[str, str]) -> None:
        """An event for the contact's case."""
        event = self.event
        told = CaseEvent(
            event_id=output_id(event.event_id, kind, contact),
            type=kind,
            contact_id=contact,
            at=event.at,
            by=event.by,
            reason_code=event.reason_code,
            details={name: text for name, text in details.items() if text},
        )
        self._outputs.append(Output("case-events", contact, told))

    def tell_link(
        self,
        contact: str,
        outcome: LinkOutcome,
        story: str,
        *,
        was: str = "",
        may_act: bool = False,
        hidden: bool = False,
        reasons: list[str],
    ) -> None:
        """A decision that a person made."""
        event, row = self.event, self.contact(contact)
        link = Link(
            link_id=output_id(event.event_id, "link", contact),
            contact_id=contact,
            version=row.version if row is not None else 0,
            at=event.at,
            cause=event.event_id,
            outcome=outcome,
            story_id=story,
            was=was,
            may_act=may_act,
            hidden=hidden or self._hidden(story),
            reasons=reasons,
            by=event.by,
            reason_code=event.reason_code,
            model_version=self._scorer.model.version,
            index_size=len(self.index),
        )
        self._outputs.append(Output("links", contact, link))

    def _hidden(self, story: str) -> bool:
        person = self.index.persons.get(story)
        return person is not None and person.hidden

    def tell_link_of(
        self, decision: Decision, outcome: str, story: str, reasons: list[str], may_act: bool = False, repeat_of: str = ""
    ) -> None:
        """A decision of the linker's."""
        event, row = self.event, self.contact(decision.record_id)
        named: LinkOutcome = next(one for one in get_args(LinkOutcome) if one == outcome)
        link = Link(
            link_id=output_id(event.event_id, "link", decision.record_id),
            contact_id=decision.record_id,
            version=row.version if row is not None else event.version,
            at=event.at,
            cause=event.event_id,
            outcome=named,
            story_id=story,
            score=decision.score,
            band=band_of(decision.score),
            may_act=may_act,
            repeat_of=repeat_of,
            reasons=reasons,
            candidates=[candidate_of(one) for one in decision.candidates],
            household=list(decision.household),
            restricted=decision.restricted,
            hidden=self._hidden(story),
            model_version=decision.model_version,
            normaliser=decision.normaliser,
            index_size=decision.index_size,
        )
        self._outputs.append(Output("links", decision.record_id, link))


def candidate_of(one: Candidate) -> LinkCandidate:
    """A candidate as it is told: what a statement fitted is told by the contact that opened the story."""
    return LinkCandidate(
        story_id=one.person,
        record=one.person if is_statement(one.record) else one.record,
        same=one.score.same,
        twin=one.score.twin,
        sibling=one.score.sibling,
        vector=list(one.vector),
        guards=list(one.guards),
    )
