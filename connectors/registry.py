"""Which reader reads an agency's messages, and which writer answers it: the only place where decisions meet the partners'
formats."""

from collections.abc import Callable
from functools import cache
from importlib import import_module

from connectors.writing import Writer
from schemas.catalogue import AGENCIES
from schemas.reading import Reader, Report

_READERS = {agency: f"connectors.{agency}.read" for agency in AGENCIES}

_WRITERS = {
    ("health", "fhir-json"): ("connectors.health.write_fhir", "write_json"),
    ("health", "fhir-xml"): ("connectors.health.write_fhir", "write_xml"),
    ("health", "hl7v2"): ("connectors.health.write_hl7v2", "write"),
    ("education", "json"): ("connectors.education.write", "write_json"),
    ("education", "csv"): ("connectors.education.write", "write_csv"),
    ("education", "text"): ("connectors.education.write", "write_text"),
    ("police", "xml"): ("connectors.police.write", "write_xml"),
    ("police", "json"): ("connectors.police.write", "write_json"),
    ("social_care", "json"): ("connectors.social_care.write", "write_json"),
}

_CONVERSIONS = {
    "fhir-json": ("health", "connectors.health.write_referral_fhir", "write_json"),
    "fhir-xml": ("health", "connectors.health.write_referral_fhir", "write_xml"),
    "hl7v2": ("health", "connectors.health.write_referral_hl7v2", "write"),
    "concern-json": ("education", "connectors.education.write_concern", "write_json"),
    "concern-csv": ("education", "connectors.education.write_concern", "write_csv"),
    "notice-xml": ("police", "connectors.police.write_notice", "write_xml"),
    "notice-json": ("police", "connectors.police.write_notice", "write_json"),
    "case-event-json": ("social_care", "connectors.social_care.write_event", "write_json"),
}


def load_readers() -> None:
    """Load every reader, with what it needs: a process that will read calls this before it takes a message, because a
    missing package is a fault of the installation, never of a message.

    Raises `ImportError`.
    """
    for agency in _READERS:
        reader(agency)


@cache
def reader(agency: str) -> Reader:
    """The reader of an agency. Loaded when first asked for: a command pays only for the formats it meets.

    Raises `KeyError` for an agency nobody here reads, `ImportError` when something is not installed.
    """
    found: Callable[..., object] = import_module(_READERS[agency]).read
    return found  # type: ignore[return-value]


def formats_written(agency: str) -> tuple[str, ...]:
    """The formats in which an agency can be answered, the usual one first. Empty for an agency nobody here writes to."""
    return tuple(name for known, name in _WRITERS if known == agency)


@cache
def writer_for(agency: str, format: str = "") -> Writer:
    """The writer of what leaves for an agency, in a format of `formats_written`, or in the usual one.

    Raises `KeyError` for a pair that nobody writes, `ImportError` when something is not installed.
    """
    wanted = format or next(iter(formats_written(agency)), "")
    module, name = _WRITERS[agency, wanted]
    found: Writer = getattr(import_module(module), name)
    return found


#: Every format in which a report can be written as its agency would have sent it.
CONVERSIONS = tuple(_CONVERSIONS)


def agency_of(format: str) -> str:
    """The agency that sends a format of `CONVERSIONS`. Raises `KeyError`."""
    return _CONVERSIONS[format][0]


@cache
def report_writer(format: str) -> Callable[[Report, str], bytes]:
    """`write(report, message_id)`: one child's report as a message of that format. Pure.

    Raises `KeyError` for a format that is not in `CONVERSIONS`, `ImportError` when something is not installed.
    """
    _, module, name = _CONVERSIONS[format]
    found: Callable[[Report, str], bytes] = getattr(import_module(module), name)
    return found
