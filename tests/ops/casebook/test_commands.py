"""Reports, exports and the why of a flag, as commands, from a real broker's log and nothing else."""

import csv
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from ops.cli import app
from tests.ops.casebook.planted import POLICY

pytestmark = pytest.mark.broker


def run(log: str, folder: Path, *arguments: str, **environment: str) -> Result:
    """A command on a machine where no stack runs; the log's own ticks tell the time."""
    env = {"FRONTDOOR_RUN_DIR": str(folder / "run"), "FRONTDOOR_CLOCK": "stepped", **environment}
    return CliRunner().invoke(app, [*arguments, "--bootstrap", log], env=env)


def flags(log: str, tmp_path: Path) -> list[dict[str, str]]:
    done = run(log, tmp_path, "export", "flags", "--out", str(tmp_path / "flags.csv"))
    assert done.exit_code == 0, done.output
    return list(csv.DictReader(StringIO((tmp_path / "flags.csv").read_text("utf-8-sig"))))


def test_why_shows_the_records_and_the_rule_and_decides_the_same_again(planted_log: str, tmp_path: Path) -> None:
    for flag in [one for one in flags(planted_log, tmp_path) if one["clock"] in ("same-day", "la-decision")]:
        done = run(planted_log, tmp_path, "why", flag["flag_id"][:20], "--json")
        assert done.exit_code == 0, done.output
        told = json.loads(done.stdout)
        assert told["same"] and [place for state in told["states"] for place in state["places"]] == flag["records"].split()
        assert told["rule"]["source"] == POLICY.clock(flag["clock"], "383").source
        causes = told["records"]
        assert {cause["topic"] for cause in causes} == {"case-events"}
        assert causes[0]["type"] == "opened" and causes[-1]["led_to"]
        if flag["clock"] == "same-day":
            assert [cause["type"] for cause in causes if cause["led_to"] == ["raised"]] == ["tick"]
            assert any(cause["vouches_for_the_limit"] for cause in causes)


def test_why_for_a_person_names_record_rule_and_source_and_no_child(planted_log: str, tmp_path: Path) -> None:
    flag = next(one for one in flags(planted_log, tmp_path) if one["clock"] == "same-day")
    done = run(planted_log, tmp_path, "why", flag["flag_id"])
    assert done.exit_code == 0, done.output
    assert "Narrowing the Gap" in done.stdout and "case-events/" in done.stdout and "the same." in done.stdout
    assert "Zebedee" not in done.stdout


def test_why_says_where_a_decision_would_come_out_otherwise_today(planted_log: str, tmp_path: Path) -> None:
    policy = tmp_path / "clocks.yaml"
    shipped = Path("schemas/data/clocks.yaml").read_text()
    before, row, after = shipped.partition("  la-decision:")
    policy.write_text(before + row + after.replace("limit: 1\n", "limit: 2\n", 1))
    flag = next(one for one in flags(planted_log, tmp_path) if one["clock"] == "la-decision")
    done = run(planted_log, tmp_path, "why", flag["flag_id"], FRONTDOOR_CLOCK_POLICY=str(policy))
    assert done.exit_code == 3, done.output
    assert "something else" in done.stdout


@pytest.mark.parametrize(("flag", "code"), [("ffffffff-none", 1), ("", 1)])
def test_why_of_no_flag(planted_log: str, tmp_path: Path, flag: str, code: int) -> None:
    assert run(planted_log, tmp_path, "why", flag).exit_code == code


def test_the_report_of_few_children_shows_nobody(planted_log: str, tmp_path: Path) -> None:
    done = run(planted_log, tmp_path, "report", "timeliness", "--by", "disability", "--json")
    assert done.exit_code == 0, done.output
    told: dict[str, Any] = json.loads(done.stdout)
    assert told["contacts"] == 1
    assert told["tables"][0]["total"] == {"in_time": None, "of": None, "percent": None}
    assert [group["suppressed"] for group in told["tables"][0]["groups"]] == [True]
    assert "Newcombe" in told["method"] and "1 to 5" in told["suppression"]
    as_csv = run(planted_log, tmp_path, "report", "timeliness", "--csv")
    assert as_csv.stdout.splitlines()[0].startswith("measure,dimension,group,in_time,of")
    as_text = run(planted_log, tmp_path, "report", "timeliness")
    assert as_text.exit_code == 0 and "not shown" in as_text.stdout


@pytest.mark.parametrize(
    "arguments",
    [["--by", "star-sign"], ["--from", "yesterday"], ["--to", "0001-01-01"], ["--from", "2026-05-01", "--to", "2026-04-01"]],
)
def test_a_report_that_nobody_can_make_says_what_is_wrong(planted_log: str, tmp_path: Path, arguments: list[str]) -> None:
    assert run(planted_log, tmp_path, "report", "timeliness", *arguments).exit_code == 2


def test_annex_a_and_census_are_written_whole_from_the_log(planted_log: str, tmp_path: Path) -> None:
    for name, file in (("annex-a", "annex-a.xlsx"), ("cin", "cin.xml")):
        done = run(planted_log, tmp_path, "export", name, "--out", str(tmp_path / file))
        assert done.exit_code == 0, done.output
    assert "2026" in (tmp_path / "cin.xml").read_text() and "LA0001" in (tmp_path / "cin.xml").read_text()
    assert (tmp_path / "annex-a.xlsx").read_bytes().startswith(b"PK")
    same = run(planted_log, tmp_path, "reconcile", str(tmp_path / "annex-a.xlsx"))
    assert same.exit_code == 0, same.output
    later = run(planted_log, tmp_path, "export", "cin", "--out", str(tmp_path / "later.xml"), "--from", "2099-04-01")
    assert (later.exit_code, "2099-04-01, lies after the last" in later.stderr) == (2, True)
    nowhere = run(planted_log, tmp_path, "export", "cin", "--out", str(tmp_path / "no" / "cin.xml"))
    assert nowhere.exit_code == 2 and "--out" in nowhere.output
