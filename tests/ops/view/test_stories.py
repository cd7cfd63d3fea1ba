"""One child under several contacts: the story in order, what waits for a person, what is hidden, and repeat concerns."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ops.view.board import board
from ops.view.find import find
from ops.view.fold import Fold
from ops.view.snapshot import Snapshot
from ops.view.store import open_store
from ops.view.stories import may_look, review_of, reviews, story_id_of, story_of_child
from ops.view.story import story
from ops.view.terminal import receipt_lines
from schemas.linkage import Link, LinkCandidate, LinkReview

from .days import HASH_KEY, Entry, allocated, as_logged, contact, disposition, event, london, opened
from .pictures import picture_of

NINE = london("09:00")
NOW = london("12:00")

Folded = Callable[[Sequence[Entry]], Snapshot]


@pytest.fixture
def fold(tmp_path: Path) -> Iterator[Folded]:
    files: list[sqlite3.Connection] = []

    def make(entries: Sequence[Entry]) -> Snapshot:
        db = open_store(tmp_path / f"view-{len(files)}.sqlite", HASH_KEY)
        files.append(db)
        Fold(db, HASH_KEY, stepped=True).batch(as_logged(entries))
        return picture_of(db, NOW.astimezone(UTC))

    yield make
    for db in files:
        db.close()


def arrived(name: str, at: datetime = NINE, given: str = "Ada", **more: Any) -> list[Entry]:
    """A contact that was read, opened and allocated."""
    receipt = f"r-{name}"
    return [
        disposition(receipt, at, "contact", contact_ids=[name]),
        contact(name, receipt, at, given, "Testperson", risk=more.get("risk", "amber")),
        opened(name, at, receipt=receipt, **{"risk": "amber", **more}),
        allocated(name, at),
    ]


def linked(name: str, story_id: str, outcome: str = "LINK", **more: Any) -> Entry:
    values: dict[str, Any] = {
        "link_id": f"l-{name}-{story_id}-{outcome}", "contact_id": name, "version": 1, "at": NINE.astimezone(UTC),
        "cause": "q", "outcome": outcome, "story_id": story_id, "score": 0.9995, "band": ">= 0.999", **more,
    }  # fmt: skip
    return ("links", name, Link(**values))


def asked(name: str, record: str, state: str = "open", **more: Any) -> Entry:
    candidate = LinkCandidate(
        story_id=record, record=record, same=0.7, twin=0.2, sibling=0.05, vector=[1, 1, 4, 6, 1, 0, 0, 0], guards=["one_pillar"]
    )
    at = NINE.astimezone(UTC)
    values: dict[str, Any] = {
        "review_id": f"v-{name}-{state}", "contact_id": name, "at": at, "cause": "q", "state": state, "opened_at": at,
        "reasons": ["one_pillar"], "candidates": [candidate], **more,
    }  # fmt: skip
    return ("link-reviews", name, LinkReview(**values))


def test_a_story_lists_its_contacts_in_the_order_in_which_they_arrived(fold: Folded) -> None:
    at = fold([*arrived("late", london("11:00")), *arrived("first"), linked("first", "first", "NEW"), linked("late", "first")])
    told = story_of_child(at, "late")
    assert (told.story_id, [one.contact_id for one in told.contacts]) == ("first", ["first", "late"])
    assert (told.contacts[1].joined, told.contacts[1].band, told.contacts[1].worker) == ("LINK", ">= 0.999", "Alma Worker")
    assert story(at, "late").story_id == "first" and story(at, "late").links[0].outcome == "LINK"


def test_a_contact_that_linkage_has_not_seen_is_told_all_the_same(fold: Folded) -> None:
    told = story_of_child(fold(arrived("alone")), "alone")
    assert (told.story_id, [one.contact_id for one in told.contacts], told.concern) == ("alone", ["alone"], "")


def test_the_last_decision_counts_and_a_repeat_of_an_earlier_one_does_not(fold: Folded) -> None:
    once = linked("late", "first")
    undone = linked("late", "late", "UNDONE", was="first")
    at = fold([*arrived("first"), *arrived("late"), linked("first", "first", "NEW"), once, undone, once])
    assert story_id_of(at, "late") == ("late", False)


def test_what_waits_for_a_person_says_in_words_what_agrees(fold: Folded) -> None:
    at = fold([*arrived("first"), *arrived("late", given="Adah"), asked("late", "first")])
    [waiting] = reviews(at, 10).reviews
    [candidate] = waiting.candidates
    assert (waiting.child, candidate.child, candidate.guards) == ("Adah Testperson", "Ada Testperson", ["one_pillar"])
    assert (candidate.agreement["given"], candidate.agreement["place"]) == ("same", "different")
    assert "nhs" not in candidate.agreement
    [entry] = [one for one in board(at, 10).contacts if one.contact_id == "late"]
    assert entry.may_be == ["first"], "on the board at once, as a child of its own that may be another"


def test_the_same_content_by_another_channel_is_told_everywhere_as_a_repeat_and_not_as_one_more_concern(fold: Folded) -> None:
    low = {"risk": "green", "kind": "contact"}
    entries = [*arrived("first", **low), *arrived("second", **low), *arrived("again", **low)]
    entries += [linked("first", "first", "NEW"), linked("second", "first"), linked("again", "first", repeat_of="first")]
    joined = event("again", "linked", NINE, details={"story": "first", "repeat_of": "first"})
    at = fold([*entries, joined])
    told = story_of_child(at, "again")
    assert {one.contact_id: one.repeat_of for one in told.contacts} == {"first": "", "second": "", "again": "first"}
    assert told.concern == "", "twice the same is not three contacts"
    assert (story(at, "again").repeat_of, story(at, "first").repeat_of) == ("first", "")
    [found] = find(at, "again").matches
    assert found.receipt is not None
    assert "says the same as contact first" in " ".join(receipt_lines(found.receipt.model_dump(mode="json")))
    undone = event("again", "unlinked", NOW, details={"story": "first"})
    assert story(fold([*entries, joined, undone]), "again").repeat_of == ""


def test_an_answered_review_waits_no_more(fold: Folded) -> None:
    at = fold([*arrived("first"), *arrived("late"), asked("late", "first"), asked("late", "first", "answered", verdict="same")])
    assert reviews(at, 10).total == 0
    kept = review_of(at, "late")
    assert kept is not None and kept.verdict == "same"


def test_a_hidden_identity_is_named_nowhere(fold: Folded) -> None:
    hidden = linked("first", "first", "CORRECTED", hidden=True)
    entries = [*arrived("first"), *arrived("late"), linked("late", "late", "NEW", household=["first"]), asked("late", "first")]
    at = fold([*entries, hidden])
    assert story_id_of(at, "first") == ("first", True)
    said = "".join(answer.model_dump_json() for answer in (story_of_child(at, "late"), reviews(at, 10), story(at, "late")))
    assert '"first"' not in said
    assert story(at, "first").story_id == "" and story(at, "first").links == []


def test_a_hidden_story_opens_for_a_while_to_whoever_said_who_looks_and_why(fold: Folded) -> None:
    look = event("first", "restricted_access", NOW - timedelta(minutes=5), event_id="look", by="Alma Worker")
    old = event("first", "restricted_access", NOW - timedelta(hours=2), event_id="old", by="Alma Worker")
    nobody = event("first", "restricted_access", NOW, event_id="nobody", problem="no_named_person")
    at = fold([*arrived("first"), look, old, nobody])
    assert [may_look(at, "first", access) for access in ("look", "old", "nobody", "")] == [True, False, False, False]
    assert not may_look(at, "late", "look"), "only the story that the entry names"


@pytest.mark.parametrize(
    ("days", "risk", "kind", "signal"),
    [
        ((1, 30, 80), "green", "contact", "3 low-level contacts in 3 months"),
        ((1, 30, 100), "green", "contact", ""),
        ((1, 30, 80), "red", "contact", ""),
        ((1, 350), "red", "referral", "2 referrals in 12 months"),
        ((1, 380), "red", "referral", ""),
    ],
)
def test_repeat_concerns_are_signalled(fold: Folded, days: tuple[int, ...], risk: str, kind: str, signal: str) -> None:
    entries: list[Entry] = []
    for number, ago in enumerate(days):
        entries += arrived(f"c{number}", NINE - timedelta(days=ago), risk=risk, kind=kind)
        entries.append(linked(f"c{number}", "c0", "LINK" if number else "NEW"))
    at = fold(entries)
    assert story_of_child(at, "c0").concern == signal
    assert {entry.concern for entry in board(at, 10).contacts} == {signal}
