"""`convert FROM TO FILE`: a partner's message in another partner's format, through the hub's own contact. No broker."""

import sys
from hashlib import sha256
from pathlib import Path
from typing import Annotated
from uuid import NAMESPACE_URL, uuid5

import typer

from connectors.registry import CONVERSIONS, agency_of, reader, report_writer
from connectors.round_trip import changed
from ops.read_command import messages_in, reports_in
from schemas.catalogue import AGENCIES
from schemas.reading import Hint, Report

_SUFFIXES = {"json": "json", "xml": "xml", "csv": "csv", "hl7v2": "hl7"}


def convert(
    sent_as: Annotated[str, typer.Argument(metavar="FROM", help="health, education, police or social_care; or a format's name.")],
    to: Annotated[str, typer.Argument(metavar="TO", help=", ".join(CONVERSIONS))],
    file: Annotated[Path, typer.Argument(help="A file as a partner would send it.")],
    out: Annotated[Path | None, typer.Option(help="Write one file a child into this folder, not to the terminal.")] = None,
) -> None:
    """Write every contact in a file as a message of another format, one message a child.

    What the other format cannot say is named on the error output. Exit code 0: written. 1: the file holds no contact. 2: a
    format is not known or a file cannot be opened.
    """
    agency = _agency(sent_as)
    if to not in CONVERSIONS:
        typer.echo(f"TO must be one of {', '.join(CONVERSIONS)}, not {to!r}", err=True)
        raise typer.Exit(2)
    try:
        body = file.read_bytes()
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        typer.echo(f"{error.filename}: cannot be opened ({error.strerror})", err=True)
        raise typer.Exit(2) from None
    reports = []
    for message in messages_in(agency, body):
        reading = reader(agency)(message, Hint(file_name=file.name))
        if not (found := reports_in(reading)):
            typer.echo(f"{file}: {reading.outcome.replace('_', ' ')}. {reading.reason}", err=True)
        reports += found
    for place, (written, lost) in enumerate(converted(reports, to, body), start=1):
        name = f"{file.stem}-{place}.{_SUFFIXES[to.rpartition('-')[2]]}"
        if out is not None:
            (out / name).write_bytes(written)
        else:
            sys.stdout.buffer.write(written.rstrip() + b"\n" if to != "hl7v2" else written)
        if lost:
            typer.echo(f"{name}: not said in {to} as it was sent: {'; '.join(lost)}", err=True)
    raise typer.Exit(0 if reports else 1)


def converted(reports: list[Report], to: str, body: bytes) -> list[tuple[bytes, list[str]]]:
    """Each report as a message of a format, with the names of the fields that reading it again does not give back.

    The same file gives the same messages: their ids follow from its bytes.
    """
    made = []
    for place, report in enumerate(reports, start=1):
        written = report_writer(to)(
            report, str(uuid5(NAMESPACE_URL, f"urn:frontdoor:convert:{place}:{sha256(body).hexdigest()}"))
        )
        again = reports_in(reader(agency_of(to))(written, Hint()))
        made.append((written, changed(report, again[0]) if again else ["everything"]))
    return made


def _agency(name: str) -> str:
    folded = name.lower().replace("-", "_")
    if folded in AGENCIES:
        return folded
    if name in CONVERSIONS:
        return agency_of(name)
    typer.echo(f"FROM must be one of {', '.join((*AGENCIES, *CONVERSIONS))}, not {name!r}", err=True)
    raise typer.Exit(2)
