"""Each night what is in the case system alone becomes a contact, and what it lacks is told once, until a later night finds it."""

import threading
from datetime import date, time
from pathlib import Path

import pytest

from ops.casebook.book import CaseBook
from ops.reconciliation.contacts import Theirs
from ops.reconciliation.nightly import FOUND, MISSING, Nights, day_due, each_night, findings, main
from schemas.settings import Settings
from streams.case_clocks import runs
from streams.milestones import milestones
from tests.ops.casebook.planted import RULES, Planted, at, child
from tests.ops.view.running import until

FIRST, LAST, NOW = date(2026, 2, 24), date(2026, 3, 2), at("2026-03-03 00:30")


def row(la: str, day: date = LAST) -> Theirs:
    return Theirs(f"row {la}", f"made {la}", day, frozenset(), {"la_child_id": la.casefold()}, {"la_child_id": la})


def test_what_is_in_one_alone_is_found_both_ways_and_told_missing_once_until_it_is_found() -> None:
    planted = Planted()
    lacked, there, late = (
        planted.arrives(f"K-{n}", "2026-03-02 09:00", child(given, la=f"LA{n}")) for n, given in enumerate(("Nora", "Ben", "Zoe"))
    )
    planted.happens(late, MISSING, "2026-03-02 10:00")
    with CaseBook() as book:
        told = findings(planted.fill(book), [row("LA1"), row("LA2"), row("LA9")], FIRST, LAST, NOW)
    assert ([one.reference for one in told.theirs], told.missing, told.found) == (["made LA9"], [lacked], [late])
    planted.happens(lacked, MISSING, "2026-03-03 00:30")
    planted.happens(late, FOUND, "2026-03-03 00:30")
    with CaseBook() as book:
        again = findings(planted.fill(book), [row("LA1"), row("LA2")], FIRST, LAST, NOW)
    assert (again.theirs, again.missing, again.found) == ([], [], [])
    assert there not in (*told.missing, *told.found)


def test_entry_in_the_case_system_within_one_working_day_of_the_night_that_missed_it() -> None:
    """House rule: no source sets a time."""
    planted = Planted()
    contact_id = planted.arrives("K-1", "2026-03-02 09:00")
    planted.happens(contact_id, MISSING, "2026-03-06 00:30")
    with CaseBook() as book:
        story = planted.fill(book).story(contact_id)
        assert story is not None
        told = [one for event in story.events for one in milestones(event)]
    [run] = [run for run in runs(told, RULES, "383") if run.clock == "case-system-entry"]
    assert (run.state, run.due_at) == ("running", at("2026-03-10 00:00"))


@pytest.mark.parametrize(
    ("now", "day"),
    [("2026-03-03 00:29", (2026, 3, 1)), ("2026-03-03 00:30", (2026, 3, 2)), ("2026-07-01 00:31", (2026, 6, 30))],
)
def test_a_day_is_due_once_its_night_has_come_in_london(now: str, day: tuple[int, int, int]) -> None:
    assert day_due(at(now), time(0, 30)) == date(*day)


def test_a_night_that_could_not_be_done_is_a_process_that_is_not_ready(tmp_path: Path) -> None:
    settings = Settings(run_dir=tmp_path, reconcile_source=str(tmp_path / "away.csv"))
    nights, stop = Nights(tmp_path / "reconciled.json"), threading.Event()
    assert nights.trouble == ""
    process = threading.Thread(target=each_night, args=(settings, time(0, 30), stop, nights))
    process.start()
    until(lambda: nights.trouble, "the night to be tried")
    stop.set()
    process.join(30)
    assert "was not reconciled: " in nights.trouble and "away.csv" in nights.trouble and nights.until is None


@pytest.mark.parametrize("at", ["25:00", "half past midnight", "00:30+01:00"])
def test_a_night_at_no_london_time_is_refused_at_the_start(tmp_path: Path, at: str) -> None:
    with pytest.raises(SystemExit) as refused:
        main(Settings(run_dir=tmp_path, reconcile_at=at))
    assert refused.value.code == 78
