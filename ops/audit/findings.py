"""Where checks put what they find: violations, counted whole and kept in part, and what is only too young to judge."""

from collections import Counter

from ops.audit.notes import RECEIVED_TOPICS, TOPICS
from ops.audit.verdict import INVARIANTS, KEPT, NotAssessed, Pending, Violation
from schemas.catalogue import catalogue

_DAY_MS = 24 * 3600 * 1000

#: (topic's place, partition, offset); None where no record is there to point at.
Where = tuple[int, int, int]


class Findings:
    """`wall_ms` is the broker's time when the audit began; records younger than `grace_seconds` are not judged yet.

    `trimmed`: the topics that have let older records go. `now_ms`: the time that domain times are compared with,
    which differs from `wall_ms` when a driver owns the time.
    """

    def __init__(self, wall_ms: int, grace_seconds: float) -> None:
        self.wall_ms = wall_ms
        self.cut_ms = wall_ms - int(grace_seconds * 1000)
        self.trimmed: set[str] = set()
        self.now_ms = wall_ms
        self.violated: Counter[str] = Counter(dict.fromkeys(INVARIANTS, 0))
        self.violations: list[Violation] = []
        self.pending: list[Pending] = []
        self.pending_total = 0
        self.not_assessed: list[NotAssessed] = []
        self.not_assessed_total = 0
        self.expired = 0

    def broken(self, invariant: str, ids: list[str], where: Where | None, explanation: str) -> None:
        """One violation."""
        self.violated[invariant] += 1
        if self.violated[invariant] <= KEPT:
            topic, partition, offset = (TOPICS[where[0]], *where[1:]) if where else ("", -1, -1)
            self.violations.append(
                Violation(invariant=invariant, record_ids=ids, topic=topic, partition=partition, offset=offset,
                          explanation=explanation)
            )  # fmt: skip

    def unsettled(self, invariant: str, ids: list[str], where: Where, since_ms: int, waits_for: str, text: str) -> None:
        """Something has no counterpart. Pending when `since_ms` is younger than the grace, else a violation."""
        if since_ms <= self.cut_ms:
            self.broken(invariant, ids, where, text)
            return
        self.pending_total += 1
        if self.pending_total <= KEPT:
            age = max(0.0, (self.wall_ms - since_ms) / 1000)
            self.pending.append(Pending.model_validate({"what": waits_for, "record_id": ids[0], "age_seconds": age}))

    def expired_on(self, topic: str, at_us: int, ts: int) -> bool:
        """Whether the counterpart of a record may have left the topic by its retention; counted if so. `at_us` is the
        record's own time, `ts` its append time (ms): a result may be written long after its message came.

        Nothing younger than the retention may be gone, so that a deletion by hand cannot excuse a loss.
        """
        days = catalogue().topics[topic].retention_days
        kept_ms = (days - 1) * _DAY_MS
        old = ts <= self.wall_ms - kept_ms or at_us // 1000 <= self.now_ms - kept_ms
        if topic not in self.trimmed or days < 0 or not old:
            return False
        self.expired += 1
        return True

    def message_expired(self, at_us: int, ts: int) -> bool:
        """Whether the message behind a result may have expired; its result is kept for ever."""
        return any(self.expired_on(topic, at_us, ts) for topic in RECEIVED_TOPICS)

    def unassessed(self, entry: NotAssessed) -> None:
        """One child, or one unread message, that nobody assessed."""
        self.not_assessed_total += 1
        if self.not_assessed_total <= KEPT:
            self.not_assessed.append(entry)
