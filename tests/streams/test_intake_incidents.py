"""An amended notice under another number is a later version of the contact when incident and child are the same."""

from datetime import timedelta
from typing import Any

import pytest

from connectors.registry import reader
from schemas.authorities import authorities
from streams.intake import Intake
from tests.streams.deciding import KEY, Partition
from tests.streams.test_intake import NOON, raw

NOTICE = """<PublicProtectionNotice><NoticeNumber>{number}</NoticeNumber><WrittenAt>2026-08-28T10:00:00Z</WrittenAt>
<Incident><Number>{incident}</Number><At>{at}</At></Incident><Risk>{risk}</Risk><Children><Child><Forename>{child}</Forename>
<Surname>Clarke</Surname><DateOfBirth>2019-03-04</DateOfBirth></Child></Children><Circumstances>{words}</Circumstances>
</PublicProtectionNotice>"""
FIRST = {
    "number": "PPN-1", "incident": "13260114227", "at": "2026-08-28T01:00:00Z", "risk": "GREEN", "child": "Aisha",
    "words": "Shouting was heard.",
}  # fmt: skip


def told(*notices: dict[str, str], after: timedelta = timedelta(hours=2)) -> Partition:
    made = Partition(Intake(reader, hash_key=KEY, authorities=authorities("383"), team="front-door"), "received.police")
    for place, notice in enumerate(notices):
        body = NOTICE.format(**{**FIRST, **notice}).encode()
        made.give(raw(body, at=NOON + place * after, agency="police", sender="force"))
    return made


def contacts(made: Partition) -> list[tuple[str, int]]:
    ids = [contact.contact_id for contact in made.records("contacts")]
    return [(chr(97 + list(dict.fromkeys(ids)).index(one.contact_id)), one.version) for one in made.records("contacts")]


def test_another_number_of_the_same_incident_and_child_is_a_version_and_says_what_differs() -> None:
    made = told({}, {"number": "PPN-2", "risk": "RED", "words": "Shouting was heard; a door was broken."})
    assert contacts(made) == [("a", 1), ("a", 2)]
    [corrected] = [event for event in made.records("case-events") if event.type == "corrected"]
    assert (corrected.correction.version, corrected.correction.risk_changed) == (2, True)
    assert corrected.details == {"changed": "risk, words, number"}
    assert "amends_by_incident" in {note.code for note in made.records("receipts")[-1].notes}
    assert len([event for event in made.records("case-events") if event.type == "opened"]) == 1


def test_either_number_amends_it_from_then_on_and_withdraws_it_in_the_open() -> None:
    made = told({}, {"number": "PPN-2", "risk": "RED"}, {"risk": "AMBER"}, {"number": "PPN-2", "words": "More."})
    assert contacts(made) == [("a", 1), ("a", 2), ("a", 3), ("a", 4)]
    last = NOTICE.format(**{**FIRST, "number": "PPN-2"}).replace("<Risk>", "<Action>cancel</Action><Risk>").encode()
    made.give(raw(last, at=NOON + timedelta(days=1), agency="police", sender="force"))
    events = made.records("case-events")
    assert (events[-1].type, {event.contact_id for event in events}) == ("cancel_requested", {events[0].contact_id})


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {"child": "Noah"}),
        ({}, {"incident": "13260114999"}),
        ({}, {"at": "2026-08-27T01:00:00Z"}),
        ({"incident": "114", "at": ""}, {"incident": "114", "at": ""}),
        ({"at": ""}, {"words": "Later."}),
    ],
    ids=["another child", "another incident", "another day", "a short number without a day", "long ago"],
)
def test_what_may_be_another_incident_is_a_contact_of_its_own(first: dict[str, str], second: dict[str, Any]) -> None:
    made = told(first, {"number": "PPN-2", **second}, after=timedelta(days=40 if "words" in second else 1))
    assert contacts(made) == [("a", 1), ("b", 1)]


def test_a_notice_about_two_children_amends_the_one_who_is_known() -> None:
    two = NOTICE.replace("</Children>", "<Child><Forename>Noah</Forename><Surname>Clarke</Surname></Child></Children>")
    made = told({})
    body = two.format(**{**FIRST, "number": "PPN-2"}).encode()
    made.give(raw(body, at=NOON + timedelta(hours=1), agency="police", sender="force"))
    assert contacts(made) == [("a", 1), ("a", 2), ("b", 1)]
