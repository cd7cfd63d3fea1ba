"""What a school is sent: the outcome of its own concern, or a notice of a police incident. JSON, CSV or plain text. Pure.

Our own formats, since none is public: `connectors/formats/outcome-notice.schema.json` and `school-notice.schema.json`.
"""

import csv
import io
import json

from connectors.education.school_notice import school_notice
from connectors.outcomes import FORMAT, told
from connectors.writing import Written, file_name
from schemas.outbound import OutboundItem

NOTICE_FORMAT = "frontdoor-school-notice/1"


def write_json(item: OutboundItem) -> Written:
    """The item as UTF-8 JSON. Raises `CannotWrite`."""
    body = json.dumps(_fields(item), ensure_ascii=False, indent=1).encode()
    return Written(body, "application/json", file_name(item, "json"))


def write_csv(item: OutboundItem) -> Written:
    """The item as a table of one row, UTF-8 with a byte order mark, as spreadsheets expect it.

    A cell that a spreadsheet would take for a formula is written behind an apostrophe. Raises `CannotWrite`.
    """
    fields = _fields(item)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(fields)
    table.writerow([plain_cell(value) for value in fields.values()])
    return Written(text.getvalue().encode("utf-8-sig"), "text/csv; charset=utf-8", file_name(item, "csv"))


def write_text(item: OutboundItem) -> Written:
    """The item for a person to read. Raises `CannotWrite`."""
    if item.kind != "outcome":
        said = school_notice(item).as_text()
    else:
        outcome = told(item)
        rows = outcome.rows()
        lines = [outcome.sentence, "", *(f"{label}: {rows[name]}" for name, label in _LABELS.items() if name in rows)]
        said = "\n".join(lines) + "\n"
    return Written(said.encode(), "text/plain; charset=utf-8", file_name(item, "txt"))


_LABELS = {
    "decision": "Next step", "reason": "Why", "your_reference": "Your reference", "receipt_id": "Our receipt",
    "contact_id": "Our contact", "at": "Recorded",
}  # fmt: skip


def _fields(item: OutboundItem) -> dict[str, str]:
    if item.kind == "outcome":
        return {"format": FORMAT, **told(item).rows()}
    return {"format": NOTICE_FORMAT, **school_notice(item).rows}


def plain_cell(text: str) -> str:
    """Text that no spreadsheet runs: a leading =, +, -, @, tab or line end gets an apostrophe before it."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") else text
