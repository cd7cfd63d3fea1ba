"""`frontdoor undelivered`: what could not be delivered: list it, and have it sent again."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Annotated, Any, get_args
from urllib.parse import quote

import typer
from rich.table import Table

from connectors.delivery.engine import entry_of
from connectors.delivery.schedule import again
from ops.dry_run import DryRun, show_instead
from ops.durable_log import KafkaLog
from ops.endpoints import endpoint
from ops.view.client import NOT_FOUND, NOT_UP, STILL_WAITING, USAGE, ViewClient, fail, plain_errors, warn_if_behind
from ops.view.terminal import console, plain, when
from schemas.codes import is_named_worker
from schemas.delivery import Delivery, RetryReason
from schemas.ports import NotDurable
from schemas.settings import Settings

undelivered_app = typer.Typer(
    help="What could not be delivered to its recipient: it waits for a person.", no_args_is_help=True
)

Json = Annotated[bool, typer.Option("--json", help="One JSON object for programs.")]

_REASONS = get_args(RetryReason)


@undelivered_app.command("list")
def list_(
    recipient: Annotated[str, typer.Option("--recipient", metavar="ID", help="Of this recipient alone.")] = "",
    waiting: Annotated[bool, typer.Option("--waiting", help="Also what is still being tried.")] = False,
    as_json: Json = False,
) -> None:
    """List what was given up, the oldest first, with who answers for it.

    Exit code: 0, or 3 when no stack is running.
    """
    with plain_errors(), ViewClient(Settings()) as view:
        answer = view.ask("/deliveries", {"waiting": str(waiting).lower(), "recipient": recipient})
    warn_if_behind(answer)
    if as_json:
        typer.echo(json.dumps(answer, indent=2))
        return
    out = console()
    if not answer["items"]:
        out.print("Everything that was tried has been delivered." if waiting else "Nothing was given up.")
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("item", "recipient", "what", "age", "tries", "state", "why", "with"):
        table.add_column(name, no_wrap=name in ("item", "age"))
    for one in answer["items"]:
        next_try = f", next {when(one['next_try_at'])}" if one["next_try_at"] else ""
        table.add_row(
            one["item_id"], one["recipient"], one["kind"].replace("_", " "), _age(one["age_seconds"]), str(one["attempts"]),
            one["state"] + next_try, plain(one["reason_code"]), plain(one["owner"]),
        )  # fmt: skip
    out.print(table)


@undelivered_app.command()
def retry(
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who has it sent again: a person's name.")],
    why: Annotated[str, typer.Option("--why", metavar="CODE", help=f"One of {', '.join(_REASONS)}.")],
    item: Annotated[str, typer.Argument(metavar="[ITEM]", help="The item's id.")] = "",
    recipient: Annotated[str, typer.Option("--recipient", metavar="ID", help="All that was given up for this recipient.")] = "",
    as_json: Json = False,
    timeout: Annotated[float, typer.Option("--timeout", help="Seconds to wait for what becomes of it.")] = 30.0,
    dry_run: DryRun = False,
) -> None:
    """Send one item again, or all of one recipient. It is written on the log, with who and why.

    Exit code: 0 delivered, 1 given up again, or nothing to send, 3 no stack is running, 4 still being tried.
    """
    if not is_named_worker(by):
        fail("--by needs a person's name: a desk or a team cannot answer for it.", USAGE)
    if why not in _REASONS:
        fail(f"--why must be one of {', '.join(_REASONS)}.", USAGE)
    if bool(item) == bool(recipient):
        fail("Name one item, or a recipient with --recipient.", USAGE)
    settings = Settings()
    with plain_errors(), ViewClient(settings) as view:
        given_up = _given_up(view, item, recipient)
        now = datetime.now(UTC)
        hub_now = datetime.fromisoformat(view.ask("/progress")["as_of"])
        rounds = [again(one, by=by, why=why, at=hub_now, now=now) for one in given_up]
        if dry_run:
            show_instead("deliveries", [one.model_dump(mode="json") for one in rounds])
        _write(settings, rounds)
        ends = [_end(view, one, timeout) for one in rounds]
    if as_json:
        typer.echo(json.dumps({"items": [one.model_dump(mode="json") for one in ends]}, indent=2))
    else:
        for one in ends:
            because = f" ({one.reason_code})" if one.reason_code and one.state != "retried" else ""
            typer.echo(f"{one.item_id}: {'not tried yet' if one.state == 'retried' else one.state}{because}")
    if any(one.state == "undelivered" for one in ends):
        raise typer.Exit(NOT_FOUND)
    if any(one.state != "delivered" for one in ends):
        raise typer.Exit(STILL_WAITING)


def _given_up(view: ViewClient, item: str, recipient: str) -> list[Delivery]:
    ids = [item] if item else [one["item_id"] for one in view.ask("/deliveries", {"recipient": recipient})["items"]]
    found = [Delivery.model_validate(view.ask(f"/deliveries/{quote(one, safe='')}")["delivery"]) for one in ids]
    if item and found[0].state != "undelivered":
        fail(f"It has not been given up: it is {found[0].state}.", NOT_FOUND)
    if not found:
        fail(f"Nothing was given up for {recipient}.", NOT_FOUND)
    # In the order of the log, so that each contact's items leave in their order.
    return sorted((one for one in found if one.state == "undelivered"), key=lambda one: (one.partition, one.offset))


def _write(settings: Settings, rounds: list[Delivery]) -> None:
    # The log that the view of this stack reads.
    found = endpoint(settings, "view") or {}
    bootstrap = str(found.get("urls", {}).get("kafka") or settings.bootstrap_servers)
    log = KafkaLog(bootstrap, "frontdoor-undelivered", delivery_timeout=15.0)
    try:
        asyncio.run(log.append([entry_of(one, "ops") for one in rounds]))
    except NotDurable as error:
        fail(f"Nothing was changed: {error}. Try again when the broker answers.", NOT_UP)
    finally:
        log.close()


def _end(view: ViewClient, begun: Delivery, timeout: float) -> Delivery:
    def over(answer: dict[str, Any]) -> bool:
        newest = Delivery.model_validate(answer["delivery"])
        return newest.round >= begun.round and newest.settled

    answer = view.wait(f"/deliveries/{quote(begun.item_id, safe='')}", over, timeout)
    newest = Delivery.model_validate(answer["delivery"]) if answer else begun
    return newest if newest.round >= begun.round else begun


def _age(seconds: int) -> str:
    if seconds < 3600:
        return f"{seconds // 60} min"
    return f"{seconds // 3600} h" if seconds < 48 * 3600 else f"{seconds // 86400} d"
