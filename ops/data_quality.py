"""What each sender sends badly, counted from the receipts on the log. Pure: records in, report out.

A receipt holds no personal data, and neither does this: fixed sentences, the places of fields, counts, and receipts to look at.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date

from pydantic import BaseModel, Field

from schemas.disposition import Disposition
from schemas.london import civil_date

_MOST_EXAMPLES = 3
_MOST_PLACES = 3


class Shortcoming(BaseModel):
    """One kind of mistake of one sender: in how many messages and how often, where, and receipts that show it."""

    code: str
    text: str
    messages: int
    times: int
    places: list[str]
    receipts: list[str]


class SenderQuality(BaseModel):
    """One sender. `dispositions` counts its messages by what became of them; `unread` says why the quarantined ones could
    not be read; `clean` are the messages that opened a contact and had nothing to be noted."""

    sender: str
    agency: str
    messages: int
    deliveries: int
    dispositions: dict[str, int]
    clean: int
    unread: list[Shortcoming]
    notes: list[Shortcoming]


class QualityReport(BaseModel):
    """Every sender, the one whose messages need most work first. The days are London's, both included; None: no limit."""

    first_day: date | None
    last_day: date | None
    messages: int
    senders: list[SenderQuality] = Field(default_factory=list)


class Quality:
    """Takes dispositions in any order; of several versions of one receipt the last counts."""

    def __init__(self, sender: str = "", first_day: date | None = None, last_day: date | None = None) -> None:
        self._sender = sender
        self._first, self._last = first_day, last_day
        self._newest: dict[str, Disposition] = {}

    def take(self, disposition: Disposition) -> None:
        """One version of one receipt."""
        known = self._newest.get(disposition.receipt_id)
        if self._wanted(disposition) and (known is None or disposition.version >= known.version):
            # A later version (a repeated delivery, a repair) says nothing new of what was wrong with the bytes.
            notes = disposition.notes or (known.notes if known is not None else [])
            self._newest[disposition.receipt_id] = disposition.model_copy(update={"notes": notes})

    def _wanted(self, disposition: Disposition) -> bool:
        day = civil_date(disposition.received_at)
        return (
            self._sender in ("", disposition.sender)
            and (self._first is None or day >= self._first)
            and (self._last is None or day <= self._last)
        )

    def report(self) -> QualityReport:
        """What was taken so far."""
        by_sender: dict[tuple[str, str], list[Disposition]] = {}
        for disposition in sorted(self._newest.values(), key=lambda one: (one.received_at, one.receipt_id)):
            by_sender.setdefault((disposition.sender, disposition.agency), []).append(disposition)
        senders = [_sender(sender, agency, found) for (sender, agency), found in by_sender.items()]
        senders.sort(key=lambda one: (-(one.messages - one.clean), one.sender, one.agency))
        return QualityReport(
            first_day=self._first, last_day=self._last, messages=sum(one.messages for one in senders), senders=senders
        )


def _sender(sender: str, agency: str, found: list[Disposition]) -> SenderQuality:
    dispositions = Counter(one.disposition for one in found)
    quarantined = [one for one in found if one.disposition == "quarantined"]
    return SenderQuality(
        sender=sender,
        agency=agency,
        messages=len(found),
        deliveries=sum(one.deliveries for one in found),
        dispositions=dict(sorted(dispositions.items())),
        clean=sum(one.disposition in ("contact", "case_events") and not one.notes for one in found),
        unread=_shortcomings((one.reason_code, one.reason, "", one.receipt_id) for one in quarantined),
        notes=_shortcomings((note.code, note.text, note.field, one.receipt_id) for one in found for note in one.notes),
    )


def _shortcomings(found: Iterable[tuple[str, str, str, str]]) -> list[Shortcoming]:
    """By code, the most frequent first, from (code, sentence, place, receipt)."""
    grouped: dict[str, list[tuple[str, str, str]]] = {}
    for code, text, place, receipt in found:
        grouped.setdefault(code, []).append((text, place, receipt))
    made = []
    for code, times in grouped.items():
        receipts = list(dict.fromkeys(receipt for _, _, receipt in times))
        places = Counter(place for _, place, _ in times if place)
        made.append(
            Shortcoming(
                code=code, text=times[0][0], messages=len(receipts), times=len(times),
                places=[place for place, _ in places.most_common(_MOST_PLACES)], receipts=receipts[:_MOST_EXAMPLES],
            )
        )  # fmt: skip
    return sorted(made, key=lambda one: (-one.messages, one.code))
