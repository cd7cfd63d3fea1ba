"""What schools and education services send: safeguarding concerns as JSON, CSV, .xlsx or XML; transfer files."""

from connectors.decoding import Problem
from connectors.education.transfer_file import is_transfer_file, read_transfer_file
from connectors.email_message import is_email, read_email
from connectors.fields.dialect import Dialect
from connectors.fields.reading import never_raising, read_opened
from connectors.fields.shapes import open_body
from schemas.codes import DEFAULT_SOURCE
from schemas.reading import Hint, Reading

EDUCATION = Dialect(
    agency="education",
    references=("concern_number", "reference", "notice_number", "incident_number", "record_id"),
    default_source=DEFAULT_SOURCE["education"],
    code_system="other",
    school_sends=True,
)


@never_raising
def read(body: bytes, hint: Hint) -> Reading:
    """One message of a school: a report for each child in it.

    A Common Transfer File is no contact: it identifies pupils and carries no concern. What names neither a child nor a
    concern is quarantined with the reason. Formats: `docs/formats-education.md`.
    """
    return read_email(body, _read_one) if is_email(body) else _read_one(body, hint)


def _read_one(body: bytes, hint: Hint) -> Reading:
    opened = open_body(body, hint)
    if isinstance(opened, Problem):
        return opened.quarantined()
    if is_transfer_file(opened):
        return read_transfer_file(opened)
    return read_opened(opened, EDUCATION)
