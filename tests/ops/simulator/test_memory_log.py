"""The log in memory keeps a broker's promises, and what judges a run shares nothing with what it judges."""

import ast
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ops.simulator import oracle
from ops.simulator.log import COMPACTION_GRACE, MemoryLog

SEAT = ("cases", 0)
NOON = datetime(2026, 8, 28, 12, tzinfo=UTC)


def test_compaction_keeps_the_last_row_of_a_key_and_all_that_is_younger_than_the_grace() -> None:
    log = MemoryLog(NOON)
    for value in (b"1", b"2"):
        log.append_row(SEAT, "a", value)
    log.append_row(SEAT, "b", b"3")
    log.now += COMPACTION_GRACE
    log.append_row(SEAT, "a", b"4")
    log.compact(SEAT)
    # The young row does not hide the old one yet.
    assert [(row.offset, row.value) for row in log.rows(SEAT)] == [(1, b"2"), (2, b"3"), (3, b"4")]
    log.now += COMPACTION_GRACE + timedelta(seconds=1)
    log.compact(SEAT)
    assert [row.offset for row in log.rows(SEAT)] == [2, 3]
    log.append_row(SEAT, "a", b"5")
    assert log.rows(SEAT)[-1].offset == 4


def test_the_oracle_shares_no_code_with_the_workers() -> None:
    tree = ast.parse(Path(oracle.__file__).read_text())
    modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    modules += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    assert {name.split(".")[0] for name in modules} & {"streams", "ops", "connectors"} == set()
    assert [name for name in modules if name.startswith("schemas")] == ["schemas.case_event"]
