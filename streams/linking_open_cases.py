"""Children whose case was open in the case system before the hub knew of it, as linkage knows them: by keyed hashes of a number
and a birthday together, and by nothing else. Pure.

A load has no names, so nothing of it is compared or scored: a contact has the number and the birthday, or it is not known so.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Literal

from pydantic import Field

from schemas.linkage import KnownCase, LinkageEvent
from schemas.record import Instant, Record


class OpenCaseRow(Record):
    """The case that a keyed hash stands for, as the last load told of it; `at` is when that came. `ended` ones name nobody."""

    kind: Literal["open_case"]
    case_id: str
    standings: list[str] = Field(default_factory=list)
    since: date | None = None
    at: Instant
    ended: bool = False

    def known_at(self, moment: datetime, kept_for: timedelta) -> bool:
        """Whether a contact of this moment is told of it: the case stands, and a load of not too long ago said so."""
        return not self.ended and moment - self.at <= kept_for

    def told(self) -> dict[str, str]:
        """As an event of a contact says it."""
        return {
            "case": self.case_id,
            "standing": " ".join(self.standings),
            "since": self.since.isoformat() if self.since is not None else "",
        }


def loaded(event: LinkageEvent) -> Iterable[tuple[str, OpenCaseRow]]:
    """The rows of a load, by their keyed hashes."""
    return ((key, _row(case, event.at)) for case in event.cases for key in case.keys)


def _row(case: KnownCase, at: datetime) -> OpenCaseRow:
    return OpenCaseRow(
        kind="open_case", case_id=case.case_id, standings=case.standings, since=case.since, at=at, ended=case.ended
    )
