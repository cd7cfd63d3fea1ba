"""Bytes to text, and text to JSON, for every reader: tolerant of what partners' systems do, bounded, and never raising.

What cannot be understood comes back as a `Problem` whose sentence a person at the sending desk can act on; what was
repaired on the way comes back as data-quality notes. Neither ever holds a value from the message.
"""

import codecs
import json
import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from schemas.reading import Note, Reading

LARGEST_BODY = 40 * 1024 * 1024
"""Bytes. A referral with photographs is about 25 MB; above this nothing is parsed at all."""

MOST_PARTS = 300_000
"""Values and keys in one document. Base64 documents count as one, so that size and number of parts are apart."""

DEEPEST = 64
"""Levels of nesting. The deepest health message seen has 14."""

LONGEST_TEXT = 100_000
"""Characters of free text kept of one field of a record; the whole stays in the stored bytes."""

LONGEST_LINE = 300
"""Characters kept of a name, code, address line or other one-line field."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a message cannot be read. `reason` says what is wrong and what to do next, in words for the sender."""

    code: str
    reason: str

    def quarantined(self, notes: Sequence[Note] = (), transport_id: str = "") -> Reading:
        """The reading of a message with this problem."""
        return Reading(
            outcome="quarantined",
            reason_code=self.code,
            reason=self.reason,
            transport_id=transport_id,
            notes=list(notes),
        )


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text of a message: no byte order mark, no NUL, no lone surrogate. `encoding` is a Python codec name."""

    text: str
    encoding: str
    notes: tuple[Note, ...] = ()


_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_ENCODING_NAMES = {
    "utf-8": "utf-8", "utf8": "utf-8", "unicode utf-8": "utf-8",
    "ascii": "ascii", "us-ascii": "ascii",
    "utf-16": "utf-16", "utf-16le": "utf-16", "utf-16be": "utf-16", "utf16": "utf-16", "unicode utf-16": "utf-16",
    "unicode": "utf-16",
    "windows-1252": "cp1252", "cp1252": "cp1252", "ansi": "cp1252", "x-ansi": "cp1252", "windows1252": "cp1252",
    "iso-8859-1": "cp1252", "iso8859-1": "cp1252", "8859/1": "cp1252", "latin1": "cp1252", "latin-1": "cp1252",
    "iso_8859-1": "cp1252", "iso-8859-15": "iso8859-15", "8859/15": "iso8859-15", "latin-9": "iso8859-15",
}  # fmt: skip
"""Names seen in Content-Type, XML declarations and HL7 table 0211. Latin-1 is read as Windows-1252, as browsers do."""

_WINDOWS_1252 = Note(
    code="encoding_windows_1252",
    text="The text is not UTF-8; it was read as Windows-1252. Please send UTF-8.",
)
_REPLACED = Note(code="bytes_replaced", text="Some bytes are no character in any likely encoding and were replaced.")
_NULS = Note(code="nul_removed", text="NUL characters were removed.")
_WRONG_NAME = Note(code="encoding_misdeclared", text="The text is not in the encoding that the message declares.")
_UNKNOWN_NAME = Note(code="encoding_unknown", text="The message declares an unsupported encoding; it was guessed.")

_SURROGATES = re.compile("[\ud800-\udfff]")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufdd0-\ufdef\ufffe\uffff]")


def decode(body: bytes, declared: str = "") -> Decoded:
    """Bytes to text. A byte order mark decides, then what the bytes are, then `declared` (any spelling, or "").

    Valid UTF-8 is believed over a declared 8-bit encoding: valid multi-byte UTF-8 hardly ever happens by chance.
    """
    notes: list[Note] = []
    text, encoding = _by_mark(body)
    if encoding:
        if "\ufffd" in text:
            notes.append(_REPLACED)
    else:
        text, encoding, notes = _by_content(body, declared)
    if "\x00" in text:
        text = text.replace("\x00", "")
        notes.append(_NULS)
    return Decoded(text.removeprefix("\ufeff"), encoding, tuple(notes))


def _by_mark(body: bytes) -> tuple[str, str]:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if body.startswith(mark):
            rest = body[len(mark) :]
            if encoding == "utf-8":
                try:
                    return rest.decode("utf-8"), "utf-8"
                except UnicodeDecodeError:
                    return "", ""
            return rest.decode(encoding, "replace"), encoding
    return "", ""


def _by_content(body: bytes, declared: str) -> tuple[str, str, list[Note]]:
    name = " ".join(declared.strip().strip("\"'").casefold().split())
    wanted = _ENCODING_NAMES.get(name, "")
    notes = [_UNKNOWN_NAME] if name and not wanted else []
    sixteen = _looks_like_utf_16(body)
    if sixteen:
        text = body.decode(sixteen, "replace")
        return text, sixteen, notes + ([_REPLACED] if "\ufffd" in text else [])
    body = body.removeprefix(codecs.BOM_UTF8)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        misnamed = wanted not in ("", "utf-8") and not text.isascii()
        return text, "utf-8", notes + ([_WRONG_NAME] if misnamed else [])
    if wanted in ("cp1252", "iso8859-15"):
        return body.decode(wanted, "replace"), wanted, notes
    if wanted:
        notes.append(_WRONG_NAME)
    damaged = body.decode("utf-8", "replace")
    bad = damaged.count("\ufffd")
    if sum(not char.isascii() for char in damaged[:100_000]) > 2 * bad:
        return damaged, "utf-8", [*notes, _REPLACED]
    return body.decode("cp1252", "replace"), "cp1252", [*notes, _WINDOWS_1252]


def _looks_like_utf_16(body: bytes) -> str:
    """UTF-16 without a mark: mostly ASCII text has a NUL in nearly every second byte, on one side."""
    start = body[:512]
    if len(start) < 4:
        return ""
    even, odd, half = start[0::2].count(0), start[1::2].count(0), len(start) // 2
    if odd > 0.7 * half and even < 0.2 * half:
        return "utf-16-le"
    if even > 0.7 * half and odd < 0.2 * half:
        return "utf-16-be"
    return ""


@dataclass(frozen=True, slots=True)
class JsonDocument:
    """A parsed JSON document: dict, list, str, int, float, bool or None; `parts` is how many values and keys it has."""

    value: Any
    parts: int
    notes: tuple[Note, ...] = ()


TOO_LARGE = Problem(
    "too_large",
    f"The message is larger than {LARGEST_BODY // 1024 // 1024} MB, so it was stored but not read. "
    "Send the referral without its documents, then the documents in a second message.",
)
TOO_MANY_PARTS = Problem("too_many_parts", "The message has too many parts to be one referral. Send one referral a message.")
TOO_DEEP = Problem("too_deep", f"The message is nested more than {DEEPEST} levels deep. Check the system that wrote it.")
EMPTY = Problem("empty", "The message is empty. Send it again.")


def read_json(body: bytes, declared: str = "") -> JsonDocument | Problem:
    """Parse JSON within limits of size, parts and depth.

    Tolerated with a note: any usual encoding, raw control characters in strings, repeated keys (the last value that is
    not empty counts), numbers out of range (kept as text), text after the end that holds no second document, a comma
    after the last part of an object or list.
    """
    if len(body) > LARGEST_BODY:
        return TOO_LARGE
    decoded = decode(body, declared)
    text = decoded.text.strip()
    if not text:
        return EMPTY
    parts = sum(map(text.count, "{[,:"))
    if parts > MOST_PARTS and _parts_outside_strings(text) > MOST_PARTS:
        return TOO_MANY_PARTS
    seen: dict[str, Note] = {}
    try:
        try:
            value, end = _decoder(seen).raw_decode(text)
        except json.JSONDecodeError as error:
            if (mended := _without_last_commas(text)) == text:
                return _json_problem(text, error)
            seen["comma"] = Note(code="trailing_comma", text="A comma before the end of an object or list was left out.")
            text = mended
            value, end = _decoder(seen).raw_decode(text)
    except json.JSONDecodeError as error:
        return _json_problem(text, error)
    except RecursionError:
        return TOO_DEEP
    except ValueError:
        return Problem("not_json", "The message is not JSON that could be read. Check the system that wrote it.")
    rest = text[end:].strip()
    if rest:
        if re.search(r"[{\[]", rest):
            return Problem(
                "several_documents",
                "The message holds more than one JSON document. Send one document a message.",
            )
        seen["trailing"] = Note(code="trailing_text", text="Text after the end of the document was left out.")
    if not _scrub([value], seen):
        return TOO_DEEP
    return JsonDocument(value, parts, (*decoded.notes, *seen.values()))


def _parts_outside_strings(text: str) -> int:
    bare = re.sub(r'"[^"\\]*(?:\\.[^"\\]*)*"', "", text, flags=re.DOTALL)
    return sum(map(bare.count, "{[,:"))


#: A string, also one that is cut off, or a comma with nothing but the end of its object or list behind it.
_STRING_OR_LAST_COMMA = re.compile(r'("[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z))|,(?=[ \t\r\n]*+[}\]])', re.DOTALL)


def _without_last_commas(text: str) -> str:
    """JSON text without the commas that people leave before a closing bracket: an example that NHS England publishes has one.
    A blank stands in their place, so that line and column stay right."""
    return _STRING_OR_LAST_COMMA.sub(lambda found: found[1] or " ", text)


def _json_problem(text: str, error: json.JSONDecodeError) -> Problem:
    if error.pos >= len(text) - 1 or error.msg.startswith("Unterminated"):
        return Problem(
            "incomplete_json",
            "The message ends before its JSON is complete: it was probably cut. Send it again whole.",
        )
    return Problem(
        "not_json",
        f"The message is not valid JSON at line {error.lineno}, column {error.colno}. Correct it and send it again.",
    )


def _decoder(seen: dict[str, Note]) -> json.JSONDecoder:
    """A decoder that keeps what it cannot hold as text, and remembers in `seen` what it had to do."""

    def number_note() -> None:
        seen["number"] = Note(code="number_out_of_range", text="A number out of any sensible range was kept as text.")

    def whole(text: str) -> int | str:
        if len(text) <= 18:
            return int(text)
        number_note()
        return text[:LONGEST_LINE]

    def real(text: str) -> float | str:
        number = float(text) if len(text) <= LONGEST_LINE else math.inf
        if math.isfinite(number):
            return number
        number_note()
        return text[:LONGEST_LINE]

    def constant(text: str) -> str:
        number_note()
        return text

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        if any("\x00" in key or not key.isascii() for key, _ in items):
            items = [(_SURROGATES.sub("\ufffd", key).replace("\x00", ""), value) for key, value in items]
        found = dict(items)
        if len(found) == len(items):
            return found
        seen["repeated"] = Note(
            code="repeated_key",
            text="A field appears twice in one object; the last value that is not empty was taken.",
        )
        kept: dict[str, Any] = {}
        for key, value in items:
            if key not in kept or value not in (None, "", [], {}):
                kept[key] = value
        return kept

    return json.JSONDecoder(object_pairs_hook=pairs, parse_int=whole, parse_float=real, parse_constant=constant, strict=False)


def _scrub(holder: list[Any], seen: dict[str, Note]) -> bool:
    """Replace lone surrogates and NULs in every string, in place. False when nested deeper than `DEEPEST`."""
    waiting: list[tuple[Any, int]] = [(holder, 0)]
    while waiting:
        node, depth = waiting.pop()
        if depth > DEEPEST:
            return False
        items = list(node.items()) if isinstance(node, dict) else list(enumerate(node))
        for key, value in items:
            if isinstance(value, dict | list):
                waiting.append((value, depth + 1))
                continue
            if not isinstance(value, str):
                continue
            if "\x00" in value:
                value = node[key] = value.replace("\x00", "")
                seen["nul"] = _NULS
            if not value.isascii() and _SURROGATES.search(value):
                node[key] = _SURROGATES.sub("\ufffd", value)
                seen["surrogate"] = _REPLACED
    return True


def whole_text(value: object, limit: int = LONGEST_TEXT) -> str:
    """A scalar as text with its line breaks, without control characters, at most `limit` characters; else ""."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)[:limit]
    if not isinstance(value, str):
        return ""
    text = value[: limit + 1].replace("\r\n", "\n").replace("\r", "\n")
    return _SURROGATES.sub("\ufffd", _CONTROLS.sub("", text)).strip()[:limit]


#: Characters that turn the direction of the text after them.
_TURNS_TEXT = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def plain_file_name(value: object) -> str:
    """What a file is called, on one line: without the folders before it, and nothing that would lead to another folder or
    show it under another ending than it has. A title with strokes ("Letter 3/6") keeps its words."""
    called = _TURNS_TEXT.sub("", one_line(value, 1024)).replace("\\", "/")
    name = called.rpartition("/")[2]
    return (name if "." in name else called.replace("/", "-")).lstrip(". ").rstrip()[-255:]


def one_line(value: object, limit: int = LONGEST_LINE) -> str:
    """A scalar as one line: runs of white space become one space, accents composed (NFC); else ""."""
    text = " ".join(whole_text(value, 4 * limit).split())[:limit]
    return text if text.isascii() else unicodedata.normalize("NFC", text)[:limit]
