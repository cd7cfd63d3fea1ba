"""`frontdoor topics plan` and `frontdoor topics apply`."""

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from connectors.delivery.recipients import RecipientsRefused
from connectors.senders import SendersRefused
from ops.client_config import ClientConfigRefused, admin_login
from ops.dry_run import DryRun, show_instead
from ops.running_stack import running_settings
from ops.topic_access import Access, AccessChange, NoAccessRules
from ops.topics import Change, ClusterUnavailable, Topics, TopicsNotApplied, topics_of, wanted_topics
from schemas.settings import Settings

topics_app = typer.Typer(help="The topics of the catalogue, on a live cluster.", no_args_is_help=True)

Bootstrap = Annotated[
    str | None,
    typer.Option(
        "--bootstrap", help="host:port of the cluster; else the running stack's, KAFKA_BOOTSTRAP_SERVERS, 127.0.0.1:9092."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object for programs.")]
Acls = Annotated[bool, typer.Option("--acls", help="Also who may read and write what, as the catalogue says.")]
ClientConfig = Annotated[
    Path | None,
    typer.Option("--client-config", help="File with security.protocol, sasl.username and so on, to log in to a secured cluster."),
]
Timeout = Annotated[float, typer.Option("--timeout", help="Seconds to wait for the cluster's first answer.")]


@topics_app.command()
def plan(
    bootstrap: Bootstrap = None,
    as_json: Json = False,
    timeout: Timeout = 10.0,
    acls: Acls = False,
    client_config: ClientConfig = None,
) -> None:
    """Show what separates the cluster from the catalogue; change nothing.

    + create, ~ update, - unknown topic or right (stays), ! held back because records would be deleted, or a right that
    exposes children's data, x refused.
    Exit code: 0 nothing to do (unknown topics may be there), 2 changes are pending, 1 no cluster.
    """
    try:
        with _topics(bootstrap, timeout, client_config) as topics:
            changes: list[Change | AccessChange] = [*topics.plan()]
            if acls:
                changes += _access(topics).plan()
    except (ClusterUnavailable, NoAccessRules, RecipientsRefused, SendersRefused, ClientConfigRefused) as error:
        raise _failed(error) from None
    pending = [change for change in changes if change.kind != "unknown"]
    _show(changes, as_json, "The cluster is as the catalogue says.")
    raise typer.Exit(2 if pending else 0)


@topics_app.command()
def apply(
    bootstrap: Bootstrap = None,
    as_json: Json = False,
    timeout: Timeout = 10.0,
    delete_unknown: Annotated[
        bool, typer.Option("--delete-unknown", help="Also delete topics that the catalogue does not know.")
    ] = False,
    delete_records: Annotated[
        bool, typer.Option("--delete-records", help="Also change settings that make the broker delete records.")
    ] = False,
    acls: Acls = False,
    revoke: Annotated[
        bool, typer.Option("--revoke", help="With --acls: also take away rights that the catalogue does not know.")
    ] = False,
    client_config: ClientConfig = None,
    yes: Annotated[bool, typer.Option("--yes", help="Needed with a --delete option and with --revoke.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Make the cluster as the catalogue says. Takes nothing away unless told to; applying twice changes nothing.

    Exit code: 0 done, 2 something is left that needs your decision, 1 it failed.
    """
    if (delete_unknown or delete_records) and not yes:
        typer.echo("This deletes data for good. Look at `topics plan` first, then add --yes.", err=True)
        raise typer.Exit(1)
    if revoke and not (acls and yes):
        typer.echo("This may stop programs that work now. Look at `topics plan --acls` first, then add --acls --yes.", err=True)
        raise typer.Exit(1)
    try:
        with _topics(bootstrap, timeout, client_config) as topics:
            planned = topics.plan()
            # Without an authorizer nothing is half done.
            rights = _access(topics).plan() if acls else []
            if dry_run:
                show_instead("the cluster", [*(one.as_json() for one in planned), *(one.as_json() for one in rights)])
            still = topics.apply(delete_unknown=delete_unknown, delete_records=delete_records)
            applied = _access(topics).apply(revoke=revoke) if acls else []
    except (ClusterUnavailable, NoAccessRules, RecipientsRefused, SendersRefused, TopicsNotApplied, ClientConfigRefused) as error:
        raise _failed(error) from None
    left: list[Change | AccessChange] = [*still, *(right for right in rights if right not in applied)]
    done: list[Change | AccessChange] = [_done(change) for change in planned if change not in still]
    done += [right if right.kind == "create" else replace(right, why="taken away") for right in applied]
    undecided = [change for change in left if change.kind != "unknown"]
    if as_json:
        typer.echo(json.dumps({"done": [c.as_json() for c in done], "left": [c.as_json() for c in left]}, indent=2))
    else:
        _show(done, False, "Nothing to do: the cluster is as the catalogue says.")
        if left:
            typer.echo("Left as they are:")
            _show(left, False, "")
    raise typer.Exit(2 if undecided else 0)


def _done(change: Change) -> Change:
    """A planned change in the words of what has been done: what was held back or unknown is so no more."""
    if change.kind == "held":
        return replace(change, kind="update", why="records may be deleted now")
    return replace(change, why="deleted") if change.kind == "unknown" else change


def _topics(bootstrap: str | None, timeout: float, client_config: Path | None) -> AbstractContextManager[Topics]:
    settings = Settings()
    cluster = bootstrap or running_settings(settings).bootstrap_servers
    login = admin_login(client_config) if client_config else None
    return topics_of(cluster, timeout=timeout, wanted=wanted_topics(settings), login=login)


def _access(topics: Topics) -> Access:
    return Access(topics.admin, topics.wanted, Settings().acl_principal)


def _failed(error: Exception) -> typer.Exit:
    typer.echo(str(error), err=True)
    if isinstance(error, ClusterUnavailable):
        typer.echo("Start the hub and its Kafka with ./frontdoor up, or name another cluster with --bootstrap.", err=True)
    return typer.Exit(1)


def _show(changes: Sequence[Change | AccessChange], as_json: bool, nothing: str) -> None:
    if as_json:
        typer.echo(json.dumps({"changes": [change.as_json() for change in changes]}, indent=2))
    elif not changes:
        typer.echo(nothing)
    for change in changes if not as_json else []:
        typer.echo(change.line())
