"""A sender's update and its withdrawal act on the contact that they name, in the open; neither stops a clock."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.registry import reader
from schemas.authorities import authorities
from streams.intake import Intake
from tests.streams.deciding import KEY, Partition
from tests.streams.test_cases import MORNING, a_day, flags
from tests.streams.test_intake import raw

SAMPLES = Path(__file__).parents[1] / "connectors" / "health" / "samples"


def hl7(name: str, event: str) -> bytes:
    """A sample under the reference of the first one."""
    return (SAMPLES / name).read_bytes().replace(b"REF^I12", f"REF^{event}".encode())


def fhir(name: str = "referral_message.json", **of_request: str) -> bytes:
    bundle = json.loads((SAMPLES / name).read_bytes())
    for entry in bundle["entry"]:
        if entry["resource"]["resourceType"] == "ServiceRequest":
            entry["resource"].update(of_request)
    return json.dumps({**bundle, "id": f"{name} {of_request}"}).encode()


HL7_FIRST = hl7("ref_i12_v2_4_gp.hl7", "I12")
UPDATES = [
    (HL7_FIRST, hl7("ref_i13_v2_5_1_update.hl7", "I13"), hl7("ref_i14_v2_5_1_cancel.hl7", "I14")),
    (fhir(), fhir("referral_message_update.json"), fhir("referral_message_cancel.json")),
    (fhir(), fhir(priority="urgent", authoredOn="2026-05-15T10:00:00+01:00", status="on-hold"), fhir(status="entered-in-error")),
]


@pytest.mark.parametrize(("first", "update", "withdrawal"), UPDATES, ids=["HL7", "FHIR reason", "FHIR status"])
def test_an_update_and_a_withdrawal_find_their_contact_and_leave_its_clock(
    first: bytes, update: bytes, withdrawal: bytes
) -> None:
    made = Partition(Intake(reader, hash_key=KEY, authorities=authorities("383"), team="front-door"), "received.health")
    for hours, body in enumerate((first, update, withdrawal)):
        made.give(raw(body, at=MORNING + timedelta(hours=hours), receipt=f"r{hours}"))
    events = made.records("case-events")
    told = [event.type for event in events if event.type in ("opened", "corrected", "cancel_requested")]
    assert told in (["opened", "corrected", "cancel_requested"], ["opened", "cancel_requested"])
    assert len({event.contact_id for event in events}) == 1
    assert len(flags(a_day(*events))) == 1, "what its sender takes back is still assessed today"
