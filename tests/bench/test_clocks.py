"""The benchmark of the clocks still runs, and every case of it is flagged at its midnight. How fast, no test says."""

from bench.clocks.__main__ import measure


def test_a_small_run_flags_every_case_and_gives_every_figure() -> None:
    figure = measure(20, pass_over_rows=False)
    assert figure["cases"] == 20
    assert {"tick_us", "scan_us", "scan_over_tick", "midnight_seconds", "resident_bytes_per_case"} <= set(figure)
    assert figure["row_bytes_per_case"] > 0
