"""The memory that the largest file takes: a body at the limit, most of it a photograph. Run in a process of its own."""

import json
import resource
import time

from bench.readers.samples import REPORT, kind
from connectors.decoding import LARGEST_BODY
from connectors.registry import reader, report_writer
from schemas.reading import Hint

_MESSAGE_ID = "4f0e8a34-0c5b-5d7e-9a43-1d6a5a2f7c10"

LARGE = ("health FHIR JSON", "health HL7 v2", "education JSON", "police XML")
"""The kinds that carry documents."""


def memory(name: str) -> tuple[int, int, float]:
    """(bytes of the file, MiB that reading it added at most, seconds): the largest body a reader takes, a photograph in it."""
    messages = kind(name)
    picture = b"QUJD" * ((LARGEST_BODY - 100_000) // 4)
    body = _with_picture(name, picture)
    read = reader(messages.agency)
    read(max(messages.messages, key=len), Hint())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    reading = read(body, Hint())
    took = time.process_time() - began
    assert reading.outcome == "contact", reading.reason
    return len(body), (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024, round(took, 2)


def _with_picture(name: str, picture: bytes) -> bytes:
    match name:
        case "health FHIR JSON":
            sent = json.loads(report_writer("fhir-json")(REPORT, _MESSAGE_ID))
            sent["entry"].append({"resource": {"resourceType": "Binary", "contentType": "image/jpeg", "data": "PICTURE"}})
            return json.dumps(sent).encode().replace(b"PICTURE", picture)
        case "health HL7 v2":
            return report_writer("hl7v2")(REPORT, _MESSAGE_ID) + b"OBX|1|ED|P||A^image^jpeg^Base64^" + picture + b"\r"
        case "education JSON":
            sent = json.loads(report_writer("concern-json")(REPORT, _MESSAGE_ID))
            sent["attachments"] = [{"content_type": "image/jpeg", "data": "PICTURE"}]
            return json.dumps(sent).encode().replace(b"PICTURE", picture)
        case _:
            notice = report_writer("notice-xml")(REPORT, _MESSAGE_ID)
            inside = (
                b"<Attachments><Attachment><ContentType>image/jpeg</ContentType><Data>"
                + picture
                + b"</Data></Attachment></Attachments>"
            )
            return notice.replace(b"</PublicProtectionNotice>", inside + b"</PublicProtectionNotice>")
