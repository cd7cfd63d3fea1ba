"""`schemas write|check`: commit the schemas of changed models and the documents made from them, or say whether they are
committed and compatible."""

import json
from typing import NoReturn

import typer

from ops.documents import files as documents
from ops.documents.topic_pages import NoExample
from ops.dry_run import DryRun, show_instead
from schemas.avro import Incompatible, committed_versions, generated, incompatibilities, pending, write
from schemas.catalogue import MODELS

schemas_app = typer.Typer(help="The Avro schemas of what travels.", no_args_is_help=True)


@schemas_app.command("write")
def write_(dry_run: DryRun = False) -> None:
    """Commit a new version for every model that changed, and renew the generated documents under `docs/`.

    Exit code 1 when a model cannot read what is on the log.
    """
    try:
        if dry_run:
            _show()
        written = write(list(MODELS.values()))
    except Incompatible as error:
        typer.echo(f"Not compatible with what is already on the log: {error}", err=True)
        raise typer.Exit(1) from None
    try:
        written += [f"docs/{path}" for path in documents.write()]
    except NoExample as error:
        typer.echo("\n".join([*written, f"The documents were not renewed: {error}."]), err=True)
        raise typer.Exit(1) from None
    typer.echo("\n".join(written) or "Nothing changed.")


def _show() -> NoReturn:
    """The files that `write` would write. Raises `Incompatible` and `NoExample`."""
    versions = pending(list(MODELS.values()))
    renewed = documents.stale(newly=frozenset(version.split("/")[0] for version in versions))
    show_instead(
        str(documents.DOCS.parent),
        [*(f"schemas/avsc/{version}.avsc" for version in versions), *(f"docs/{path}" for path in renewed)],
    )


@schemas_app.command()
def check() -> None:
    """Say whether every model's schema is committed and reads every earlier version, and every document is up to date.

    Exit code 1 when not.
    """
    problems = []
    for name, model in MODELS.items():
        text = generated(model)
        versions = committed_versions(name)
        if not versions or versions[-1].schema != json.loads(text):
            problems.append(f"{name}: the model has changed; run ./frontdoor schemas write and commit the result")
        problems += incompatibilities(name, text)
    try:
        problems += [f"docs/{path}: not up to date; run ./frontdoor schemas write" for path in documents.stale()]
    except NoExample as error:
        problems.append(str(error))
    typer.echo("\n".join(problems) or "Every schema is committed and reads every earlier version.")
    raise typer.Exit(1 if problems else 0)
