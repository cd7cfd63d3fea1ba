"""The audit's work grows with the log, and not with its square: a year's log is no further away than fifty weeks' of it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from uuid import NAMESPACE_DNS, uuid5

from ops.audit.auditor import Examination
from schemas.record import Record

from .log_builder import Line, Log, at
from .weekend import NOW, weekend

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
#: Instructions of SQLite's machine between two counts.
_STEP = 100


def _copies(log: Log, number: int) -> Iterator[Line]:
    """The same weekend for so many times as many children."""
    for line in log.lines:
        ticks = line.record is not None and line.key.startswith("tick-")
        for copy in range(1 if ticks else number):
            record, key = line.record, line.key
            if copy and isinstance(record, Record):
                text = _ID.sub(lambda found, copy=copy: str(uuid5(NAMESPACE_DNS, f"{copy} {found[0]}")), record.model_dump_json())
                record = type(record).model_validate_json(text)
            elif copy and record:
                record += b"%d" % copy
            yield replace(line, record=record, key=f"{key} {copy}" if copy else key)


def _steps(number: int) -> int:
    log = weekend()
    # Of another length than what quarantine has, so that the other ways of conserving are asked for as well.
    log.change("quarantine", lambda record: True, body=b"other bytes")
    for second in range(3):
        log.poison("contacts", at(f"2026-07-03 12:00:0{second}"))
        origin = (("topic", b"contacts"), ("partition", b"0"), ("offset", b"%d" % second))
        headers = tuple((f"__connect.errors.{name}", value) for name, value in origin)
        log.put("quarantine", "poison", b"\x00not a record", at("2026-07-03 12:01"), headers=headers)
    log.lines = list(_copies(log, number))
    examination = Examination(now=NOW, stepped=True, grace_seconds=0)
    counted = 0

    def count() -> None:
        nonlocal counted
        counted += 1

    try:
        log.hand_to(examination)
        examination._spill._db.set_progress_handler(count, _STEP)
        examination.verdict()
    finally:
        examination.close()
    return counted


def test_four_times_as_many_children_are_four_times_the_work() -> None:
    # SQLite takes a worse way only from some size on.
    few, many = _steps(80), _steps(320)
    assert many < 1.4 * 4 * few, f"{few * _STEP:,} instructions for one share of the log, {many * _STEP:,} for four"
