"""`rota FILE`: put a duty rota on the running hub."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ops.durable_log import KafkaLog
from ops.rota import DEFAULT_ROTA, RotaError, publish_rota, read_rota
from ops.running_stack import running_settings
from schemas.ports import NotDurable
from schemas.settings import Settings


def rota(
    file: Annotated[Path, typer.Argument(help="CSV with worker_id,name,role,duty_from,duty_to.")] = DEFAULT_ROTA,
    team: Annotated[str, typer.Option(help="The team; by default the front door's own.")] = "",
) -> None:
    """Put workers on duty; without FILE the example rota. Requests that found nobody are answered at once.

    Exit code 0: on the log. 2: the file is no rota. 3: no hub is running.
    """
    try:
        workers = read_rota(file)
    except RotaError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    settings = running_settings(Settings())
    try:
        asyncio.run(_publish(settings, team or settings.team, workers))
    except NotDurable as error:
        where = settings.bootstrap_servers
        typer.echo(f"The broker at {where} did not take the rota ({error}). Start the hub with ./frontdoor up", err=True)
        raise typer.Exit(3) from None
    typer.echo(f"{len(workers)} on the rota of {team or settings.team}.")


async def _publish(settings: Settings, team: str, workers: list) -> None:  # type: ignore[type-arg]
    log = KafkaLog(settings.bootstrap_servers, "frontdoor-rota", delivery_timeout=10.0)
    try:
        await publish_rota(log, team, workers, datetime.now(UTC))
    finally:
        log.close()
