"""E-mail: the notices in it are read wherever they are, what else it holds is kept, and nothing in it hides or harms."""

import base64
import hashlib
from datetime import UTC, datetime
from email.message import EmailMessage
from email.mime.base import MIMEBase
from email.mime.text import MIMEText

import pytest
from hypothesis import HealthCheck, given, settings

from connectors.email_message import DEEPEST, MOST_PARTS, is_email
from connectors.registry import reader
from schemas.reading import Hint, Reading

from .damage import damaged

PHOTOGRAPH = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 20


def notice(number: str = "A/1", child: str = "Mia Okafor") -> bytes:
    return (
        f"<PPN><PPNNumber>{number}</PPNNumber><Child><Name>{child}</Name><DOB>2016-05-04</DOB></Child>"
        "<Risk>High</Risk><Narrative>Fight at home</Narrative></PPN>"
    ).encode()


def mail(text: str = "Please see attached.", subject: str = "PPN Okafor") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Sgt O'Brien <desk@force.example>"
    message["To"] = "front.door@anyshire.example"
    message["Subject"] = subject
    message["Date"] = "Fri, 05 Jun 2026 17:02:00 +0100"
    message["Message-ID"] = "<4711@force.example>"
    message.set_content(text)
    return message


def attach(message: EmailMessage, body: bytes, kind: str = "application/xml", name: str = "notice.xml") -> EmailMessage:
    message.add_attachment(body, *kind.split("/"), filename=name)
    return message


def forwarded(inner: EmailMessage) -> EmailMessage:
    outer = mail("FYI", "FW: PPN")
    outer.add_attachment(inner)
    return outer


def read(body: bytes | EmailMessage, agency: str = "police") -> Reading:
    return reader(agency)(body if isinstance(body, bytes) else body.as_bytes(), Hint(file_name="mail.eml"))


def test_a_notice_is_read_and_a_photograph_is_kept() -> None:
    message = attach(attach(mail("She is at home with him tonight."), notice()), PHOTOGRAPH, "image/jpeg", "bruise.jpg")
    reading = read(message)
    (report,) = reading.reports
    assert (reading.outcome, reading.transport_id) == ("contact", "4711@force.example")
    assert (report.person.given, report.person.family, report.reference) == ("Mia", "Okafor", "A/1")
    assert report.written_at == datetime(2026, 6, 5, 16, 2, tzinfo=UTC)
    assert "Fight at home" in report.narrative and "She is at home with him tonight." in report.narrative
    assert report.unmapped["email.subject"] == "PPN Okafor"
    (kept,) = report.attachments
    assert (kept.content_type, kept.file_name, kept.size, kept.sha256) == (
        "image/jpeg", "bruise.jpg", len(PHOTOGRAPH), hashlib.sha256(PHOTOGRAPH).hexdigest(),
    )  # fmt: skip


def test_every_notice_of_one_e_mail_is_read() -> None:
    message = mail()
    for number, child in enumerate(("Mia Okafor", "Ben Abara")):
        attach(message, notice(f"A/{number}", child), name=f"{number}.dat", kind="application/octet-stream")
    attach(
        message, b"PPNRef,Forename,Surname,DOB,Risk,Circumstances\nB/1,Ada,Lowe,04/05/2016,Red,Fight\n", "text/csv", "more.csv"
    )
    assert [report.person.given for report in read(message).reports] == ["Mia", "Ben", "Ada"]


@pytest.mark.parametrize("depth", range(1, DEEPEST + 1))
def test_a_notice_in_a_forwarded_e_mail_is_read(depth: int) -> None:
    message = attach(mail(), notice())
    for _ in range(depth):
        message = forwarded(message)
    assert [report.reference for report in read(message).reports] == ["A/1"]


def as_a_file(inner: bytes) -> EmailMessage:
    return attach(mail(), inner, "application/octet-stream", "forwarded.eml")


def encoded_although_the_standard_forbids_it(inner: bytes) -> EmailMessage:
    part = MIMEBase("message", "rfc822")
    part["Content-Transfer-Encoding"] = "base64"
    part.set_payload(base64.encodebytes(inner).decode())
    message = mail()
    message.make_mixed()
    message.attach(part)
    return message


@pytest.mark.parametrize("put", [as_a_file, encoded_although_the_standard_forbids_it])
def test_an_e_mail_that_is_a_file_is_opened_too(put: object) -> None:
    assert callable(put)
    reading = read(put(attach(mail(), notice()).as_bytes()))
    assert [report.reference for report in reading.reports] == ["A/1"], reading


def test_deeper_than_anybody_forwards_is_a_persons_to_open() -> None:
    message = attach(mail(), notice())
    for _ in range(DEEPEST + 1):
        message = as_a_file(message.as_bytes())
    assert read(message).reason_code == "email_too_deep"


def test_an_attachment_that_should_be_a_notice_and_cannot_be_read_does_not_hide_behind_one_that_can() -> None:
    reading = read(attach(attach(mail(), notice()), notice("A/2")[:60], name="second.xml"))
    first, second = reading.reports
    assert first.reference == "A/1"
    assert not second.person.given and "could not be read" in second.narrative
    assert [note.code for note in second.notes] == ["attachment_not_read"]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (mail("He hit her again, she is seven."), "email_without_notice"),
        (attach(mail(), b"%PDF-1.7 ...", "application/pdf", "notice.pdf"), "email_without_notice"),
        (attach(mail(), b"<PPN><Child>", name="notice.xml"), "incomplete_xml"),
        (attach(mail(), b"<!DOCTYPE x [<!ENTITY a 'b'>]><PPN>&a;</PPN>"), "xml_dtd_refused"),
    ],
)
def test_an_e_mail_without_a_notice_that_can_be_read_is_a_persons_to_read(message: EmailMessage, code: str) -> None:
    reading = read(message)
    assert (reading.outcome, reading.reason_code) == ("quarantined", code)
    assert reading.transport_id == "4711@force.example"


