"""HL7 v2 bodies: what separates messages and segments, and what opens no contact."""

import logging

import hl7
import pytest

from connectors.decoding import Problem
from connectors.health.hl7v2_batch import split_messages
from connectors.health.hl7v2_message import Message, parse_message
from connectors.health.read import read
from schemas.reading import Hint
from tests.connectors.health.messages import reading_of, sample

HEADER = b"MSH|^~\\&|PAS|RXX01|FRONTDOOR|LA383|20260515101500+0100||REF^I12|C-1|P|2.4\r"


def parsed(body: bytes) -> Message:
    message = parse_message(body)
    assert isinstance(message, Message)
    return message


def test_one_message_comes_back_from_splitting_byte_for_byte() -> None:
    for name in ("ref_i12_v2_4_gp.hl7", "ref_i12_v2_3_school_nurse.hl7", "referral_message.json"):
        assert split_messages(sample(name)) == [sample(name)]


def test_a_batch_file_is_split_into_its_messages() -> None:
    messages = split_messages(sample("batch_v2_4.hl7"))
    assert [message.count(b"MSH|") for message in messages] == [1, 1, 1]
    assert not any(name in message for message in messages for name in (b"FHS", b"BHS", b"BTS", b"FTS"))
    assert messages[0] == sample("ref_i12_v2_4_gp.hl7")


def test_framed_messages_one_after_the_other_are_split() -> None:
    one = HEADER + b"PID|1\r"
    assert split_messages(b"\x0b" + one + b"\x1c\r\x0b" + one + b"\x1c\r") == [one, one]


def test_the_word_msh_in_a_text_starts_no_message() -> None:
    body = HEADER + b"NTE|1||the MSH| was wrong\r"
    assert split_messages(body) == [body]


@pytest.mark.parametrize("body", [b"", b"\r\r", b"BHS|^~\\&|A\rBTS|0\r", b"\xff\xfe\x00", b"MSH"])
def test_splitting_never_loses_a_body(body: bytes) -> None:
    assert split_messages(body) == [body]


def test_a_utf_16_batch_is_split_too() -> None:
    text = (HEADER + b"PID|1\r" + HEADER + b"PID|2\r").decode()
    assert len(split_messages(text.encode("utf-16"))) == 2


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("ADT^A08", "patient_update"),
        ("ADT^A28", "patient_update"),
        ("ADT^A40", "patient_merge"),
        ("ACK", "answer"),
        ("RRI^I12", "answer"),
        ("SIU^S12", "booking"),
        ("ORU^R01", "results"),
        ("MDM^T02", "document"),
        ("REF^I15", "status_request"),
        ("ZZZ^Z01", "not_a_referral"),
    ],
)
def test_other_messages_open_no_contact_and_say_why(kind: str, code: str) -> None:
    reading = reading_of(HEADER.replace(b"REF^I12", kind.encode()) + b"PID|1||1||A^B\r")
    assert (reading.outcome, reading.reason_code, reading.transport_id) == ("not_a_contact", code, "C-1")
    assert reading.reason.endswith(".")


def test_a_message_with_a_referral_segment_is_a_contact_whatever_its_type() -> None:
    reading = reading_of(HEADER.replace(b"REF^I12", b"ZRF") + b"RF1||R||||X-1\rPID|1||1||A^B\r")
    assert reading.outcome == "contact"
    assert any(note.code == "type_not_understood" for note in reading.reports[0].notes)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"PID|1||1||A^B\r", "no_msh"),
        (b"MSH|^~\\&\r", "bad_msh"),
        (HEADER[:-1] + b" PID|1||1||A^B RF1|1\r", "segments_not_separated"),
        (HEADER + b"NTE|1||" + b"a^" * 40_000 + b"\r", "too_many_parts"),
        ((HEADER + b"PID|1\r") * 101, "too_many_messages"),
        (HEADER.replace(b"REF^I12", b"") + b"PID|1||1||A^B\r", "type_unreadable"),
        (b"MSH|^~\\&|half", "type_unreadable"),
        (HEADER[: HEADER.index(b"F^I12")], "type_unreadable"),
    ],
)
def test_what_cannot_be_read_is_quarantined_with_a_reason(body: bytes, code: str) -> None:
    reading = read(body, Hint(transport="mllp"))
    assert (reading.outcome, reading.reason_code) == ("quarantined", code)
    assert reading.reason.endswith(".")


