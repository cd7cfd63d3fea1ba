"""What police forces send: public protection notices and pre-assessments as XML or JSON."""

from connectors.decoding import Problem
from connectors.email_message import is_email, read_email
from connectors.fields.dialect import Dialect
from connectors.fields.reading import never_raising, read_opened
from connectors.fields.shapes import open_body
from schemas.codes import DEFAULT_SOURCE
from schemas.reading import Hint, Reading

POLICE = Dialect(
    agency="police",
    references=("notice_number", "reference", "urn", "incident_number", "concern_number", "record_id"),
    default_source=DEFAULT_SOURCE["police"],
    code_system="force",
)


@never_raising
def read(body: bytes, hint: Hint) -> Reading:
    """One notice: a report for each child in it, all with the notice's number.

    A notice that says it is for information only keeps that as its kind; it is a contact all the same. XML with a document
    type or entities is refused into quarantine. Formats: `docs/formats-police.md`.
    """
    return read_email(body, _read_one) if is_email(body) else _read_one(body, hint)


def _read_one(body: bytes, hint: Hint) -> Reading:
    opened = open_body(body, hint)
    return opened.quarantined() if isinstance(opened, Problem) else read_opened(opened, POLICE)
