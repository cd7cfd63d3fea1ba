"""Every id in the hub is derived, so that the same input gives the same id in a retry, a replay and an audit.

Ids are UUIDv5 over the parts named in each function; keyed hashes are HMAC-SHA256. Neither can be turned back into
a name or an identifier without the key.
"""

import hashlib
import hmac
import uuid

_STATEMENT = "statement-"
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "frontdoor.invalid")
_SALTED = hashlib.sha1(_NAMESPACE.bytes, usedforsecurity=False)


def derived_id(*parts: str) -> str:
    """A UUIDv5 over the parts in order; parts are length-prefixed, so that ("ab","c") and ("a","bc") differ."""
    text = "".join(f"{len(part)}:{part}" for part in parts)
    # As `uuid.uuid5` does it, without its detour over a number: every record has an id.
    salted = _SALTED.copy()
    salted.update(text.encode())
    made = bytearray(salted.digest()[:16])
    made[6] = made[6] & 0x0F | 0x50
    made[8] = made[8] & 0x3F | 0x80
    digits = made.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def receipt_id(sender: str, idempotency_key: str, body: bytes) -> str:
    """The receipt of a message: the same for a retry of the same bytes under the same idempotency key.

    Without a key it is random: two equal messages are then two receipts, and intake says which repeats which. The
    body's digest is part of it, so that a key used again for other content can never hide that content.
    """
    if not idempotency_key:
        return str(uuid.uuid4())
    return derived_id("receipt", sender, idempotency_key, hashlib.sha256(body).hexdigest())


def contact_id(sender: str, reference_or_receipt: str, child: str, ordinal: int) -> str:
    """One child under one business reference of one sender; `ordinal` only among indistinguishable children."""
    return derived_id("contact", sender, reference_or_receipt, child, str(ordinal))


def unreadable_contact_id(receipt: str) -> str:
    """The contact that stands for a message nobody could read yet: it runs the same-day clock."""
    return derived_id("unreadable", receipt)


def statement_id(receipt: str, place: int) -> str:
    """What a message that opens no contact says of one child: a record of linkage, never a contact's id."""
    return _STATEMENT + derived_id("statement", receipt, str(place))


def is_statement(record: str) -> bool:
    """Whether a record of linkage is what a message said of a child, and no contact."""
    return record.startswith(_STATEMENT)


def output_id(cause: str, rule: str, about: str = "") -> str:
    """The id of anything a decision emits: over the id of its cause, the rule that emitted it, and what it is about."""
    return derived_id("output", cause, rule, about)


def flag_id(contact: str, clock: str, opening: int, due: str) -> str:
    """A flag's id, from contact, clock, opening and due time (ISO, UTC) alone: whoever notices gets the same."""
    return derived_id("flag", contact, clock, str(opening), due)


def keyed_hash(key: bytes, text: str) -> str:
    """HMAC-SHA256 of normalised text (trimmed, case-folded), as 32 hex digits; empty text gives an empty hash."""
    folded = text.strip().casefold()
    if not folded:
        return ""
    return hmac.new(key, folded.encode(), hashlib.sha256).hexdigest()[:32]
