"""`frontdoor topics plan` and `frontdoor topics apply`."""

import json
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Annotated

import typer

from connectors.senders import SendersRefused
from ops.running_stack import running_settings
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
Timeout = Annotated[float, typer.Option("--timeout", help="Seconds to wait for the cluster's first answer.")]


@topics_app.command()
def plan(bootstrap: Bootstrap = None, as_json: Json = False, timeout: Timeout = 10.0) -> None:
    """Show what separates the cluster from the catalogue; change nothing.

    + create, ~ update, - unknown topic (stays), ! held back because records would be deleted, x refused.
    Exit code: 0 nothing to do (unknown topics may be there), 2 changes are pending, 1 no cluster.
    """
    try:
        with _topics(bootstrap, timeout) as topics:
            changes = topics.plan()
    except (ClusterUnavailable, SendersRefused) as error:
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
    yes: Annotated[bool, typer.Option("--yes", help="Needed with either --delete option.")] = False,
) -> None:
    """Make the cluster as the catalogue says. Deletes nothing unless told to; applying twice changes nothing.

    Exit code: 0 done, 2 something is left that needs your decision, 1 it failed.
    """
    if (delete_unknown or delete_records) and not yes:
        typer.echo("This deletes data for good. Look at `topics plan` first, then add --yes.", err=True)
        raise typer.Exit(1)
    try:
        with _topics(bootstrap, timeout) as topics:
            planned = topics.plan()
            left = topics.apply(delete_unknown=delete_unknown, delete_records=delete_records)
    except (ClusterUnavailable, SendersRefused, TopicsNotApplied) as error:
        raise _failed(error) from None
    done = [_done(change) for change in planned if change not in left]
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


def _topics(bootstrap: str | None, timeout: float) -> AbstractContextManager[Topics]:
    settings = Settings()
    cluster = bootstrap or running_settings(settings).bootstrap_servers
    return topics_of(cluster, timeout=timeout, wanted=wanted_topics(settings))


def _failed(error: Exception) -> typer.Exit:
    typer.echo(str(error), err=True)
    if isinstance(error, ClusterUnavailable):
        typer.echo("Start the hub and its Kafka with ./frontdoor up, or name another cluster with --bootstrap.", err=True)
    return typer.Exit(1)


def _show(changes: list[Change], as_json: bool, nothing: str) -> None:
    if as_json:
        typer.echo(json.dumps({"changes": [change.as_json() for change in changes]}, indent=2))
    elif not changes:
        typer.echo(nothing)
    for change in changes if not as_json else []:
        typer.echo(change.line())
