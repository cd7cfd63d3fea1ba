"""What partners send during a run: native-format messages of four agencies about synthetic children, from a seed. Pure."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ops.demo import messages
from ops.demo.children import Nursery

#: good: a contact must come of it. poison: it must go to quarantine.
Becomes = Literal["contact", "quarantined"]

_TEXT = "Bruising that the explanation given does not fit. (Synthetic.)"


@dataclass(frozen=True, slots=True)
class Message:
    """One message: `name` is unique in the run, and the file name where it travels as a file."""

    name: str
    agency: str
    via: str
    body: bytes
    becomes: Becomes


def partner(lane: str, seed: int, now: datetime) -> Iterator[Message]:
    """The endless messages of one partner. `lane` is one of `LANES`."""
    agency, via = LANES[lane]
    nursery, chance = Nursery(seed * 7 + sorted(LANES).index(lane)), random.Random(f"{seed}/{lane}")
    number = 0
    while True:
        number += 1
        reference, child = f"{lane.upper()}-{seed}-{number}", nursery.child()
        risk = chance.choice(("red", "amber", "green"))
        match lane:
            case "hospital":
                body, suffix = messages.fhir_referral(child, risk, reference, now, _TEXT, reference), "json"
            case "ward":
                body, suffix = messages.hl7_referral(child, risk, reference, f"M{seed}-{number}", now, _TEXT), "hl7"
            case "school":
                body, suffix = messages.school_concern(child, risk, reference, now, _TEXT), "json"
            case _:
                body, suffix = messages.police_notice([child], risk, reference, now, _TEXT), "xml"
        yield Message(f"{lane}-{seed}-{number}.{suffix}", agency, via, body, "contact")


#: Who sends, to which agency's connector, and by which transport.
LANES: dict[str, tuple[str, str]] = {
    "hospital": ("health", "http"),
    "ward": ("health", "mllp"),
    "school": ("education", "http"),
    "force": ("police", "folder"),
}


def poison(seed: int) -> list[Message]:
    """A burst of what nobody can read, no two alike over all seeds."""
    salt = _salt(seed)
    made = {
        "cut-short.json": ("education", "http", b'{"concern_id": "' + salt + b'", "child": {"given_na'),
        "wrong-bytes.bin": ("education", "http", b"\x00\xff\xfe" + salt * 20),
        "long-line.bin": ("education", "http", salt * 20_000),
        "cut-off.xml": ("police", "folder", b"<?xml version='1.0'?><PublicProtectionNotice><NoticeNumber>" + salt),
        "entities.xml": ("police", "http", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "' + salt + b'">]><a>&b;</a>'),
        "prose.txt": ("police", "folder", b"Dear colleague, please see attached. " + salt),
        "empty-bundle.json": ("health", "http", b'{"resourceType": "Bundle", "type": "message", "id": "' + salt + b'"}'),
        "no-segments.hl7": ("health", "mllp", b"MSH|" + salt),
        "no-events.json": ("social_care", "http", b'{"event": "' + salt + b'"}'),
    }
    return [
        Message(f"poison-{seed}-{name}", agency, via, body, "quarantined") for name, (agency, via, body) in sorted(made.items())
    ]


def damage(seed: int) -> list[tuple[str, bytes | None]]:
    """Records that a faulty producer, or a disk, leaves on the hub's own topics: where, and what. No two alike over all seeds but
    the last two."""
    salt = _salt(seed)
    damaged = (b"\x01\x00\x00\x00\x01" + salt, b"\x00\x7f\xff\xff\xff" + salt, b"\x00\x00\x00\x00\x01" + salt[:3], b"", None)
    return [(topic, value) for topic in ("received.education", "case-events") for value in damaged]


def _salt(seed: int) -> bytes:
    return random.Random(seed).randbytes(8).hex().encode()
