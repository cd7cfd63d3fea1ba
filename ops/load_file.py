"""A file of open cases, read row by row however large it is: an Annex A workbook or list, or a children-in-need census."""

import csv
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import iterparse  # type: ignore[import-untyped]

from connectors.decoding import LARGEST_BODY
from connectors.fields.naming import fold
from connectors.fields.workbooks import WorkbookDamaged
from connectors.fields.xml_values import as_values
from connectors.safe_xml import local_name
from connectors.social_care import cin_census
from connectors.social_care.annex_a import load_of, text_rows, workbook_rows
from connectors.social_care.open_cases import Load

#: Told the rows read so far.
Progress = Callable[[int], None]

MOST_UNPACKED = 1024 * 1024 * 1024
"""Bytes of a workbook's sheets once unpacked: some two million rows."""

_CHUNK = 1024 * 1024
_LONGEST_MARK = 32
_MARKUP = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)|<\x00!\x00(?:D|E)|\x00<\x00!\x00(?:D|E)", re.IGNORECASE)
_NOTHING = (
    "The file is no load of open cases. Known are an Annex A workbook (.xlsx) or one of its lists as text (by headings), and "
    "a children-in-need census (XML)."
)


class NotLoadable(Exception):
    """The file cannot be loaded. The text says why and what to do, without what is in the file."""


def read_load_file(path: Path, progress: Progress = lambda _rows: None, as_of: date | None = None) -> Load:
    """Everything that the file tells, as of a day, in memory that grows with its children and not with its rows. Raises
    `NotLoadable`, and `OSError` when the file cannot be read."""
    with path.open("rb") as file:
        start = file.read(4)
        file.seek(0)
        if start == b"PK\x03\x04":
            load = _annex_a(_counted(_workbook_rows(file), progress), as_of)
        elif start.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").startswith(b"<"):
            load = _census(file, progress, as_of)
        elif path.stat().st_size > LARGEST_BODY:
            raise NotLoadable(f"A list as text may have {LARGEST_BODY // 1024 // 1024} MB. Save it as .xlsx.")
        else:
            load = _annex_a(_counted(text_rows(file.read()), progress), as_of)
    if not load.rows:
        raise NotLoadable(_NOTHING)
    return load


def _annex_a(rows: Iterator[tuple[str, int, list[str]]], as_of: date | None) -> Load:
    try:
        return load_of(rows, as_of=as_of)
    except WorkbookDamaged as error:
        raise NotLoadable(str(error)) from None
    except csv.Error:
        raise NotLoadable("The list cannot be read: a cell is too long or a quotation mark is not closed.") from None


def _workbook_rows(file: IO[bytes]) -> Iterator[tuple[str, int, list[str]]]:
    try:
        _refuse_hostile(file)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError):
        raise NotLoadable("The workbook is damaged or has a password. Save it again as .xlsx, without one.") from None
    file.seek(0)
    yield from workbook_rows(file)


def _refuse_hostile(file: IO[bytes]) -> None:
    """Unpack the parts once, keeping none: what unpacks into much more than any load, or defines entities, is not opened."""
    unpacked = 0
    with zipfile.ZipFile(file) as archive:
        for part in archive.infolist():
            if not part.filename.endswith((".xml", ".rels")):
                continue
            before = b""
            with archive.open(part) as stream:
                while chunk := stream.read(_CHUNK):
                    unpacked += len(chunk)
                    if unpacked > MOST_UNPACKED:
                        raise NotLoadable("The workbook is built to unpack into much more than it shows. It was not opened.")
                    if _MARKUP.search(before + chunk):
                        raise NotLoadable("The workbook holds a document type definition, which is refused for safety.")
                    before = chunk[-_LONGEST_MARK:]


def _census(file: IO[bytes], progress: Progress, as_of: date | None) -> Load:
    load = Load(cin_census.KIND, as_of)
    children = 0
    try:
        for _, element in _emptied(iterparse(file, events=("end",), forbid_dtd=True)):
            children += 1
            (child,) = as_values(element).values()
            cin_census.take_child(load, children, child)
            progress(load.rows)
    except DefusedXmlException:
        raise NotLoadable("The file has a document type or entity definitions, which are refused for safety.") from None
    except (ParseError, ValueError):
        raise NotLoadable("The file is not valid XML, or was cut. Nothing was loaded; write it again, in UTF-8.") from None
    return load


def _emptied(events: Iterable[tuple[str, Element]]) -> Iterator[tuple[str, Element]]:
    """Every child of the file; what is done with is let go."""
    for event, element in events:
        name = fold(local_name(element))
        if name == "child":
            yield event, element
            element.clear()
        elif name == "children":
            element.clear()


def _counted(rows: Iterator[tuple[str, int, list[str]]], progress: Progress) -> Iterator[tuple[str, int, list[str]]]:
    for count, row in enumerate(rows, start=1):
        yield row
        if count % 1000 == 0:
            progress(count)
