"""Signed messages to partners: Standard Webhooks, HMAC-SHA256 over `id.timestamp.body`.

    webhook-id: the item's id, the same in every repeat
    webhook-timestamp: Unix seconds of this attempt
    webhook-signature: v1,<base64>

A partner checks the signature before anything else, refuses a timestamp more than five minutes away from its own, and takes
an id that it has already for a repeat.
"""

import base64
import binascii
import hashlib
import hmac

#: Seconds by which a partner's clock and ours may differ, delivery included.
TOLERANCE_SECONDS = 300


class BadSecret(ValueError):
    """A secret begins as a base64 one does and is none."""


def key_of(secret: str) -> bytes:
    """The key in a secret: `whsec_…` is base64, any other is taken as it is. Raises `BadSecret`."""
    encoded = secret.removeprefix("whsec_")
    try:
        return base64.b64decode(encoded, validate=True) if encoded != secret else secret.encode()
    except binascii.Error:
        raise BadSecret("a secret begins with whsec_, but what follows is not base64") from None


def signature_headers(key: bytes, item_id: str, body: bytes, unix_seconds: int) -> dict[str, str]:
    """The three headers of one attempt."""
    return {
        "webhook-id": item_id,
        "webhook-timestamp": str(unix_seconds),
        "webhook-signature": _signature(key, item_id, str(unix_seconds), body),
    }


def is_signed(key: bytes, headers: dict[str, str], body: bytes, unix_seconds: int) -> bool:
    """Whether a message comes from who has the key, just now. `headers` by lower-case names; compared in constant time."""
    item_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 16):
        return False
    if abs(unix_seconds - int(stamp)) > TOLERANCE_SECONDS:
        return False
    expected = _signature(key, item_id, stamp, body)
    # While a secret is being changed there may be several.
    given = headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(expected.encode(), one.encode()) for one in given)


def _signature(key: bytes, item_id: str, stamp: str, body: bytes) -> str:
    signed = hmac.new(key, f"{item_id}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"
