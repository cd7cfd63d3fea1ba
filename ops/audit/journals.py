"""The local journals of the connectors: one line for each positive answer that a sender was given."""

import json
from pathlib import Path

from ops.audit.spill import Spill
from ops.audit.verdict import CannotLook


def note_journals(folder: Path, spill: Spill) -> None:
    """Note every line of `folder/<agency>.jsonl`. Must run before the ends of the log are fixed, so that whatever a
    journal names was on the log by then. A last line without its end is one that a crash cut off: its answer may
    never have left, so it promises nothing. Raises `CannotLook` when a file cannot be read."""
    if not folder.is_dir():
        return
    for path in sorted(folder.glob("*.jsonl")):
        try:
            with path.open("rb") as file:
                for number, line in enumerate(file, 1):
                    if line.endswith(b"\n") and line.strip():
                        spill.add("journal", (_receipt(line), path.stem, number))
        except OSError as error:
            raise CannotLook(f"the journal {path.name} cannot be read: {error.strerror}") from None


def _receipt(line: bytes) -> str:
    """The receipt a line speaks of, or empty when it cannot be read."""
    try:
        told = json.loads(line)
    except ValueError:
        return ""
    receipt = told.get("receipt_id", "") if isinstance(told, dict) else ""
    return receipt if isinstance(receipt, str) else ""
