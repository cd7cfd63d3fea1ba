"""What schools send beside JSON: a table, a workbook, a concern as XML, and the file that goes with a pupil who moves."""

import csv
import io
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from openpyxl import Workbook  # type: ignore[import-untyped]

from ops.demo.children import Child
from schemas.london import LONDON

_HEADINGS = (
    "Reference", "Written at", "School", "Forename", "Surname", "Date of birth", "Sex", "Address", "Postcode", "Concern",
    "Risk level", "Reported by",
)  # fmt: skip
_SCHOOL = "Beechwood High School"


def concern_table(children: list[Child], risk: str, reference: str, at: datetime, text: str) -> bytes:
    """A CSV, one child a row, as a school's office exports it."""
    table = io.StringIO()
    csv.writer(table, lineterminator="\r\n").writerows(_rows(children, risk, reference, at, text))
    return table.getvalue().encode("utf-8-sig")


def concern_workbook(children: list[Child], risk: str, reference: str, at: datetime, text: str) -> bytes:
    """The same as an Excel workbook, under a line with the school's name."""
    return workbook([["Safeguarding concerns", _SCHOOL], *_rows(children, risk, reference, at, text)])


def _rows(children: list[Child], risk: str, reference: str, at: datetime, text: str) -> list[list[Any]]:
    written = at.astimezone(LONDON).replace(tzinfo=None).isoformat(" ", "minutes")
    return [
        list(_HEADINGS),
        *(
            [
                reference, written, _SCHOOL, child.given, child.family, f"{child.dob:%d/%m/%Y}", child.sex,
                f"{child.address}, Leeds", child.postcode, text, risk.title(), "Imran Sadiq",
            ]
            for child in children
        ),
    ]  # fmt: skip


def workbook(*sheets: list[list[Any]]) -> bytes:
    """An .xlsx of these sheets."""
    book, body = Workbook(), io.BytesIO()
    book.remove(book.active)
    for rows in sheets:
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(row)
    book.save(body)
    return body.getvalue()


def concern_xml(child: Child, risk: str, reference: str, at: datetime, text: str) -> bytes:
    """A concern as XML, as an academy trust's own system writes it."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f"<SafeguardingConcern><ConcernId>{reference}</ConcernId><WrittenAt>{at.astimezone(LONDON).isoformat()}</WrittenAt>"
        "<School><Urn>138250</Urn><Name>Anytown Academy</Name></School>"
        "<ReportedBy><Name>Helen Marsh</Name><Job>Designated safeguarding lead</Job></ReportedBy>"
        f"<Child><GivenName>{escape(child.given)}</GivenName><FamilyName>{escape(child.family)}</FamilyName>"
        f"<DateOfBirth>{child.dob.isoformat()}</DateOfBirth><Sex>{child.sex}</Sex>"
        f"<Address>{escape(child.address)}, Leeds</Address><Postcode>{child.postcode}</Postcode></Child>"
        f"<Concern>{escape(text)}</Concern><RiskLevel>{risk}</RiskLevel></SafeguardingConcern>"
    ).encode()


def transfer_file(child: Child, upn: str, at: datetime) -> bytes:
    """A DfE Common Transfer File: one pupil moves to another school."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        "<CTfile><Header><DocumentName>Common Transfer File</DocumentName><CTFversion>25.0</CTFversion>"
        f"<DateTime>{at.astimezone(LONDON).replace(tzinfo=None).isoformat()}</DateTime><DocumentQualifier>full</DocumentQualifier>"
        f"<SourceSchool><LEA>383</LEA><Estab>4000</Estab><SchoolName>{_SCHOOL}</SchoolName></SourceSchool></Header>"
        f"<CTFpupilData><Pupil><UPN>{upn}</UPN><Surname>{escape(child.family)}</Surname>"
        f"<Forename>{escape(child.given)}</Forename><DOB>{child.dob.isoformat()}</DOB><Sex>{child.sex}</Sex></Pupil>"
        "</CTFpupilData></CTfile>"
    ).encode()