def test_an_empty_batch_opens_no_contact() -> None:
    reading = reading_of(b"FHS|^~\\&|A\rBHS|^~\\&|A\rBTS|0\rFTS|0\r")
    assert (reading.outcome, reading.reason_code) == ("not_a_contact", "empty_batch")


@pytest.mark.parametrize("marks", [b"^^^^", b"", b"^~\\&amp;", b"abcd"])
def test_unusable_encoding_characters_are_replaced_by_the_usual_ones(marks: bytes) -> None:
    message = parsed(HEADER.replace(b"^~\\&", marks, 1) + b"PID|1||1||DOE^Ann\r")
    assert message.first("PID").text(5, 2) == "Ann"
    assert any(note.code == "separators_repaired" for note in message.notes)


def test_short_encoding_characters_are_filled_up() -> None:
    message = parsed(HEADER.replace(b"^~\\&", b"^~", 1) + b"PID|1||1~2||DOE^Ann\r")
    assert [one.text() for one in message.first("PID").repetitions(3)] == ["1", "2"]


def test_base64_with_raw_line_breaks_is_one_document() -> None:
    body = HEADER + b"PID|1||1\rRF1||R\rOBX|1|ED|D||A^application^pdf^Base64^" + b"QUJDREVGR0hJSktM\r\n" * 4 + b"TU5P||||||F\r"
    (document,) = reading_of(body).reports[0].attachments
    assert document.size == 4 * 12 + 3


def test_document_that_is_no_base64_is_kept_as_one_that_could_not_be_read() -> None:
    report = reading_of(HEADER + b"PID|1||1\rRF1||R\rOBX|1|ED|D||A^application^pdf^Base64^%%%||||||F\r").reports[0]
    assert report.attachments[0].size == 0
    assert any(note.code == "attachment_unreadable" for note in report.notes)


class TestWhereTheLibraryIsWrong:
    """Why `hl7v2_message` does not leave everything to the hl7 library. A change of any of these lets code go."""

    def test_it_sees_one_segment_where_lines_end_with_lf(self) -> None:
        body = "MSH|^~\\&|A\nPID|1||X"
        assert len(hl7.parse(body)) == 1
        assert [segment.name for segment in parsed(body.encode()).segments] == ["MSH", "PID"]

    @pytest.mark.parametrize("header", ["MSH", "MSH|"])
    def test_it_fails_on_a_header_without_fields(self, header: str) -> None:
        with pytest.raises(IndexError):
            hl7.parse(header)
        assert isinstance(parse_message(header.encode()), Problem)

    def test_it_fails_on_repeated_encoding_characters(self) -> None:
        body = "MSH|^^^^|A\rPID|1||X^Y"
        with pytest.raises(AssertionError):
            hl7.parse(body)
        assert parsed(body.encode()).first("PID").text(3, 2) == "Y"

    def test_its_unescaping_loses_text_and_writes_it_into_the_log(self, caplog: pytest.LogCaptureFixture) -> None:
        said = "saved as C:\\notes\\lily"
        with caplog.at_level(logging.DEBUG):
            assert "notes" not in hl7.parse("MSH|^~\\&|A\r").unescape(said)
            assert said in caplog.text
            caplog.clear()
            message = parsed(HEADER + f"NTE|1||{said}\r".encode())
            assert message.first("NTE").free_text(3) == said
            assert caplog.text == ""


def test_escapes_become_characters() -> None:
    text = b"a\\F\\b\\S\\c\\R\\d\\T\\e\\E\\f\\.br\\g \\H\\bold\\N\\ \\XC3A9\\ \\X80\\ \\Q\\ C:\\dir"
    message = parsed(HEADER + b"NTE|1||" + text + b"\r")
    assert message.first("NTE").free_text(3) == "a|b^c~d&e\\f\ng bold é € \\Q\\ C:\\dir"
