"""`frontdoor flag`: what a person must look at, and that somebody has: seen, or explained with a reason of the list."""

import json
from typing import Annotated, Any, get_args
from urllib.parse import quote

import typer
from rich.table import Table

from ops.case_entry import enter
from ops.dry_run import DryRun
from ops.entry_options import Json, Timeout, Token, require_named
from ops.view.client import NOT_FOUND, USAGE, ViewClient, fail, plain_errors, warn_if_behind
from ops.view.terminal import console, plain, when
from schemas.calendars import DataFileError
from schemas.clock_policy import SHIPPED_POLICY, load_policy
from schemas.codes import FLAG_REASONS
from schemas.flag import FlagState
from schemas.settings import Settings

flag_app = typer.Typer(no_args_is_help=True, help="List flags; acknowledge or explain one.")

FlagId = Annotated[str, typer.Argument(metavar="FLAG", help="The flag's id, or its beginning.")]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who did it: a person's name.")]

#: Flags asked for, the most that the view gives at once.
_ALL = "/flags?limit=10000"


@flag_app.command("list")
def list_flags(
    state: Annotated[str, typer.Option("--state", help="due_soon, raised, escalated, acknowledged, explained, withdrawn.")] = "",
    clock: Annotated[str, typer.Option("--clock", help="Only of this clock.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Also what is explained or withdrawn.")] = False,
    as_json: Json = False,
) -> None:
    """List flags, those that a person must deal with first.

    Exit code: 0 listed, 2 wrong command, 3 no stack is running.
    """
    if state and state not in get_args(FlagState):
        fail(f"{plain(state)!r} is no state of a flag: {', '.join(get_args(FlagState))}", USAGE)
    with plain_errors(), ViewClient(Settings()) as view:
        answer = view.ask(_ALL + (f"&state={quote(state)}" if state else ""))
        warn_if_behind(answer)
    if clock and not any(one["flag"]["clock"] == clock for one in answer["flags"]):
        _require_clock(clock)
    over = set() if everything or state else {"explained", "withdrawn"}
    shown = [one for one in answer["flags"] if one["flag"]["state"] not in over and clock in ("", one["flag"]["clock"])]
    if as_json:
        typer.echo(json.dumps({**answer, "flags": shown}, indent=2))
        return
    out = console()
    if not shown:
        out.print("No flag stands." if not (state or clock) else "No such flag.")
        return
    table = Table("flag", "clock", "limit", "state", "with", "child", "held by", box=None, pad_edge=False, header_style="dim")
    for one in shown:
        flag = one["flag"]
        said = flag["state"].replace("_", " ") + (" (cannot be verified)" if flag["result"] == "not_verifiable" else "")
        turn = plain(flag["owner"]) or flag["to"].replace("-", " ")
        table.add_row(
            flag["flag_id"], flag["clock"], when(flag["due_at"]), said, turn, plain(one["child"]), plain(one["worker"])
        )
    out.print(table)


@flag_app.command("ack")
def acknowledge(
    flag: FlagId, by: By, as_json: Json = False, token: Token = "", timeout: Timeout = 30.0, dry_run: DryRun = False
) -> None:
    """Say that a person has seen a flag and looks into it.

    Exit code: 0 kept and it counts, 1 it does not count, 2 wrong command, 3 no stack is running, 4 kept, not read yet.
    """
    _answer("acknowledged", flag, by, {}, as_json, token, timeout, dry_run)


@flag_app.command("explain")
def explain(
    flag: FlagId,
    by: By,
    reason: Annotated[str, typer.Option("--reason", metavar="CODE", help=f"Why: {', '.join(FLAG_REASONS)}.")],
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="In words; kept apart from the log of events.")] = "",
    as_json: Json = False,
    token: Token = "",
    timeout: Timeout = 30.0,
    dry_run: DryRun = False,
) -> None:
    """Say why a limit was passed; the escalation ends there.

    Exit code: 0 kept and it counts, 1 it does not count, 2 wrong command, 3 no stack is running, 4 kept, not read yet.
    """
    if reason not in FLAG_REASONS:
        listed = "\n".join(f"  {code}: {text}" for code, text in FLAG_REASONS.items())
        fail(f"{plain(reason)!r} is not a reason of the list:\n{listed}", USAGE)
    more = {"reason_code": reason, **({"reason": note} if note.strip() else {})}
    _answer("explained", flag, by, more, as_json, token, timeout, dry_run)


def _require_clock(clock: str) -> None:
    """Ends the command for a clock that does not exist: that nothing of it stands would comfort without cause."""
    try:
        known = [*load_policy(Settings().clock_policy or SHIPPED_POLICY).clocks, "unmatched"]
    except DataFileError as error:
        fail(str(error), USAGE)
    if clock not in known:
        fail(f"There is no clock {plain(clock)!r}. There are: {', '.join(known)}", USAGE)


def _answer(
    what: str, flag: str, by: str, more: dict[str, str], as_json: bool, token: str, timeout: float, dry_run: bool
) -> None:
    require_named(by)
    settings = Settings()
    with plain_errors(), ViewClient(settings) as view:
        found = _find(view, flag)
        entry = {"event": f"flag_{what}", "contact_id": found["contact_id"], "flag": found["flag_id"], "by": by, **more}
        _possible(found, what)
        enter(settings, view, entry, token, timeout, dry_run=dry_run)
        before = (found["state"], len(found["history"]))
        changed = view.wait(_ALL, lambda answer: _state_of(answer, found["flag_id"]) != before, timeout)
    state = _state_of(changed, found["flag_id"])[0] if changed else found["state"]
    if as_json:
        typer.echo(json.dumps({"flag_id": found["flag_id"], "contact_id": found["contact_id"], "state": state}, indent=2))
    else:
        console().print(f"flag {found['flag_id']} of the {found['clock']} clock is {state.replace('_', ' ')}", style="bold")


def _find(view: ViewClient, text: str) -> dict[str, Any]:
    """The flag whose id begins with the text. Ends the command when there is none, or several."""
    wanted = text.strip().casefold()
    flags = [one["flag"] for one in view.ask(_ALL)["flags"]]
    fitting = [flag for flag in flags if wanted and flag["flag_id"].startswith(wanted)]
    if len(fitting) != 1:
        none = "The log has shown no such flag; `flag list` shows those there are."
        several = f"{len(fitting)} flags begin with that: give more of the id." if fitting else none
        fail(several, NOT_FOUND)
    found: dict[str, Any] = fitting[0]
    return found


def _possible(flag: dict[str, Any], what: str) -> None:
    states = {"acknowledged": ("raised", "escalated"), "explained": ("raised", "escalated", "acknowledged")}[what]
    if flag["state"] not in states:
        fail(f"That flag is {flag['state'].replace('_', ' ')}, so it cannot be {what}.", NOT_FOUND)


def _state_of(answer: dict[str, Any], flag_id: str) -> tuple[str, int]:
    """The flag's state, and how many it has gone through."""
    flags = (one["flag"] for one in answer["flags"])
    return next(((str(flag["state"]), len(flag["history"])) for flag in flags if flag["flag_id"] == flag_id), ("", 0))
