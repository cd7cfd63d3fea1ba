"""What commands by which a person enters something ask for alike."""

from typing import Annotated

import typer

from ops.view.client import USAGE, fail
from schemas.codes import is_named_worker

Token = Annotated[str, typer.Option("--token", envvar="FRONTDOOR_TOKEN", help="The sender's token, if the stack asks for one.")]
Timeout = Annotated[float, typer.Option("--timeout", help="Seconds to wait for what becomes of it.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object for programs.")]


def require_named(by: str) -> None:
    """End the command (exit code 2) unless `by` is a person's name."""
    if not is_named_worker(by):
        fail("--by needs a person's name: a desk or a team does not count as a named worker.", USAGE)
