"""E-mail with notices in it: every attachment that a reader knows is read, the others are kept as attachments.

All that comes out of one e-mail has its receipt in common. Nothing in it can hide: an attachment that should be a notice and
cannot be read becomes a contact of its own, which somebody must look at today, when others beside it were read.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.policy import Compat32
from email.utils import parsedate_to_datetime

from connectors.decoding import LARGEST_BODY, LONGEST_TEXT, TOO_LARGE, Problem, decode, one_line, plain_file_name, whole_text
from connectors.fields.meaning import sounds_worrying
from schemas.person import Person
from schemas.reading import Attachment, Hint, Note, Reading, Report

DEEPEST = 4
"""E-mails inside e-mails; a forwarded forwarded one has 2."""

MOST_PARTS = 500
"""Parts of one e-mail, those of e-mails inside it included."""

_MOST_WORK = 3_000_000
"""Lines times boundaries: the parser compares each line with every boundary that is open."""

_LONGEST_HEADER = 8_000
_MOST_HEADERS = 10_000
_MOST_ATTACHED = 20_000
"""Attachments times reports: each child's contact lists them all."""

TOO_MANY_PARTS = Problem(
    "too_many_parts", "The e-mail has too many parts to be read. Send each notice as a message of its own, or in one e-mail each."
)
TOO_DEEP = Problem(
    "email_too_deep", f"The e-mail holds e-mails inside e-mails, more than {DEEPEST} deep. Send the notice itself, not forwarded."
)
NO_NOTICE = Problem(
    "email_without_notice",
    "The e-mail has no notice attached that can be read, so a person will read it. Attach the notice as XML, JSON, CSV or .xlsx.",
)

PartReader = Callable[[bytes, Hint], Reading]

_HEADER_NAMES = frozenset(
    "from to cc subject date message-id mime-version received return-path delivered-to content-type reply-to sender "
    "content-transfer-encoding dkim-signature".split()
)
_HEADER_LINE = re.compile(rb"([A-Za-z][A-Za-z0-9-]{0,60}):[ \t]?")


def is_email(body: bytes) -> bool:
    """Whether a body begins with the header of an e-mail: header lines to its end, two or more of the usual names."""
    start = body[:16_384].removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    if start.startswith(b"From "):
        start = start.partition(b"\n")[2]
    seen: set[str] = set()
    for line in start.split(b"\n"):
        if not line.strip():
            break
        if line[:1] in b" \t" and seen:
            continue
        found = _HEADER_LINE.match(line)
        if found is None:
            return False
        seen.add(found[1].decode("ascii").casefold())
    return len(seen & _HEADER_NAMES) >= 2


def read_email(body: bytes, read_part: PartReader) -> Reading:
    """What an e-mail is; `read_part` reads one attachment, and promises not to raise."""
    if len(body) > LARGEST_BODY:
        return TOO_LARGE.quarantined()
    contents = _Contents(read_part)
    problem = contents.take_email(body, 0)
    headers = contents.headers
    transport_id = one_line(headers.get("message-id", ""), 200).strip("<> ")
    if problem is not None:
        return problem.quarantined(transport_id=transport_id)
    return _reading(contents, transport_id)


