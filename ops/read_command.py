"""`read AGENCY FILE…`: only the reader, no broker; one JSON object a message."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from connectors.registry import reader
from schemas.catalogue import AGENCIES
from schemas.reading import Hint, Reading, Report


def read(
    agency: Annotated[str, typer.Argument(help="health, education, police or social_care.")],
    files: Annotated[list[Path], typer.Argument(help="Files as a partner would send them.")],
) -> None:
    """Show what the hub understands of a message, without sending it. Prints one JSON object a message.

    Exit code 0: read, whatever they are. 1: at least one was quarantined. 2: a file cannot be opened.
    """
    agency = agency.lower().replace("-", "_")
    if agency not in AGENCIES:
        typer.echo(f"agency must be one of {', '.join(AGENCIES)}, not {agency!r}", err=True)
        raise typer.Exit(2)
    code = 0
    for file in files:
        try:
            body = file.read_bytes()
        except OSError as error:
            typer.echo(f"{file}: cannot be opened ({error.strerror})", err=True)
            code = 2
            continue
        for shown in read_file(agency, file, body):
            print(json.dumps(shown, ensure_ascii=False))
            if shown["disposition"] == "quarantined" and code == 0:
                code = 1
    raise typer.Exit(code)


def read_file(agency: str, file: Path, body: bytes) -> Iterator[dict[str, Any]]:
    """Each message of a file as the command shows it."""
    for message in messages_in(agency, body):
        reading = reader(agency)(message, Hint(file_name=file.name))
        yield {"file": str(file), **shown(reading)}


def shown(reading: Reading) -> dict[str, Any]:
    """A reading as plain data. Case events open no contact, so they show as `not_a_contact` with a note."""
    notes = [note.model_dump(exclude_defaults=True) for note in reading.notes]
    reports = reports_in(reading)
    disposition = reading.outcome
    if disposition == "case_events":
        disposition = "contact" if reports else "not_a_contact"
        events = [case for case in reading.case_reports if case.type != "contact_recorded"]
        notes += [
            {"code": "case_event", "field": case.type, "text": "An event of a case the hub already knows."} for case in events
        ]
    result: dict[str, Any] = {
        "disposition": disposition,
        "contacts": [_contact(report) for report in reports],
        "notes": [*notes, *(note.model_dump(exclude_defaults=True) for report in reports for note in report.notes)],
    }
    if reading.case_reports:
        result["case_events"] = [
            case.model_dump(mode="json", exclude_defaults=True, exclude={"report"}) for case in reading.case_reports
        ]
    if reading.statements:
        result["identities"] = [one.model_dump(mode="json", exclude_defaults=True) for one in reading.statements]
    if reading.open_cases:
        result["open_cases"] = [one.model_dump(mode="json", exclude_defaults=True) for one in reading.open_cases]
    if reading.reason:
        result["reason"] = reading.reason
        result["reason_code"] = reading.reason_code
    if reading.transport_id:
        result["message_id"] = reading.transport_id
    return result


def reports_in(reading: Reading) -> list[Report]:
    """The contacts of a reading, those that a case system recorded included."""
    recorded = [case.report for case in reading.case_reports if case.type == "contact_recorded" and case.report]
    return [*reading.reports, *recorded]


def _contact(report: Report) -> dict[str, Any]:
    return report.model_dump(mode="json", exclude={"notes"})


def messages_in(agency: str, body: bytes) -> list[bytes]:
    """The messages of a file: HL7 v2 batches hold several."""
    if agency != "health":
        return [body]
    from connectors.health.hl7v2_batch import split_messages

    return split_messages(body) or [body]
