"""`frontdoor conform AGENCY --target URL`: does an address take messages as ours do?"""

import json
from dataclasses import asdict
from typing import Annotated

import httpx
import typer
from rich.table import Table

from ops.conform.cases import Result, Target, run_cases
from ops.view.terminal import console
from schemas.catalogue import AGENCIES

_FAULTS, _USAGE, _NOBODY = 1, 2, 3


def conform(
    agency: Annotated[str, typer.Argument(help=f"Whose messages: {', '.join(AGENCIES)}.")],
    target: Annotated[str, typer.Option("--target", metavar="URL", help="Where it listens; messages go to URL/messages.")],
    token: Annotated[str, typer.Option("--token", envvar="FRONTDOOR_TOKEN", help="The sender's token.")] = "",
    wait: Annotated[float, typer.Option("--wait", help="Seconds a message may take to be read; 0 does not ask.")] = 15.0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for programs.")] = False,
) -> None:
    """Send invented messages to an address that should behave like a connector, and name what it does wrong.

    For sandboxes: it leaves a few green contacts about an invented child there. Never point it at a hub that is in use.
    Exit code: 0 every case holds, 1 one does not, 2 the command was wrong, 3 nobody answers there.
    """
    if agency not in AGENCIES:
        typer.echo(f"There is no agency {agency}. There are: {', '.join(AGENCIES)}.", err=True)
        raise typer.Exit(_USAGE)
    headers = {"authorization": f"Bearer {token}"} if token else {}
    with httpx.Client(timeout=30.0, headers=headers) as http:
        try:
            http.get(target)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            typer.echo(f"Nobody answers at {target} ({type(error).__name__}).", err=True)
            raise typer.Exit(_NOBODY) from None
        results = run_cases(Target(http, target, agency, wait=wait))
    if as_json:
        typer.echo(json.dumps({"target": target, "agency": agency, "cases": [asdict(each) for each in results]}, indent=2))
    else:
        _print(results)
    if any(each.fault for each in results):
        raise typer.Exit(_FAULTS)


def _print(results: list[Result]) -> None:
    table = Table("case", "promise", "", box=None, pad_edge=False, header_style="dim")
    for each in results:
        said = f"not tried: {each.not_tried}" if each.not_tried else each.fault or "holds"
        table.add_row(each.case, each.promise, said, style="red" if each.fault else "")
    out = console()
    out.print(table)
    tried = [each for each in results if not each.not_tried]
    faults = sum(bool(each.fault) for each in tried)
    out.print(f"{faults} of {len(tried)} cases do not hold." if faults else f"All {len(tried)} cases hold.")
