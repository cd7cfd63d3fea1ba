"""A load in parts: the open cases of a file that is too large for one message, as `frontdoor load` sends them.

A part is JSON: `{"open_cases": [{"number": …, "dob": …, …}], "load": "annex_a", "part": 1, "parts": 3}`, with the fields of
`schemas.open_case.OpenCase`.
"""

import json
from collections.abc import Iterator, Sequence

from pydantic import TypeAdapter, ValidationError

from connectors.decoding import Problem
from connectors.fields.shapes import Opened
from schemas.open_case import OpenCase
from schemas.reading import Reading

MOST_CASES = 1000
"""Cases of one part."""

_CASES = TypeAdapter(list[OpenCase])
_BROKEN = Problem(
    "load_part_broken",
    f"The part of a load is not as it should be: open_cases holds at most {MOST_CASES} objects with number, dob, standings, "
    "since and worker. Load the file again with ./frontdoor load FILE.",
)


def parts_of(cases: Sequence[OpenCase], kind: str) -> Iterator[bytes]:
    """The messages that tell of these cases; none when there are none."""
    groups = [cases[start : start + MOST_CASES] for start in range(0, len(cases), MOST_CASES)]
    for part, group in enumerate(groups, start=1):
        told = [case.model_dump(mode="json", exclude_defaults=True) for case in group]
        yield json.dumps({"load": kind, "part": part, "parts": len(groups), "open_cases": told}, ensure_ascii=False).encode()


def read_load_part(opened: Opened) -> Reading | None:
    """Not a contact, with the cases; None for anything else."""
    value = opened.value
    if opened.shape != "json" or not isinstance(value, dict) or not {"load", "open_cases"} <= value.keys():
        return None
    try:
        cases = _CASES.validate_python(value["open_cases"])
    except ValidationError:
        # Its text quotes what was sent.
        return _BROKEN.quarantined(opened.notes)
    if len(cases) > MOST_CASES:
        return _BROKEN.quarantined(opened.notes)
    standing = sum(not case.ended for case in cases)
    return Reading(
        outcome="not_a_contact",
        reason_code="load_part",
        reason="A part of a load of cases that the authority has; it opens no contact and starts no clock. "
        f"Open cases: {standing}; of other children all is closed: {len(cases) - standing}.",
        notes=opened.notes,
        open_cases=cases,
    )
