"""The sender's own numbers of a message, so that its answers can name them: sealed wherever others may look.

A reference may be made of a child's name or NHS number, and `case-events` is kept for ever. So the numbers stand there
sealed with the hub's key, for one contact and one sender: whoever has no key has nothing, and opened for another sender
they are nothing. Sealing is deterministic (AES-SIV, RFC 5297), so that a retry and a replay give the same record.
"""

import base64
import binascii
import hmac
import json
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from schemas.record import Record

#: Characters of one number that go back; longer ones are no numbers.
_LONGEST = 200


class OwnNumbers(Record):
    """`reference` is the sender's number of the matter (RF1-6, ServiceRequest.identifier, a notice's number), `message_id`
    that of the message (MSH-10, Bundle.id). Either may be empty."""

    reference: str = ""
    message_id: str = ""

    def sealed(self, key: bytes, sender: str, contact_id: str) -> str:
        """The numbers for this sender and contact, readable with the same key alone; empty when there are none."""
        if not (self.reference or self.message_id):
            return ""
        text = json.dumps([self.reference[:_LONGEST], self.message_id[:_LONGEST]], ensure_ascii=False)
        return base64.urlsafe_b64encode(_cipher(key).encrypt(text.encode(), _about(sender, contact_id))).decode()

    @classmethod
    def opened(cls, sealed: str, key: bytes, sender: str, contact_id: str) -> "OwnNumbers":
        """What was sealed; none when nothing was, or under another key, for another sender or contact."""
        if not sealed:
            return cls()
        try:
            text = _cipher(key).decrypt(base64.urlsafe_b64decode(sealed), _about(sender, contact_id))
        except (InvalidTag, binascii.Error, ValueError):
            return cls()
        reference, message_id = json.loads(text)
        return cls(reference=reference, message_id=message_id)

    def named(self) -> dict[str, str]:
        """The numbers that are known, by the names an outcome has them under."""
        return {name: text for name, text in (("reference", self.reference), ("message_id", self.message_id)) if text}


def _about(sender: str, contact_id: str) -> list[bytes]:
    return [sender.encode(), contact_id.encode()]


@lru_cache(maxsize=8)
def _cipher(key: bytes) -> AESSIV:
    # A key of its own: the hub's makes hashes too.
    return AESSIV(hmac.digest(key, b"frontdoor: the sender's own numbers", "sha512"))
