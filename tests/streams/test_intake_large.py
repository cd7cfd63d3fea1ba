"""Messages whose bytes are not on the log: read through a port, and somebody looks today at one whose bytes cannot be had."""

import hashlib
from typing import Any

import pytest

from schemas.authorities import authorities
from schemas.identity import unreadable_contact_id
from schemas.ports import LargeBodyUnavailable
from schemas.reading import Hint, Reading
from schemas.received import Received
from streams.intake import Intake
from tests.streams.deciding import KEY, Partition, london

NOON = london("2026-08-28 12:00")


class Bodies:
    """Bytes by their SHA-256; what is not there is `code`."""

    def __init__(self, *bodies: bytes, code: str = "missing") -> None:
        self._held = {hashlib.sha256(body).hexdigest(): body for body in bodies}
        self._code = code

    def read(self, sha256: str, size: int) -> bytes:
        if sha256 not in self._held:
            raise LargeBodyUnavailable(self._code, "The bytes are not there.")
        return self._held[sha256]


def size_of(body: bytes, hint: Hint) -> Reading:
    return Reading(outcome="quarantined", reason_code="seen", reason=f"It holds {len(body)} bytes, {body[:1]!r}.")


def large(body: bytes, receipt: str) -> Received:
    return Received(
        receipt_id=receipt, sender="hospital", agency="health", transport="http", received_at=NOON, size=len(body), body=b"",
        stored_sha256=hashlib.sha256(body).hexdigest(),
    )  # fmt: skip


def partition(bodies: Any) -> Partition:
    processor = Intake(
        lambda agency: size_of, hash_key=KEY, authorities=authorities("383"), team="front-door", large_bodies=bodies
    )
    return Partition(processor, "received.health")


def test_the_reader_gets_the_bytes_and_two_of_one_size_are_two_messages() -> None:
    first, second = b"a" * 500, b"b" * 500
    taken = partition(Bodies(first, second))
    taken.give(large(first, "r1"), large(second, "r2"), large(first, "r3"))
    told = [(one.disposition, one.reason, one.duplicate_of) for one in taken.records("receipts")]
    assert told == [
        ("quarantined", "It holds 500 bytes, b'a'.", ""),
        ("quarantined", "It holds 500 bytes, b'b'.", ""),
        ("duplicate", "", "r1"),
    ]


@pytest.mark.parametrize("code", ["missing", "damaged", "unreachable"])
def test_a_message_whose_bytes_cannot_be_had_is_quarantined_on_the_clock_and_read_again_later(code: str) -> None:
    taken = partition(Bodies(code=code))
    taken.give(large(b"a" * 500, "r1"))
    (disposition,) = taken.records("receipts")
    assert (disposition.disposition, disposition.reason_code) == ("quarantined", f"large_message_{code}")
    assert "backup" in disposition.reason
    assert [event.contact_id for event in taken.records("case-events")] == [unreadable_contact_id("r1")]
    (kept,) = taken.records("quarantine")
    assert kept.stored_sha256, "what names the bytes is kept for a retry"


def test_without_a_store_it_is_quarantined_too() -> None:
    taken = partition(None)
    taken.give(large(b"a", "r1"))
    assert taken.records("receipts")[0].reason_code == "large_message_unreachable"