def test_a_notice_written_into_the_text_and_one_from_a_school_are_read() -> None:
    assert [report.reference for report in read(mail(notice().decode())).reports] == ["A/1"]
    concern = b'{"reference": "K-1", "pupil": {"forename": "Ada", "surname": "Lowe"}, "details": "Often without lunch."}'
    assert [report.reference for report in read(attach(mail(), concern, "application/json", "c.json"), "education").reports] == [
        "K-1"
    ]


@pytest.mark.parametrize(
    "body", [b"Name,From\nA: b,C: d\n", notice(), b'{"From": "a"}', b"Subject: only one\n\n", b"", b"From: a\nno colon\n"]
)
def test_other_messages_are_no_e_mail(body: bytes) -> None:
    assert not is_email(body)


def test_the_charset_and_the_letters_of_a_name_may_be_anything() -> None:
    message = EmailMessage()
    message.make_mixed()
    for name, value in mail().items():
        if name not in ("Content-Type", "MIME-Version", "Content-Transfer-Encoding"):
            message[name] = value
    part = MIMEText("x", "plain", "us-ascii")
    part.replace_header("Content-Type", 'text/xml; charset="no-such-charset"')
    part.set_payload(notice(child="Zoë Okafor").decode().encode("cp1252").decode("latin-1").encode("ascii", "replace").decode())
    message.attach(part)
    raw = message.as_bytes().replace(b"Zo?", "Zoë".encode("cp1252")).replace(b"Subject: PPN Okafor", b"Subject: =?bad?q?=FF?=")
    reading = read(raw)
    assert [report.reference for report in reading.reports] == ["A/1"], reading


def test_a_charset_that_is_no_name_at_all_harms_nothing() -> None:
    raw = attach(mail("Please see cafe."), notice()).as_bytes()
    raw = raw.replace(b'charset="utf-8"', b'charset="utf\x00-8"').replace(b"cafe", b"caf\xe9")
    assert [report.reference for report in read(raw).reports] == ["A/1"]


# -- hostile


def many_parts() -> bytes:
    parts = b"".join(b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n" for _ in range(10_000))
    return b'From: a@b\r\nTo: c@d\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n' + parts + b"--b--\r\n"


def deep_multiparts() -> bytes:
    body = b"From: a@b\r\nTo: c@d\r\n"
    for number in range(3000):
        body += b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (number, number)
    return body


def nested_for_ever() -> bytes:
    return b"From: a@b\r\nTo: c@d\r\n" + b"Content-Type: message/rfc822\r\n\r\nFrom: a@b\r\nTo: c@d\r\n" * 20_000


def long_headers() -> bytes:
    return (
        b"From: a@b\r\nTo: " + b";" * 3_000_000 + b"\r\nContent-Type: text/plain; " + b'a="\\";' * 500_000 + b"\r\n\r\nhe hit her"
    )


def many_headers() -> bytes:
    return b"From: a@b\r\nTo: c@d\r\n" + b"X: y\r\n" * 300_000 + b"\r\nhe hit her"


def only_line_ends() -> bytes:
    return b"From: a@b\r\nTo: c@d\r\n\r\n" + b"\n" * 20_000_000


def tags_without_end() -> bytes:
    return b"From: a@b\r\nTo: c@d\r\nContent-Type: text/html\r\n\r\n" + b"<" * 2_000_000


def encoded_words() -> bytes:
    return b"From: a@b\r\nTo: c@d\r\nSubject: " + b"=?utf-8?q?=C3?= " * 100_000 + b"\r\n\r\nhe hit her"


HOSTILE = [
    many_parts,
    deep_multiparts,
    nested_for_ever,
    long_headers,
    many_headers,
    only_line_ends,
    tags_without_end,
    encoded_words,
]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("make", HOSTILE)
def test_hostile_e_mail_is_quarantined_in_bounded_time(make: object) -> None:
    assert callable(make)
    reading = read(make())
    assert reading.outcome == "quarantined"
    assert reading.reason_code != "reader_fault"


def test_the_number_of_parts_is_bounded() -> None:
    message = mail()
    message.make_mixed()
    for _ in range(MOST_PARTS):
        message.attach(MIMEText("x"))
    assert read(message).reason_code == "too_many_parts"


SAMPLES = (
    attach(attach(mail(), notice()), PHOTOGRAPH, "image/jpeg", "a.jpg").as_bytes(),
    forwarded(attach(mail(), notice())).as_bytes(),
    as_a_file(attach(mail(), notice()).as_bytes()).as_bytes(),
)
FRAGMENTS = (
    b"--", b"\r\n\r\n", b"Content-Type: message/rfc822\r\n\r\n", b"Content-Transfer-Encoding: x-uuencode\r\n",
    b"=?utf-8?b?/w==?=",
    b"Content-Type: multipart/mixed; boundary=\r\n", b'charset="\xff"', b"begin 644 a\n", b"filename*0*=utf-8''%ff;",
)  # fmt: skip


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(damaged(SAMPLES, FRAGMENTS))
def test_damaged_e_mail_is_read_or_quarantined_and_never_a_fault(body: bytes) -> None:
    assert read(body).reason_code != "reader_fault"
