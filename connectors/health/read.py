"""What a health partner sent: FHIR R4 (JSON or XML) or HL7 v2, told apart by their first characters.

Pure and total: whatever the bytes are, the answer is a `Reading`.
"""

import re

from connectors.decoding import EMPTY, LARGEST_BODY, TOO_LARGE, TOO_MANY_PARTS, Problem, decode, read_json
from connectors.health.fhir import read_fhir
from connectors.health.fhir_strict import MOST_PARTS, from_xml
from connectors.health.fhir_xml import fhir_from_xml
from connectors.health.hl7v2 import read_hl7v2
from connectors.safe_xml import local_name, read_xml
from schemas.reading import Hint, Note, Reading

_SNIFFED = 4096
_MOST_XML_PARTS = 100_000
"""Tags of one FHIR XML document; the largest referral message seen would have about two thousand."""

_BLANK = "\x0b\x1c \t\r\n"
_HL7 = re.compile(r"^[\s\x00-\x1f]*(?:MSH|FHS|BHS)[^A-Za-z0-9\s]", re.IGNORECASE)
_HL7_LATER = re.compile(r"(?:^|[\r\n\x0b])[ \t]*MSH[^A-Za-z0-9\s]")

_UNKNOWN = Problem(
    "unknown_format",
    "The message is neither FHIR (JSON or XML) nor HL7 v2. Send one of these, or ring the front door if a child is at risk.",
)
_COMPRESSED = Problem("compressed", "The message is compressed. Send the FHIR or HL7 v2 message itself, uncompressed.")
_DOCUMENT = Problem(
    "document_alone",
    "This is a document or picture alone, which cannot be read. A person will look at it; "
    "send it inside a FHIR or HL7 v2 referral, as an attachment.",
)
_FILES = (
    (b"\x1f\x8b", _COMPRESSED),
    (b"PK\x03\x04", _COMPRESSED),
    (b"%PDF", _DOCUMENT),
    (b"{\\rtf", _DOCUMENT),
    (b"\xd0\xcf\x11\xe0", _DOCUMENT),
    (b"\x89PNG", _DOCUMENT),
    (b"\xff\xd8\xff", _DOCUMENT),
    (b"II*\x00", _DOCUMENT),
    (b"MM\x00*", _DOCUMENT),
)
"""What else partners' systems send by mistake, by its first bytes."""


def read(body: bytes, hint: Hint) -> Reading:
    """What one health message is. The content decides; `hint` only breaks the tie for what could be anything."""
    if len(body) > LARGEST_BODY:
        return TOO_LARGE.quarantined()
    for magic, problem in _FILES:
        if body.startswith(magic):
            return problem.quarantined()
    start = decode(body[:_SNIFFED]).text.lstrip(_BLANK)
    if not start:
        start = decode(body.lstrip(_BLANK.encode() + b"\x00")[:_SNIFFED]).text.lstrip(_BLANK)
    if not start:
        return EMPTY.quarantined()
    if _HL7.match(start):
        return read_hl7v2(body)
    if start[:1] in ("{", "["):
        return _json(body)
    if start[:1] == "<":
        return _xml(body)
    if _HL7_LATER.search(start):
        return read_hl7v2(body)
    told = f"{hint.content_type} {hint.file_name}".casefold()
    if "hl7" in told or hint.transport == "mllp":
        return read_hl7v2(body)
    if "json" in told:
        return _json(body)
    return _UNKNOWN.quarantined()


def _json(body: bytes) -> Reading:
    document = read_json(body)
    if isinstance(document, Problem):
        return document.quarantined()
    return read_fhir(document.value, document.parts, list(document.notes))


def _xml(body: bytes) -> Reading:
    document = read_xml(body)
    if isinstance(document, Problem):
        return document.quarantined()
    if document.parts > _MOST_XML_PARTS:
        return TOO_MANY_PARTS.quarantined()
    notes: list[Note] = list(document.notes)
    if local_name(document.root) == "html":
        return _UNKNOWN.quarantined(notes)
    if not str(document.root.tag).startswith("{http://hl7.org/fhir}"):
        notes.append(Note(code="xml_namespace", text="The root element is not in the FHIR namespace; it was read all the same."))
    value = fhir_from_xml(document.root)
    return read_fhir(from_xml(value) if document.parts <= MOST_PARTS else value, document.parts, notes)
