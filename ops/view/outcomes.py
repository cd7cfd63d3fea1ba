"""What a recipient that is not called may fetch: its items in the order of the log, from a cursor on.

A cursor names the next offset in each partition of the agency's topic. It comes from the log and not from this view, so it
means the same after the view was built again; items of one contact lie in one partition, so their order is the log's.
"""

import heapq

from ops.view.snapshot import Answer, Snapshot
from schemas.catalogue import catalogue
from schemas.outbound import OutboundItem


class BadCursor(ValueError):
    """Not a cursor that was given out."""


class OutcomesAnswer(Answer):
    """`next` is the cursor after these items; `more`: there are others already."""

    items: list[OutboundItem]
    next: str
    more: bool


def outcomes(at: Snapshot, agency: str, recipient: str, since: str, limit: int) -> OutcomesAnswer:
    """The next `limit` items of a recipient. Raises `BadCursor`."""
    places = _offsets(since)
    topic = f"outbound.{agency}"
    lists = [_items(at, topic, recipient, partition, first, limit) for partition, first in enumerate(places)]
    # Each list stays in its own order; among them the older item comes first.
    merged = list(heapq.merge(*lists, key=lambda one: one[0].at))
    for _, partition, offset in merged[:limit]:
        places[partition] = offset + 1
    return OutcomesAnswer(
        as_of=at.now, behind_records=at.behind_records, items=[one[0] for one in merged[:limit]],
        next="-".join(map(str, places)), more=len(merged) > limit,
    )  # fmt: skip


def _items(
    at: Snapshot, topic: str, recipient: str, partition: int, first: int, limit: int
) -> list[tuple[OutboundItem, int, int]]:
    rows = at.db.execute(
        "SELECT record, offset FROM outbound WHERE topic = ? AND recipient = ? AND partition = ? AND offset >= ? "
        "ORDER BY offset LIMIT ?",
        (topic, recipient, partition, first, limit + 1),
    )
    return [(OutboundItem.model_validate_json(record), partition, offset) for record, offset in rows]


def _offsets(since: str) -> list[int]:
    count = catalogue().keyed_partitions
    if not since:
        return [0] * count
    parts = since.split("-")
    if len(parts) != count or not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
        raise BadCursor("since must be a cursor as an earlier answer gave it in `next`, or empty")
    return [int(part) for part in parts]
