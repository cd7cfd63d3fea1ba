"""What one message leads to, while intake decides it: outputs, changed rows, notes. Pure; see `intake`."""

from dataclasses import dataclass, field

from schemas.authorities import Authorities
from schemas.case_event import CaseEvent
from schemas.identity import derived_id, keyed_hash, output_id
from schemas.narrative import Narrative
from schemas.own_numbers import OwnNumbers
from schemas.reading import Note
from schemas.received import Received
from schemas.record import Record
from streams.processor import Decision, Output, Rows


@dataclass(frozen=True)
class IntakeRules:
    """What intake is told about its surroundings. `team` is the front door's, which new contacts go to;
    contacts are linked within a `partnership`."""

    hash_key: bytes
    authorities: Authorities
    team: str
    partnership: str = "front-door"

    def hashed(self, text: str) -> str:
        """The keyed hash of a text that must not stand on the log."""
        return keyed_hash(self.hash_key, text)


@dataclass
class Ledger:
    """Collects what one message leads to. `changed` has the rows as decided so far, `rows` those before the message."""

    rules: IntakeRules
    rows: Rows
    event: Received
    outputs: list[Output] = field(default_factory=list)
    changed: dict[str, Record] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    #: The sender's id of this message.
    message_id: str = ""

    def key(self, kind: str, name: str) -> str:
        """A row's key: rows of one sender lie together, in its partition."""
        return f"{self.event.sender} {kind} {name}"

    def before(self, kind: str, name: str) -> Record | None:
        """A row as it was before this message."""
        return self.rows.get(self.key(kind, name))

    def now(self, kind: str, name: str) -> Record | None:
        """A row as decided so far."""
        key = self.key(kind, name)
        return self.changed.get(key) or self.rows.get(key)

    def put(self, kind: str, name: str, row: Record) -> None:
        """Change a row. Last change last: the order in which rows are written."""
        key = self.key(kind, name)
        self.changed.pop(key, None)
        self.changed[key] = row

    def note(self, code: str, text: str) -> None:
        """Something about the message as a whole that its receipt tells."""
        self.notes.append(Note(code=code, text=text))

    def emit(self, topic: str, key: str, record: Record) -> None:
        """Add an output."""
        self.outputs.append(Output(topic, key, record))

    def case_event(self, kind: str, about: str, position: str = "") -> CaseEvent:
        """An event about a contact, caused by this message; `position` tells several of a kind apart."""
        return CaseEvent(
            event_id=output_id(self.event.receipt_id, kind + position, about),
            type=kind,
            contact_id=about,
            at=self.event.received_at,
            receipt_id=self.event.receipt_id,
            sender=self.event.sender,
        )

    def narrate(self, about: str, event_id: str, kind: str, text: str) -> None:
        """Put a free text where free text belongs: `reason`, or `file_name`."""
        narrative = Narrative(
            narrative_id=derived_id("narrative", event_id, kind),
            about=about,
            event_id=event_id,
            kind="file_name" if kind == "file_name" else "reason",
            text=text,
            at=self.event.received_at,
        )
        self.emit("narratives", about, narrative)

    def own_numbers(self, contact: str, reference: str = "") -> str:
        """What the sender calls this message and this matter, sealed: its answers about the contact will name it."""
        numbers = OwnNumbers(reference=reference, message_id=self.message_id)
        return numbers.sealed(self.rules.hash_key, self.event.sender, contact)

    def decision(self) -> Decision:
        """What it came to."""
        return Decision(self.outputs, self.changed)
