"""A real stack keeps every promise while its parts are killed, paused and cut off. Long runs are commands, with their
results in docs/reliability.md."""

from pathlib import Path

import pytest

from ops.chaos.run import Options, run

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]


def test_nothing_is_lost_nothing_doubled_no_day_missed_in_silence(tmp_path: Path) -> None:
    options = Options(seed=11, seconds=8, nodes=1, rate=0.7, run_dir=tmp_path / "run")
    found = run(options, lambda line: None, lambda done, total, what: None)
    assert found["ledger"]["wrong"] == {}, found["ledger"]["examples"]
    assert found["audit"]["violations"] == []
    assert found["replay"]["differences"] == {}, found["replay"]["examples"]
    assert found["ok"]
    assert found["ledger"]["never_acknowledged"] == 0
    assert sum(found["ledger"]["faults"].values()) >= 4
    assert found["ledger"]["contacts"] > 0
