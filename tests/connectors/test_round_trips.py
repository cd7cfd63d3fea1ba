"""A conversion loses what `docs/formats.md` says it loses, and nothing else."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from connectors.registry import CONVERSIONS, agency_of, reader, report_writer
from connectors.round_trip import FIELDS, changed, said
from schemas.reading import Hint, Report
from tests.connectors.whole_reports import BORN, UNBORN, reports

DOC = Path(__file__).parents[2] / "docs" / "formats.md"


def table() -> dict[str, dict[str, str]]:
    """{format: {field: kept, changed or lost}} as the document says."""
    text = DOC.read_text()
    block = re.search(r"<!-- table: conversions -->\n(.*?)\n\n", text, re.DOTALL)
    assert block
    heading, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.group(1).splitlines()]
    return {name.strip("`"): {row[0]: row[place] for row in rows} for place, name in enumerate(heading) if place}


def again(report: Report, format: str) -> Report:
    """The report written in a format and read by the reader of its agency."""
    reading = reader(agency_of(format))(report_writer(format)(report, "m1"), Hint())
    found = [*reading.reports, *(case.report for case in reading.case_reports if case.report)]
    assert len(found) == 1, reading.reason
    return found[0]


def test_the_table_has_every_format_and_every_field() -> None:
    told = table()
    assert set(told) == set(CONVERSIONS)
    assert all(set(column) == set(FIELDS) for column in told.values())


def test_a_whole_report_has_every_field() -> None:
    """Otherwise the tests below would say nothing about some of them."""
    assert set(FIELDS) == set(said(BORN)) | set(said(UNBORN))


@pytest.mark.parametrize("format", CONVERSIONS)
def test_what_the_table_calls_lost_is_lost_and_what_it_calls_changed_does_change(format: str) -> None:
    pairs = [(whole, again(whole, format)) for whole in (BORN, UNBORN)]
    differ = {name for before, after in pairs for name in changed(before, after)}
    gone = {name for name in FIELDS if not any(said(before).get(name) == said(after).get(name) for before, after in pairs
                                               if name in said(before))}  # fmt: skip
    told = table()[format]
    assert {name for name, word in told.items() if word != "kept"} == differ
    assert {name for name, word in told.items() if word == "lost"} <= gone


@pytest.mark.parametrize("format", CONVERSIONS)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(report=reports)
def test_what_the_table_calls_kept_is_kept(format: str, report: Report) -> None:
    kept = {name for name, word in table()[format].items() if word == "kept"}
    after = again(report, format)
    assert kept & set(changed(report, after)) == set()
    assert report.narrative in after.narrative, "also where headings come before it"
