"""`frontdoor replay TOPIC`: records of the log again, first only shown, then written under a name and a reason."""

import json
import re
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from ops.replay.choice import AT, Choice, Logged, NotAllowed, check_allowed, summary, written_again
from ops.replay.log import CannotReplay, chosen, write
from ops.running_stack import running_settings
from schemas.codes import is_named_worker
from schemas.ports import NotDurable
from schemas.settings import Settings

_REFUSED, _USAGE, _AWAY = 1, 2, 3
_OFFSETS = re.compile(r"(\d+):(\d+)(?:-(\d+))?")


def replay(
    topic: Annotated[str, typer.Argument(help="The topic whose records are written again.")],
    offsets: Annotated[
        list[str] | None, typer.Option("--offsets", metavar="P:FROM-TO", help="Of one partition; may be given several times.")
    ] = None,
    since: Annotated[str, typer.Option("--since", metavar="TIME", help="Appended at or after; ISO 8601 with an offset.")] = "",
    until: Annotated[str, typer.Option("--until", metavar="TIME", help="Appended before.")] = "",
    key: Annotated[str | None, typer.Option("--key", help="With this key.")] = None,
    error: Annotated[str | None, typer.Option("--error", help="Dead letters with this error, message or stage.")] = None,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who does it: a person's name.")] = "",
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why: an incident number. Never about a child.")] = "",
    go: Annotated[
        int | None, typer.Option("--go", metavar="COUNT", help="Write them, if they are still as many as were shown.")
    ] = None,
    to: Annotated[str, typer.Option("--to", metavar="HOST:PORT", help="Another cluster to write them to.")] = "",
    notify: Annotated[bool, typer.Option("--notify", help="Partners may be told again.")] = False,
    rate: Annotated[float, typer.Option("--rate", min=0.1, max=1000.0, help="Records a second at most.")] = 50.0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for programs.")] = False,
) -> None:
    """Show which records a choice takes, or with --go write them again: same key, partition, ids, times and bytes.

    Without --go nothing is written. Who, when, why and from where stand in headers of each record that is.
    Exit code: 0 shown or written, 1 refused, 2 the command was wrong, 3 no Kafka answers.
    """
    choice = Choice(_offsets(offsets or []), _time(since), _time(until), key, error)
    if choice.is_everything:
        raise _no("Choose: --offsets, --since, --until, --key or --error.", _USAGE)
    if go is not None and not (is_named_worker(by) and reason.strip()):
        raise _no("--go needs --by with a person's name, and --reason.", _USAGE)
    bootstrap = running_settings(Settings()).bootstrap_servers
    elsewhere = bool(to) and to != bootstrap
    try:
        check_allowed(topic, elsewhere=elsewhere, notify=notify)
        records = list(chosen(bootstrap, topic, choice))
        at = datetime.now(UTC)
        entries = [written_again(one, by=by, reason=reason, at=at, elsewhere=elsewhere) for one in records]
        if go is not None:
            if go != len(records):
                raise NotAllowed(f"There are {len(records)} records now, not {go}. Look again without --go.")
            write(to or bootstrap, entries, per_second=rate)
    except NotAllowed as refused:
        raise _no(str(refused), _REFUSED) from None
    except CannotReplay as away:
        raise _no(str(away), _AWAY) from None
    except NotDurable as failed:
        raise _no(f"Not all were written: {failed}. What was written has {AT} {at.isoformat()}.", _AWAY) from None
    told = {**summary(records), "topic": topic, "to": to or bootstrap, "written": go is not None}
    typer.echo(json.dumps(told, indent=2) if as_json else _shown(told, records))


def _shown(told: dict[str, Any], records: list[Logged]) -> str:
    what = f"{told['records']} records of {told['topic']}, {told['bytes']} bytes, {told['keys']} keys"
    lines = [f"Written again to {told['to']}: {what}." if told["written"] else f"Nothing was written. Chosen: {what}."]
    for number, place in told["partitions"].items():
        lines.append(f"  partition {number}: {place['records']} records, offsets {place['first']} to {place['last']}")
    if records and not told["written"]:
        lines.append(f"To write them: the same with --by NAME --reason TEXT --go {told['records']}")
    return "\n".join(lines)


def _offsets(texts: list[str]) -> dict[int, tuple[int, int]]:
    found = {}
    for text in texts:
        match = _OFFSETS.fullmatch(text)
        if match is None:
            raise _no(f"--offsets {text}: give PARTITION:FROM-TO, or PARTITION:OFFSET.", _USAGE)
        found[int(match[1])] = (int(match[2]), int(match[3] or match[2]))
    return found


def _time(text: str) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = datetime.min
    if at.tzinfo is None:
        raise _no(f"{text} is no time with an offset; for example 2026-09-01T14:00:00+01:00.", _USAGE)
    return at


def _no(text: str, code: int) -> typer.Exit:
    typer.echo(text, err=True)
    return typer.Exit(code)
