"""One page of `GET /outcomes`: a sender's own outcomes in the words every sender is told them in. Pure."""

from typing import Any

from connectors.outcomes import told
from connectors.writing import CannotWrite
from schemas.outbound import OutboundItem

#: Outcomes in one answer at most.
LONGEST_PAGE = 500


def page_of(found: dict[str, Any]) -> dict[str, Any]:
    """The page from the view's answer. What is not an outcome for senders is left out, and the cursor goes past it."""
    rows = [row for one in found["items"] if (row := _told(OutboundItem.model_validate(one))) is not None]
    return {"outcomes": rows, "next": found["next"], "more": found["more"]}


def _told(item: OutboundItem) -> dict[str, str] | None:
    try:
        return told(item).rows()
    except CannotWrite:
        return None
