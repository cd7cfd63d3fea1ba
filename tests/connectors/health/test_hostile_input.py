"""No input stops the reader: every body becomes a reading, in bounded time, with a reason where it could not be read."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.decoding import LARGEST_BODY
from connectors.health.hl7v2_batch import split_messages
from connectors.health.read import read
from schemas.reading import Hint, Reading
from tests.connectors.damage import damaged
from tests.connectors.health.messages import all_messages, reading_of, sample

SECONDS = 2.0
MESSAGES = list(all_messages())
TREES = [
    json.loads(sample(name)) for name in ("referral_message.json", "siblings_transaction.json", "unborn_service_request.json")
]
FRAGMENTS = [
    b"\x00", b"\xff", b'"', b"{", b"[", b"|", b"^", b"~", b"\\", b"&", b"\r", b"\n", b"MSH|", b"null", b"1e999", b"<", b"]]>",
    b"<!DOCTYPE a>", b"\\ud800", b"\xef\xbb\xbf", b'"18990101"', b"9" * 400, b"true", b"PID|", b"[]", b"{}", b'""', b"\\X41\\",
    b'{"resourceType":"Bundle","entry":[', b"REF^I12", b"\x0b", b"\x1c\r", b"\x85", "\u2028".encode(),
]  # fmt: skip
JUNK: list[Any] = [
    None, 0, -1, 1e308, "", [], {}, [[]], [{}], "x" * 500, True, {"a": {}}, ["a", None, {}], "2019-13-45", {"reference": "#x"},
    {"coding": "x"}, {"resourceType": "Patient"}, {"resourceType": "Bundle", "entry": [{}]}, {"resourceType": 5}, "\x00\ud800",
]  # fmt: skip

quick = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def checked(body: bytes, hint: Hint | None = None) -> Reading:
    """The reading, after what is promised of every one."""
    started = time.process_time()
    reading = read(body, hint or Hint())
    assert time.process_time() - started < SECONDS
    reading.model_dump_json().encode("utf-8")
    assert (reading.outcome == "contact") == bool(reading.reports)
    assert reading.outcome == "contact" or (reading.reason_code and reading.reason.endswith("."))
    return reading


mutants = damaged(MESSAGES, FRAGMENTS)


@quick
@given(mutants, st.sampled_from(["", "mllp", "http", "folder"]))
def test_a_damaged_message_is_always_a_reading(body: bytes, transport: str) -> None:
    checked(body, Hint(transport=transport))
    assert b"".join(split_messages(body)) or not body.strip()


@quick
@given(
    st.sampled_from(TREES), st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from(JUNK)), max_size=4)
)
def test_a_document_with_the_wrong_kinds_of_values_is_always_a_reading(tree: Any, changes: list[tuple[int, int, Any]]) -> None:
    tree = json.loads(json.dumps(tree))
    for place, other, junk in changes:
        spots = _spots(tree)
        holder, key = spots[place % len(spots)]
        holder[key] = json.loads(json.dumps(junk)) if other % 3 else [holder[key], holder[key]]
    checked(json.dumps(tree).encode())


REFERRALS = [
    sample(name).decode("latin-1") for name in ("ref_i12_v2_4_gp.hl7", "ref_i12_v2_8_unborn_document.hl7", "batch_v2_4.hl7")
]
FIELDS = [
    "", '""', "^", "~", "^^^^^^^^^^^^", "&&&", "~~~~", "x" * 500, "\\", "\\X", "\\X4\\", "18990101", "20270230",
    "99999999999", "-1", "NHS", "H^1^2^3~L~M", "20260101^D", "\x00", "\ufeff", "^application^pdf^Base64^!", "I12",
    "REF_I12", "1e999", "&^~\\|",
]  # fmt: skip


@quick
@given(
    st.sampled_from(REFERRALS),
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 40), st.sampled_from(FIELDS)), max_size=6),
    st.randoms(use_true_random=False),
)
def test_segments_with_wrong_fields_in_any_order_are_always_a_reading(
    text: str, changes: list[tuple[int, int, str]], order: Any
) -> None:
    segments = [segment.split("|") for segment in text.splitlines()]
    for place, number, value in changes:
        fields = segments[place % len(segments)]
        fields += [""] * (number + 1 - len(fields))
        fields[number] = value
    if len(changes) > 3:
        order.shuffle(segments)
    reading = checked("\r".join("|".join(fields) for fields in segments).encode("utf-8", "replace"))
    assert all(len(report.narrative) < 200_000 for report in reading.reports)


@pytest.mark.parametrize("name", ["referral_message.json", "unborn_service_request.json"])
def test_every_element_may_be_missing_or_of_another_kind(name: str) -> None:
    whole = json.loads(sample(name))
    for number in range(len(_spots(whole))):
        for taken_away in (True, False):
            tree = json.loads(json.dumps(whole))
            holder, key = _spots(tree)[number]
            if taken_away:
                del holder[key]
            else:
                holder[key] = "!" if isinstance(holder[key], str) else JUNK[number % len(JUNK)]
            checked(json.dumps(tree).encode())


@pytest.mark.parametrize("text", REFERRALS)
def test_every_field_may_be_missing_or_hold_anything(text: str) -> None:
    segments = text.splitlines()
    for place, segment in enumerate(segments):
        fields = segment.split("|")
        for number in range(len(fields)):
            for value in ("", FIELDS[(place + number) % len(FIELDS)], "^a^b^Base64^!"):
                damaged = "|".join([*fields[:number], value, *fields[number + 1 :]])
                checked("\r".join([*segments[:place], damaged, *segments[place + 1 :]]).encode())


def _spots(tree: Any) -> list[tuple[Any, Any]]:
    """Every place of a tree as (holder, key)."""
    found: list[tuple[Any, Any]] = []
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        for key, value in list(node.items()) if isinstance(node, dict) else list(enumerate(node)):
            found.append((node, key))
            if isinstance(value, dict | list):
                waiting.append(value)
    return found


@quick
@given(st.binary(max_size=400))
def test_any_bytes_are_a_reading(body: bytes) -> None:
    checked(body)
    checked(b"MSH|^~\\&|" + body)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_every_usual_encoding_gives_the_same_child(encoding: str) -> None:
    for name in ("referral_message.json", "referral_message.xml", "ref_i12_v2_4_gp.hl7"):
        text = sample(name).decode().replace("Sampleton", "Sämpleton")
        report = checked(text.encode(encoding)).reports[0]
        assert report.person.given == "Lily"
        assert "Sämpleton" in report.person.address.lines


DTD = b'<?xml version="1.0"?><!DOCTYPE Bundle [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><Bundle>&b;</Bundle>'
EXTERNAL = b'<!DOCTYPE Bundle SYSTEM "http://example.org/x.dtd"><Bundle xmlns="http://hl7.org/fhir"/>'


@pytest.mark.parametrize("body", [DTD, EXTERNAL, EXTERNAL.decode().encode("utf-16")])
def test_xml_with_a_document_type_is_refused_with_the_reason(body: bytes) -> None:
    reading = checked(body)
    assert (reading.outcome, reading.reason_code) == ("quarantined", "xml_dtd_refused")
    assert "DOCTYPE" in reading.reason


def _message(rest: bytes) -> bytes:
    return b"MSH|^~\\&|A|B|C|D|20260101||REF^I12|1|P|2.4\rPID|1||1\rRF1||R\r" + rest


def _bundle(*resources: bytes) -> bytes:
    inside = b",".join(b'{"resource":' + one + b"}" for one in resources)
    return b'{"resourceType":"Bundle","type":"collection","entry":[' + inside + b"]}"


REQUEST = b'{"resourceType":"ServiceRequest","subject":{"reference":"Patient/1"}}'
BORN = b'{"resourceType":"Patient","id":"%d","birthDate":"2019-01-01"}'

LARGE: dict[str, Callable[[], bytes]] = {
    "deep json": lambda: b'{"a":' * 200_000,
    "deep and closed": lambda: b'{"entry":[' * 50_000 + b"]}" * 50_000,
    "deep xml": lambda: b"<a>" * 90_000 + b"</a>" * 90_000,
    "wide xml": lambda: b"<Bundle>" + b"<entry/>" * 95_000 + b"</Bundle>",
    "wide json": lambda: b"[" + b"{}," * 120_000 + b"{}]",
    "many keys": lambda: b'{"resourceType":"ServiceRequest",' + b",".join(b'"k%d":1' % i for i in range(100_000)) + b"}",
    "many patients": lambda: _bundle(REQUEST, *(BORN % i for i in range(1_900))),
    "many requests": lambda: _bundle(*[REQUEST] * 1_900, BORN % 1),
    "many extensions": lambda: b'{"resourceType":"ServiceRequest","extension":[' + b'{"url":"risk"},' * 30_000 + b"{}]}",
    "long name": lambda: b'{"resourceType":"ServiceRequest","subject":{"display":"' + b"a " * 4_000_000 + b'"}}',
    "long markup": lambda: b'{"resourceType":"ServiceRequest","text":{"div":"' + b"<" * 8_000_000 + b'"}}',
    "many notes": lambda: _message(b"NTE|1||a\r" * 200_000),
    "many patients in hl7": lambda: _message(b"PID|1||1\r" * 8_000),
    "many lines": lambda: _message(b"NTE|1||a\r" + b"x y\n" * 100_000),
    "many headers": lambda: b"MSH|" * 4_000_000,
    "many messages": lambda: _message(b"") * 4_000,
    "many escapes": lambda: _message(b"NTE|1||" + b"\\X41\\" * 1_000_000 + b"\r"),
    "long hex": lambda: _message(b"NTE|1||\\X" + b"41" * 4_000_000 + b"\r"),
    "words of a concern without an end": lambda: (
        _message(b"").replace(b"REF^I12", b"ADT^A08").replace(b"RF1||R\r", b"")
        + b"NTE|1||"
        + b"hit " * 40_000
        + b"hit"
        + b" " * 40_000
        + b"no safeguarding " * 40_000
        + b"\r"
    ),
    "many repeats": lambda: _message(b"ZZZ|" + b"a&b^c~" * 9_000 + b"\r"),
    "only white space": lambda: b" \r\n" * 4_000_000,
    "only NUL": lambda: b"\x00" * 10_000_000,
    "too large": lambda: b"{" * (LARGEST_BODY + 1),
    "photograph": lambda: _bundle(
        REQUEST, b'{"resourceType":"Binary","contentType":"image/jpeg","data":"' + b"QUJD" * 3_000_000 + b'"}'
    ),
    "photograph in hl7": lambda: _message(b"OBX|1|ED|P||A^image^jpeg^Base64^" + b"QUJD" * 3_000_000 + b"\r"),
}


@pytest.mark.parametrize("name", LARGE)
def test_large_and_hostile_bodies_are_read_or_refused_in_time(name: str) -> None:
    body = LARGE[name]()
    reading = checked(body)
    assert len(reading.model_dump_json()) < 1_000_000
    if name.startswith("photograph"):
        assert reading.reports[0].attachments[0].size == 9_000_000


@pytest.mark.parametrize("name", ["referral_message.json", "referral_message.xml"])
def test_a_message_cut_anywhere_is_quarantined_and_says_that_it_was_cut(name: str) -> None:
    whole = sample(name).rstrip()
    for end in range(len(whole) // 2, len(whole) - 1, 997):
        reading = reading_of(whole[:end])
        assert reading.outcome == "quarantined"
        assert "again" in reading.reason


def test_no_reason_and_no_note_repeats_what_the_message_says() -> None:
    for body in MESSAGES:
        reading = reading_of(body)
        said = json.dumps([reading.reason, [note.model_dump() for report in reading.reports for note in report.notes]])
        for report in reading.reports:
            names = (report.person.family, report.person.given, report.person.address.postcode, report.reference)
            assert not any(name and name in said for name in names if len(name) > 3)
