"""A transfer file and a merge of patient records tell linkage who a known child is; neither is a contact or keeps a clock."""

from datetime import timedelta
from typing import Any

import pytest

from connectors.registry import reader
from schemas.authorities import authorities
from schemas.identity import is_statement
from schemas.linkage import LinkageEvent, LinkPerson
from schemas.record import Record
from streams.intake import Intake
from streams.linking_contacts import ContactRow
from streams.linking_rows import IndexRow, Known
from tests.streams.deciding import KEY, Partition
from tests.streams.test_intake import NOON, raw
from tests.streams.test_linking import MOVED, OLIVER, OTHERS, decided, in_step, last, partition, reported

UPN, OLD_UPN = "B801200005001", "H801200001001"
NUMBER, OTHER_NUMBER = "9990000018", "9990000026"

PUPIL = (
    "<Pupil><UPN>{upn}</UPN><Surname>Ashworth</Surname><Forename>{forename}</Forename><DOB>2015-03-14</DOB><Sex>M</Sex>"
    "<BasicDetails><FormerUPN>{former}</FormerUPN></BasicDetails><Address><BS7666Address><PAON>9</PAON>"
    "<Street>High Street</Street><Town>Bradford</Town><PostCode>BD7 1QQ</PostCode></BS7666Address></Address>"
    "<Contacts><Contact><Surname>Ashworth</Surname><Forename>Ann</Forename></Contact></Contacts></Pupil>"
)


def transfer_file(upn: str = UPN, former: str = "", forename: str = "Oliver") -> bytes:
    pupil = PUPIL.format(upn=upn, former=former, forename=forename)
    return f"<CTfile><Header><CTFversion>25.0</CTFversion></Header><CTFpupilData>{pupil}</CTFpupilData></CTfile>".encode()


def merge(stays: str = NUMBER, goes: str = OTHER_NUMBER, name: str = "ASHWORTH^Oliver") -> bytes:
    pid = f"PID|1||{stays}^^^NHS^NH~A1^^^RXX^MR||{name}||20150314|M|||12 Acacia Road^^Leeds^^LS1 4AB"
    return f"MSH|^~\\&|PAS|RXX01|FD|LA|20260828||ADT^A40^ADT_A39|M1|P|2.5\r{pid}\rMRG|{goes}^^^NHS^NH~A2^^^RXX^MR\r".encode()


def said(agency: str, body: bytes) -> list[LinkageEvent]:
    """What a message of a partner leads to, and that this is for linkage alone."""
    made = Partition(Intake(reader, hash_key=KEY, authorities=authorities("383"), team="front-door", partnership="p"), "received")
    made.give(raw(body, agency=agency, sender=agency))
    assert {output.topic for output in made.outputs} <= {"linkage-in", "receipts"}
    assert [receipt.disposition for receipt in made.records("receipts")] == ["not_a_contact"]
    return list(made.records("linkage-in"))


def known(**numbers: str) -> LinkPerson:
    return OLIVER.model_copy(update=numbers)


def story_of(made: Partition, contact: str) -> str:
    derived = made.state.derived
    assert isinstance(derived, Known)
    return derived.index("p").records[contact].person


def alone(made: Partition) -> None:
    """A statement is nobody's contact: it opens, moves and asks nothing, and no output names it."""
    assert made.records("case-events") == []
    assert not any(is_statement(record.contact_id) for topic in ("links", "link-reviews") for record in made.records(topic))
    in_step(made.state)


@pytest.mark.parametrize("former", ["", OLD_UPN])
def test_a_notice_at_the_new_address_joins_the_child_whose_transfer_file_told_it(former: str) -> None:
    notice = reported("police", MOVED, agency="police")
    without = partition(reported("school", known(upn=former or UPN)))
    without.give(notice)
    assert last(without, "links", "police").outcome == "REVIEW"
    made = partition(reported("school", known(upn=former or UPN)))
    made.give(*said("education", transfer_file(former=former)))
    alone(made)
    assert (last(made, "links", "school").outcome, last(made, "links", "school").reasons[0]) == (
        "CORRECTED",
        "identity_statement",
    )
    made.give(notice)
    assert (last(made, "links", "police").outcome, last(made, "links", "police").story_id) == ("LINK", "school")
    assert made.records("case-events")[0].details["others"] == "school", "the statement is not shown as a contact"


