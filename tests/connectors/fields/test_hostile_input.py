"""No input stops a reader of education, police or social care: every body becomes a reading with a reason, and soon.

A body that keeps a reader busy for ever meets the time limit of the test run."""

# ruff: noqa: E501 - a sample stays on as few lines as it can be read in

import json
import re
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from connectors.decoding import LARGEST_BODY
from connectors.fields.vocabulary import MESSAGE, PERSON
from connectors.registry import reader
from connectors.social_care.event_words import EVENT
from schemas.reading import Hint, Reading
from tests.connectors.damage import damaged

AGENCIES = ("education", "police", "social_care")
pytestmark = pytest.mark.timeout(90)

CONCERN = {
    "concern_id": "C-1", "submitted_at": "2026-03-27T15:12:00", "school": {"urn": "107258", "name": "Oak High"},
    "reported_by": {"name": "P Nair", "job": "DSL"}, "risk_level": "amber", "concern": "Hit & hungry, says “don’t tell”",
    "pupils": [{"forename": "Zoë", "surname": "Stone", "dob": "2015-09-12", "upn": "B801200005001", "siblings": ["Max Stone"]},
               {"name": "Max Stone", "age": 7, "identifiers": [{"type": "NHS", "value": "9434765919"}]}],
    "responses": [{"question": "Child seen?", "answer": "Yes"}, {"question": "Where", "answer": "School"}],
}  # fmt: skip
EVENTS = {
    "batch_id": "1",
    "events": [
        {
            "event": "risk_assessed",
            "contact_id": "3b241101-e2bb-4255-8caf-4136c566a962",
            "by": "A. Worker",
            "level": "red",
            "reason": "x",
        },
        {
            "event": "contact_recorded",
            "method": "letter",
            "child": {"name": "Ella Stone"},
            "concern": "Hungry",
            "at": "28/03/2026 10:00",
        },
    ],
}
NOTICE = (
    '<?xml version="1.0" encoding="UTF-8"?><p:PPN xmlns:p="urn:x"><p:Ref n="1">A/1</p:Ref><Children><Child id="1"><Name>Zoë Lee</Name>'
    "<DOB>2016-05-04</DOB></Child><Child><Name>Ben Lee</Name><RAG>R</RAG></Child></Children><Suspect><Name>Ray Lee</Name></Suspect>"
    "<Risk>High</Risk><Narrative><![CDATA[Fight & <shouting>]]></Narrative></p:PPN>"
)
TABLE = 'Forename,Surname,DOB,Concern,Risk\nZoë,Stone,12/09/2015,"Hit, hungry",High\nMax,Stone,,Hungry,Low\n'
MESSAGES = [*(json.dumps(one, ensure_ascii=False).encode() for one in (CONCERN, EVENTS)), NOTICE.encode(), TABLE.encode()]
FRAGMENTS = [
    b"\x00", b"\xff", b'"', b"{", b"[", b"<", b"]]>", b"<!DOCTYPE a>", b"&#0;", b"&x;", b"\\ud800", b"1e999", b"null", b"\xef\xbb\xbf",
    b"9" * 400, b"{}", b"\r", "\u2028".encode(), b"<a>", b"</a>", b"xmlns:q=''", b",,,,", b"PK\x03\x04", b"'", b"\x1a",
]  # fmt: skip
JUNK: list[Any] = [
    None, 0, -1, 1e308, 10**17, True, "", [], {}, [[]], [{}], "x" * 500, ["a", None, {}], "2019-13-45", "Jane (mother), 07700 900123",
    "\x00\ud800", "٣", "red", "risk_assessed", {"value": {"value": 1}}, [["a"], {"name": ["b"]}], {"1": {"name": "A B"}}, "()", "Unborn",
]  # fmt: skip
NAMES = [
    *PERSON,
    *MESSAGE,
    *EVENT,
    "child",
    "children",
    "persons",
    "siblings",
    "school",
    "previous",
    "events",
    "",
    "1",
    "#text",
    "question",
    "answer",
]
quick = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def checked(agency: str, body: bytes, hint: Hint | None = None) -> Reading:
    """The reading, after what is promised of every one. `__wrapped__` is the reader without its net for faults of ours."""
    reading: Reading = reader(agency).__wrapped__(body, hint or Hint())  # type: ignore[attr-defined]
    reading.model_dump_json().encode("utf-8")
    assert (reading.outcome == "contact") == bool(reading.reports)
    assert (reading.outcome == "case_events") == bool(reading.case_reports)
    assert reading.outcome in ("contact", "case_events") or (reading.reason_code and reading.reason.endswith("."))
    return reading


