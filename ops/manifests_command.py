"""`frontdoor manifests FOLDER`: what runs the hub elsewhere, made from the catalogue."""

from pathlib import Path
from typing import Annotated

import typer

from connectors.delivery.recipients import RecipientsRefused
from connectors.senders import SendersRefused
from ops.dry_run import DryRun, show_instead
from ops.manifests.files import changed_manifests, write_manifests
from ops.topics import wanted_topics
from schemas.settings import Settings


def manifests(folder: Annotated[Path, typer.Argument(help="Where to write them.")], dry_run: DryRun = False) -> None:
    """Write Strimzi topics and users, Kubernetes manifests, systemd units and a masked Kafka UI's configuration.

    They follow the catalogue and the senders file: partners' topics are among them. Writing them again prints what changed.
    Exit code: 0 written, 1 the folder cannot be written to, 2 the senders file cannot be used.
    """
    try:
        wanted = wanted_topics(Settings())
        if dry_run:
            show_instead(str(folder), [str(path) for path in changed_manifests(wanted, folder)])
        changed = write_manifests(wanted, folder)
    except (RecipientsRefused, SendersRefused) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    except OSError as error:
        typer.echo(f"{folder} cannot be written to: {error.strerror}", err=True)
        raise typer.Exit(1) from None
    typer.echo("\n".join(str(folder / path) for path in changed) or "Nothing changed.")
