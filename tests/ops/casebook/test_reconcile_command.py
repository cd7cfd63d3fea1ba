"""Reconciling, as a command: both ways on a real log, and what the case system alone has goes through the partners' own door."""

import csv
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from connectors.social_care.read import read
from ops.cli import app
from ops.exports.annex_a import COLUMNS
from ops.reconciliation.contacts import CannotRead
from ops.reconciliation.list_1 import read_list_1
from ops.reconciliation.nightly import reconcile_night
from ops.reconciliation.recording import message_of
from schemas.reading import Hint
from schemas.settings import Settings
from tests.connectors.running import InThread

pytestmark = pytest.mark.broker


@pytest.fixture(scope="module")
def run_dir(planted_log: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the connector of social care runs, on the planted log."""
    folder = tmp_path_factory.mktemp("reconciled")
    connector = InThread("social_care", Settings(run_dir=folder, bootstrap_servers=planted_log))
    yield folder
    connector.stop()


def run(log: str, run_dir: Path, *arguments: str) -> Result:
    env = {"FRONTDOOR_RUN_DIR": str(run_dir), "FRONTDOOR_BOOTSTRAP_SERVERS": log}
    return CliRunner().invoke(app, ["reconcile", *arguments, "--bootstrap", log], env=env)


def list_1(path: Path, *children: str) -> Path:
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS[1])
        rows.writerows((child, "b) Female", "a) WBRI", "06/05/2018", 7, "02/03/2026", "q) 6: Police") for child in children)
    return path


def test_a_list_that_says_the_same_as_the_hub(planted_log: str, tmp_path: Path) -> None:
    done = run(planted_log, tmp_path, str(list_1(tmp_path / "list1.csv", "LA0001")))
    assert done.exit_code == 0, done.output
    assert "1 in the case system, 1 in the hub" in done.stdout


def receipts(run_dir: Path) -> set[str]:
    """What the case system's connector has acknowledged."""
    lines = (run_dir / "journal" / "social_care.jsonl").read_text().splitlines()
    return {json.loads(line)["receipt_id"] for line in lines}


def test_what_is_in_one_alone_is_listed_with_its_waiting_both_ways(planted_log: str, tmp_path: Path) -> None:
    done = run(planted_log, tmp_path, str(list_1(tmp_path / "list1.csv", "LA0002")), "--json")
    assert done.exit_code == 1, done.output
    told: dict[str, Any] = json.loads(done.stdout)
    (theirs,), (ours,) = told["only_case_system"], told["only_hub"]
    assert (theirs["where"], theirs["day"]) == ("row 2", "2026-03-02") and theirs["waiting_days"] > 0
    assert (ours["worker"], ours["agency"]) == ("Ben Hughes", "health") and ours["waiting_minutes"] > 0


def test_what_the_case_system_alone_has_is_recorded_once_and_opens_a_contact(
    planted_log: str, run_dir: Path, tmp_path: Path
) -> None:  # fmt: skip
    source = str(list_1(tmp_path / "list1.csv", "LA0001", "LA0003"))
    other = str(list_1(tmp_path / "other.csv", "LA0001", "LA0007"))
    shown = run(planted_log, run_dir, other, "--record", "--by", "Ann Manager", "--dry-run")
    [would] = json.loads(shown.stdout)["would_write"]
    assert (shown.exit_code, would["event"], would["by"]) == (0, "contact_recorded", "Ann Manager")
    first = run(planted_log, run_dir, source, "--record", "--by", "Ann Manager", "--json")
    again = run(planted_log, run_dir, source, "--record", "--by", "Ann Manager", "--json")
    assert (first.exit_code, again.exit_code) == (0, 0), first.output
    told = {json.loads(done.stdout)["only_case_system"][0]["receipt_id"] for done in (first, again)}
    assert len(told) == 1
    assert receipts(run_dir) == told


def test_a_night_puts_both_ways_on_the_log_by_itself_and_a_second_try_counts_once(
    planted_log: str, run_dir: Path, tmp_path: Path
) -> None:  # fmt: skip
    source = list_1(tmp_path / "list1.csv", "LA0006")
    settings = Settings(run_dir=run_dir, bootstrap_servers=planted_log, reconcile_source=str(source))
    before = receipts(run_dir)
    told = [reconcile_night(settings, date(2026, 3, 2), "") for _ in range(2)]
    assert [(len(one.theirs), len(one.missing), one.found) for one in told] == [(1, 1, []), (1, 1, [])]
    assert len(receipts(run_dir) - before) == 2
    with pytest.raises(CannotRead, match="older than the night"):
        reconcile_night(settings, date(2026, 3, 3), "")


def test_more_than_anybody_expects_is_not_recorded(planted_log: str, run_dir: Path, tmp_path: Path) -> None:
    source = str(list_1(tmp_path / "list1.csv", "LA0004", "LA0005"))
    done = run(planted_log, run_dir, source, "--record", "--at-most", "1")
    assert done.exit_code == 2 and "--at-most" in done.output


def test_a_recorded_contact_reads_as_a_childs_contact_with_the_day_and_source_of_the_case_system(tmp_path: Path) -> None:
    (row,) = read_list_1(list_1(tmp_path / "list1.csv", "LA0003")).rows
    reading = read(json.dumps(message_of(row, "Ann Manager")).encode(), Hint(content_type="application/json"))
    (event,) = reading.case_reports
    assert (event.type, str(event.happened_on), event.by) == ("contact_recorded", "2026-03-02", "Ann Manager")
    assert event.report is not None and event.report.reference == row.reference
    assert (event.report.source_code, event.report.person.identifiers[0].value) == ("6", "LA0003")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["nowhere.xlsx"], "cannot be opened"), (["a.csv", "--day", "2026-03-02", "--to", "2026-03-03"], "--day"),
     (["a.csv", "--by", "Duty team"], "person's name")],
)  # fmt: skip
def test_a_wrong_command_says_what_to_do(planted_log: str, tmp_path: Path, arguments: list[str], said: str) -> None:
    done = run(planted_log, tmp_path, *arguments)
    assert done.exit_code == 2 and said in done.output
