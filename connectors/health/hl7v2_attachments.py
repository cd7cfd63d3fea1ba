"""Documents inside HL7 v2 messages (OBX of type ED), described; links (RP) as far as the message says."""

import base64
import binascii
import hashlib

from connectors.decoding import LONGEST_TEXT, decode, whole_text
from connectors.health.hl7v2_message import Message, Repetition, Segment
from schemas.reading import Attachment, Note

MOST_ATTACHMENTS = 100

_PLAIN_TEXT = frozenset({"text", "text/plain", "text/text", "application/text", "tx"})

_LINK = Note(code="attachment_elsewhere", field="OBX-5", text="A document was sent as a link only; it is not fetched.")
_UNREADABLE = Note(code="attachment_unreadable", field="OBX-5", text="A document is not valid base64; please send it again.")


def attachments_of(message: Message, notes: list[Note]) -> list[Attachment]:
    """OBX of type ED (a document inside) and RP (a link only). ED: source ^ type ^ subtype ^ encoding ^ data."""
    found: list[Attachment] = []
    for segment in message.all("OBX"):
        kind = segment.text(2).upper()
        if kind not in ("ED", "RP"):
            continue
        for sent in segment.repetitions(5):
            content_type = "/".join(filter(None, (sent.text(2), sent.text(3)))) if kind == "ED" else sent.text(4)
            if kind == "RP":
                notes.append(_LINK)
                found.append(Attachment(content_type=content_type[:100]))
                continue
            content = _content(sent)
            if content is None:
                notes.append(_UNREADABLE)
                found.append(Attachment(content_type=content_type[:100]))
            else:
                digest = hashlib.sha256(content).hexdigest()
                found.append(Attachment(content_type=content_type[:100], size=len(content), sha256=digest))
    return found[:MOST_ATTACHMENTS]


def document_text(observation: Segment) -> str:
    """The words of the plain text documents of an OBX of type ED; "" for every other document."""
    found: list[str] = []
    for sent in observation.repetitions(5):
        kind, subtype = sent.text(2).casefold(), sent.text(3).casefold()
        content = _content(sent) if f"{kind}/{subtype}".strip("/") in _PLAIN_TEXT else None
        if content:
            found.append(whole_text(decode(content[: 2 * LONGEST_TEXT]).text))
    return "\n".join(found)


def _content(sent: Repetition) -> bytes | None:
    data, encoding = "".join(sent.raw(5).split()), sent.text(4).casefold()
    if encoding in ("a", "none", ""):
        return sent.raw(5).encode() or None
    try:
        content = bytes.fromhex(data) if encoding == "hex" else base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return None
    return content or None
