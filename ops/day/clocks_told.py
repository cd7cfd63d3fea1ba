"""What became of every clock of a day's contacts beside the same-day one: met, missed, or still running."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from schemas.case_event import CaseEvent
from schemas.flag import Flag
from schemas.london import LONDON
from streams.case_clocks import Run, runs
from streams.clock_rules import ClockRules
from streams.milestones import milestones


def clocks_told(
    events: Mapping[str, Iterable[CaseEvent]], flags: Iterable[Flag], refs: Mapping[str, str], rules: ClockRules
) -> list[dict[str, Any]]:
    """Each run of each clock of the contacts in `refs`, by ref and limit. `state` is met, missed, not_verifiable, ended or
    running; the second and third by the flag that says so."""
    flagged = {(flag.contact_id, flag.clock, flag.opening, flag.due_at): flag for flag in flags}
    told = []
    for contact, ref in refs.items():
        mine = list(events.get(contact, ()))
        authority = next((event.opened.authority_code for event in mine if event.opened is not None), "")
        for run in runs([one for event in mine for one in milestones(event)], rules, authority):
            told.append(_run(run, ref, flagged.get((contact, run.clock, run.opening, run.due_at))))
    return sorted(told, key=lambda one: (one["ref"], one["due"], one["clock"]))


def _run(run: Run, ref: str, flag: Flag | None) -> dict[str, Any]:
    missed = flag is not None and flag.state not in ("due_soon", "withdrawn")
    state = str(flag.result) if flag is not None and missed else "running" if run.state == "late" else run.state
    return {
        "ref": ref, "clock": run.clock, "opening": run.opening, "started": _local(run.started_at), "due": _local(run.due_at),
        "state": state, "recorded_late": run.recorded_late, "flag": flag.state if flag is not None else "",
        "with": flag.to if flag is not None and missed else "",
    }  # fmt: skip


def _local(moment: datetime) -> str:
    return moment.astimezone(LONDON).isoformat()
