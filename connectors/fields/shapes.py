"""Bytes of a message as objects, whatever the file: JSON, lines of JSON, XML, a form, CSV or a workbook."""

from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl

from connectors.decoding import EMPTY, LARGEST_BODY, TOO_LARGE, Problem, decode, read_json
from connectors.fields.tables import NOT_A_TABLE, Table, read_csv
from connectors.fields.workbooks import read_workbook
from connectors.fields.xml_values import as_values
from connectors.safe_xml import read_xml
from schemas.reading import Hint, Note

Shape = Literal["json", "xml", "table"]


@dataclass(frozen=True, slots=True)
class Opened:
    """What a body holds: `value` for JSON and XML (`root` names an XML document), `table` for CSV and workbooks."""

    shape: Shape
    value: Any = None
    root: str = ""
    table: Table | None = None
    notes: list[Note] = field(default_factory=list)


_OFFICE = Problem(
    "office_document",
    "The file is a word-processing or presentation document. Send the concern as JSON, XML, CSV or an .xlsx workbook.",
)
_OLD_OFFICE = Problem(
    "old_or_locked_office_file",
    "The file is an old .xls or .doc file or has a password. Save it as .xlsx without a password and send it again.",
)
_FILES: tuple[tuple[bytes, Problem], ...] = (
    (b"%PDF", Problem("pdf", "The file is a PDF, which cannot be read. Send the concern as JSON, XML, CSV or .xlsx.")),
    (b"\xd0\xcf\x11\xe0", _OLD_OFFICE),
    (b"\x89PNG", Problem("picture", "The file is a picture. Send the concern as JSON, XML, CSV or .xlsx.")),
    (b"\xff\xd8\xff", Problem("picture", "The file is a picture. Send the concern as JSON, XML, CSV or .xlsx.")),
    (b"GIF8", Problem("picture", "The file is a picture. Send the concern as JSON, XML, CSV or .xlsx.")),
    (b"\x1f\x8b", Problem("compressed", "The file is compressed (gzip). Send it uncompressed.")),
    (b"{\\rtf", _OFFICE),
    (b"MSH|", Problem("hl7_message", "The message is HL7 v2, which only the health connection reads. Send it there.")),
)

def open_body(body: bytes, hint: Hint) -> Opened | Problem:
    """The objects in a body. What the bytes are counts, not what the file name or the content type says."""
    if len(body) > LARGEST_BODY:
        return TOO_LARGE
    if not body.strip(b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"):
        return EMPTY
    for magic, problem in _FILES:
        if body.startswith(magic):
            return problem
    if body.startswith(b"PK\x03\x04"):
        return _opened_table(read_workbook(body))
    charset = _charset(hint.content_type)
    start = decode(body[:4096], charset).text.lstrip()[:200]
    if start.startswith("<"):
        return _open_xml(body)
    if start.startswith(("{", "[")):
        return _open_json(body, charset)
    if "x-www-form-urlencoded" in hint.content_type.casefold() or _looks_like_form(start):
        return _open_form(body, charset)
    if start.startswith('"') and start.rstrip().endswith('"') and "," not in start and "\n" not in start:
        return NOT_A_TABLE
    return _open_text(body, charset)


def _charset(content_type: str) -> str:
    for part in content_type.split(";")[1:]:
        name, found, value = part.partition("=")
        if found and name.strip().casefold() == "charset":
            return value.strip().strip('"')[:40]
    return ""


def _open_json(body: bytes, charset: str) -> Opened | Problem:
    document = read_json(body, charset)
    if isinstance(document, Problem):
        if document.code != "several_documents":
            return document
        lines = _json_lines(body, charset)
        return document if lines is None else lines
    return Opened("json", document.value, notes=list(document.notes))


def _json_lines(body: bytes, charset: str) -> Opened | None:
    """One JSON object on each line, as log shippers and exports write it; None when a line is not."""
    values: list[Any] = []
    notes: list[Note] = []
    for line in decode(body, charset).text.splitlines():
        if not line.strip():
            continue
        document = read_json(line.encode("utf-8", "replace"))
        if isinstance(document, Problem) or not isinstance(document.value, dict) or len(values) >= 1000:
            return None
        values.append(document.value)
        notes.extend(document.notes)
    notes.append(Note(code="json_lines", text="The message holds one JSON object on each line; each was read."))
    return Opened("json", values, notes=list(dict.fromkeys(notes)))


def _open_xml(body: bytes) -> Opened | Problem:
    document = read_xml(body)
    if isinstance(document, Problem):
        return document
    value = as_values(document.root)
    return Opened("xml", value, root=next(iter(value)), notes=list(document.notes))


def _looks_like_form(start: str) -> bool:
    head = start.split("&")[0]
    name, found, _ = head.partition("=")
    return bool(found) and "&" in start and name.replace("_", "").replace("-", "").isalnum() and "\n" not in start


def _open_form(body: bytes, charset: str) -> Opened | Problem:
    try:
        pairs = parse_qsl(decode(body, charset).text.strip(), max_num_fields=500)
    except ValueError:
        return NOT_A_TABLE
    if not pairs:
        return NOT_A_TABLE
    note = Note(code="form_encoded", text="The message is a web form; each of its fields was read.")
    return Opened("json", dict(pairs), notes=[note])


def _open_text(body: bytes, charset: str) -> Opened | Problem:
    return _opened_table(read_csv(body, charset))


def _opened_table(table: Table | Problem) -> Opened | Problem:
    return table if isinstance(table, Problem) else Opened("table", table=table, notes=list(table.notes))

