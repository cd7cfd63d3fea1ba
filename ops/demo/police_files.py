"""What police forces send beside the notice as XML: the notice as JSON, a pre-assessment, and a notice in an e-mail."""

import json
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from xml.sax.saxutils import escape

from ops.demo.children import Child
from schemas.london import LONDON


def notice_json(children: list[Child], risk: str, number: str, at: datetime, text: str) -> bytes:
    """A public protection notice by the published JSON Schema."""
    return json.dumps(
        {
            "notice_number": number,
            "notice_type": "referral",
            "written_at": at.astimezone(LONDON).isoformat(),
            "force": {"code": "west-yorkshire", "name": "West Yorkshire Police"},
            "officer": {"name": "PC 2210 Doyle"},
            "risk_level": risk,
            "children": [
                {
                    "given_name": child.given,
                    "family_name": child.family,
                    "date_of_birth": child.dob.isoformat(),
                    "sex": child.sex,
                    "address": {"lines": [child.address, "Leeds"], "postcode": child.postcode},
                }
                for child in children
            ],
            "circumstances": text,
        },
        indent=1,
    ).encode()


def pre_assessment(child: Child, risk: str, number: str, at: datetime, text: str) -> bytes:
    """A Merlin style pre-assessment of a force elsewhere that found a child of this area."""
    written = at.astimezone(LONDON).replace(tzinfo=None)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f"<MerlinPAC><MerlinRef>{number}</MerlinRef><BoroughOCU>QK</BoroughOCU><PACType>Pre-Assessment Checklist</PACType>"
        f"<FormalReferral>Yes</FormalReferral><RiskCategory>{risk.title()}</RiskCategory>"
        f"<IncidentDateTime>{written.isoformat()}</IncidentDateTime><ChecksCompleted>Crimint, PNC</ChecksCompleted>"
        f"<Subject role='Child'><Surname>{escape(child.family.upper())}</Surname><Forenames>{escape(child.given)}</Forenames>"
        f"<DateOfBirth>{child.dob:%d/%m/%Y}</DateOfBirth><Sex>{child.sex}</Sex>"
        f"<Address>{escape(child.address)}, Leeds</Address><Postcode>{child.postcode}</Postcode></Subject>"
        f"<Circumstances>{escape(text)}</Circumstances></MerlinPAC>"
    ).encode()


def email_with_notice(notice: bytes, number: str, at: datetime) -> bytes:
    """An e-mail of an officer with a notice attached, as the file that a shared mailbox exports."""
    mail = EmailMessage()
    mail["From"] = "PC 4471 Hale <hale@force.example>"
    mail["To"] = "Front door <frontdoor@council.example>"
    mail["Subject"] = f"Notice {number}"
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<{number}@force.example>"
    mail.set_content("Please see the notice attached. I am back on duty on Monday.")
    mail.add_attachment(notice, maintype="application", subtype="xml", filename=f"{number}.xml")
    return mail.as_bytes()
