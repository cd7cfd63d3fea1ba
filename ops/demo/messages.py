"""What four agencies' own systems would send about a synthetic child, in their own formats."""

import json
import uuid
from datetime import datetime
from xml.sax.saxutils import escape

from ops.demo.children import Child
from schemas.london import LONDON

_FHIR_PRIORITY = {"red": "stat", "amber": "urgent", "green": "routine"}
_HL7_PRIORITY = {"red": "S^STAT^HL70280", "amber": "A^ASAP^HL70280", "green": "R^Routine^HL70280"}


def hl7_referral(
    child: Child, risk: str, reference: str, message_id: str, at: datetime, text: str, trigger: str = "I12"
) -> bytes:
    """An HL7 v2.4 REF message of a hospital."""
    stamp = at.astimezone(LONDON).strftime("%Y%m%d%H%M%S")
    segments = [
        f"MSH|^~\\&|EPR|RR8^LEEDS TEACHING HOSPITALS^ODS|FRONTDOOR|LEEDS|{stamp}||REF^{trigger}^REF_I12|{message_id}"
        "|P|2.4|||AL|NE|GBR",
        f"RF1|P^Pending^HL70283|{_HL7_PRIORITY[risk]}|SAF^Safeguarding|||{reference}^EPR|{stamp[:8]}||||",
        "PRD|RP^Referring Provider^HL70286|Osei^Miriam^^^Dr|Beckett Street^^Leeds^^LS9 7TF||^WPN^PH^^^0113^4960001||RR8^ODS",
        f"PID|1||{child.nhs_number}^^^NHS^NH||{child.family}^{child.given}^^^^^L||{child.dob:%Y%m%d}|{child.sex}"
        f"|||{child.address}^^Leeds^^{child.postcode}^GBR",
        f"NTE|1|L|{text}",
        f"OBX|1|CE|RISK^Safeguarding risk^L||{risk.upper()}^{risk.title()}^L||||||F",
    ]
    return ("\r".join(segments) + "\r").encode()


def fhir_referral(child: Child, risk: str, reference: str, at: datetime, text: str, seed: str) -> bytes:
    """A FHIR R4 message Bundle of an emergency department, in the shape of the national referral profile."""
    ids = {
        name: str(uuid.uuid5(uuid.NAMESPACE_OID, seed + name))
        for name in ("bundle", "header", "request", "patient", "org", "doctor")
    }
    when = at.isoformat()

    def entry(name: str, resource: dict[str, object]) -> dict[str, object]:
        return {"fullUrl": f"urn:uuid:{ids[name]}", "resource": resource}

    def ref(name: str) -> dict[str, str]:
        return {"reference": f"urn:uuid:{ids[name]}"}

    ods = {"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "RR8"}
    header: dict[str, object] = {
        "resourceType": "MessageHeader",
        "eventCoding": {"system": "https://fhir.nhs.uk/CodeSystem/message-events-bars", "code": "servicerequest-request"},
        "sender": ref("org"),
        "source": {"name": "Emergency department", "endpoint": "https://example.invalid/ed"},
        "reason": {"coding": [{"system": "https://fhir.nhs.uk/CodeSystem/message-reason-bars", "code": "new"}]},
        "focus": [ref("request")],
    }
    request: dict[str, object] = {
        "resourceType": "ServiceRequest",
        "identifier": [{"system": "https://example.invalid/referral", "value": reference}],
        "status": "active",
        "intent": "order",
        "priority": _FHIR_PRIORITY[risk],
        "extension": [{"url": "https://example.invalid/StructureDefinition/safeguarding-risk", "valueCode": risk}],
        "category": [{"coding": [{"code": "referral", "display": "Safeguarding referral"}]}],
        "subject": ref("patient"),
        "requester": ref("doctor"),
        "authoredOn": when,
        "note": [{"text": text}],
    }
    patient: dict[str, object] = {
        "resourceType": "Patient",
        "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": child.nhs_number}],
        "name": [{"use": "official", "family": child.family, "given": [child.given]}],
        "gender": {"F": "female", "M": "male"}[child.sex],
        "birthDate": child.dob.isoformat(),
        "address": [{"use": "home", "line": [child.address], "city": "Leeds", "postalCode": child.postcode}],
    }
    doctor: dict[str, object] = {"resourceType": "Practitioner", "name": [{"family": "Osei", "given": ["Miriam"]}]}
    organisation: dict[str, object] = {"resourceType": "Organization", "identifier": [ods], "name": "Leeds Teaching Hospitals"}
    bundle = {
        "resourceType": "Bundle",
        "id": ids["bundle"],
        "type": "message",
        "timestamp": when,
        "entry": [
            entry("header", header), entry("request", request), entry("patient", patient), entry("doctor", doctor),
            entry("org", organisation),
        ],
    }  # fmt: skip
    return json.dumps(bundle, indent=1).encode()


def fhir_booking(at: datetime, seed: str) -> bytes:
    """A booking of an appointment: a message that is no referral."""
    header = str(uuid.uuid5(uuid.NAMESPACE_OID, seed + "header"))
    return json.dumps(
        {
            "resourceType": "Bundle",
            "id": str(uuid.uuid5(uuid.NAMESPACE_OID, seed)),
            "type": "message",
            "timestamp": at.isoformat(),
            "entry": [
                {
                    "fullUrl": f"urn:uuid:{header}",
                    "resource": {
                        "resourceType": "MessageHeader",
                        "eventCoding": {
                            "system": "https://fhir.nhs.uk/CodeSystem/message-events-bars",
                            "code": "booking-request",
                        },
                        "source": {"endpoint": "https://example.invalid/booking"},
                    },
                },
                {"resource": {"resourceType": "Appointment", "status": "booked", "participant": [{"status": "accepted"}]}},
            ],
        }
    ).encode()


def school_concern(child: Child, risk: str, reference: str, at: datetime, text: str) -> bytes:
    """A safeguarding concern of a school, as JSON."""
    return json.dumps(
        {
            "concern_id": reference,
            "recorded_at": at.astimezone(LONDON).isoformat(),
            "school": {"urn": "107258", "name": "Hawthorn Primary School"},
            "reported_by": {"name": "Ruth Adair", "role": "Designated safeguarding lead"},
            "risk": risk,
            "child": {
                "given_name": child.given,
                "family_name": child.family,
                "date_of_birth": child.dob.isoformat(),
                "sex": child.sex,
                "address": child.address,
                "postcode": child.postcode,
            },
            "concern": text,
        },
        indent=1,
    ).encode()


def police_notice(children: list[Child], risk: str, number: str, at: datetime, text: str) -> bytes:
    """A public protection notice of a police force, as XML."""
    people = "".join(
        f"<Child><Forename>{escape(c.given)}</Forename><Surname>{escape(c.family)}</Surname>"
        f"<DateOfBirth>{c.dob.isoformat()}</DateOfBirth><Sex>{c.sex}</Sex>"
        f"<Address>{escape(c.address)}, Leeds</Address><Postcode>{c.postcode}</Postcode></Child>"
        for c in children
    )
    local = at.astimezone(LONDON).replace(tzinfo=None).isoformat()
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f"<PublicProtectionNotice><NoticeNumber>{number}</NoticeNumber><Force>west-yorkshire</Force>"
        f"<Risk>{risk.upper()}</Risk><IncidentDateTime>{local}</IncidentDateTime>"
        f"<Officer><Name>PC 4471 Hale</Name></Officer><Children>{people}</Children>"
        f"<Circumstances>{escape(text)}</Circumstances></PublicProtectionNotice>"
    ).encode()
