"""A worker is absent: who answers for them hears once, by name, what stays with somebody who is not there. Pure.

What the absent worker held and nobody had risk assessed has gone to others by then (`streams.allocation`); what is assessed
stays theirs, so that a child keeps its worker, and somebody must look after it meanwhile.
"""

from collections.abc import Iterator

from ops.notices.notice import OPEN_ONE, Colleagues, Notice, contacts
from ops.view.team import WorkerLoad
from ops.view.times import as_text, in_london
from schemas.identity import derived_id


def absences(team: Colleagues) -> Iterator[Notice]:
    """One notice an absence, to the supervisor and the duty managers, while the worker holds something."""
    for load in team.loads.values():
        since = load.absent_since
        if since is None or not load.caseload:
            continue
        to = [one for one in dict.fromkeys([*team.answerable(load), *team.answerable(None)]) if one.worker_id != load.worker_id]
        until = f"until {in_london(load.absent_until)}" if load.absent_until else "with no end given"
        late = [one for one in team.answer.late if one.worker_id == load.worker_id]
        named = dict.fromkeys([*(one.contact_id for one in load.unassessed), *(one.contact_id for one in late)])
        lines = [
            *(f"contact {one.contact_id}: not risk assessed, limit {in_london(one.due_at)}" for one in load.unassessed),
            *(f"contact {one.contact_id}: {one.clock}, limit {in_london(one.due_at)}" for one in late),
        ]
        yield Notice(
            derived_id("notice", "absent", load.worker_id, as_text(since)), "worker_absent", tuple(to),
            f"{load.name} is absent and holds {contacts(load.caseload)}", "\n".join(_text(load, in_london(since), until, lines)),
            {"worker_id": load.worker_id, "absent_until": as_text(load.absent_until) if load.absent_until else None,
             "contacts": [{"contact_id": one} for one in named]},
        )  # fmt: skip


def _text(load: WorkerLoad, since: str, until: str, lines: list[str]) -> Iterator[str]:
    yield f"{load.name} is absent since {since}, {until}, and holds {contacts(load.caseload)}."
    yield "What nobody had risk assessed is given to others, if there is anybody. What is assessed stays until you move it:"
    yield "./frontdoor record allocated CONTACT --by NAME"
    if lines:
        yield from ("", "First of all:", *lines, "", OPEN_ONE)
