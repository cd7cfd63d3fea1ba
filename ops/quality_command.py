"""`frontdoor quality`: what each sender sends badly, counted, with receipts to look at and no personal data."""

from datetime import date, datetime
from typing import Annotated

import typer
from rich.console import Console

from ops.audit.log_reader import Progress, read_log
from ops.audit.verdict import CannotLook
from ops.casebook.reading import which_log
from ops.data_quality import Quality, QualityReport, SenderQuality, Shortcoming
from ops.progress_bar import progress_bar
from ops.view.client import NOT_FOUND, fail
from ops.view.terminal import console, plain
from schemas.catalogue import codec
from schemas.settings import Settings

_COULD_NOT_LOOK = 2
_TOPIC = "receipts"
_DAY = ["%Y-%m-%d"]


def quality(
    sender: Annotated[str, typer.Option(help="Only this sender, by its id in the senders file.")] = "",
    first: Annotated[
        datetime | None, typer.Option("--from", formats=_DAY, help="First day of arrival, London, yyyy-mm-dd.")
    ] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=_DAY, help="Last day of arrival, included.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for programs.")] = False,
    bootstrap: Annotated[
        str | None, typer.Option(help="host:port of the cluster; else the running stack's, else KAFKA_BOOTSTRAP_SERVERS.")
    ] = None,
) -> None:
    """Count what could not be read and what had to be repaired, by sender, from the receipts on the log.

    Needs the broker alone. Exit code 0: a report. 1: nothing of that sender or those days is on the log. 2: the log could not
    be read.
    """
    counted = Quality(sender, _day(first), _day(last))
    try:
        with progress_bar("reading receipts") as told:
            read_receipts(which_log(Settings(), bootstrap).bootstrap, counted, told)
    except CannotLook as error:
        fail(f"Could not look: {error}", _COULD_NOT_LOOK)
    report = counted.report()
    if as_json:
        typer.echo(report.model_dump_json(indent=2))
    if not report.senders:
        fail("The log holds no receipt of that sender in those days.", NOT_FOUND)
    if not as_json:
        _tell(console(), report)


def read_receipts(bootstrap: str, counted: Quality, told: Progress) -> None:
    """Hand every receipt that the log holds now to `counted`. Raises `CannotLook`."""
    decode = codec(_TOPIC).decode

    def take(topic: str, partition: int, offset: int, at: int, value: bytes | None, headers: object) -> None:
        if value is None:
            return
        try:
            counted.take(decode(value))
        except ValueError as error:
            raise CannotLook(f"{topic}-{partition} offset {offset} is no receipt: frontdoor audit says more") from error

    read_log(bootstrap, [_TOPIC], take, told)


def _day(text: datetime | None) -> date | None:
    return text.date() if text is not None else None


def _tell(out: Console, report: QualityReport) -> None:
    for one in report.senders:
        became = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in one.dispositions.items())
        out.print(f"{plain(one.sender)} ({one.agency}): {_many(one.messages, 'message')}: {became}", style="bold")
        _tell_sender(out, one)


def _tell_sender(out: Console, one: SenderQuality) -> None:
    taken = sum(count for name, count in one.dispositions.items() if name in ("contact", "case_events"))
    if taken:
        out.print(f"  {one.clean} of the {taken} that were taken had nothing to be noted")
    for title, found in (("not read", one.unread), ("noted", one.notes)):
        for short in found:
            out.print(f"  {title}: {plain(short.text) or short.code} ({_count(short)}){_where(short)}")
            out.print(f"      {short.code}; for example receipt {', '.join(map(plain, short.receipts))}")


def _count(short: Shortcoming) -> str:
    return _many(short.messages, "message") + (f", {short.times} times" if short.times > short.messages else "")


def _where(short: Shortcoming) -> str:
    return f" in {', '.join(map(plain, short.places))}" if short.places else ""


def _many(count: int, one: str) -> str:
    return f"{count:,} {one}{'' if count == 1 else 's'}"
