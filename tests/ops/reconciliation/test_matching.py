"""The case system against the hub: what is one contact, and what stands in one of the two alone."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ops.casebook.book import CaseBook
from ops.reconciliation.contacts import Ours, Theirs
from ops.reconciliation.matching import compare
from ops.reconciliation.reconciling import reconcile
from tests.ops.casebook.planted import Planted, at, child

MONDAY = date(2026, 3, 2)


def row(
    number: int, day: date = MONDAY, *, reference: str = "", born: date | None = None, source: str = "", **kinds: str
) -> Theirs:
    references = frozenset({reference} if reference else ())
    return Theirs(f"row {number}", reference, day, references, kinds, {}, source, born)


def contact(
    name: str, day: date = MONDAY, *, reference: str = "", born: date | None = None, source: str = "", **kinds: str
) -> Ours:
    arrived = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    references = frozenset({reference} if reference else ())
    return Ours(name, arrived, frozenset({day}), references, kinds, "police", "", True, source, born)


def test_a_reference_goes_before_an_identifier() -> None:
    rows = [row(1, reference="case77", la_child_id="a"), row(2, la_child_id="a")]
    ours = [contact("by identifier", la_child_id="a"), contact("by reference", reference="case77", la_child_id="a")]
    found = compare(rows, ours, MONDAY, MONDAY)
    assert [(one.where, other.contact_id, by) for one, other, by in found.pairs] == [
        ("row 1", "by reference", "reference"), ("row 2", "by identifier", "identifier"),
    ]  # fmt: skip


def test_the_same_number_in_two_systems_is_no_reference_when_the_children_differ() -> None:
    found = compare(
        [row(1, reference="1001", la_child_id="a")], [contact("c", reference="1001", la_child_id="b")], MONDAY, MONDAY
    )
    assert (len(found.pairs), len(found.only_theirs), len(found.only_ours)) == (0, 1, 1)


def test_what_arrives_on_friday_night_may_be_written_down_on_monday_and_not_a_week_later() -> None:
    friday = MONDAY - timedelta(days=3)
    assert len(compare([row(1, la_child_id="a")], [contact("c", friday, la_child_id="a")], friday, MONDAY).pairs) == 1
    late = compare(
        [row(1, MONDAY + timedelta(days=7), la_child_id="a")], [contact("c", la_child_id="a")], MONDAY, date(2026, 3, 9)
    )
    assert (len(late.only_theirs), len(late.only_ours)) == (1, 1)


def test_birth_day_and_source_alone_are_for_a_person_to_look_at() -> None:
    born = date(2018, 5, 6)
    one = compare([row(1, born=born, source="6")], [contact("c", born=born, source="6")], MONDAY, MONDAY)
    assert (len(one.likely), len(one.only_theirs), len(one.only_ours)) == (1, 0, 0)
    twins = compare([row(1, born=born, source="6")], [contact(name, born=born, source="6") for name in "cd"], MONDAY, MONDAY)
    assert (len(twins.likely), len(twins.only_theirs), len(twins.only_ours)) == (0, 1, 2)


def test_days_beside_the_period_explain_what_is_in_it_and_are_not_listed() -> None:
    sunday = MONDAY - timedelta(days=1)
    found = compare([row(1, la_child_id="a"), row(2, sunday)], [contact("c", sunday, la_child_id="a")], MONDAY, MONDAY)
    assert (len(found.pairs), found.only_theirs, found.only_ours) == (1, [], [])


days = st.integers(0, 6).map(lambda number: MONDAY + timedelta(days=number))
words = st.sampled_from(["", "aaaa", "bbbb", "cccc"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(days, words, words), max_size=8), st.lists(st.tuples(days, words, words), max_size=8))
def test_every_row_and_every_contact_of_the_days_is_in_exactly_one_place(theirs: list[Any], ours: list[Any]) -> None:
    rows = [
        row(number, day, reference=ref, **({"la_child_id": who} if who else {})) for number, (day, ref, who) in enumerate(theirs)
    ]
    contacts = [
        contact(str(number), day, reference=ref, **({"la_child_id": who} if who else {}))
        for number, (day, ref, who) in enumerate(ours)
    ]
    found = compare(rows, contacts, MONDAY, MONDAY + timedelta(days=6))
    placed = (
        [one.where for one, _, _ in found.pairs]
        + [one.where for one, _ in found.likely]
        + [one.where for one in found.only_theirs]
    )
    assert sorted(placed) == sorted(one.where for one in rows)
    held = [one.contact_id for _, one, _ in found.pairs] + [one.contact_id for _, one in found.likely]
    assert sorted(held + [one.contact_id for one in found.only_ours]) == sorted(one.contact_id for one in contacts)


def test_a_contact_of_the_log_is_known_by_its_own_id_its_senders_reference_and_the_case_number_it_was_given() -> None:
    planted = Planted()
    echoed = planted.arrives("PPN/2026/0007", "2026-03-02 09:00", child(la="LA0001"))
    told = planted.arrives("K-2", "2026-03-02 10:00")
    planted.happens(told, "allocated", "2026-03-02 10:05", details={"case_id": "MOS-555"})
    planted.arrives("K-3", "2026-03-02 11:00", child(la="LA0003"))
    planted.arrives("K-4", "2026-03-02 12:00")
    rows = [
        row(1, reference=echoed.replace("-", "")), row(2, reference="mos555"), row(3, la_child_id="la0003"),
        row(4, reference="ppn20260007", la_child_id="la0001"), row(5, reference="nothing"),
    ]  # fmt: skip
    with CaseBook() as book:
        found = reconcile(planted.fill(book), rows, MONDAY, MONDAY, at("2026-03-03 02:00")).found
    assert {(one.where, by) for one, _, by in found.pairs} == {
        ("row 1", "reference"), ("row 2", "reference"), ("row 3", "identifier"),
    }  # fmt: skip
    assert [one.where for one in found.only_theirs] == ["row 4", "row 5"]
    assert len(found.only_ours) == 1
