"""The benchmark of the pipeline still runs, and says what it promises. How fast anything is, no test says."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.pipeline.speed import Step, milliseconds, rate

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.mark.broker
def test_a_tiny_run_puts_a_worker_beside_stock_faust_and_says_where_it_ran(tmp_path: Path) -> None:
    told = tmp_path / "figures.json"
    command = [sys.executable, "-m", "bench.pipeline", "--tiny", "--only", "cases", "--json", str(told)]
    ran = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=150)
    assert ran.returncode == 0, ran.stderr
    result = json.loads(told.read_text())
    assert set(result) == {"machine", "seconds", "figures"}
    assert {"at", "cores", "memory_gib", "load_average_before", "versions"} <= set(result["machine"])
    [figure] = result["figures"]
    assert {"part", "what", "unit", "value", "beside", "beside_value", "ratio", "details"} == set(figure)
    assert (figure["what"], figure["beside"]) == ("cases, one worker process", "stock Faust, event by event")
    hub, stock = figure["details"]["hub"], figure["details"]["stock_faust"]
    assert hub["records"] == stock["records"] > 0
    [line] = ran.stdout.splitlines()
    assert line.startswith("cases, one worker process")


def test_a_rate_leaves_out_the_first_tenth_and_takes_what_came_at_one_moment_together() -> None:
    slow_start = [Step(0.0, 5), Step(9.0, 10), Step(10.0, 40), Step(10.0, 60), Step(11.0, 100)]
    assert rate(slow_start) == (100 - 10) / (11.0 - 9.0)
    assert rate([Step(3.0, 7), Step(3.0, 9)]) == 0.0
    assert rate([]) == 0.0


def test_percentiles_are_values_that_were_measured() -> None:
    told = milliseconds([number / 1000 for number in range(1, 201)])
    assert told == {"count": 200, "p50_ms": 100.0, "p99_ms": 198.0, "max_ms": 200.0}
    assert milliseconds([0.004]) == {"count": 1, "p50_ms": 4.0, "p99_ms": 4.0, "max_ms": 4.0}
