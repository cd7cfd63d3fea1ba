"""HL7 v2 acknowledgements, original mode: an answer to any body, also one that no reader can make anything of."""

import re
from datetime import datetime
from typing import Literal

from connectors.decoding import decode, one_line
from schemas.london import LONDON

AckCode = Literal["AA", "AE", "AR"]

LONGEST_TEXT = 200
"""Characters of MSA-3; HL7 allows 80 in old versions and 250 later, and receivers show it on one line."""

_CONDITIONS = {
    "0": "Message accepted", "100": "Segment sequence error", "101": "Required field missing", "102": "Data type error",
    "103": "Table value not found", "200": "Unsupported message type", "201": "Unsupported event code",
    "202": "Unsupported processing id", "203": "Unsupported version id", "204": "Unknown key identifier",
    "205": "Duplicate key identifier", "206": "Application record locked", "207": "Application internal error",
}  # fmt: skip
"""HL7 table 0357."""

_HEADER = re.compile(
    r"(?:^|(?<=[\r\n\x0b\x1c\x0c\ufeff]))[ \t]*(?i:MSH)(?P<sep>[^A-Za-z0-9\s\x00-\x1f])(?P<rest>[^\r\n\x1c]{0,8000})"
)
_USUAL = "^~\\&"


def acknowledge(
    body: bytes, code: AckCode, text: str, control_id: str, error_code: str = "", at: datetime | None = None
) -> bytes:
    """An ACK for `body`, segments ended by CR, without MLLP framing.

    Sender and receiver are exchanged, MSA-2 repeats MSH-10 byte for byte, processing id and version are the message's.
    `text` goes to MSA-3. `control_id` is the acknowledgement's own MSH-10. With `error_code` (HL7 table 0357) an ERR segment
    follows, in the form of the message's version. `at` is its time; without one the message's own MSH-7 is repeated.
    A body without a readable MSH is answered with usual separators and an empty MSA-2.
    """
    wide = decode(body[:16_384])
    if wide.encoding.startswith(("utf-16", "utf-32")):
        encoding, start = "utf-8", wide.text
    else:
        encoding, start = "latin-1", body[:16_384].decode("latin-1")  # byte for byte, whatever the real encoding is
    field, marks, sent = _header(start)
    component, sub = marks[0], marks[3]
    unset = ["MSH", marks, *[""] * 20]
    got = unset if sent is None else [*sent, *[""] * 20]
    event = (got[8].split(component) + ["", ""])[1]
    version = (got[11].split(component) or [""])[0] or "2.4"
    kind = component.join(filter(None, ("ACK", event, "ACK" if version >= "2.3.1" and event else "")))
    stamp = f"{at.astimezone(LONDON):%Y%m%d%H%M%S%z}" if at else got[6]
    own = _escaped(control_id, field, marks)[:199]
    header = ["MSH", marks, got[4], got[5], got[2], got[3], stamp, "", kind, own, got[10] or "P", got[11] or "2.4"]
    if got[17]:
        header += [""] * 5 + [got[17]]
    said = _escaped(text, field, marks)
    segments = [field.join(header), field.join(["MSA", code, got[9], said])]
    if error_code:
        segments.append(field.join(_error(error_code, said, version, component, sub)))
    return "".join(f"{segment}\r" for segment in segments).encode(encoding, "replace")


def _header(text: str) -> tuple[str, str, list[str] | None]:
    """(field separator, encoding characters, the fields of MSH or None when there is no usable one)."""
    match = _HEADER.search(text)
    if match is None:
        return "|", _USUAL, None
    field = match.group("sep")
    fields = ["MSH", *match.group("rest").split(field)]
    marks = fields[1]
    usable = 1 <= len(marks) <= 5 and all(not char.isalnum() and char.isprintable() and char != " " for char in marks)
    if len(fields) < 3:
        return "|", _USUAL, None
    if not usable or len(set(marks)) < len(marks):
        return field, _USUAL, fields
    if len(marks) < 4:
        marks += "".join(char for char in _USUAL[len(marks) :] if char not in marks and char != field)
    return (field, marks, fields) if len(marks) >= 4 else (field, _USUAL, fields)


def _escaped(text: str, field: str, marks: str) -> str:
    """Text as one HL7 field: separators escaped, one line, at most `LONGEST_TEXT` characters."""
    escape = marks[2]
    codes = {escape: "E", field: "F", marks[0]: "S", marks[1]: "R", marks[3]: "T"}
    return "".join(f"{escape}{codes[char]}{escape}" if char in codes else char for char in one_line(text, LONGEST_TEXT))


def _error(error_code: str, said: str, version: str, component: str, sub: str) -> list[str]:
    condition = _CONDITIONS.get(error_code, "Application error")
    if version < "2.5":
        return ["ERR", component * 3 + sub.join((error_code, condition, "HL70357"))]
    return ["ERR", "", "", component.join((error_code, condition, "HL70357")), "E", "", "", "", said]
