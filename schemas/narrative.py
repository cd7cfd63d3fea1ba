"""`narratives`: free text that people wrote (reasons, notes, file names), apart from what happened, so it can be sealed."""

from typing import Literal

from schemas.record import Instant, Record


class Narrative(Record):
    """`about` is the contact id, or the receipt id where there is no contact."""

    narrative_id: str
    about: str
    event_id: str
    kind: Literal["reason", "note", "file_name"]
    text: str
    at: Instant
