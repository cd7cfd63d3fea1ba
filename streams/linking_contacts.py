"""What `linkage` keeps of one contact beside the index."""

from typing import Literal

from pydantic import Field

from schemas.linkage import LinkReview
from schemas.record import Instant, Record


class ContactRow(Record):
    """One contact: the version decided last and when that was reported, the `linked` event that stands, the review about
    it, the content it was remembered under, the keyed hashes by which a load may name its child, the loaded case that it was
    told of, and the ids of what people decided about it, so that an at-least-once repeat counts once. A contact whose child
    was forgotten keeps its id and version."""

    kind: Literal["contact"] = "contact"
    contact_id: str
    version: int
    at: Instant | None = None
    content: str = ""
    keys: list[str] = Field(default_factory=list)
    open_case: str = ""
    link_event: str = ""
    review: LinkReview | None = None
    seen: list[str] = Field(default_factory=list)
