"""`frontdoor team`: who of a team holds how much, what is getting late, and who has nobody."""

import json
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.table import Table

from ops.view.client import NOT_FOUND, Refused, ViewClient, fail, plain_errors, warn_if_behind
from ops.view.terminal import console, plain, time_left, when
from schemas.settings import Settings


def team(
    name: Annotated[str, typer.Argument(help="The team; by default the front door's own.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for programs.")] = False,
) -> None:
    """Show every worker's caseload, oldest unassessed contact, missed and soon due clocks, and the team's.

    Exit code: 0 found, 1 no team by that name, 3 no stack is running.
    """
    settings = Settings()
    with plain_errors(), ViewClient(settings) as view:
        try:
            answer = view.ask(f"/teams/{quote(name or settings.team, safe='')}")
        except Refused as refused:
            if refused.status != 404:
                raise
            there = ", ".join(map(plain, view.ask("/teams")["teams"])) or "none yet; ./frontdoor rota FILE puts people on duty"
            fail(f"No team {plain(name or settings.team)!r} has a rota or a contact. Teams: {there}", NOT_FOUND)
        warn_if_behind(answer)
    if as_json:
        typer.echo(json.dumps(answer, indent=2))
        return
    out = console()
    out.print(team_table(answer))
    for one in answer["unallocated"]:
        late = time_left(one["minutes_left"])
        out.print(f"nobody by name holds contact {one['contact_id']}: {one['risk'] or 'risk not stated'}, {late}")


def team_table(answer: dict[str, Any]) -> Table:
    """A team's answer as people read it; the last line is the team's."""
    table = Table(box=None, header_style="bold")
    counted = {"missed": "missed", "due soon": "due_soon", "nights": "nights"}
    if answer["unsigned"]:
        counted["to sign"] = "unsigned"
    for column in ("worker", "role", "now", "supervisor", "cases", "oldest unassessed", *counted):
        table.add_column(column, justify="right" if column in ("cases", *counted) else "left")
    for load in answer["workers"]:
        now = "absent" if load["absent"] else "on duty" if load["on_duty"] else "-"
        cap = f"{load['caseload']}/{load['cap']}" if load["cap"] else str(load["caseload"])
        table.add_row(
            plain(load["name"]), load["role"].replace("_", " "), now, plain(load["supervisor_name"]), cap,
            when(load["oldest_unassessed"]), *(str(load[name]) for name in counted.values()),
        )  # fmt: skip
    table.add_row(
        f"{plain(answer['team'])} (all)", "", f"{answer['on_duty']} on duty", "", str(answer["caseload"]),
        when(answer["oldest_unassessed"]), *(str(answer[name]) for name in counted.values()), style="bold",
    )  # fmt: skip
    return table
