"""`frontdoor find`: where is it now? By sender's message id, file name, receipt, contact, event or flag id."""

import json
from typing import Annotated

import typer

from ops.view.client import NOT_FOUND, ViewClient, fail, plain_errors, warn_if_behind
from ops.view.terminal import console, receipt_lines
from schemas.settings import Settings


def find(
    text: Annotated[str, typer.Argument(help="Sender's message id, file name, idempotency key, or an id of ours.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for programs.")] = False,
) -> None:
    """Say where a message is now and what has been done about it.

    Exit code: 0 found, 1 nothing by that name, 3 no stack is running.
    """
    with plain_errors(), ViewClient(Settings()) as view:
        answer = view.ask("/find", {"q": text})
        warn_if_behind(answer)
        if as_json:
            typer.echo(json.dumps(answer, indent=2))
        if not answer["matches"]:
            fail("Nothing by that name has arrived here. Check it with the sender; file names need their ending.", NOT_FOUND)
        if as_json:
            return
        out = console()
        for match in answer["matches"]:
            receipt = match["receipt"]
            if match["contact_id"]:
                out.print(f"contact {match['contact_id']} (found by {match['matched_by']})", style="bold")
            if receipt is None:
                out.print("  events have come for it, but it was never opened here")
                continue
            by = "" if match["contact_id"] else f" (found by {match['matched_by']})"
            out.print(f"receipt {receipt['receipt_id']}{by}", style="bold")
            for line in receipt_lines(receipt):
                out.print(f"  {line}")
