"""A police notice that says domestic abuse starts the Encompass clock of each child of school age, once. The source is in
`streams.intake_encompass`."""

import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from connectors.police.read import read
from schemas.authorities import authorities
from schemas.case_event import CaseEvent
from schemas.london import LONDON
from schemas.person import Person
from schemas.received import Received
from streams.case_clocks import runs
from streams.intake import Intake
from streams.intake_encompass import at_school_age
from streams.milestones import milestones
from tests.streams.deciding import KEY, Partition, happened, london
from tests.streams.test_clocks import RULES

#: A Saturday.
NIGHT = london("2026-03-07 23:30")
MIA, BEN = {"name": "Mia Okafor", "date_of_birth": "2016-05-04"}, {"name": "Ben Okafor", "date_of_birth": "2024-05-04"}


def police(*notices: dict[str, Any] | str, agency: str = "police") -> list[CaseEvent]:
    partition = Partition(Intake(lambda _: read, hash_key=KEY, authorities=authorities("383"), team="t"), "received.police")
    for number, notice in enumerate(notices):
        body = (notice if isinstance(notice, str) else json.dumps(notice)).encode()
        at = NIGHT + timedelta(hours=number)
        partition.give(
            Received(
                receipt_id=f"r{number}",
                sender="force",
                agency=agency,
                transport="http",
                received_at=at,
                size=len(body),
                body=body,
            )
        )
    events: list[CaseEvent] = partition.records("case-events")
    return events


def notice(*children: dict[str, Any], **said: Any) -> dict[str, Any]:
    return {"notice_number": "A/1", "circumstances": "Shouting upstairs", "children": list(children or (MIA,)), **said}


def believed(*notices: dict[str, Any] | str, agency: str = "police") -> list[CaseEvent]:
    return [event for event in police(*notices, agency=agency) if event.type == "domestic_abuse_believed"]


@pytest.mark.parametrize(
    ("said", "starts"),
    [
        ({"incident": {"type": "domestic abuse"}}, True), ({"category": "DA"}, True), ({"category": "Domestic - physical"}, True),
        ({"domestic_abuse": True}, True), ({"encompass": "Y"}, True), ({"notice_type": "Operation Encompass"}, True),
        ({"markers": ["Domestic", "Child present"]}, True), ({"category": "Domestic, no injuries"}, True),
        ({"pac": {"category": "Domestic violence"}}, True),
        ({"domestic_abuse": "No"}, False), ({"encompass": "Not known"}, False),
        ({"category": "Non domestic"}, False), ({"category": "Domestic burglary"}, False),
        ({"category": "Neglect"}, False), ({"circumstances": "Her mother told of domestic abuse years ago"}, False), ({}, False),
    ],
)  # fmt: skip
def test_encompass_starts_from_what_a_notices_categories_say_and_not_from_its_story(said: dict[str, Any], starts: bool) -> None:
    assert len(believed(notice(**said))) == starts


def test_encompass_the_school_is_owed_word_before_the_school_day_after_the_force_wrote_and_its_notice_stops_the_clock() -> None:
    events = police(notice(MIA, BEN, category="domestic abuse", written_at="2026-03-07T22:00:00+00:00"))
    [start] = [event for event in events if event.type == "domestic_abuse_believed"]
    assert start.happened_at == london("2026-03-07 22:00"), "the younger child is below reception age, and has no school"
    mine = [event for event in events if event.contact_id == start.contact_id]
    told = happened("school_told", london("2026-03-09 08:00"), start.contact_id)

    def state(*more: CaseEvent) -> tuple[str, datetime]:
        heard = [one for event in (*mine, *more) for one in milestones(event)]
        [run] = [run for run in runs(heard, RULES, "383") if run.clock == "encompass"]
        return run.state, run.due_at.astimezone(LONDON).replace(tzinfo=None)

    monday = datetime(2026, 3, 9, 8, 45)
    assert (state(), state(told)) == (("running", monday), ("met", monday))


def test_encompass_starts_once_for_a_notice_that_says_it_again_and_anew_when_a_later_version_is_the_first_to() -> None:
    first, again = notice(category="domestic abuse"), notice(category="domestic abuse", risk="red")
    assert len(believed(first, again)) == 1
    assert [event.receipt_id for event in believed(notice(category="Neglect"), first)] == ["r1"]
    assert believed({**first, "action": "cancel"}) == []


def test_encompass_a_school_that_says_domestic_abuse_is_not_the_police() -> None:
    assert believed(notice(category="domestic abuse", source_code="2A"), agency="education") == []


@pytest.mark.parametrize(
    ("born", "on", "covered"),
    [
        ((2021, 8, 31), (2025, 8, 31), False), ((2021, 8, 31), (2025, 9, 1), True), ((2021, 9, 1), (2025, 9, 1), False),
        ((2021, 9, 1), (2026, 9, 1), True), ((2008, 3, 7), (2026, 3, 6), True), ((2008, 3, 7), (2026, 3, 7), False),
        ((2008, 2, 29), (2026, 2, 28), True),
    ],
)  # fmt: skip
def test_encompass_covers_reception_age_to_17(born: tuple[int, ...], on: tuple[int, ...], covered: bool) -> None:
    assert at_school_age(Person(dob=date(*born)), date(*on)) is covered


def test_encompass_covers_a_child_of_unknown_age_and_no_unborn_one() -> None:
    assert at_school_age(Person(), date(2026, 3, 7)) and not at_school_age(Person(unborn=True), date(2026, 3, 7))