@dataclass
class _Contents:
    """What was found in an e-mail and in those inside it."""

    read_part: PartReader
    headers: dict[str, str] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    parts: int = 0

    def take_email(self, body: bytes, depth: int) -> Problem | None:
        """Everything in one e-mail; why it cannot be read, if so."""
        if depth > DEEPEST:
            return TOO_DEEP
        boundaries = 1 + body.lower().count(b"boundary")
        if boundaries > MOST_PARTS or body.count(b"\n") * boundaries > _MOST_WORK or body.count(b"\n--") > 10 * MOST_PARTS:
            return TOO_MANY_PARTS
        body = body.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
        try:
            message = BytesParser(policy=_Bounded()).parsebytes(body)
        except RecursionError:
            return TOO_DEEP
        except _TooManyHeaders:
            return TOO_MANY_PARTS
        return self._take(message, depth)

    def _take(self, message: Message, depth: int) -> Problem | None:
        if not self.headers:
            self.headers = {name.casefold(): _text(value) for name, value in message.items()[:200]}
        for part, inside in _leaves(message, depth):
            self.parts += 1
            if self.parts > MOST_PARTS:
                return TOO_MANY_PARTS
            if inside > DEEPEST:
                return TOO_DEEP
            problem = self._take_leaf(part, inside)
            if problem is not None:
                return problem
        return None

    def _take_leaf(self, part: Message, depth: int) -> Problem | None:
        content = _content(part)
        kind, name = part.get_content_type(), _file_name(part)
        if not content.strip():
            return None
        if is_email(content) and (kind == "message/rfc822" or not _is_text(part, name)):
            return self.take_email(content, depth + 1)
        if _may_be_a_message(content, kind, name):
            hint = Hint(content_type=_text(part.get("content-type", ""))[:255], file_name=name, transport="email")
            self.readings.append(self.read_part(content, hint))
        elif _is_text(part, name):
            text = decode(content, _charset(part)).text
            self.texts.append(whole_text(_without_tags(text[: 5 * LONGEST_TEXT]) if kind == "text/html" else text).strip())
        else:
            digest = hashlib.sha256(content).hexdigest()
            described = Attachment(content_type=kind[:100], size=len(content), sha256=digest, file_name=plain_file_name(name))
            self.attachments.append(described)
        return None


def _reading(contents: _Contents, transport_id: str) -> Reading:
    said = "\n\n".join(dict.fromkeys(text for text in contents.texts if text))[:LONGEST_TEXT]
    notes = [Note(code="email", text="The message is an e-mail; what is attached to it was read.")]
    unread = [one for one in contents.readings if one.outcome == "quarantined"]
    read = [one for one in contents.readings if one.reports or one.case_reports]
    notes += [note for one in contents.readings for note in one.notes]
    if not read:
        if unread:
            return unread[0].model_copy(update={"transport_id": transport_id, "notes": notes})
        others = [one for one in contents.readings if one.outcome == "not_a_contact"]
        if others and not sounds_worrying(said):
            return others[0].model_copy(update={"transport_id": transport_id, "notes": notes})
        return NO_NOTICE.quarantined(notes, transport_id)
    reports = [_with_email(report, contents, said) for one in read for report in one.reports]
    reports += [_unread(one, reports) for one in unread]
    if len(reports) * len(contents.attachments) <= _MOST_ATTACHED:
        reports = [report.model_copy(update={"attachments": [*report.attachments, *contents.attachments]}) for report in reports]
    elif reports:
        reports[0] = reports[0].model_copy(update={"attachments": [*reports[0].attachments, *contents.attachments]})
    return Reading(
        outcome="contact" if reports else "case_events",
        transport_id=transport_id,
        reports=reports,
        case_reports=[case for one in read for case in one.case_reports],
        notes=list(dict.fromkeys(notes)),
    )


def _with_email(report: Report, contents: _Contents, said: str) -> Report:
    """A report with what the e-mail around it says; the notice's own words come first."""
    more: dict[str, object] = {}
    if said:
        more["narrative"] = f"{report.narrative}\n\nE-mail: {said}".strip()
    if report.written_at is None:
        more["written_at"] = _instant(contents.headers.get("date", ""))
    subject = one_line(contents.headers.get("subject", ""))
    if subject:
        more["unmapped"] = {**report.unmapped, "email.subject": subject}
    return report.model_copy(update=more)


def _unread(reading: Reading, beside: list[Report]) -> Report:
    """A contact for an attachment that nobody could read, so that it has a clock of its own."""
    like = beside[0] if beside else Report(person=Person())
    return Report(
        person=Person(),
        organisation=like.organisation,
        source_code=like.source_code,
        source_original=like.source_original,
        narrative=f"An attachment of this e-mail could not be read; look at the stored message. {reading.reason}",
        notes=[Note(code="attachment_not_read", field="attachments", text="An attachment could not be read; a person must.")],
    )


