"""`deliveries`: how each outbound item fares on its way to its recipient. Versions; `rank` says which of two counts."""

from typing import Literal

from schemas.outbound import ItemKind
from schemas.record import Instant, Record

#: `waiting` for its next try; `delivered` and `undelivered` end a round; `retried` begins the next one.
DeliveryState = Literal["waiting", "delivered", "undelivered", "retried"]

#: States in which nothing more happens by itself.
SETTLED = frozenset({"delivered", "undelivered"})

#: Why a person sends an item again. Codes, because free text may name a child.
RetryReason = Literal["recipient-is-back", "address-corrected", "format-corrected", "recipient-asked", "other"]


class Delivery(Record):
    """How one item stands. Free of personal data; `by` and `owner` are professionals.

    The item lies at `partition` and `offset` of `outbound.<agency>`. `at` is the hub's time; `since` (when this round
    began) and `next_try_at` are the machine's, because waiting is real even where a driver owns the hub's clock.
    `round` counts the times a person had it sent again, `attempts` the tries of this round. `reason_code` says why it
    waits or was given up, as `timeout`, `http_503`, `hl7_AE`, `no_answer`, or why it was sent again.
    """

    item_id: str
    kind: ItemKind
    recipient: str
    agency: str
    contact_id: str
    receipt_id: str
    partition: int
    offset: int
    state: DeliveryState
    at: Instant
    since: Instant
    next_try_at: Instant | None = None
    round: int = 0
    attempts: int = 0
    reason_code: str = ""
    owner: str = ""
    by: str = ""

    @property
    def settled(self) -> bool:
        """Whether nothing more happens by itself."""
        return self.state in SETTLED

    @property
    def rank(self) -> tuple[int, bool, int]:
        """Of two records about an item the one with the higher rank counts, whichever is later on the log: a process
        that was paused may write an old one after another process's newer one."""
        return (self.round, self.settled, self.attempts)
