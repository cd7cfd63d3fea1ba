"""The demo's script and its verdict: two children written as one, a child seen as two, a format that nobody sends and a
sender who was not answered are differences that it prints."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ops.day.result import DayResult
from ops.day.timetable import read_timetable
from ops.demo.answered import answered
from ops.demo.script import Expected
from ops.demo.told import Answer
from ops.demo.weekend import write_weekend
from ops.demo_command import compare

FORMATS = Path(__file__).parents[3] / "docs" / "formats.md"


def story(*refs: str) -> dict[str, Any]:
    return {"story": refs[0], "contacts": list(refs)}


@pytest.mark.parametrize(
    ("stories", "reviews", "said"),
    [
        ([story("a", "b")], [{"ref": "m"}], []),
        ([], [{"ref": "m"}], ["not one story: a, b"]),
        (
            [story("a", "b"), story("twin-1", "twin-2")],
            [{"ref": "m"}],
            ["one story, and not one child: twin-1, twin-2", "written as one child: twin-1, twin-2"],
        ),
        ([story("a", "b")], [], ["m: no review waits"]),
    ],
)
def test_wrong_stories_are_differences(stories: list[dict[str, Any]], reviews: list[dict[str, Any]], said: list[str]) -> None:
    expected = Expected(stories={("a", "b")}, apart={("twin-1", "twin-2")}, reviews={"m"})
    assert compare(DayResult(stories=stories, reviews=reviews), expected) == said


#: What each format's files begin with or hold, in the order of the refs in docs/formats.md.
LOOKS = {
    "FHIR R4 JSON": (b'"resourceType": "Bundle"',),
    "FHIR R4 XML": (b'xmlns="http://hl7.org/fhir"',),
    "HL7 v2.3 to 2.8": (b"MSH|",),
    "Safeguarding concern, JSON and XML": (b'"concern_id"', b"<SafeguardingConcern>"),
    "Table, CSV and `.xlsx`": (b"Reference,Written at", b"PK\x03\x04"),
    "Common Transfer File": (b"<CTfile>",),
    "Public protection notice, XML": (b"<PublicProtectionNotice>",),
    "The same, JSON": (b'"notice_number"',),
    "Merlin style pre-assessment, XML": (b"<MerlinPAC>",),
    "E-mail (`.eml`) with notices or concerns": (b"Message-ID: ",),
    "Case events, JSON and XML": (b'"event": "contact_recorded"', b"<CaseEvent>"),
    "Children-in-need census XML": (b"<Collection>CIN</Collection>",),
    "Annex A workbook or list": (b"PK\x03\x04",),
}


def test_every_format_that_is_read_comes_in_the_weekend_as_the_table_says(tmp_path: Path) -> None:
    write_weekend(tmp_path, 1, seed=5)
    sent = {line.ref: line for line in read_timetable(tmp_path, ("outbox",)) if line.do == "send"}
    table = FORMATS.read_text(encoding="utf-8").partition("## Every format")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines() if line.startswith("| ")]
    read = {row[1]: row for row in rows if row[2].startswith("in")}
    assert read.keys() == LOOKS.keys()
    for name, (agencies, *_, refs) in read.items():
        lines = [sent[ref] for ref in re.findall(r"`([^`]+)`", refs)]
        assert len(lines) == len(LOOKS[name]), name
        for line, look in zip(lines, LOOKS[name], strict=True):
            assert line.file is not None and look in line.file.read_bytes(), name
            assert line.agency.replace("_", " ") in agencies, name


NOON = datetime(2026, 8, 28, 12, tzinfo=UTC)
SCHOOL = "hawthorn-primary"


def _weekend() -> tuple[DayResult, Expected, Answer]:
    """One concern with the receipt r1, assessed and decided; and the last of its two answers."""
    expected = Expected(
        dispositions={"a": "contact"},
        channels={"a": ("education", "http")},
        references={"a": "C-1"},
        answers={"a": [(NOON, "risk_assessed", ""), (NOON, "decision", "s47")]},
    )
    result = DayResult(refs={"a": {"receipt": "r1", "contacts": ["c1"], "allocated_workers": ["Ben Hughes"]}})
    return result, expected, Answer("decision", "r1", "c1", "s47", "C-1")


def test_a_sender_with_its_receipt_and_all_that_was_decided_is_answered() -> None:
    result, expected, last = _weekend()
    told = answered(result, expected, {SCHOOL: [replace(last, outcome="risk_assessed", decision=""), last]})
    assert told.missing == [] and told.lines[0].startswith("Every sender was answered: 1 of 1 ")


@pytest.mark.parametrize(
    ("receipt", "last", "said"),
    [
        ("", {}, "a: Hawthorn Primary School has no receipt"),
        ("r1", None, "a: Hawthorn Primary School is owed risk assessed, decision s47, and was told risk assessed"),
        ("r1", {"decision": "nfa"}, "was told risk assessed, decision nfa"),
        ("r1", {"receipt_id": "r2", "reference": ""}, "cannot tell that the decision is about this message"),
        ("r1", {"contact_id": "c2"}, "was told of something that it did not send"),
    ],
)
def test_a_sender_without_an_answer_of_its_own_is_named(receipt: str, last: dict[str, str] | None, said: str) -> None:
    result, expected, decided = _weekend()
    result.refs["a"]["receipt"] = receipt
    first = replace(decided, outcome="risk_assessed", decision="")
    heard = [first] if last is None else [first, replace(decided, **last)]
    told = answered(result, expected, {SCHOOL: heard})
    assert any(said in line for line in told.missing) and told.lines[0].startswith("NOT every sender")
