"""The examples of docs/formats-health.md become what the document says, and its reason codes are the reader's."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from connectors.health.read import read
from schemas.reading import Hint
from tests.connectors.health.messages import only_report

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "formats-health.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"<!-- example: (\S+) -->\n```[a-z]*\n(.*?)```", TEXT, re.DOTALL))


@pytest.mark.parametrize("name", ["referral.hl7", "referral.json"])
def test_the_examples_become_what_the_document_says(name: str) -> None:
    report = only_report(EXAMPLES[name].encode())
    person = report.person
    assert (person.given, person.other_given, person.family) == ("Robin", ["Jo"], "Sample")
    assert (person.dob, person.sex) == (date(2018, 3, 4), "F")
    assert [(one.value, one.valid) for one in person.identifiers if one.kind == "nhs_number"] == [("4781234569", True)]
    assert (person.address.lines, person.address.postcode) == (["1 Test Street", "Barnsley"], "S70 1AA")
    assert (report.reference, report.action, report.risk) == ("R-100", "new", "red")
    assert (report.organisation.code, report.organisation.name) == ("RXP", "TEST HOSPITAL")
    assert [(one.role, one.given, one.family) for one in report.people] == [
        ("referrer", "Deb", "Example"),
        ("parent", "Mary", "Sample"),
    ]
    assert report.written_at == datetime(2026, 6, 5, 9, 15, tzinfo=UTC)
    assert report.narrative.endswith("Bruising to both upper arms.\nRobin is afraid to go home.")


def test_both_examples_have_the_message_id_that_stands_in_them() -> None:
    assert {read(text.encode(), Hint()).transport_id for text in EXAMPLES.values()} == {"MSG-4711"}


def test_every_reason_code_of_the_reader_stands_in_the_document_and_the_other_way_round() -> None:
    sources = [*(ROOT / "connectors" / "health").glob("*.py"), *(ROOT / "connectors").glob("[ds]*.py")]
    code = "\n".join(source.read_text(encoding="utf-8") for source in sources)
    known = set(re.findall(r'Problem\(\s*"([a-z_0-9]+)"', code))
    known |= set(re.findall(r'\(\s*"([a-z_]+)",\s*"(?:This|These|The|They) [^"]*(?:opens? no contact|free app)', code))
    told = set(re.findall(r"`([a-z]+(?:_[a-z0-9]+)*)`", TEXT.partition("## What opens no contact")[2]))
    assert known - told == set()
    assert {one for one in told if "_" in one} - known == set()
