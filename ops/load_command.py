"""`frontdoor load FILE`: the cases that were open before the hub, from an Annex A workbook or a children-in-need census."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any, NoReturn

import httpx
import typer

from connectors.social_care.open_cases import Load
from ops.dry_run import DryRun
from ops.entry_options import Json, Timeout, Token
from ops.progress_bar import progress_bar
from ops.running_stack import running_settings
from ops.view.client import (
    NOT_FOUND,
    STILL_WAITING,
    USAGE,
    StackNotUp,
    ViewClient,
    fail,
    not_up,
    plain_errors,
    read,
    url_of,
)  # fmt: skip
from ops.view.terminal import plain
from schemas.settings import Settings

#: Whose connector takes a load.
_ROLE = "connector-social_care"


def load(
    file: Annotated[Path, typer.Argument(help="Annex A workbook (.xlsx) or list as text, or CIN census (XML).", metavar="FILE")],
    as_of: Annotated[
        str, typer.Option("--as-of", metavar="DATE", help="What was open on this day, for an older file; else what has no end.")
    ] = "",
    token: Token = "",
    as_json: Json = False,
    dry_run: DryRun = False,
    timeout: Timeout = 60.0,
) -> None:
    """Load the open cases of the case system, so that a later contact about such a child reaches the worker named in the file.

    A loaded case is no contact and starts no clock; the same file again changes nothing. Files of any size are read row by
    row and sent in parts.

    Exit code: 0 loaded, 1 refused, 2 the file or the command is wrong, 3 no stack is running, 4 stored and not read yet.
    """
    # Here, not above: what reads workbooks is slow to load, and other commands do not need it.
    from connectors.social_care.load_parts import parts_of

    found = _read(file, _day(as_of))
    told = _told(file, found)
    if not as_json:
        _print(told)
    if dry_run:
        _end({**told, "dry_run": True}, as_json, "Nothing was sent.")
    receipts: list[str] = []
    settings = running_settings(Settings())
    with plain_errors(), ViewClient(settings) as view:
        for part in parts_of(found.cases(), found.kind):
            receipts.append(_sent(settings, part, token))
        for receipt in receipts:
            outcome = view.wait(f"/receipts/{receipt}", lambda known: bool(known["disposition"]), timeout)
            if outcome is None or not outcome["disposition"]:
                fail(f"It is stored, and not read yet. Ask later: frontdoor find {receipt}", STILL_WAITING)
            if outcome["disposition"] != "not_a_contact":
                fail(f"Receipt {receipt} was not taken as a load: {plain(outcome.get('reason', ''))}", NOT_FOUND)
    _end({**told, "receipts": receipts}, as_json, f"Loaded. Receipts: {', '.join(receipts)}")


def _read(file: Path, as_of: date | None) -> Load:
    from ops.load_file import NotLoadable, read_load_file

    try:
        with progress_bar("Reading") as bar:
            return read_load_file(file, _rows(bar), as_of)
    except NotLoadable as error:
        fail(f"{file}: {error}", USAGE)
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}.", USAGE)


def _rows(bar: Callable[[int, int], None]) -> Callable[[int], None]:
    """How many rows a file has is known at its end alone."""
    return lambda rows: bar(rows, 2 * rows)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        fail(f"--as-of needs a day as yyyy-mm-dd, not {plain(text)!r}.", USAGE)


def _told(file: Path, found: Load) -> dict[str, Any]:
    """What the file comes to, without anything of a child."""
    cases = [case for case in found.cases() if not case.ended]
    return {
        "file": str(file),
        "kind": found.kind,
        "rows": found.rows,
        "open_cases": len(cases),
        "by_standing": dict(Counter(standing for case in cases for standing in case.standings)),
        "with_a_named_worker": sum(bool(case.worker) for case in cases),
        "left_out": dict(found.skipped),
        "not_read": found.unread_rows,
        "first_not_read": [{"place": one.place, "column": one.column} for one in found.unread],
        "summary": found.summary(),
    }


def _sent(settings: Settings, part: bytes, token: str) -> str:
    """The receipt of a part: the same whenever the same part comes again. Raises `StackNotUp` and `Refused`."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": "load " + hashlib.sha256(part).hexdigest()}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    url = url_of(settings, _ROLE) + "/messages"
    # A proxy from the environment must never see it.
    with httpx.Client(trust_env=False, timeout=60.0) as http:
        try:
            content = read(http.post(url, content=part, headers=headers))
        except httpx.TransportError:
            raise StackNotUp(not_up(settings)) from None
    return str(content.get("receipt_id", ""))


def _print(told: dict[str, Any]) -> None:
    typer.echo(f"{told['file']}: {told['summary']}")
    for line in _unread(told):
        typer.echo(f"  {line}")


def _unread(told: dict[str, Any]) -> Iterator[str]:
    for one in told["first_not_read"]:
        yield f"not read: {one['place']}: {one['column']}"
    if told["not_read"] > len(told["first_not_read"]):
        yield f"and {told['not_read'] - len(told['first_not_read'])} more"


def _end(told: dict[str, Any], as_json: bool, said: str) -> NoReturn:
    typer.echo(json.dumps(told, indent=2, ensure_ascii=False) if as_json else said)
    raise typer.Exit(0)
