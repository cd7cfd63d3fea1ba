"""The examples in docs/formats-*.md become what the documents say, and so do the examples of the published schemas."""

import json
import re
from pathlib import Path

import pytest

from schemas.codes import CASE_EVENT_TYPES
from tests.connectors.fields.messages import children, read_as, reports_of

ROOT = Path(__file__).parents[3]
NAMES = {"education": "education", "police": "police", "social_care": "social-care"}
TEXTS = {agency: (ROOT / "docs" / f"formats-{name}.md").read_text(encoding="utf-8") for agency, name in NAMES.items()}
MINA, TOBI = ("Mina Okafor", "2016-02-29"), ("Tobi Okafor", "2019-07-01")


def example(agency: str) -> str:
    found = re.search(rf"<!-- example: {agency} -->\n```[a-z]*\n(.*?)```", TEXTS[agency], re.DOTALL)
    assert found is not None
    return found.group(1)


def test_the_school_s_example_is_two_contacts() -> None:
    reading = read_as("education", example("education"))
    assert (reading.outcome, children(reading)) == ("contact", [MINA, TOBI])
    assert [report.risk for report in reading.reports] == ["red", "amber"]
    for report in reading.reports:
        assert (report.reference, report.organisation.name, report.source_code) == (
            "HAW-2026-014",
            "Hawthorn Primary School",
            "2A",
        )
        assert {(one.role, one.given) for one in report.people} == {("parent", "Ada"), ("referrer", "Ruth")}
        assert report.narrative.startswith("Mina came to school")


def test_the_notice_is_two_contacts_and_no_adult() -> None:
    reading = read_as("police", example("police"))
    assert (reading.outcome, children(reading)) == ("contact", [MINA, TOBI])
    assert [report.risk for report in reading.reports] == ["amber", "red"]
    for report in reading.reports:
        assert (report.reference, report.organisation.name, report.source_code) == (
            "PPN/2026/004711",
            "West Yorkshire Police",
            "6",
        )
        assert {one.given for one in report.people if one.role != "referrer"} == {"Ada", "Ray"}


def test_the_batch_is_two_events_and_a_contact() -> None:
    reading = read_as("social_care", example("social_care"))
    assert [event.type for event in reading.case_reports] == ["risk_assessed", "allocated", "contact_recorded"]
    assert [event.by for event in reading.case_reports] == ["Amara Singh", "Amara Singh", "Joe Marsh"]
    (report,) = reports_of(reading)
    assert (children(reading), report.risk, report.source_code) == ([MINA], "amber", "1A")


@pytest.mark.parametrize("event", CASE_EVENT_TYPES)
def test_every_event_stands_in_the_document(event: str) -> None:
    assert f"`{event}`" in TEXTS["social_care"]


@pytest.mark.parametrize("agency", NAMES)
def test_every_reason_code_in_the_document_is_one_of_the_readers(agency: str) -> None:
    sources = [*(ROOT / "connectors").glob("*.py"), *(ROOT / "connectors").glob("[efps]*/*.py")]
    code = "\n".join(source.read_text(encoding="utf-8") for source in sources)
    told = re.findall(r"^\| (`.*?) \|", TEXTS[agency].partition("## What is quarantined")[2], re.MULTILINE)
    codes = [one for row in told for one in re.findall(r"`([a-z_0-9]+)`", row)]
    assert codes and [one for one in codes if f'"{one}"' not in code] == []


@pytest.mark.parametrize(
    ("agency", "schema"),
    [("education", "safeguarding-concern"), ("police", "public-protection-notice"), ("social_care", "case-event")],
)
def test_the_examples_of_the_published_schemas_are_read(agency: str, schema: str) -> None:
    assert f"{schema}.schema.json" in TEXTS[agency]
    document = json.loads((ROOT / "connectors" / "formats" / f"{schema}.schema.json").read_text(encoding="utf-8"))
    for message in document["examples"]:
        assert read_as(agency, message).outcome == ("case_events" if agency == "social_care" else "contact")
