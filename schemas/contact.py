"""`contacts`: one child in one message, identified. The only topic, with `received.*` and `outbound.*`, that names a child."""

from pydantic import Field

from schemas.reading import Report
from schemas.record import Instant, Record


class Authority(Record):
    """The responsible authority. `how`: message, postcode, or default (the front door's own, flagged)."""

    code: str
    name: str
    how: str


class Contact(Record):
    """A report with its place in the hub.

    `version` counts corrections of the same business reference and child, from 1. `siblings` are the other
    contacts of the same notice. `possible_repeat_of` names an earlier contact with the same content.
    `domestic_abuse_before`: an earlier version already said that the child is a victim, so its school had a notice.
    """

    contact_id: str
    receipt_id: str
    version: int
    sender: str
    agency: str
    received_at: Instant
    authority: Authority
    team: str
    report: Report
    siblings: list[str] = Field(default_factory=list)
    possible_repeat_of: str = ""
    ordinal: int = 1
    domestic_abuse_before: bool = False
