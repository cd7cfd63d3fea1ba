"""Answers of the view as people read them in a terminal: London time, plain words, nothing a message can smuggle in."""

import os
import sys
from datetime import datetime
from typing import Any

from rich.console import Console

from ops.view.times import in_london

#: The clock's state in few words.
STATES = {
    "open": "time left", "overdue": "overdue", "missed": "missed", "not_verifiable": "cannot be verified",
    "met_by_proof": "met, by proof", "met_by_claim": "met, by claim", "ended": "read in time",
    "carried": "day passed before it could be read",
}  # fmt: skip

#: Why a signature does not count, and what to do.
_WHO_SIGNS = "its worker's supervisor signs, or a supervisor, manager or head of that team"
PROBLEMS = {
    "signer_not_on_rota": f"nobody of that name is on the team's rota; {_WHO_SIGNS}",
    "signer_not_a_supervisor": f"that person may not sign it; {_WHO_SIGNS}",
    "signers_name_not_unique": "several people of that name are on the rota, and not all may sign; "
    """say which with --args '{"worker_id":"…"}'""",
}  # fmt: skip

RISK_STYLE = {"red": "bold red", "amber": "yellow", "green": "green", "blue": "blue", "": "bold"}


def console() -> Console:
    """Standard output. Into a pipe or file nothing is cut to 80 columns."""
    wide = None if sys.stdout.isatty() or os.environ.get("COLUMNS") else 200
    return Console(width=wide, highlight=False, markup=False, emoji=False)


def plain(text: object) -> str:
    """Text from a message without control characters: it must not be able to drive the reader's terminal."""
    return "".join(ch if ch.isprintable() else " " for ch in str(text if text is not None else ""))


def when(text: str | None) -> str:
    """An instant of an answer in London time, or empty."""
    return in_london(datetime.fromisoformat(text)) if text else ""


def time_left(minutes: int | None) -> str:
    """`2 h 05 left`, `41 min left`, `3 h 10 late`, `12 d 4 h late`."""
    if minutes is None:
        return ""
    late, size = minutes < 0, abs(minutes)
    if size >= 48 * 60:
        amount = f"{size // 1440} d {size % 1440 // 60} h"
    elif size >= 60:
        amount = f"{size // 60} h {size % 60:02d}"
    else:
        amount = f"{size} min"
    return f"{amount} {'late' if late else 'left'}"


def receipt_lines(receipt: dict[str, Any]) -> list[str]:
    """What became of a message, a line each."""
    lines = [
        f"arrived {when(receipt['received_at'])} from {plain(receipt['sender'])} ({receipt['agency']}), "
        f"by {plain(receipt['transport'])}",
        plain(receipt["status"]),
        plain(receipt["person"]),
    ]
    if receipt["deliveries"] > 1:
        lines.append(f"delivered {receipt['deliveries']} times")
    for contact in receipt["contacts"]:
        worker = f"held by {plain(contact['worker'])}" if contact["worker"] else "held by nobody by name yet"
        parts = [f"contact {contact['contact_id']}", contact["risk"] or "risk not stated", worker, _clock(contact)]
        if contact["decision"]:
            parts.append("decided" + (f": {plain(contact['decision']['code'])}" if contact["decision"]["code"] else ""))
        if contact["repeat_of"]:
            parts.append(f"says the same as contact {contact['repeat_of']}, sent by another channel")
        if contact["ended"]:
            parts.append(contact["ended"]["type"])
        lines.append(" · ".join(parts))
    lines += [_event(event) for event in receipt["events"]]
    lines += [f"note: {plain(note['text'] or note['code'])}" for note in receipt["notes"]]
    return lines


def _event(event: dict[str, Any]) -> str:
    line = f"{event['type'].replace('_', ' ')} on contact {plain(event['contact_id'])}"
    if event["problem"]:
        why = PROBLEMS.get(event["problem"], plain(event["problem"]).replace("_", " "))
        return f"{line}, but it does not count: {why}"
    if not event["opened"]:
        return f"{line}, which is not known here: it waits, and after 15 minutes it is listed as unmatched"
    return line


def _clock(contact: dict[str, Any]) -> str:
    if contact["assessed"]:
        state = STATES[contact["clock_state"]]
        return f"risk assessed {contact['assessed_level']} by {plain(contact['assessed_by'])} ({state})"
    return f"not risk assessed, limit {when(contact['due_at'])} ({STATES[contact['clock_state']]})"
