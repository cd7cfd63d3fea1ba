"""All flags as they stand, those a person must still deal with first."""

from pydantic import BaseModel

from ops.view.snapshot import Answer, FlagNow, Snapshot
from schemas.flag import FlagState

_ORDER: dict[FlagState, int] = {
    "escalated": 0, "raised": 1, "acknowledged": 2, "due_soon": 3, "explained": 4, "withdrawn": 5,
}  # fmt: skip


class FlagEntry(BaseModel):
    """A flag beside the contact it is about. `receipt_id` is empty for a contact that was never opened."""

    flag: FlagNow
    receipt_id: str
    child: str
    agency: str
    organisation: str
    kind: str
    worker: str
    risk: str


class FlagsAnswer(Answer):
    """`total` counts all flags that were asked for, `standing` those of them that are not withdrawn."""

    total: int
    standing: int
    flags: list[FlagEntry]


def flags(at: Snapshot, wanted: FlagState | None, limit: int) -> FlagsAnswer:
    """Flags in one state, or all: those that a person must deal with first, then by due time."""
    asked = [flag for flag in at.all_flags() if wanted is None or flag.state == wanted]
    asked.sort(key=lambda flag: (_ORDER[flag.state], flag.due_at, flag.flag_id))
    return FlagsAnswer(
        as_of=at.now, behind_records=at.behind_records, total=len(asked),
        standing=sum(flag.standing for flag in asked), flags=[_entry(at, flag) for flag in asked[:limit]],
    )  # fmt: skip


def _entry(at: Snapshot, flag: FlagNow) -> FlagEntry:
    held = at.case(flag.contact_id)
    summary = held.case.summary if held else None
    child, organisation = at.child_and_organisation(flag.contact_id)
    return FlagEntry(
        flag=flag, receipt_id=summary.receipt_id if summary else "", child=child,
        agency=summary.agency if summary else "", organisation=organisation or (summary.organisation if summary else ""),
        kind=summary.kind if summary else "", worker=summary.worker if summary else "",
        risk=summary.risk if summary else "",
    )  # fmt: skip
