"""What was open in a council's tables on the first day of the hub: a load, as a census file is one, and no new contact."""

from connectors.fields.shapes import Opened
from schemas.reading import Note, Reading


def read_ssd_load(opened: Opened) -> Reading | None:
    """Not a contact, with the number of open cases; None for anything else."""
    value = opened.value
    cases = value.get("ssd_open_cases") if opened.shape == "json" and isinstance(value, dict) else None
    if not isinstance(cases, list):
        return None
    return Reading(
        outcome="not_a_contact",
        reason_code="ssd_open_cases",
        reason="The cases that were open in the case system on the hub's first day are a load: no contact was opened.",
        notes=[Note(code="ssd_cases", field="ssd_open_cases", text=f"The case system had {len(cases)} open cases.")],
    )
