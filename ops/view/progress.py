"""How far the view has read: each partition's place beside its end, in records and in seconds."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import BaseModel

from ops.view.log_ends import Partition
from ops.view.snapshot import Answer, Snapshot


class PartitionProgress(BaseModel):
    """`behind_seconds`: at most this long the oldest record that is not folded yet has been on the log; 0 when all
    are folded, null when nothing of the partition has been. `undecodable` counts records that are not what their
    topic says."""

    topic: str
    partition: int
    next_offset: int
    end_offset: int
    behind_records: int
    behind_seconds: float | None
    undecodable: int


class ProgressAnswer(Answer):
    """`caught_up`: everything the log held when this process started has been folded. `behind_seconds` is the worst
    partition's. While the broker does not answer it is null and `partitions` is empty."""

    caught_up: bool
    behind_seconds: float | None
    partitions: list[PartitionProgress]


def progress(
    at: Snapshot, ends: Mapping[Partition, int] | None, at_end_ms: Mapping[Partition, int], caught_up: bool,
    real_now: datetime,
) -> ProgressAnswer:  # fmt: skip
    """The view's place against the ends; `at_end_ms` is when each partition was last seen fully folded, and
    `real_now` is the machine's time, because appends are stamped by the broker's."""
    rows = at.db.execute("SELECT topic, partition, next_offset, appended_ms FROM offsets").fetchall()
    place = {(topic, partition): (next_offset, ms) for topic, partition, next_offset, ms in rows}
    bad = at.db.execute("SELECT topic, partition, count(*) FROM undecodable GROUP BY 1, 2").fetchall()
    undecodable = {(topic, partition): count for topic, partition, count in bad}
    found = []
    for key, end in sorted((ends or {}).items()):
        next_offset, appended_ms = place.get(key, (0, 0))
        behind = max(0, end - next_offset)
        # What is not folded was appended after the last folded record, and after the end was last seen.
        since_ms = max(appended_ms, at_end_ms.get(key, 0))
        seconds = max(0.0, round(real_now.timestamp() - since_ms / 1000, 3)) if since_ms else None
        found.append(
            PartitionProgress(
                topic=key[0], partition=key[1], next_offset=next_offset, end_offset=end, behind_records=behind,
                behind_seconds=seconds if behind else 0.0, undecodable=undecodable.get(key, 0),
            )
        )  # fmt: skip
    return ProgressAnswer(
        as_of=at.now, behind_records=at.behind_records, caught_up=caught_up,
        behind_seconds=_worst(found) if ends is not None else None,
        partitions=found,
    )  # fmt: skip


def _worst(partitions: list[PartitionProgress]) -> float | None:
    seconds = [one.behind_seconds for one in partitions]
    return None if None in seconds else max((one for one in seconds if one is not None), default=0.0)
