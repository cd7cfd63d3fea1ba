"""A child is waiting: what is wrong until it is not, told once when it begins and once when it is over. Pure.

A day that ended without a risk assessment, a contact that nobody by name holds, and every other clock that was missed, as far
as its ladder has come: worker, supervisor, head of service. What somebody has explained is over.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from ops.notices.notice import OPEN_ONE, Alert, Colleagues, Kind, Notice, Person, contacts
from ops.view.team import LateClock, Unassessed
from ops.view.times import as_text, in_london
from schemas.identity import derived_id
from streams.same_day import CLOCK

#: A contact without a named worker for this long is a child waiting (the allocation clock's limit).
UNALLOCATED_AFTER = timedelta(minutes=5)

#: Whose turn comes before whose: who is further up hears of it only after these.
_BELOW = {"supervisor": ["worker"], "head-of-service": ["worker", "supervisor"]}
#: What is told by itself, without any flag: a worker process that is down must not keep it back.
_TOLD_ANYHOW = {
    (CLOCK, "worker"),
    (CLOCK, "supervisor"),
    *(("allocation", rung) for rung in ("worker", "supervisor", "duty-manager")),
}


def waiting(team: Colleagues, now: datetime) -> Iterator[Alert]:
    """All that is wrong now."""
    for load in team.loads.values():
        for one in load.unassessed:
            if one.overdue:
                yield _alert(one, "not risk assessed on its day", (team.person(load), *team.answerable(load)))
    for one in team.answer.unallocated:
        to = tuple(team.answerable(None))
        if one.overdue:
            yield _alert(one, "not risk assessed on its day", to)
        if now - one.received_at >= UNALLOCATED_AFTER:
            yield _alert(one, "held by nobody by name", to)
    for late in team.answer.late:
        if late.state != "due_soon":
            yield from _missed(team, late)


def near(team: Colleagues) -> Iterator[Notice]:
    """Each warning before a limit, to the worker whose case it is. The same-day clock's warnings are the rounds."""
    for late in team.answer.late:
        load = team.loads.get(late.worker_id)
        if late.state != "due_soon" or late.clock == CLOCK or late.step_at is None or load is None:
            continue
        what = f"{late.clock} of contact {late.contact_id}: limit {in_london(late.due_at)}"
        yield Notice(
            derived_id("notice", "near", late.flag_id, as_text(late.step_at), load.worker_id), "limit_near",
            (team.person(load),), f"A limit is near: {late.clock}, {in_london(late.due_at)}",
            f"{load.name}:\n\n{what}\n\nOpen it: ./frontdoor case {late.contact_id}",
            {"contacts": [{"contact_id": late.contact_id, "clock": late.clock, "due_at": as_text(late.due_at)}]},
        )  # fmt: skip


def for_each_person(kind: Kind, what: str, alerts: Sequence[Alert]) -> Iterator[Notice]:
    """One message to each person about everything that began, or ended, at once: not a flood of single ones."""
    for_whom: dict[Person, list[Alert]] = {}
    for alert in alerts:
        for person in dict.fromkeys(alert.to) or [Person("", "nobody on the rota")]:
            for_whom.setdefault(person, []).append(alert)
    for person, theirs in for_whom.items():
        lines = [f"contact {alert.contact_id}: {alert.why}" for alert in theirs]
        yield Notice(
            derived_id("notice", kind, person.worker_id, *sorted(alert.alert_id for alert in theirs)), kind, (person,),
            f"{what}: {contacts(len(theirs))}", "\n".join([f"{person.name}:", "", *lines, "", OPEN_ONE]),
            {"contacts": [{"contact_id": alert.contact_id, "why": alert.why} for alert in theirs]},
        )  # fmt: skip


def _missed(team: Colleagues, late: LateClock) -> Iterator[Alert]:
    """To everybody whose turn has come, each with an alert of their own: who is told next takes it from nobody."""
    load = team.loads.get(late.worker_id)
    rung = late.to or "worker"
    for turn in (*_BELOW.get(rung, []), rung):
        if (late.clock, turn) in _TOLD_ANYHOW:
            continue
        if turn == "head-of-service":
            to = team.heads()
        elif turn == "worker" and load is not None:
            to = [team.person(load)]
        else:
            to = team.answerable(load)
        why = f"{late.clock} missed, limit was {in_london(late.due_at)}"
        # Who gets the case next is told too; for those above it stays one alert.
        holder = late.worker_id if turn == "worker" else ""
        yield Alert(derived_id("alert", late.flag_id, turn, holder), late.contact_id, why, tuple(to))


def _alert(one: Unassessed, why: str, to: tuple[Person, ...]) -> Alert:
    return Alert(derived_id("alert", why, one.contact_id, str(one.opening), one.worker_id), one.contact_id, why, to)
