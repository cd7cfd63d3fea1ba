"""`schemas write|check`: commit the schemas of changed models, or say whether they are committed and compatible."""

import json

import typer

from schemas.avro import Incompatible, committed_versions, generated, incompatibilities, write
from schemas.catalogue import MODELS

schemas_app = typer.Typer(help="The Avro schemas of what travels.", no_args_is_help=True)


@schemas_app.command("write")
def write_() -> None:
    """Commit a new version for every model that changed. Exit code 1 when one cannot read what is on the log."""
    try:
        written = write(list(MODELS.values()))
    except Incompatible as error:
        typer.echo(f"Not compatible with what is already on the log: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo("\n".join(written) or "Nothing changed.")


@schemas_app.command()
def check() -> None:
    """Say whether every model's schema is committed and reads every earlier version. Exit code 1 when not."""
    problems = []
    for name, model in MODELS.items():
        text = generated(model)
        versions = committed_versions(name)
        if not versions or versions[-1].schema != json.loads(text):
            problems.append(f"{name}: the model has changed; run ./frontdoor schemas write and commit the result")
        problems += incompatibilities(name, text)
    typer.echo("\n".join(problems) or "Every schema is committed and reads every earlier version.")
    raise typer.Exit(1 if problems else 0)
