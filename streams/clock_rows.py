"""What `clocks` keeps of one contact: its milestones and its flags; the clocks themselves are worked out from these."""

from datetime import datetime
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator

from schemas.flag import FlagResult, FlagState
from schemas.identity import flag_id
from schemas.record import Instant, Record
from streams.milestones import Milestone, Word


class FlagRow(NamedTuple):
    """A flag that is on the log. `told`: how many warning points were told of, and after the limit, how many steps of
    the ladder. `to`: whose turn it is."""

    clock: Word
    opening: int
    started_at: Instant
    due_at: Instant
    state: FlagState
    result: FlagResult
    told: int = 0
    to: Word = ""
    rests_on: Word = ""

    @property
    def about(self) -> tuple[str, int, datetime]:
        """Which run it is about."""
        return self.clock, self.opening, self.due_at

    def id(self, contact_id: str) -> str:
        """The flag's id on the log."""
        return flag_id(contact_id, self.clock, self.opening, self.due_at.isoformat())


class OpenLimit(NamedTuple):
    """The limit of a clock that was neither met in time nor ended, as it was worked out last."""

    clock: Word
    opening: int
    due_at: Instant


def _known_part(fields: tuple[str, ...]) -> BeforeValidator:
    """What a later release put behind these fields of a tuple is passed over, as unknown fields of rows are."""
    return BeforeValidator(lambda value: value[: len(fields)] if isinstance(value, list) else value)


class ClocksGlance(Record):
    """As much of a row as tells when it wakes; nothing of it is kept. A partition's tick row has none of this."""

    authority: Word = ""
    limits: tuple[Any, ...] = ()
    wake_at: Instant | None = None
    rests_on: Word = ""


class ClocksRow(Record):
    """One contact. `rests_on`: the version of the rules behind `limits` and `wake_at`, the next moment at which
    something falls due."""

    contact_id: str
    authority: Word = ""
    milestones: tuple[Annotated[Milestone, _known_part(Milestone._fields)], ...] = ()
    flags: tuple[Annotated[FlagRow, _known_part(FlagRow._fields)], ...] = ()
    limits: tuple[Annotated[OpenLimit, _known_part(OpenLimit._fields)], ...] = ()
    wake_at: Instant | None = None
    rests_on: Word = ""

    @property
    def opened(self) -> bool:
        """Whether the contact's opening has come."""
        return any(one.name == "opened" for one in self.milestones)
