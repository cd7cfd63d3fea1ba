"""What a writer gives: the bytes of one message in a partner's own format. Writers are pure: the same item, the same bytes."""

from dataclasses import dataclass
from typing import Protocol

from schemas.outbound import OutboundItem


@dataclass(frozen=True, slots=True)
class Written:
    """One message ready to be sent. `file_name` is made of ids alone, for transports that carry files. `traceparent` is the
    delivery's own step of the trace that the item is on, for transports that have a place for it; no writer gives it."""

    body: bytes
    content_type: str
    file_name: str
    traceparent: str = ""


class CannotWrite(ValueError):
    """A format has no way to say this item, or its recipient may not have it. Says which, without content."""


class Writer(Protocol):
    """`write(item)`: one outbound item to one message. Raises `CannotWrite`; never anything else."""

    def __call__(self, item: OutboundItem) -> Written: ...


def file_name(item: OutboundItem, suffix: str) -> str:
    """`<kind>-<item id>.<suffix>`: the same for every retry, so that a folder or mailbox sees a repeat as one."""
    plain = "".join(char if char.isalnum() or char in "-_" else "-" for char in item.item_id)[:80]
    return f"{item.kind}-{plain}.{suffix}"
