"""`frontdoor story`: all contacts of one child, in order, whoever sent them."""

import json
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ops.case_entry import contact_of, enter
from ops.review_command import review_lines
from ops.view.client import USAGE, ViewClient, fail, plain_errors, warn_if_behind
from ops.view.terminal import RISK_STYLE, console, plain, when
from schemas.codes import is_named_worker
from schemas.settings import Settings


def story(
    contact: Annotated[str, typer.Argument(metavar="CONTACT", help="Any contact of the child: id, receipt, or receipt/2.")],
    restricted: Annotated[bool, typer.Option("--restricted", help="Show a hidden identity; who looks and why is kept.")] = False,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who looks: a person's name (with --restricted).")] = "",
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why (with --restricted).")] = "",
    token: Annotated[
        str, typer.Option("--token", envvar="FRONTDOOR_TOKEN", help="The sender's token, if the stack asks for one.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for programs.")] = False,
    timeout: Annotated[float, typer.Option("--timeout", help="Seconds to wait for the entry about a restricted look.")] = 30.0,
) -> None:
    """Tell all contacts of one child in the order of their arrival.

    Exit code: 0 told, 1 nothing by that name, 2 something is missing here, 3 no stack is running.
    """
    if restricted and (not is_named_worker(by) or not reason.strip()):
        fail("A hidden identity is shown only to a named person with a reason: give --by and --reason.", USAGE)
    settings = Settings()
    with plain_errors(), ViewClient(settings) as view:
        access: dict[str, str | int] = {}
        if restricted:
            about = contact_of(view, contact, timeout)
            entry = {"event": "restricted_access", "contact_id": about, "by": by, "reason": reason}
            access = {"access": enter(settings, view, entry, token, timeout)["event_ids"][0]}
        answer = view.ask("/stories/" + quote(contact), access)
        warn_if_behind(answer)
        if as_json:
            typer.echo(json.dumps(answer, indent=2))
        else:
            _tell(console(), answer)


def _tell(out: Console, story: dict[str, Any]) -> None:
    count = len(story["contacts"])
    names = list(dict.fromkeys(plain(one["child"]) for one in story["contacts"] if one["child"]))
    out.print(" / ".join(names) or "The child's name is not known", style="bold")
    hidden = " · hidden" if story["hidden"] else ""
    out.print(f"story {story['story_id']} · {count} {'contact' if count == 1 else 'contacts'}{hidden}")
    if story["concern"]:
        out.print(f"repeat concern: {story['concern']}", style="bold red")
    table = Table("arrived (London)", "risk", "from", "held by", "part of the story by", "contact", box=None, pad_edge=False)
    for one in story["contacts"]:
        sender = f"{one['agency']}: {plain(one['organisation'])}" if one["organisation"] else one["agency"]
        held = plain(one["worker"]) or "nobody by name yet"
        risk = one["risk"] or "?"
        table.add_row(
            when(one["received_at"]),
            Text(risk, style=RISK_STYLE.get(one["risk"], "")),
            sender,
            f"{held}{' (closed)' if one['closed'] else ''}",
            _joined(one, story["story_id"]),
            one["contact_id"],
        )
    out.print(table)
    if story["household"]:
        out.print("same household: " + ", ".join(story["household"]))
    for review in story["reviews"]:
        out.print(f"\nto be looked at: contact {review['contact_id']}", style="yellow")
        for line in review_lines(review):
            out.print(f"  {line}")


def _joined(one: dict[str, Any], story_id: str) -> str:
    if one["contact_id"] == story_id:
        return "its first contact"
    if one["repeat_of"]:
        return f"the same content as contact {one['repeat_of']}, by another channel"
    return f"{plain(one['by'])}'s answer" if one["by"] else f"the linker, {one['band']}"
