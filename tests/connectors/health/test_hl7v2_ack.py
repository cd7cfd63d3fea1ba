"""Whatever arrives over MLLP gets an acknowledgement that the sending engine can tie to its message."""

from datetime import UTC, datetime

import hl7
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.health.hl7v2_ack import acknowledge
from tests.connectors.health.messages import sample

HEADER = b"MSH|^~\\&|PAS^1.2^ISO|RXX01|FRONTDOOR|LA383|20260515101500||REF^I12^REF_I12|C-17|T|2.4|||AL|NE|GBR|UNICODE UTF-8\r"


def fields(ack: bytes, segment: str) -> list[str]:
    line = next(line for line in ack.decode("latin-1").split("\r") if line.startswith(segment))
    return line.split(line[3])


def test_it_mirrors_the_header_and_repeats_the_control_id() -> None:
    ack = acknowledge(HEADER + b"PID|1\r", "AA", "Received", "OURS-1")
    header = fields(ack, "MSH")
    assert header[1] == "^~\\&"
    assert header[2:6] == ["FRONTDOOR", "LA383", "PAS^1.2^ISO", "RXX01"]
    assert header[8:12] == ["ACK^I12^ACK", "OURS-1", "T", "2.4"]
    assert header[17] == "UNICODE UTF-8"
    assert fields(ack, "MSA") == ["MSA", "AA", "C-17", "Received"]
    assert ack.endswith(b"\r") and b"\n" not in ack


def test_its_time_is_given_or_else_the_messages_own() -> None:
    at = datetime(2026, 5, 15, 9, 15, tzinfo=UTC)
    assert fields(acknowledge(HEADER, "AA", "", "1", at=at), "MSH")[6] == "20260515101500+0100"
    assert fields(acknowledge(HEADER, "AA", "", "1"), "MSH")[6] == "20260515101500"


def test_the_error_segment_has_the_form_of_the_version() -> None:
    assert fields(acknowledge(HEADER, "AR", "Try later", "1", "207"), "ERR") == [
        "ERR",
        "^^^207&Application internal error&HL70357",
    ]
    newer = acknowledge(HEADER.replace(b"|2.4|", b"|2.5.1|"), "AR", "Try later", "1", "207")
    assert fields(newer, "ERR") == ["ERR", "", "", "207^Application internal error^HL70357", "E", "", "", "", "Try later"]


def test_text_with_separators_and_line_breaks_stays_one_field() -> None:
    ack = acknowledge(HEADER, "AA", "a|b^c\rMSA|AR|x", "1")
    assert fields(ack, "MSA")[3] == "a\\F\\b\\S\\c MSA\\F\\AR\\F\\x"
    assert ack.count(b"\r") == 2


def test_the_senders_own_separators_are_used() -> None:
    ack = acknowledge(sample("ref_i12_v2_5_own_separators.hl7"), "AA", "cost $ 5", "1")
    assert ack.startswith(b"MSH$*!/@$FRONTDOOR$$LOCAL$CLINIC$")
    assert b"MSA$AA$LC-1$cost /F/ 5\r" in ack


def test_a_control_id_in_any_encoding_comes_back_byte_for_byte() -> None:
    for control_id in ("é-1".encode(), "é-1".encode("cp1252"), b"\xff\x80"):
        assert b"MSA|AA|" + control_id + b"|" in acknowledge(HEADER.replace(b"C-17", control_id), "AA", "", "1")


@pytest.mark.parametrize("body", [b"", b"junk", b"MSH", b"MSH|", b"MSH\r", b"\x00" * 50, b"\xff\xfeM\x00S\x00", b'{"a":1}'])
def test_a_body_without_a_header_is_answered_all_the_same(body: bytes) -> None:
    ack = acknowledge(body, "AE", "No MSH segment", "OURS-2", "100")
    assert ack.startswith(b"MSH|^~\\&|")
    assert fields(ack, "MSA")[:3] == ["MSA", "AE", ""]
    assert b"\rERR|" in ack


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.text(max_size=50), st.sampled_from(["", "207", "100", "999", "a|b"]))
def test_any_body_gets_a_parsable_acknowledgement(body: bytes, text: str, error: str) -> None:
    for start in (b"", HEADER[:40]):
        ack = acknowledge(start + body, "AR", text, "1", error)
        assert len(hl7.parse(ack.decode("latin-1"))) == (3 if error else 2)