mutants = damaged(MESSAGES, FRAGMENTS)


fields = st.builds(lambda name, end: name + end, st.sampled_from(NAMES), st.sampled_from(["", "", "1", "_2", " (x)"]))
trees = st.recursive(
    st.sampled_from(JUNK),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(fields, inner, max_size=6),
    max_leaves=25,
)


@pytest.mark.parametrize("agency", AGENCIES)
@quick
@given(body=mutants)
def test_a_damaged_message_is_always_a_reading(agency: str, body: bytes) -> None:
    checked(agency, body)


@pytest.mark.parametrize("agency", AGENCIES)
@quick
@given(tree=trees)
# A number of 309 digits is long, and says nothing.
@example(tree={"need": 1e308})
def test_any_json_tree_under_the_names_we_know_is_always_a_reading(agency: str, tree: Any) -> None:
    checked(agency, json.dumps(tree).encode())


@pytest.mark.parametrize("agency", AGENCIES)
@quick
@given(tree=trees)
def test_any_xml_tree_under_the_names_we_know_is_always_a_reading(agency: str, tree: Any) -> None:
    checked(agency, _xml("Notice", tree).encode("utf-8", "replace"))


@pytest.mark.parametrize("agency", AGENCIES)
@quick
@given(
    body=st.binary(max_size=300),
    content_type=st.sampled_from(["", "application/json; charset=utf-16", "text/csv", "multipart/form-data"]),
)
def test_any_bytes_are_a_reading(agency: str, body: bytes, content_type: str) -> None:
    checked(agency, body, Hint(content_type=content_type))


def _xml(name: str, value: Any) -> str:
    tag = re.sub("[^a-zA-Z]", "", name) or "x"
    if isinstance(value, dict):
        return f"<{tag}>{''.join(_xml(key, part) for key, part in value.items())}</{tag}>"
    if isinstance(value, list):
        return "".join(_xml(name, part) for part in value) or f"<{tag}/>"
    return f'<{tag} {tag}="1">{escape(str(value))}</{tag}>'


PERSONS = [{"name": f"Child {number}", "dob": "2015-09-12"} for number in range(3000)]
WIDE: list[tuple[str, Any]] = [
    ("children", {"concern": "Hit", "children": PERSONS}),
    ("batch", [{"pupil": one, "concern": "Hit"} for one in PERSONS]),
    ("fields", {f"field{number}": "x" for number in range(100_000)}),
    ("numbered fields", {f"surname{number}": "x" for number in range(30_000)}),
    ("one long text", {"child_name": "Ella Stone", "concern": "hit " * 3_000_000}),
    ("a long name", {"children": "Ella Stone, " * 200_000, "concern": "Hit"}),
    ("a long field name", {"child" * 200_000: "x", "concern": "Hit"}),
    ("one list", {"children": ["x"] * 200_000}),
    ("brackets", "[" * 2_000_000),
    ("open objects", '{"child":' * 300_000),
    ("angles", "<" * 2_000_000),
    ("open elements", "<PPN>" * 100_000),
    ("attributes", f"<PPN {' '.join(f'a{number}=' + chr(34) + chr(34) for number in range(20_000))}/>"),
    ("cells", "Surname,Concern\n" + "a,b\n" * 200_000),
    ("columns", ",".join(f"Surname{number}" for number in range(50_000)) + "\n" + "a," * 50_000),
    ("quotes", '"' * 1_000_000),
    ("events", {"events": [{"event": "closed", "contact_id": "x"}] * 5000}),
]


@pytest.mark.parametrize("agency", AGENCIES)
@pytest.mark.parametrize(("what", "message"), WIDE, ids=[what for what, _ in WIDE])
def test_nothing_large_keeps_a_reader_busy(agency: str, what: str, message: Any) -> None:
    body = message.encode() if isinstance(message, str) else json.dumps(message).encode()
    reading = checked(agency, body)
    assert len(reading.reports) <= 1000 and len(reading.case_reports) <= 3000


@pytest.mark.parametrize("agency", AGENCIES)
def test_what_is_larger_than_the_limit_is_not_parsed(agency: str) -> None:
    assert checked(agency, b" " * (LARGEST_BODY + 1)).reason_code == "too_large"
