"""Every flag with the evidence for or against it, a row each. No child is named: ids, codes and professionals alone."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import IO

from ops.casebook.book import CaseBook, PlacedFlag, Story
from ops.exports.safe_cells import safe

HEADINGS = (
    "flag_id", "contact_id", "agency", "authority", "clock", "opening", "started_at", "due_at", "state", "result", "with",
    "reason_code", "rests_on", "history", "records", "evidence_event_id", "evidence", "evidence_by", "evidence_level",
    "evidence_happened", "evidence_reached_us", "recorded_late",
)  # fmt: skip


def write_flags(book: CaseBook, file: IO[bytes], progress: Callable[[int, int], None] = lambda _done, _total: None) -> int:
    """Write the CSV (UTF-8 with a mark, so that a spreadsheet reads it right); says how many flags it has."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    writer = csv.writer(text)
    writer.writerow(HEADINGS)
    count = 0
    for story in book.flagged():
        for row in rows(story):
            writer.writerow([safe(cell) for cell in row])
            count += 1
            if count % 500 == 0:
                progress(count, count + 1)
    text.flush()
    text.detach()
    progress(1, 1)
    return count


def rows(story: Story) -> Iterator[Sequence[str | int]]:
    """The flags of one contact, by due time; the last state of each counts."""
    by_id: dict[str, list[PlacedFlag]] = {}
    for placed in story.flags:
        by_id.setdefault(placed.flag.flag_id, []).append(placed)
    events = {event.event_id: event for event in story.events}
    opened = story.opening.opened if story.opening is not None else None
    for states in sorted(by_id.values(), key=lambda states: (states[-1].flag.due_at, states[-1].flag.flag_id)):
        flag = states[-1].flag
        evidence = events.get(flag.evidence_event_id)
        yield (
            flag.flag_id, flag.contact_id, opened.agency if opened else "", opened.authority_code if opened else "",
            flag.clock, flag.opening, _at(flag.started_at), _at(flag.due_at), flag.state, flag.result, flag.owner or flag.to,
            flag.reason_code, flag.rests_on,
            " ".join(one.flag.state + (f"@{_at(one.flag.step_at)}" if one.flag.step_at else "") for one in states),
            " ".join(f"flags/{one.partition}/{one.offset}" for one in states),
            flag.evidence_event_id, evidence.type if evidence else "", evidence.by if evidence else "",
            evidence.level if evidence else "",
            (_at(evidence.happened_at) or (evidence.happened_on.isoformat() if evidence.happened_on else "")) if evidence else "",
            _at(evidence.at) if evidence else "", ("yes" if evidence.at >= flag.due_at else "no") if evidence else "",
        )  # fmt: skip


def _at(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment is not None else ""