class _TooManyHeaders(Exception):
    """More header lines than any e-mail has."""


class _Bounded(Compat32):
    """A policy for one e-mail. The parser's own work on a header grows with the square of its length, and on a part with
    the number of its headers."""

    # Policies set themselves by class attributes alone.
    headers_left = _MOST_HEADERS

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        object.__setattr__(self, "headers_left", self.headers_left - 1)
        if self.headers_left < 0:
            raise _TooManyHeaders
        name, value = super().header_source_parse(sourcelines[:100])
        return name, value[:_LONGEST_HEADER]


_ENCODED = ("base64", "quoted-printable")


def _leaves(message: Message, depth: int) -> Iterator[tuple[Message, int]]:
    """The parts without parts, in order, each with how many e-mails are around it."""
    waiting = [(message, depth)]
    while waiting:
        part, inside = waiting.pop()
        if not part.is_multipart():
            yield part, inside
            continue
        inner = [one for one in part.get_payload() if isinstance(one, Message)]
        kind = part.get_content_type()
        if kind == "multipart/alternative":
            inner = _best(inner)
        if kind == "message/rfc822" and str(part.get("content-transfer-encoding", "")).strip().lower() in _ENCODED:
            inner = [_encoded(part, one) for one in inner]
            yield from ((one, inside) for one in inner)
            continue
        waiting.extend((one, inside + (kind == "message/rfc822")) for one in reversed(inner))


def _encoded(part: Message, inner: Message) -> Message:
    """An e-mail inside that was encoded like a file, which the parser has taken for its text."""
    whole: Message = Message(policy=part.policy)
    whole["content-type"] = "message/rfc822"
    whole["content-transfer-encoding"] = str(part["content-transfer-encoding"])
    whole.set_payload(_content(inner).decode("ascii", "surrogateescape"))
    return whole


def _best(alternatives: list[Message]) -> list[Message]:
    """Of several forms of one text the plain one, and all that is no text."""
    plain = any(one.get_content_type() == "text/plain" for one in alternatives)
    return [one for one in alternatives if not (plain and one.get_content_type() == "text/html")]


def _content(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _charset(part: Message) -> str:
    try:
        return str(part.get_content_charset() or "")
    except (ValueError, LookupError, TypeError):
        return ""


def _is_text(part: Message, name: str) -> bool:
    """Whether a part is what the e-mail itself says."""
    shown = part.get_content_disposition() != "attachment" and not name
    return shown and part.get_content_type() in ("text/plain", "text/html")


def _may_be_a_message(content: bytes, kind: str, name: str) -> bool:
    """Whether a part is of a kind that notices have; what it holds counts before what it is called."""
    start = content[:200].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith((b"{", b"[{", b"[\n", b"[\r", b"[ ")):
        return True
    if start.startswith(b"<"):
        return kind != "text/html" and not start.startswith((b"<!doctype html", b"<html"))
    ending = name.lower().rpartition(".")[2]
    if content.startswith(b"PK\x03\x04"):
        return ending in ("xlsx", "xlsm") or "spreadsheetml" in kind
    return ending in ("csv", "json", "xml", "xlsx") or kind in ("text/csv", "application/json", "application/xml", "text/xml")


def _file_name(part: Message) -> str:
    try:
        return one_line(_text(part.get_filename() or ""))
    except (ValueError, LookupError, TypeError):
        return ""


def _text(value: object) -> str:
    """A header as text, whatever it says that it is encoded in."""
    raw = str(value)
    try:
        return str(make_header(decode_header(raw)))
    except (ValueError, LookupError, TypeError):
        return raw


def _instant(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
        return (at.replace(tzinfo=UTC) if at.tzinfo is None else at).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _without_tags(html: str) -> str:
    """The text of HTML; good enough to be read by a person who then opens the message."""
    pieces = html.split("<")
    return " ".join([pieces[0], *(piece.partition(">")[2].strip() for piece in pieces[1:])]).strip()
