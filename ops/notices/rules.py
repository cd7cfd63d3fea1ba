"""Who must be told what, now. Pure: from what the view says, what is already known to be wrong, and the time.

Every notice has an id worked out from what it says and to whom, never from when it was noticed: looking again, or after a
restart, gives the same id, and what has been told is not told twice.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta

from ops.notices.absences import absences
from ops.notices.alerts import for_each_person, near, waiting
from ops.notices.forecast import not_expected
from ops.notices.handovers import handovers
from ops.notices.notice import OPEN_ONE, Alert, Colleagues, Notice, Person, Told, contacts, data, line
from ops.view.team import TeamAnswer, Unassessed, WorkerLoad
from ops.view.times import in_london
from schemas.identity import derived_id
from schemas.london import LONDON

#: A round that could not be sent for so long is left out; the next one says what is open then.
ROUND_KEPT = timedelta(hours=1)
#: Allocation takes a moment; a RED contact that nobody holds after this has nobody on duty.
TAKEN_WITHIN = timedelta(seconds=30)


def look(teams: Sequence[TeamAnswer], standing: Mapping[str, Alert], times: Sequence[time], now: datetime) -> Told:
    """Everything that must be told at `now`; `standing` are the alerts that have begun and are not over."""
    notices = [notice for team in teams for notice in _red(Colleagues(team), now)]
    notices += [notice for team in teams for notice in handovers(Colleagues(team), now)]
    moment = current_round(times, now)
    if moment is not None:
        notices += [notice for team in teams for notice in _round(Colleagues(team), moment, now)]
    notices += [notice for team in teams for notice in near(Colleagues(team))]
    notices += [notice for team in teams for notice in absences(Colleagues(team))]
    wrong = {alert.alert_id: alert for team in teams for alert in waiting(Colleagues(team), now)}
    begun = [alert for alert_id, alert in wrong.items() if alert_id not in standing]
    over = [alert for alert_id, alert in standing.items() if alert_id not in wrong]
    notices += for_each_person("child_waiting", "A child is waiting", begun)
    notices += for_each_person("child_no_longer_waiting", "No longer waiting with you", over)
    return Told(notices, begun, [alert.alert_id for alert in over])


def current_round(times: Sequence[time], now: datetime) -> datetime | None:
    """The last of the day's rounds that has come, unless it is long past."""
    today = now.astimezone(LONDON).date()
    moments = [datetime.combine(today, at, LONDON) for at in times]
    # Compared as instants: two times of one zone are compared by the wall otherwise.
    come = [moment for moment in moments if timedelta(0) <= now - moment.astimezone(now.tzinfo) < ROUND_KEPT]
    return max(come, default=None)


def _red(team: Colleagues, now: datetime) -> Iterator[Notice]:
    """A RED contact, to its worker, as soon as there is one; to who answers for it when nobody has taken it soon."""
    for load in team.loads.values():
        for one in load.unassessed:
            if one.risk == "red":
                # Who was not reached by mail is reached through the supervisor.
                to = [team.person(load)] if load.email else [team.person(load), *team.answerable(load)]
                yield _red_notice(one, load.worker_id, to)
    for one in team.answer.unallocated:
        if one.risk == "red" and now - one.received_at >= TAKEN_WITHIN:
            yield _red_notice(one, "", team.answerable(None))


def _red_notice(one: Unassessed, worker_id: str, to: Iterable[Person]) -> Notice:
    text = [
        f"A contact marked RED has arrived from {one.agency} and " + ("is yours." if worker_id else "no named worker holds it."),
        "",
        line(one),
        *(["", _MANAGER.get(one.why, "")] if one.why in _MANAGER else []),
        "",
        f"Open it: ./frontdoor case {one.contact_id}",
    ]
    return Notice(
        derived_id("notice", "red", one.contact_id, str(one.opening), worker_id), "red_contact", tuple(to),
        f"RED contact from {one.agency}, to be risk assessed before {in_london(one.due_at)}", "\n".join(text),
        {"contacts": [data(one)]},
    )  # fmt: skip


_MANAGER = {
    "nobody_on_duty": "It came to the duty manager because nobody was on duty.",
    "all_full": "It came to the duty manager because everybody on duty is at their cap.",
    "conflict": "It came to the duty manager because everybody on duty has a conflict of interest.",
}


def _round(team: Colleagues, moment: datetime, now: datetime) -> Iterator[Notice]:
    """What is still open, to each worker by name, and to who answers for them."""
    sections: dict[Person, list[tuple[WorkerLoad | None, list[Unassessed], list[Unassessed]]]] = {}
    for load in team.loads.values():
        if load.unassessed:
            late = not_expected(load, team.answer.day_began, now)
            yield _round_notice(team.person(load), moment, now, [(None, load.unassessed, late)], own=True)
            for chief in team.answerable(load):
                sections.setdefault(chief, []).append((load, load.unassessed, late))
    if team.answer.unallocated:
        for chief in team.answerable(None):
            in_time = [one for one in team.answer.unallocated if not one.overdue]
            sections.setdefault(chief, []).append((None, team.answer.unallocated, in_time))
    for chief, parts in sections.items():
        yield _round_notice(chief, moment, now, parts, own=False)


def _round_notice(
    to: Person,
    moment: datetime,
    now: datetime,
    parts: Sequence[tuple[WorkerLoad | None, list[Unassessed], list[Unassessed]]],
    *,
    own: bool,
) -> Notice:
    total = sum(len(still) for _, still, _ in parts)
    late = [one.contact_id for _, _, unlikely in parts for one in unlikely]
    text = [f"{to.name}, at {now.astimezone(LONDON):%H:%M} this is not risk assessed yet:"]
    for load, still, unlikely in parts:
        text.append("")
        if not own:
            text.append(
                f"{load.name if load else 'Held by nobody by name'}: {len(still)} open, {len(unlikely)} not expected today"
            )
        marked = {one.contact_id for one in unlikely}
        text += [line(one) + ("  (at today's pace not today)" if one.contact_id in marked else "") for one in still]
    if late:
        text += ["", f"At today's pace {contacts(len(late))} will not be assessed in time."]
    text += ["", OPEN_ONE]
    whose = "of yours" if own else "under you"
    when = f"{moment:%Y-%m-%d %H:%M}"
    return Notice(
        derived_id("notice", "round", "own" if own else "team", when, to.worker_id), "still_open", (to,),
        f"{moment:%H:%M}: {contacts(total)} {whose} not risk assessed yet, {len(late)} not expected today", "\n".join(text),
        {"round": when, "contacts": [data(one) for _, still, _ in parts for one in still], "not_expected": late},
    )  # fmt: skip
