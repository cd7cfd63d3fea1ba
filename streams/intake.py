"""Intake: what a message is, whom it is about, and whether we have it already. Pure.

Every message ends as exactly one of: contact(s), case event(s), duplicate of another receipt, not a contact, or
quarantined; a quarantined one opens a contact of its own, because somebody must look at it on the day it arrived.
Same message id and same content: duplicate. Same reference and same child: a version, or a duplicate when nothing
changed. Same content without a reference: duplicate within ten minutes, later a new contact marked as possible
repeat, because a school that writes again is worried again.

A probe of the hub's own is none of these: intake says that it has read it, and keeps nothing of it.
"""

from collections.abc import Callable

from schemas.authorities import Authorities
from schemas.catalogue import AGENCIES
from schemas.ports import LargeBodies, LargeBodyUnavailable
from schemas.probe import OUTCOMES as PROBE_OUTCOMES
from schemas.probe import TOPIC as PROBES
from schemas.probe import Probe
from schemas.reading import Hint, Reader, Reading
from schemas.received import Received
from schemas.record import Record
from streams.intake_ledger import IntakeRules
from streams.intake_message import MessageIntake
from streams.intake_rows import MessageRow, parse_row
from streams.processor import Decision, Output, Rows, Timeless


class Intake(Timeless):
    """The processor. `reader_of` gives an agency's reader; `hash_key` makes the keyed hashes; `large_bodies` has the bytes
    that are not on the log."""

    name = "intake"
    inputs = (*(f"received.{agency}" for agency in AGENCIES), PROBES)

    def __init__(
        self,
        reader_of: Callable[[str], Reader],
        *,
        hash_key: bytes,
        authorities: Authorities,
        team: str,
        partnership: str = "front-door",
        large_bodies: LargeBodies | None = None,
    ) -> None:
        self._reader_of = reader_of
        self._large_bodies = large_bodies
        self._rules = IntakeRules(hash_key=hash_key, authorities=authorities, team=team, partnership=partnership)

    def parse_row(self, text: bytes) -> Record:
        """A row from its JSON."""
        return parse_row(text)

    def decide(self, rows: Rows, event: Record) -> Decision:
        """See the module."""
        if isinstance(event, Probe):
            return Decision(outputs=[Output(PROBE_OUTCOMES, event.probe_id, event)])
        assert isinstance(event, Received)
        known = rows.get(f"{event.sender} m {event.receipt_id}")
        message = MessageIntake(self._rules, rows, event)
        if event.repair is not None:
            return message.repair(self._read(event))
        if isinstance(known, MessageRow):
            return message.delivered_again(known)
        return message.take(self._read(event))

    def _read(self, event: Received) -> Reading:
        if event.truncated:
            return Reading(
                outcome="quarantined",
                reason_code="too_large",
                reason="The message is larger than the hub takes; only its beginning was kept. Send the documents apart.",
            )
        try:
            body = self._body(event)
        except LargeBodyUnavailable as error:
            # Somebody must ask for it today; the messages behind it can be read meanwhile.
            return Reading(
                outcome="quarantined",
                reason_code=f"large_message_{error.code}",
                reason=f"{error} Bring the file back from the backup and retry, or ask the sender for the message again.",
            )
        hint = Hint(content_type=event.content_type, file_name=event.file_name, transport=event.transport)
        try:
            return self._reader_of(event.agency)(body, hint)
        except ImportError as error:
            # Not the message's fault, and every other one would fare alike: stop, and keep it unread.
            raise RuntimeError(f"the reader of {event.agency} cannot be loaded: {error.name} is not installed") from error
        except Exception as error:
            # Readers promise not to raise. If one does, the message still counts and somebody looks at it.
            return Reading(
                outcome="quarantined",
                reason_code="reader_failed",
                reason=f"The hub's reader failed on this message ({type(error).__name__}); a person must read it.",
            )

    def _body(self, event: Received) -> bytes:
        """The bytes of the message, wherever they are. Raises `LargeBodyUnavailable`."""
        if not event.stored_sha256:
            return event.body
        if self._large_bodies is None:
            raise LargeBodyUnavailable("unreachable", "This process has no store of large messages.")
        return self._large_bodies.read(event.stored_sha256, event.size)
