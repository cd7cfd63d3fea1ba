"""What the council's own systems send: contacts that somebody took, as XML or JSON, and the loads of cases open already."""

import json
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from ops.demo.children import Child
from ops.demo.school_files import workbook
from schemas.london import LONDON


def contact_recorded_xml(child: Child, risk: str, reference: str, at: datetime, text: str) -> bytes:
    """A case event as XML: a visitor told a duty worker of a child."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f"<CaseEvent><Event>contact_recorded</Event><Method>visit</Method><By>Ewa Nowak</By><Reference>{reference}</Reference>"
        f"<At>{at.astimezone(LONDON).isoformat()}</At><Referrer><Name>Mary Doe</Name><Relationship>grandmother</Relationship>"
        f"</Referrer><Child><GivenName>{escape(child.given)}</GivenName><FamilyName>{escape(child.family)}</FamilyName>"
        f"<DateOfBirth>{child.dob.isoformat()}</DateOfBirth><Sex>{child.sex}</Sex><Postcode>{child.postcode}</Postcode></Child>"
        f"<Concern>{escape(text)}</Concern><RiskLevel>{risk}</RiskLevel></CaseEvent>"
    ).encode()


def contact_recorded_json(child: Child, risk: str, reference: str, at: datetime, text: str) -> bytes:
    """A case event as JSON: the night team took a call."""
    return json.dumps(
        {
            "event": "contact_recorded",
            "method": "telephone",
            "by": "Dev Chaudhry",
            "reference": reference,
            "at": at.astimezone(LONDON).isoformat(),
            "referrer": {"name": "Neighbour", "relationship": "neighbour"},
            "child": {
                "given_name": child.given,
                "family_name": child.family,
                "date_of_birth": child.dob.isoformat(),
                "sex": child.sex,
                "postcode": child.postcode,
            },
            "concern": text,
            "risk_level": risk,
        }
    ).encode()


def census(children: list[Child], at: datetime) -> bytes:
    """The children-in-need census file of these children's cases, all open."""
    cases = "".join(
        f"<Child><ChildIdentifiers><LAchildID>L{number:05d}</LAchildID><PersonBirthDate>{child.dob.isoformat()}</PersonBirthDate>"
        f"</ChildIdentifiers><CINdetails><CINreferralDate>{at:%Y-%m}-01</CINreferralDate><ReferralSource>6</ReferralSource>"
        "<ReferralNFA>0</ReferralNFA></CINdetails></Child>"
        for number, child in enumerate(children, start=1)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><Message><Header><CollectionDetails><Collection>CIN</Collection>'
        f"<Year>{at:%Y}</Year></CollectionDetails></Header><Children>{cases}</Children></Message>"
    ).encode()


def annex_a(children: list[Child], at: datetime) -> bytes:
    """An Ofsted Annex A workbook: the contacts of list 1, and the open cases of list 6."""
    who: list[Any] = ["Child Unique ID", "Gender", "Ethnicity", "Date of Birth", "Age of Child (Years)"]
    rows: list[list[Any]] = [
        [
            f"L{number:05d}",
            {"F": "b) Female", "M": "a) Male"}[child.sex],
            "a) WBRI",
            child.dob,
            (at.date() - child.dob).days // 365,
        ]
        for number, child in enumerate(children, start=1)
    ]
    return workbook(
        [[*who, "Date of Contact", "Contact Source"], *([*row, at.date(), "q) 6: Police"] for row in rows)],
        [
            [*who, "CIN Start Date", "Primary Need Code", "CIN Closure Date", "Allocated Worker"],
            *([*row, at.date(), "N1", None, "Grace Adeyemi"] for row in rows),
        ],
    )
