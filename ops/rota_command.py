"""`rota FILE`: put a duty rota on the running hub; `--off` takes people from it."""

import asyncio
import json
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from ops.dry_run import DryRun, show_instead
from ops.durable_log import KafkaLog
from ops.rota import DEFAULT_ROTA, OnDuty, RotaError, append_rota, read_rota, removal_event, rota_events
from ops.running_stack import running_settings
from ops.view.client import USAGE, fail
from schemas.allocation import AllocationEvent
from schemas.identity import keyed_hash
from schemas.ports import NotDurable
from schemas.settings import Settings


def rota(
    file: Annotated[Path | None, typer.Argument(help="CSV with worker_id,name,role,duty_from,duty_to and more.")] = None,
    team: Annotated[str, typer.Option(help="The team; by default the front door's own.")] = "",
    off: Annotated[list[str] | None, typer.Option("--off", help="A worker_id to take from the rota; may be repeated.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for programs.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Put workers on duty; without FILE the example rota. What found nobody is allocated at once.

    A file says everything about the people it names: their earlier duties and absences are replaced. Others stay as they
    are. With --off and no FILE nobody is put on duty.

    Exit code 0: on the log. 2: the file is no rota. 3: no hub is running.
    """
    if any(not worker_id.strip() or "/" in worker_id or not worker_id.isprintable() for worker_id in off or []):
        fail("--off takes somebody from the rota: give their worker_id, as in the file.", USAGE)
    if not team.isprintable():
        fail("--team holds a character that cannot be shown: give the team's name.", USAGE)
    try:
        duties = read_rota(file or DEFAULT_ROTA) if file is not None or not off else []
    except RotaError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    settings = running_settings(Settings())
    where, now = team or settings.team, datetime.now(UTC)
    hashed = partial(keyed_hash, settings.hash_key.encode())
    events = [removal_event(where, worker_id, now) for worker_id in off or []]
    events += rota_events(where, duties, now, hashed)
    if dry_run:
        show_instead("allocation-in", _as_json(where, duties, off or []))
    try:
        asyncio.run(_publish(settings, events))
    except NotDurable as error:
        broker = settings.bootstrap_servers
        typer.echo(f"The broker at {broker} did not take the rota ({error}). Start the hub with ./frontdoor up", err=True)
        raise typer.Exit(3) from None
    typer.echo(json.dumps(_as_json(where, duties, off or []), indent=2) if as_json else _said(where, duties, off or [], now))


def _said(team: str, duties: list[OnDuty], off: list[str], now: datetime) -> str:
    people = {duty.worker_id for duty in duties}
    on_duty = {duty.worker_id for duty in duties if duty.is_now(now)}
    # Next week's file ends this week's duties: whoever loads it must see that at once.
    on = [f"{len(people)} on the rota of {team}, {len(on_duty)} of them on duty now."] if duties else []
    return " ".join([*on, *([f"{len(set(off))} taken from the rota of {team}."] if off else [])])


def _as_json(team: str, duties: list[OnDuty], off: list[str]) -> dict[str, object]:
    """What conflicts are with stays in the file: it may be a name."""
    people: dict[str, dict[str, object]] = {}
    for duty in duties:
        person = people.setdefault(
            duty.worker_id,
            {
                "worker_id": duty.worker_id, "name": duty.name, "role": duty.role, "area": duty.area, "share": duty.share,
                "cap": duty.cap, "supervisor": duty.supervisor, "conflicts": len(duty.conflicts), "duties": [],
            },
        )  # fmt: skip
        times = {"from": duty.duty_from, "to": duty.duty_to}
        said = {name: time.isoformat() if time else None for name, time in times.items()}
        person["duties"].append({**said, "absent": duty.absent})  # type: ignore[attr-defined]
    return {"team": team, "on": list(people.values()), "off": sorted(set(off))}


async def _publish(settings: Settings, events: list[AllocationEvent]) -> None:
    log = KafkaLog(settings.bootstrap_servers, "frontdoor-rota", delivery_timeout=10.0)
    try:
        await append_rota(log, events)
    finally:
        log.close()
