"""`frontdoor deadline`: when is it late? The one door to the clock engine for people and scripts."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from schemas.calendars import SHIPPED_CALENDARS, CalendarError, DataFileError, load_calendars
from schemas.clock_policy import SHIPPED_POLICY, UnknownClockError, load_policy
from schemas.london import LONDON
from streams import deadlines

#: Exit codes: what was asked cannot be answered; a policy or calendar file is not sound.
BAD_QUESTION, BAD_FILE = 2, 1
_AUTHORITY = re.compile("[0-9]{3}|[EWSN][0-9]{8}")


class UnreadableTimeError(ValueError):
    """A time that cannot be read, or that no clock in London showed; says what to write instead."""


def read_time(text: str) -> tuple[datetime, list[str]]:
    """A time as people write it: London time unless it has an offset; a date alone is the start of that day.

    An hour that occurs twice in autumn is the first one, and a note says so. Raises UnreadableTimeError for
    what is no time, and for an hour that the clocks skip in spring.
    """
    try:
        written = datetime.fromisoformat(text.strip())
        if written.utcoffset() is not None:
            return written.astimezone(UTC), []
        first = written.replace(tzinfo=LONDON, fold=0)
        instant = first.astimezone(UTC)
        shown = instant.astimezone(LONDON).replace(tzinfo=None)
    except (ValueError, OverflowError) as error:
        raise UnreadableTimeError(
            f"{text!r} is not a time. Write 2026-03-02, 2026-03-02T14:30 (London time), or give the offset: "
            "2026-03-02T14:30+00:00"
        ) from error
    if shown != written.replace(fold=0):
        raise UnreadableTimeError(
            f"{text.strip()} does not exist in London: that night the clocks go forward an hour. Check it; "
            f"if it was read off a clock not yet put forward, write {_iso(shown)} or {_iso(written)}+00:00"
        )
    if first.utcoffset() != first.replace(fold=1).utcoffset():
        return instant, [
            f"{_iso(written)} occurs twice that night: the first was taken; +00:00 means the second"
        ]
    return instant, []


def deadline(
    clock: Annotated[str, typer.Argument(help="Name of the clock, as in docs/clocks.md: same-day, icpc ...")],
    start: Annotated[
        str,
        typer.Option(
            "--from", metavar="TIME", help="When the clock started; London time unless it has an offset."
        ),
    ],
    la: Annotated[
        str | None,
        typer.Option("--la", metavar="CODE", help="Local authority: DfE three digits or GSS code."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    policy_file: Annotated[
        Path, typer.Option("--policy", envvar="FRONTDOOR_CLOCK_POLICY", help="Another clock policy file.")
    ] = SHIPPED_POLICY,
    calendar_folder: Annotated[
        Path, typer.Option("--calendars", envvar="FRONTDOOR_CALENDARS", help="Another folder of calendars.")
    ] = SHIPPED_CALENDARS,
) -> None:
    """When is it late? Prints the first late instant, the last day in time, and how they were counted.

    Exit code 2: the question cannot be answered as asked. Exit code 1: a policy or calendar file is unsound.
    """
    try:
        calendars = load_calendars(calendar_folder)
        policy = load_policy(policy_file, calendars=calendars)
    except DataFileError as error:
        _stop(str(error), BAD_FILE)
    if la is not None and not _AUTHORITY.fullmatch(la.strip().upper()):
        _stop(
            f"--la {la!r} is not an authority code: give the three DfE digits or the GSS code", BAD_QUESTION
        )
    try:
        started, notes = read_time(start)
        answer = deadlines.deadline(clock, started, policy=policy, calendars=calendars, la=la)
    except UnreadableTimeError as error:
        _stop(f"--from: {error}", BAD_QUESTION)
    except (UnknownClockError, CalendarError, deadlines.DeadlineError) as error:
        _stop(str(error), BAD_QUESTION)
    found = _as_dict(answer, notes)
    typer.echo(json.dumps(found, indent=2, ensure_ascii=False) if as_json else _as_text(found))


def _as_dict(answer: deadlines.Deadline, notes: list[str]) -> dict[str, object]:
    return {
        "clock": answer.clock,
        "la": answer.la,
        "started_at": _iso(answer.started_at),
        "due_at": _iso(answer.due_at),
        "due_date": answer.due_date.isoformat(),
        "limit": answer.limit,
        "counting_rule": answer.counting_rule,
        "calendar": answer.calendar,
        "calendar_version": answer.calendar_version,
        "policy_version": answer.policy_version,
        "skipped_days": {skipped.day.isoformat(): skipped.why for skipped in answer.skipped},
        "due_soon_at": [_iso(at) for at in answer.due_soon_at],
        "notes": [*notes, *answer.notes],
        "source": answer.source,
    }


def _as_text(found: dict[str, object]) -> str:
    lines = []
    for key, value in found.items():
        if isinstance(value, dict):
            value = [f"{day} {why}" for day, why in value.items()]
        parts = [str(part) for part in value] if isinstance(value, list) else [str(value or "-")]
        lines += [
            f"{label:<17} {part}" for label, part in zip([key] + [""] * len(parts), parts, strict=False)
        ]
    return "\n".join(lines)


def _iso(instant: datetime) -> str:
    """To the minute where nothing finer is there."""
    return instant.isoformat(timespec="auto" if instant.second or instant.microsecond else "minutes")


def _stop(message: str, code: int) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)