def test_the_same_file_again_and_a_file_about_children_nobody_reported_keep_nothing() -> None:
    made = partition(reported("school", known(upn=UPN)))
    made.give(*said("education", transfer_file()))
    rows = sum(" record " in key for key in made.state.rows)
    again = [
        event.model_copy(update={"contact_id": "statement-2", "event_id": "2"}) for event in said("education", transfer_file())
    ]
    stranger = [event.model_copy(update={"contact_id": "statement-3", "event_id": "3", "person": OTHERS[0].model_copy(
        update={"given": "Ivy", "family": "Hall"})}) for event in again]  # fmt: skip
    assert made.give(*again, *stranger) == []
    assert sum(" record " in key for key in made.state.rows) == rows
    assert all("Hall" not in row.model_dump_json() for row in made.state.rows.values())


def test_another_childs_name_under_a_known_number_is_not_taken_and_the_case_says_so() -> None:
    made = partition(reported("school", known(upn=UPN)))
    made.give(*said("education", transfer_file(forename="Amelia")))
    alone(made)
    assert last(made, "links", "school").reasons[0] == "identity_statement_not_taken"
    made.give(reported("police", MOVED))
    assert last(made, "links", "police").story_id == "police"


def test_what_a_file_said_is_taken_back_by_a_person_and_goes_with_the_child() -> None:
    first: list[Record] = [reported("school", known(upn=UPN)), *said("education", transfer_file())]
    made = partition(*first)
    made.give(decided("undone", "school"))
    alone(made)
    made.give(reported("police", MOVED))
    assert last(made, "links", "police").story_id == "police"
    # The file keeps the child no longer than the last report of it does.
    late = partition(*first)
    late.give(reported("other", OTHERS[0], at=NOON + timedelta(days=401)))
    kept = [row for row in late.state.rows.values() if not isinstance(row, ContactRow) and "2015" in row.model_dump_json()]
    assert kept == []


def test_a_merge_makes_both_numbers_one_childs() -> None:
    later = reported("gp", LinkPerson(given="Oliver", family="Ashworth", dob="2015-03-14", nhs_number=NUMBER))
    apart = partition(reported("ward", known(nhs_number=OTHER_NUMBER)), later)
    apart.give(reported("again", known(nhs_number=NUMBER)))
    assert last(apart, "links", "again").story_id != "ward", "without the merge the numbers keep them apart"
    made = partition(reported("ward", known(nhs_number=OTHER_NUMBER)))
    made.give(*said("health", merge()))
    alone(made)
    made.give(later, reported("old", LinkPerson(given="Oliver", family="Ashworth", dob="2015-03-14", nhs_number=OTHER_NUMBER)))
    assert [last(made, "links", contact).story_id for contact in ("gp", "old")] == ["ward", "ward"]


@pytest.mark.parametrize("verdict", ["same", "not_same"])
@pytest.mark.parametrize(
    "other", [MOVED, LinkPerson(given="Oliver", family="Hill", postcode="M1 1AE")], ids=["asked before", "new"]
)
def test_a_merge_of_two_known_children_asks_a_person_and_the_answer_lasts(verdict: str, other: LinkPerson) -> None:
    numbered = other.model_copy(update={"nhs_number": NUMBER})
    made = partition(reported("ward", known(nhs_number=OTHER_NUMBER)), reported("clinic", numbered))
    made.give(*said("health", merge()))
    alone(made)
    review = made.records("link-reviews")[-1]
    candidate = review.candidates[0]
    assert (review.state, review.reasons[0]) == ("open", "numbers_merged_by_sender")
    assert {review.contact_id, candidate.story_id} == {review.contact_id, candidate.record} == {"ward", "clinic"}
    made.give(decided("answered", review.contact_id, candidate.story_id, verdict))
    assert last(made, "link-reviews", review.contact_id).state == "answered"
    in_step(made.state)
    made.give(reported("a", known(nhs_number=NUMBER)), reported("b", known(nhs_number=OTHER_NUMBER)))
    stories = {contact: story_of(made, contact) for contact in ("ward", "clinic", "a", "b")}
    assert (len(set(stories.values())) == 1) == (verdict == "same")
    assert verdict == "same" or not any(
        row.plain.get("former_nhs") for row in made.state.rows.values() if isinstance(row, IndexRow)
    )


@pytest.mark.parametrize(("change", "note"), [({"goes": "X9", "stays": "X8"}, "merge_without_nhs_number"), ({}, "")])
def test_what_a_merge_cannot_tell_is_said_on_its_receipt(change: dict[str, Any], note: str) -> None:
    made = Partition(Intake(reader, hash_key=KEY, authorities=authorities("383"), team="front-door"), "received.health")
    body = merge(**change) if change else merge().replace(b"20150314", b"19600314")
    made.give(raw(body))
    [receipt] = made.records("receipts")
    assert made.records("linkage-in") == [] and (note or "merge_of_adult") in {one.code for one in receipt.notes}
