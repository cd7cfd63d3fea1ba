"""The messages that readers and writers are measured and damaged with. Every child is invented."""

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path

from openpyxl import Workbook  # type: ignore[import-untyped]

from connectors.registry import report_writer
from schemas.person import Address, Identifier, OtherPerson, Person
from schemas.reading import Organisation, Report

_HEALTH = Path(__file__).parents[2] / "tests" / "connectors" / "health" / "samples"

REPORT = Report(
    person=Person(
        given="Mina", family="Okafor", other_given=["Rose"], known_as="Minnie", dob=date(2016, 2, 29), sex="F", ethnicity="BAFR",
        identifiers=[Identifier(kind="nhs_number", value="4781234569"), Identifier(kind="upn", value="B801200005001")],
        address=Address(lines=["1 Test Street", "Barnsley"], postcode="S70 1AA"), school="Hawthorn Primary School",
    ),
    kind="referral", reference="R-100", source_code="3E", need_code="N1", risk="amber",
    organisation=Organisation(code="RXP", code_system="ods", name="Test Hospital"),
    written_at=datetime(2026, 6, 5, 9, 15, tzinfo=UTC), incident_at=datetime(2026, 6, 4, 20, 0, tzinfo=UTC),
    narrative="Bruising to both upper arms.\nMina is afraid to go home. " + "Seen with her mother. " * 20,
    people=[
        OtherPerson(role="referrer", given="Deb", family="Example", phone="01226 000000", job="Consultant"),
        OtherPerson(role="parent", given="Ada", family="Okafor", relation="mother", phone="07700 900000"),
        OtherPerson(role="alleged_perpetrator", given="Ray", family="Okafor", relation="uncle"),
    ],
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of message: the agency that sends it, and examples of it."""

    agency: str
    messages: tuple[bytes, ...]


def _health(*endings: str) -> tuple[bytes, ...]:
    return tuple(file.read_bytes() for file in sorted(_HEALTH.iterdir()) if file.suffix in endings)


def _published(name: str) -> tuple[bytes, ...]:
    """The examples of a published schema."""
    schema = json.loads((files("connectors.formats") / f"{name}.schema.json").read_text())
    return tuple(json.dumps(example).encode() for example in schema["examples"])


def _written(format: str) -> bytes:
    return report_writer(format)(REPORT, "4f0e8a34-0c5b-5d7e-9a43-1d6a5a2f7c10")


def _workbook(*sheets: list[list[object]]) -> bytes:
    book, body = Workbook(), io.BytesIO()
    book.remove(book.active)
    for rows in sheets:
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(row)
    book.save(body)
    return body.getvalue()


def _concern_workbook() -> bytes:
    headings: list[object] = ["Reference", "Forename", "Surname", "Date of birth", "UPN", "Postcode", "Concern", "Risk level"]
    row: list[object] = ["C-1", "Ella", "Stone", date(2015, 9, 12), "B801200005001", "LS9 7TF", "Came with a bruise.", "Amber"]
    return _workbook([["School", "Hawthorn Primary School"], headings, *[row] * 20])


def _annex_a() -> bytes:
    who: list[object] = ["Child Unique ID", "Gender", "Ethnicity", "Date of Birth", "Age of Child (Years)"]
    child: list[object] = ["A1", "b) Female", "a) WBRI", date(2015, 1, 1), 9]
    contacts = [[*who, "Date of Contact", "Contact Source"], *[[*child, date(2026, 1, 3), "q) 6: Police"]] * 30]
    cases = [[*who, "CIN Start Date", "Primary Need Code", "CIN Closure Date"], *[[*child, date(2026, 1, 3), "N1", None]] * 30]
    return _workbook(contacts, cases)


_PUPIL = (
    "<Pupil><UPN>B801200005001</UPN><Surname>Stone</Surname><Forename>Ella</Forename><DOB>2015-09-12</DOB><Sex>F</Sex></Pupil>"
)
_TRANSFER = (
    "<?xml version='1.0' encoding='UTF-8'?><CTfile><Header><DocumentName>Common Transfer File</DocumentName><CTFversion>25.0"
    f"</CTFversion></Header><CTFpupilData>{_PUPIL * 20}</CTFpupilData></CTfile>"
).encode()
_CENSUS = (
    "<Message><Header><CollectionDetails><Collection>CIN</Collection></CollectionDetails></Header><Children>"
    + "<Child><ChildIdentifiers><LAchildID>A1</LAchildID></ChildIdentifiers><CINdetails>"
    "<CINreferralDate>2026-01-03</CINreferralDate><ReferralSource>6</ReferralSource><ReferralNFA>0</ReferralNFA>"
    "</CINdetails></Child>" * 20 + "</Children></Message>"
).encode()

_KINDS: Mapping[str, Callable[[], Kind]] = {
    "health FHIR JSON": lambda: Kind("health", (*_health(".json"), _written("fhir-json"))),
    "health FHIR XML": lambda: Kind("health", (*_health(".xml"), _written("fhir-xml"))),
    "health HL7 v2": lambda: Kind("health", (*_health(".hl7"), _written("hl7v2"))),
    "education JSON": lambda: Kind("education", (*_published("safeguarding-concern"), _written("concern-json"))),
    "education CSV": lambda: Kind("education", (_written("concern-csv"),)),
    "education xlsx": lambda: Kind("education", (_concern_workbook(),)),
    "education CTF": lambda: Kind("education", (_TRANSFER,)),
    "police XML": lambda: Kind("police", (_written("notice-xml"),)),
    "police JSON": lambda: Kind("police", (*_published("public-protection-notice"), _written("notice-json"))),
    "social care events": lambda: Kind("social_care", (*_published("case-event"), _written("case-event-json"))),
    "social care CIN census": lambda: Kind("social_care", (_CENSUS,)),
    "social care Annex A": lambda: Kind("social_care", (_annex_a(),)),
}

KINDS = tuple(_KINDS)


@cache
def kind(name: str) -> Kind:
    """The kind of that name. Raises `KeyError`."""
    return _KINDS[name]()
