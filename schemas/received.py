"""`received.<agency>`: one partner message, bytes untouched, as durable before anybody tried to read it."""

from schemas.record import Instant, Record


class Repair(Record):
    """A person's corrected bytes for a quarantined receipt: who and why. Keyed by the original sender."""

    of_receipt: str
    by: str
    reason: str


class Received(Record):
    """`received_at` is stamped once at the edge, in UTC; no inbound message can carry it.

    `sender` is the authenticated channel (credential, port, folder), never a field of the message.
    `picked_up_at` differs from `received_at` for pulled transports only. `size` is that of the whole message in bytes.
    Of a message too large for the log `body` is empty and `stored_sha256` (hex) names its bytes in the store of large
    messages. `truncated` marks one above the hub's own limit: the body holds only its beginning, the rest was not kept.
    """

    receipt_id: str
    sender: str
    agency: str
    transport: str
    received_at: Instant
    picked_up_at: Instant | None = None
    organisation: str = ""
    content_type: str = ""
    file_name: str = ""
    idempotency_key: str = ""
    size: int
    truncated: bool = False
    body: bytes
    repair: Repair | None = None
    stored_sha256: str = ""
