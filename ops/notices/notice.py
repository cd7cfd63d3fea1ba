"""A notice, whom it is for, and how a contact stands in it. Nothing here names a child; a contact's id leads to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ops.view.team import TeamAnswer, Unassessed, WorkerLoad
from ops.view.times import in_london

Kind = Literal[
    "red_contact", "handed_over", "still_open", "limit_near", "worker_absent", "child_waiting", "child_no_longer_waiting",
    "hub_unwell", "hub_well_again",
]  # fmt: skip

#: The last line of a message about several.
OPEN_ONE = "Open one: ./frontdoor case CONTACT"


@dataclass(frozen=True)
class Person:
    """Whom a notice is for. Without `email` only the webhook hears of it."""

    worker_id: str
    name: str
    email: str = ""


@dataclass(frozen=True)
class Notice:
    """One message. `data` is what a program gets, `subject` and `text` what a person reads."""

    notice_id: str
    kind: Kind
    to: tuple[Person, ...]
    subject: str
    text: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Alert:
    """Something that is wrong until it is not: told once when it begins, and once when it is over."""

    alert_id: str
    contact_id: str
    why: str
    to: tuple[Person, ...]


@dataclass(frozen=True)
class Told:
    """What one look leads to: messages, and which alerts begin and end with them."""

    notices: list[Notice]
    begun: list[Alert]
    over: list[str]


class Colleagues:
    """A team's answer, and who of it is told what."""

    def __init__(self, answer: TeamAnswer) -> None:
        self.answer = answer
        self.loads = {load.worker_id: load for load in answer.workers}

    def person(self, load: WorkerLoad) -> Person:
        """Somebody of the team."""
        return Person(load.worker_id, load.name, load.email)

    def answerable(self, load: WorkerLoad | None) -> list[Person]:
        """The supervisor; without one, and for what nobody holds, the duty managers on duty, else any, else the head."""
        chief = self.loads.get(load.supervisor) if load is not None else None
        if chief is not None:
            return [self.person(chief)]
        managers, heads = self._of("manager"), self._of("head")
        found = [one for one in managers if one.on_duty] or managers or heads
        return [self.person(one) for one in found if load is None or one.worker_id != load.worker_id]

    def heads(self) -> list[Person]:
        """The head of service; without one, who answers for what nobody holds."""
        return [self.person(one) for one in self._of("head")] or self.answerable(None)

    def _of(self, role: str) -> list[WorkerLoad]:
        return [one for one in self.loads.values() if one.role == role]


def line(one: Unassessed) -> str:
    """A contact in one line of a text."""
    late = "LATE, limit was" if one.overdue else "limit"
    kind = "unreadable message" if one.kind == "unreadable" else one.kind
    risk = one.risk or "risk not stated"
    came = f"{kind} from {one.agency}, {in_london(one.received_at)}"
    return f"contact {one.contact_id}: {risk}, {came}, {late} {in_london(one.due_at)}"


def data(one: Unassessed) -> dict[str, Any]:
    """A contact as a program gets it."""
    return one.model_dump(mode="json", include={"contact_id", "kind", "risk", "agency", "received_at", "due_at", "overdue"})


def contacts(number: int) -> str:
    """`1 contact`, `2 contacts`."""
    return f"{number} contact{'' if number == 1 else 's'}"
