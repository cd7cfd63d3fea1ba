"""What intake remembers of each sender: messages, message ids, contents and references. No personal data: hashes and ids."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from schemas.disposition import DispositionKind
from schemas.record import Instant, Record


class MessageRow(Record):
    """One receipt: what it became. `deliveries` counts how often it came under this receipt."""

    kind: Literal["message"]
    receipt_id: str
    version: int
    disposition: DispositionKind
    received_at: Instant
    contact_ids: list[str] = Field(default_factory=list)
    event_ids: list[str] = Field(default_factory=list)
    duplicate_of: str = ""
    reason_code: str = ""
    reason: str = ""
    deliveries: int = 1
    repairs: list[str] = Field(default_factory=list)


class TransportIdRow(Record):
    """One message id of a sender: the first receipt under it, and the receipt of each content seen under it."""

    kind: Literal["transport-id"]
    first: str
    contents: dict[str, str]


class ContentRow(Record):
    """One content without a reference: its latest receipt, and when that arrived."""

    kind: Literal["content"]
    receipt_id: str
    received_at: Instant


class KnownChild(Record):
    """A child under a reference. `keys` are keyed hashes of what identifies it; `digest` of its current version.
    `domestic_abuse`: a version of it has said so. `references`: all under which it stands, when they are several (keyed
    hashes); `parts`: short digests of the version's parts."""

    contact_id: str
    keys: list[str]
    version: int
    receipt_id: str
    digest: str
    child_digest: str
    risk: str = ""
    domestic_abuse: bool = False
    references: list[str] = Field(default_factory=list)
    parts: dict[str, str] = Field(default_factory=dict)


class IncidentRow(Record):
    """One incident of a sender: the references (keyed hashes) of the notices about it, its London day where one gave it,
    and when the first of them arrived."""

    kind: Literal["incident"]
    references: list[str]
    day: str = ""
    received_at: Instant


class ReferenceRow(Record):
    """One business reference of a sender (or a receipt, where it gave none) and the children under it."""

    kind: Literal["reference"]
    children: list[KnownChild]


_ANY: TypeAdapter[Record] = TypeAdapter(
    Annotated[MessageRow | TransportIdRow | ContentRow | IncidentRow | ReferenceRow, Field(discriminator="kind")]
)


def parse_row(text: bytes) -> Record:
    """A row from its JSON."""
    return _ANY.validate_json(text, extra="ignore")
