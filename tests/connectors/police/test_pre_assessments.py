"""A Merlin style pre-assessment says whether it asks for something; an amended notice keeps the number it had."""

import base64
import hashlib
import json
from typing import Any

import pytest

from connectors.registry import reader
from schemas.authorities import authorities
from streams.intake import Intake
from tests.connectors.fields.messages import read_as
from tests.streams.deciding import KEY, Partition
from tests.streams.test_intake import NOON, raw

PAC = """<MerlinPAC><MerlinRef>26PAC012345</MerlinRef><BoroughOCU>QK</BoroughOCU>{}
 <RiskCategory>Amber</RiskCategory><ChecksCompleted>Crimint, PNC</ChecksCompleted><StrategyDiscussion>No</StrategyDiscussion>
 <Subject role='Child'><Surname>OKAFOR</Surname><Forenames>Mia Rose</Forenames><DateOfBirth>04/05/2016</DateOfBirth></Subject>
 <Circumstances>Found alone in the park.</Circumstances></MerlinPAC>"""


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("<PACType>Pre-Assessment Checklist</PACType><FormalReferral>Yes</FormalReferral>", "referral"),
        ("<ReportType>Child Coming to Notice</ReportType><InformationOnly>Yes</InformationOnly>", "information_only"),
        ("<ReportType>Child Coming to Notice</ReportType>", "information_only"),
    ],
)
def test_a_pre_assessment_is_a_contact_that_says_whether_it_is_a_referral(said: str, kind: str) -> None:
    reading = read_as("police", PAC.format(said))
    [report] = reading.reports
    assert (reading.outcome, report.kind, report.reference, report.risk) == ("contact", kind, "26PAC012345", "amber")
    assert (report.person.given, report.person.other_given, report.source_code) == ("Mia", ["Rose"], "6")
    assert report.unmapped["MerlinPAC.ChecksCompleted"] == "Crimint, PNC", "what has no field of its own is kept"


def notice(**more: Any) -> dict[str, Any]:
    return {
        "incident_number": "13260098765", "risk": "medium", "circumstances": "Shouting was heard.",
        "children": [{"given_name": "Mia", "family_name": "Okafor", "date_of_birth": "2016-05-04"}], **more,
    }  # fmt: skip


def test_an_amended_notice_with_the_same_incident_number_is_a_version_of_the_same_contact() -> None:
    processor = Intake(reader, hash_key=KEY, authorities=authorities("383"), team="front-door")
    partition = Partition(processor, "received.police")
    for place, sent in enumerate((notice(), notice(status="amended", risk="high"))):
        body = json.dumps(sent).encode()
        partition.give(raw(body, at=NOON.replace(minute=20 * place), agency="police", sender="force", receipt=f"r{place}"))
    first, second = partition.records("contacts")
    assert (first.contact_id, first.version, first.report.risk) == (second.contact_id, 1, "amber")
    assert (second.version, second.report.action, second.report.risk) == (2, "update", "red")


def test_a_photograph_in_a_notice_is_described_and_its_bytes_stay_behind() -> None:
    picture = b"\xff\xd8\xff\xe0 a photograph" * 20
    sent = base64.b64encode(picture).decode()
    for message in (
        notice(attachments=[{"content_type": "image/jpeg", "data": sent, "file_name": "photos/bruise 3.jpg"}]),
        f"<PPN><PPNNumber>1</PPNNumber><Child><Name>Mia Okafor</Name></Child><Narrative>Hit her</Narrative><Attachments>"
        f"<Attachment><Name>C:\\scans\\bruise 3.jpg</Name><ContentType>image/jpeg</ContentType><Data>{sent}</Data></Attachment>"
        "</Attachments></PPN>",
    ):
        [report] = read_as("police", message).reports
        [document] = report.attachments
        assert (document.content_type, document.size, document.file_name) == ("image/jpeg", len(picture), "bruise 3.jpg")
        assert document.sha256 == hashlib.sha256(picture).hexdigest()
        assert sent[:40] not in report.model_dump_json()
