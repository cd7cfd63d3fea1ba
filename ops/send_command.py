"""`frontdoor send AGENCY FILE…`: files to the running stack, receipts back."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from ops.delivery import Delivered, Deliveries, NotDelivered, usual_way
from ops.dry_run import DryRun, show_instead
from ops.running_stack import running_settings
from schemas.catalogue import AGENCIES
from schemas.settings import Settings

#: Exit codes.
SOME_REFUSED, USAGE, NOT_UP = 1, 2, 3
#: From so many files on, progress is shown.
_MANY = 5


class ViaChoice(StrEnum):
    """The ways a message can take."""

    http = "http"
    mllp = "mllp"
    folder = "folder"
    kafka = "kafka"


def send(
    agency: Annotated[str, typer.Argument(help=f"Who sends: {', '.join(AGENCIES)}.")],
    files: Annotated[list[Path], typer.Argument(help="The messages, one a file.", metavar="FILE…")],
    via: Annotated[
        ViaChoice | None,
        typer.Option("--via", help="Default: .hl7 files over mllp, police notices by folder, all else over http."),
    ] = None,
    idempotency_key: Annotated[
        str, typer.Option("--idempotency-key", help="For one file over http: sending it again counts once.")
    ] = "",
    token: Annotated[
        str, typer.Option("--token", envvar="FRONTDOOR_TOKEN", help="The sender's token, if the stack asks for one.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for programs.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Send files to the running stack as a partner would, and print their receipts.

    A receipt says that the message is stored, not that anybody has read it: ask with `find RECEIPT`.
    Exit code: 0 all were taken, 1 some were not, 2 the command was wrong, 3 no stack is running.
    """
    if agency not in AGENCIES:
        raise _wrong(f"There is no agency {agency}. There are: {', '.join(AGENCIES)}.")
    for file in files:
        if not file.is_file():
            raise _wrong(f"There is no file {file}.")
    if idempotency_key and len(files) > 1:
        raise _wrong("An idempotency key names one message: send one file with it.")
    if idempotency_key and (via or usual_way(agency, files[0])) != "http":
        raise _wrong("Only HTTP carries an idempotency key: add --via http.")
    if dry_run:
        ways = {file: via.value if via else usual_way(agency, file) for file in files}
        show_instead(
            f"connector-{agency}", [{"file": str(file), "via": ways[file], "bytes": file.stat().st_size} for file in files]
        )
    quiet = as_json or len(files) < _MANY
    results: list[dict[str, str]] = []
    not_up = False
    with (
        Deliveries(running_settings(Settings()), token=token) as deliveries,
        Progress(console=Console(stderr=True), transient=True, disable=quiet) as progress,
    ):
        bar = progress.add_task("Sending", total=len(files))
        for file in files:
            way = via.value if via else usual_way(agency, file)
            result: dict[str, str] = {"file": str(file), "via": way}
            try:
                result |= _said(deliveries.send(agency, way, file, idempotency_key))
            except NotDelivered as error:
                result |= {"receipt_id": "", "problem": str(error)}
                not_up = not_up or error.not_up
            except OSError as error:
                result |= {"receipt_id": "", "problem": f"The file cannot be read: {error.strerror}."}
            results.append(result)
            if not as_json:
                _print(result)
            progress.advance(bar)
            if not_up:
                # The others would fare the same.
                break
    if as_json:
        typer.echo(json.dumps({"sent": results}, indent=2, ensure_ascii=False))
    if not_up:
        raise typer.Exit(NOT_UP)
    if any(result["problem"] for result in results):
        raise typer.Exit(SOME_REFUSED)


def _said(delivered: Delivered) -> dict[str, str]:
    return {"receipt_id": delivered.receipt_id, "problem": delivered.refused}


def _print(result: dict[str, str]) -> None:
    if result["receipt_id"]:
        typer.echo(f"{result['receipt_id']}  {result['file']}")
    if result["problem"]:
        typer.echo(f"{result['file']}: {result['problem']}", err=True)


def _wrong(text: str) -> typer.Exit:
    typer.echo(text, err=True)
    return typer.Exit(USAGE)
