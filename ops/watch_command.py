"""`frontdoor watch`: today's board in the terminal, live, most urgent first."""

import json
import sys
import time
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ops.view.client import StackNotUp, ViewClient, plain_errors, warn_if_behind
from ops.view.terminal import RISK_STYLE, console, plain, time_left, when
from schemas.settings import Settings

_REFRESH_SECONDS = 1.0


def watch(
    once: Annotated[bool, typer.Option("--once", help="Show the board as it is now and end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a refresh, a line each.")] = False,
) -> None:
    """Show every contact that nobody has risk assessed yet, most urgent first; Ctrl-C ends.

    Without a terminal it shows the board once. Exit code: 0, or 3 when no stack is running.
    """
    settings = Settings()
    with plain_errors():
        if as_json:
            _print_json(settings, once)
        elif once or not sys.stdout.isatty():
            with ViewClient(settings) as view:
                answer = view.ask("/board")
            warn_if_behind(answer)
            console().print(board_table(answer))
        else:
            _live(settings)


def _print_json(settings: Settings, once: bool) -> None:
    try:
        while True:
            with ViewClient(settings) as view:
                typer.echo(json.dumps(view.ask("/board")))
            if once:
                return
            time.sleep(_REFRESH_SECONDS)
    except KeyboardInterrupt:
        return


def _live(settings: Settings) -> None:
    out = console()
    with ViewClient(settings) as view:
        answer = view.ask("/board")
    try:
        with Live(board_table(answer, out.height), console=out, screen=True, auto_refresh=False) as live:
            while True:
                time.sleep(_REFRESH_SECONDS)
                silent = ""
                try:
                    # Found again each time: the view may have been started anew on another port.
                    with ViewClient(settings) as view:
                        answer = view.ask("/board")
                except StackNotUp:
                    silent = "THE VIEW DOES NOT ANSWER: what follows is the last board it gave"
                live.update(board_table(answer, out.height, silent), refresh=True)
    except KeyboardInterrupt:
        return


def board_table(board: dict[str, Any], height: int | None = None, silent: str = "") -> Group:
    """The board as rows; with a `height` (lines of the screen) the least urgent are cut and counted."""
    room = None if height is None else max(3, height - 12 - 2 * len(board["unreadable"][:5]))
    shown = board["contacts"][:room]
    parts: list[Text | Table] = [*_banner(board, silent), _contacts(shown)]
    hidden = len(board["contacts"]) - len(shown)
    if hidden:
        parts.append(Text(f"… and {hidden} less urgent", style="dim"))
    if not board["contacts"]:
        parts.append(Text("Every contact has been risk assessed.", style="green"))
    for entry in board["unreadable"][: 5 if height else None]:
        left = time_left(entry["minutes_left"])
        line = f"cannot be read: receipt {entry['receipt_id']} from {entry['agency']}, {left}, "
        line += f"held by {plain(entry['worker']) or 'nobody by name'}: {plain(entry['reason'])}"
        parts.append(Text(line, style="red" if entry["overdue"] else "yellow"))
    for lost in board["unmatched"][: 3 if height else None]:
        types = ", ".join(kind.replace("_", " ") for kind in lost["types"])
        line = f"unmatched for {lost['minutes_waiting']} min: {plain(types)} for contact {plain(lost['contact_id'])}"
        parts.append(Text(line, style="yellow"))
    if board["not_read_yet"]:
        first = board["not_read_yet"][0]
        line = f"{board['unread']} received and not read yet, the oldest {when(first['received_at'])}"
        parts.append(Text(line, style="yellow"))
    return Group(*parts)


def _banner(board: dict[str, Any], silent: str) -> Iterator[Text]:
    if silent:
        yield Text(silent, style="bold white on red")
    behind = board["behind_records"]
    if behind is None:
        yield Text("The broker does not answer: this is the last known state", style="bold white on red")
    elif behind:
        yield Text(f"still reading: {behind} records of the log are not shown yet", style="yellow")
    yield Text(
        f"Front Door · {when(board['as_of'])} · {board['total']} not risk assessed, {board['overdue']} overdue, "
        f"{board['unallocated']} held by nobody by name",
        style="bold",
    )


def _contacts(entries: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("risk", "time", "limit", "child", "from", "held by", "flag", "contact"):
        table.add_column(name, no_wrap=name in ("risk", "time", "limit", "contact"))
    for entry in entries:
        risk = entry["risk"]
        table.add_row(
            Text(risk or "?", style=RISK_STYLE.get(risk, "")),
            Text(time_left(entry["minutes_left"]), style="bold red" if entry["overdue"] else ""),
            when(entry["due_at"]),
            Text(plain(entry["child"]) or "not named"),
            Text(plain(f"{entry['agency']}: {entry['organisation']}" if entry["organisation"] else entry["agency"])),
            Text(plain(entry["worker"]) or "nobody", style="" if entry["worker"] else "bold red"),
            Text(_flag(entry)),
            entry["contact_id"],
        )
    return table


def _flag(entry: dict[str, Any]) -> str:
    words = [f"{entry['flag']['result']}, {entry['flag']['state']}".replace("_", " ")] if entry["flag"] else []
    if not entry["flag_agrees"]:
        words.append("differs")
    if entry["opening"] > 1:
        words.append("reopened")
    if entry["closed"]:
        words.append("closed without assessment")
    if entry["may_be"]:
        words.append("may be a known child")
    if entry["concern"]:
        words.append(entry["concern"])
    return " · ".join(words)
