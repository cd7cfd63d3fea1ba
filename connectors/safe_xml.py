"""Bytes to an XML element tree: no document type, no entities, no network, bounded, and never raising.

Expat (through defusedxml) does the parsing. Before it, the text is decoded by our own rules, because partners declare
one encoding and send another.
"""

import html.entities
import re
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]

from connectors.decoding import (
    DEEPEST,
    EMPTY,
    LARGEST_BODY,
    MOST_PARTS,
    TOO_DEEP,
    TOO_LARGE,
    TOO_MANY_PARTS,
    Problem,
    decode,
)
from schemas.reading import Note

MOST_AMPERSANDS = 50_000
"""Above this many a document with broken entities is not repaired: no referral is written like that."""

_DECLARATION = re.compile(r"""^\s*<\?xml[^>]{0,200}?\?>""")
_DECLARED = re.compile(rb"""^[^<]{0,16}<\?xml[^>]{0,100}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_NAMED_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
_BARE_AMPERSAND = re.compile(r"&(?!(?:[A-Za-z][A-Za-z0-9]{0,31}|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)")
_XML_ENTITIES = frozenset({"amp", "lt", "gt", "quot", "apos"})

_FORBIDDEN = Problem(
    "xml_dtd_refused",
    "The message has a document type or entity definitions, which are refused for safety. Send plain XML without a DOCTYPE.",
)


@dataclass(frozen=True, slots=True)
class XmlDocument:
    """A parsed document; `parts` is an upper bound on how many elements it has."""

    root: Element
    parts: int
    notes: tuple[Note, ...] = ()


def local_name(element: Element) -> str:
    """The element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def read_xml(body: bytes) -> XmlDocument | Problem:
    """Parse XML within limits of size, parts and depth.

    Tolerated with a note: a wrong declared encoding, control characters, bare `&` ("A&E"), HTML entities (`&nbsp;`).
    Refused: any DOCTYPE or entity definition, whatever it says.
    """
    if len(body) > LARGEST_BODY:
        return TOO_LARGE
    declared = _DECLARED.match(body[:400])
    decoded = decode(body, declared.group(1).decode("ascii") if declared else "")
    text = _DECLARATION.sub("", decoded.text, count=1).strip()
    if not text:
        return EMPTY
    parts = text.count("<")
    if parts > MOST_PARTS or text.count("=") > 4 * MOST_PARTS:
        return TOO_MANY_PARTS
    notes = list(decoded.notes)
    first = _parse(text)
    if isinstance(first, ParseError):
        repaired = _repair(text, notes)
        first = _parse(repaired) if repaired != text else first
    if isinstance(first, ParseError):
        return _problem(first)
    if isinstance(first, Problem):
        return first
    return TOO_DEEP if _deeper_than_allowed(first) else XmlDocument(first, parts, tuple(dict.fromkeys(notes)))


def _parse(text: str) -> Element | ParseError | Problem:
    try:
        root: Element = fromstring(text, forbid_dtd=True)
    except DefusedXmlException:
        return _FORBIDDEN
    except ParseError as error:
        return error
    except (ValueError, RecursionError, MemoryError):
        return Problem("not_xml", "The message is not XML that could be read. Check the system that wrote it.")
    return root


def _repair(text: str, notes: list[Note]) -> str:
    """What people's own XML writers get wrong and what has only one reading. CDATA sections are left as they are."""
    clean = _NOT_XML.sub("", text)
    if clean != text:
        notes.append(Note(code="control_characters", text="Control characters, which XML forbids, were removed."))
    if clean.count("&") > MOST_AMPERSANDS:
        return clean
    pieces = _around_cdata(clean)
    for index in range(0, len(pieces), 2):
        escaped = _BARE_AMPERSAND.sub("&amp;", pieces[index])
        if escaped != pieces[index]:
            notes.append(Note(code="bare_ampersand", text="A bare & was read as itself. Please send &amp; instead."))
        pieces[index] = _NAMED_ENTITY.sub(_entity, escaped)
        if pieces[index] != escaped:
            notes.append(Note(code="html_entity", text="HTML entities were read as the characters they stand for."))
    return "".join(pieces)


def _around_cdata(text: str) -> list[str]:
    """The text outside and inside CDATA sections by turns, beginning outside. Linear, whatever the text."""
    pieces, start = [], 0
    while (opened := text.find("<![CDATA[", start)) >= 0 and (closed := text.find("]]>", opened)) >= 0:
        pieces += [text[start:opened], text[opened : closed + 3]]
        start = closed + 3
    return [*pieces, text[start:]]


def _entity(match: re.Match[str]) -> str:
    name = match.group(1)
    if name in _XML_ENTITIES:
        return match.group(0)
    found = html.entities.html5.get(f"{name};", "")
    return "".join(f"&#{ord(char)};" for char in found) if found else f"&amp;{name};"


def _problem(error: ParseError) -> Problem:
    line, column = error.position
    # Expat codes: 3 = no element found, 5 = unclosed token, 20 = unclosed CDATA section.
    if error.code in (3, 5, 20):
        return Problem(
            "incomplete_xml",
            "The message ends before its XML is complete: it was probably cut. Send it again whole.",
        )
    return Problem(
        "not_xml",
        f"The message is not valid XML at line {line}, column {column + 1}. Correct it and send it again.",
    )


def _deeper_than_allowed(root: Element) -> bool:
    waiting = [(root, 1)]
    while waiting:
        node, depth = waiting.pop()
        if depth > DEEPEST:
            return True
        waiting.extend((child, depth + 1) for child in node)
    return False
