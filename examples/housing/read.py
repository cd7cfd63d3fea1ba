"""What landlords send: a concern that a housing officer, a repairs team or a neighbourhood team has recorded."""

from connectors.decoding import Problem
from connectors.fields.dialect import Dialect
from connectors.fields.reading import never_raising, read_opened
from connectors.fields.shapes import open_body
from schemas.reading import Hint, Reading

HOUSING = Dialect(
    agency="housing",
    references=("concern_number", "reference", "record_id"),
    # Department for Education, children in need census, source of referral: "Housing (LA or housing association)".
    default_source="4",
    code_system="other",
)


@never_raising
def read(body: bytes, hint: Hint) -> Reading:
    """One message of a landlord: a report for each child in it."""
    opened = open_body(body, hint)
    return opened.quarantined() if isinstance(opened, Problem) else read_opened(opened, HOUSING)
