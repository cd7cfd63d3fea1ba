"""`--dry-run`: a command checks everything that it can, shows what it would write and where, and writes nothing."""

import json
from typing import Annotated, Any, NoReturn

import typer

DryRun = Annotated[bool, typer.Option("--dry-run", help="Check everything, show what would be written, and write nothing.")]


def show_instead(where: str, what: Any) -> NoReturn:
    """End the command (exit code 0) with what it would have written."""
    typer.echo(json.dumps({"dry_run": True, "to": where, "would_write": what}, indent=2, ensure_ascii=False, default=str))
    raise typer.Exit(0)
