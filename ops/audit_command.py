"""`frontdoor audit`: read the whole log again and say whether every promise holds, with or without the workers."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from ops.audit.auditor import GRACE_SECONDS
from ops.audit.auditor import audit as audit_log
from ops.audit.report import print_verdict
from ops.audit.verdict import CannotLook
from ops.clocks import stepped_clock
from ops.progress_bar import progress_bar
from ops.stack_state import read_state
from ops.view.terminal import console
from ops.watchdog.watch import watch
from schemas.settings import Settings

#: Exit codes: every promise holds; one is broken; the log could not be read, so nothing is known.
HOLDS, VIOLATED, COULD_NOT_LOOK = 0, 1, 2


@dataclass(frozen=True, slots=True)
class _Target:
    """Which log, which journals, and whose time."""

    bootstrap: str
    journals: Path | None
    stepped: bool
    now: datetime | None


def audit(
    bootstrap: Annotated[
        str | None,
        typer.Option(help="host:port of the cluster; else the running stack's, else KAFKA_BOOTSTRAP_SERVERS."),
    ] = None,
    journal: Annotated[
        Path | None,
        typer.Option(help="Folder of the connectors' journals; else the running stack's, unless --bootstrap is given."),
    ] = None,
    grace: Annotated[
        float, typer.Option(min=0, help="Seconds that a record may wait for its result before it counts as missing.")
    ] = GRACE_SECONDS,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the verdict as one JSON object; with --follow each notice as a line.")
    ] = False,
    follow: Annotated[
        bool, typer.Option("--follow", help="Stay, and say when something begins to be wrong and when it is over.")
    ] = False,
    every: Annotated[float, typer.Option(min=0, help="With --follow: seconds between whole audits; 0 for none.")] = 600.0,
) -> None:
    """Read the whole log again, with other code than the workers', and say whether every promise holds.

    Needs the broker alone: no worker has to run. Exit code 0: everything holds. 1: it does not, and the record ids
    are printed. 2: the log could not be read, so nothing is known. With --follow: 0 if no alarm stands when it is stopped
    (Ctrl-C or SIGTERM), else 1.
    """
    try:
        settings = Settings()
        target = _target(settings, bootstrap, journal)
        if follow:
            clock = "stepped" if target.stepped else "system"
            watched = settings.model_copy(update={"bootstrap_servers": target.bootstrap, "clock": clock})
            raise typer.Exit(watch(watched, target.journals, every=every, as_json=as_json))
        with progress_bar("looking for the ends", "reading", "comparing") as told:
            verdict = audit_log(
                target.bootstrap,
                journal_dir=target.journals,
                now=target.now,
                stepped=target.stepped,
                grace_seconds=grace,
                progress=told,
            )
    except CannotLook as error:
        typer.echo(f"Could not look: {error}", err=True)
        raise typer.Exit(COULD_NOT_LOOK) from None
    if as_json:
        typer.echo(verdict.model_dump_json(indent=2))
    else:
        print_verdict(verdict, console())
    raise typer.Exit(HOLDS if verdict.ok else VIOLATED)


def _target(settings: Settings, bootstrap: str | None, journal: Path | None) -> _Target:
    stack = read_state(settings.run_dir)
    own = stack.bootstrap if stack is not None and stack.bootstrap else settings.bootstrap_servers
    if journal is not None and not journal.is_dir():
        raise CannotLook(f"there is no folder {journal} with journals")
    if bootstrap is not None and bootstrap != own:
        # Another cluster: this stack's journals and its stepped clock say nothing about it.
        return _Target(bootstrap, journal, settings.clock == "stepped", None)
    stepped = (stack.clock if stack is not None else settings.clock) == "stepped"
    try:
        now = stepped_clock(settings).now() if stepped else None
    except (OSError, ValueError):
        now = None
    return _Target(own, journal or settings.run_dir / "journal", stepped, now)
