"""What was open in a council's tables on the first day of the hub: a load, as a census file is one, and no new contact."""

from collections.abc import Mapping
from typing import Any

from connectors.decoding import one_line
from connectors.fields.shapes import Opened
from connectors.social_care.open_cases import Load, LoadRow
from schemas.reading import Reading

KIND = "ssd_open_cases"


def read_ssd_load(opened: Opened) -> Reading | None:
    """Not a contact, with the open cases; None for anything else."""
    value = opened.value
    cases = value.get(KIND) if opened.shape == "json" and isinstance(value, dict) else None
    if not isinstance(cases, list):
        return None
    load = Load(KIND)
    for place, case in enumerate(cases, start=1):
        load.take(_row(place, case if isinstance(case, dict) else {}))
    return load.reading(opened.notes)


def _row(place: int, case: Mapping[str, Any]) -> LoadRow:
    told = {name: one_line(case.get(name)) for name in ("person_id", "date_of_birth", "referral_date", "upn", "worker")}
    return LoadRow(
        place=f"Case {place}",
        number=told["person_id"],
        dob=told["date_of_birth"],
        standing="child_in_need",
        since=("cine_referral_date", told["referral_date"]),
        until=("cine_close_date", ""),
        upn=told["upn"],
        worker=told["worker"],
    )
