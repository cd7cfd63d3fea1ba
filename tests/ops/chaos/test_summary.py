"""What several runs came to: faults are added up, times are those of all runs, and a broken promise is said with its seed."""

from typing import Any

from ops.chaos.plan import KINDS
from ops.chaos.sabotaged import SABOTAGES
from ops.chaos.summary import tables
from ops.chaos.trials import TRIALS


def a_run(seed: int, wrong: dict[str, int]) -> dict[str, Any]:
    return {
        "seed": seed, "nodes": 1, "seconds": 900, "ok": not wrong, "stuck": "",
        "audit": {"violations": []},
        "ledger": {
            "faults": {"kill-worker": 20, "poison": 5}, "felt_seconds": {"kill-worker": [1.0, float(seed)]}, "wrong": wrong,
            "messages": 1000, "attempts": 1100, "acknowledged": 1000, "never_acknowledged": 0, "flags": {"missed raised": 3},
            "left": {"items": 50, "undelivered": 2, "beside_one_that_was_down": 7}, "of_the_next_release": 9,
            "repeated_records": {"receipts": 1}, "longest_outage": 300.0, "clock_changes": 1,
        },
    }  # fmt: skip


def test_runs_that_hold_are_added_up_with_what_they_support() -> None:
    said = tables([a_run(2, {}), a_run(9, {})])
    assert "| `kill-worker` | 40 | 2.0 s | 9.0 s |" in said
    assert "| **all** | **50** |" in said
    assert "decided again" not in said, "these runs are older"
    again = {"records": {"flags": 5}, "rows": {"cases": 7}, "differences": {"not on the log": 1}}
    told = tables([a_run(2, {}) | {"replay": again}, a_run(9, {})])
    assert "| outputs and rows decided again without faults; that differ | 5 and 7; 1 |" in told
    # Three in fifty, and three in two thousand.
    assert "below 6.00% a fault" in said and "below 0.150% a message" in said


def test_a_broken_promise_is_counted_and_told_with_its_seed() -> None:
    said = tables([a_run(2, {}), a_run(9, {"acknowledged and lost": 4, "something new": 1})])
    assert "| acknowledged and lost | 4 |" in said
    assert "| whatever else the ledger's program called wrong | 1 |" in said
    assert "Not every promise held: seed 9." in said and "confidence" not in said


def test_every_kind_of_fault_is_tried_without_a_protection_and_every_protection_is_needed_by_one() -> None:
    assert {trial.shows for trial in TRIALS} == set(KINDS)
    assert all(trial.nodes in KINDS[kind].nodes for trial in TRIALS for kind in (trial.shows, *trial.beside))
    assert {trial.sabotage for trial in TRIALS} == set(SABOTAGES)
