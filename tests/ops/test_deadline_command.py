"""`frontdoor deadline`: what people and scripts are promised when they ask when something is late."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from ops.deadline_command import deadline
from schemas.clock_policy import SHIPPED_POLICY

app = typer.Typer()


@app.callback()
def main() -> None:
    """As on the real command line: one command among others."""


app.command("deadline")(deadline)


def ask(*words: str, env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(app, ["deadline", *words], env=env)


def answer(*words: str) -> dict[str, Any]:
    result = ask(*words, "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert isinstance(found, dict)
    return found


def test_it_answers_when_it_is_late_and_how_that_was_counted() -> None:
    found = answer("icpc", "--from", "2026-03-27T10:00")
    assert found["due_at"] == "2026-04-22T00:00+01:00"
    assert found["due_date"] == "2026-04-21"
    assert found["counting_rule"] == "start-day-excluded"
    assert found["calendar_version"].startswith("england-and-wales 0.19+1 #")
    assert found["skipped_days"]["2026-04-03"] == "Good Friday"
    assert len(found["skipped_days"]) == 10


def test_same_day_is_late_at_the_midnight_that_ends_the_day() -> None:
    assert answer("same-day", "--from", "2026-03-02")["due_at"] == "2026-03-03T00:00+00:00"
    assert answer("same-day", "--from", "2026-03-02T23:59")["due_at"] == "2026-03-03T00:00+00:00"


@pytest.mark.parametrize(
    ("clock", "due_at", "due_date"),
    [
        ("same-day", "2026-03-03T00:00+00:00", "2026-03-02"),
        ("allocation", "2026-03-02T10:05+00:00", "2026-03-02"),
        ("la-decision", "2026-03-04T00:00+00:00", "2026-03-03"),
        ("assessment", "2026-05-08T00:00+01:00", "2026-05-07"),
        ("assessment-from-start", "2026-05-08T00:00+01:00", "2026-05-07"),
        ("icpc", "2026-03-24T00:00+00:00", "2026-03-23"),
        ("core-group", "2026-03-17T00:00+00:00", "2026-03-16"),
        ("review-first", "2026-06-03T00:00+01:00", "2026-06-02"),
        ("review-next", "2026-09-03T00:00+01:00", "2026-09-02"),
        ("encompass", "2026-03-03T08:45+00:00", "2026-03-02"),
        ("feedback", "2026-03-03T10:00+00:00", "2026-03-03"),
        ("mash-red", "2026-03-02T12:00+00:00", "2026-03-02"),
        ("mash-amber", "2026-03-02T16:00+00:00", "2026-03-02"),
        ("mash-green", "2026-03-03T10:00+00:00", "2026-03-03"),
        ("initial-assessment-2000", "2026-03-12T00:00+00:00", "2026-03-11"),
        ("core-assessment-2000", "2026-04-23T00:00+01:00", "2026-04-22"),
    ],
)
def test_every_clock_can_be_asked_by_its_name(clock: str, due_at: str, due_date: str) -> None:
    found = answer(clock, "--from", "2026-03-02T10:00")
    assert (found["due_at"], found["due_date"]) == (due_at, due_date)


@pytest.mark.parametrize(
    ("written", "started_at"),
    [
        ("2026-07-01", "2026-07-01T00:00+01:00"),
        ("2026-07-01T10:00", "2026-07-01T10:00+01:00"),
        ("2026-07-01 10:00", "2026-07-01T10:00+01:00"),
        ("2026-07-01T10:00:30", "2026-07-01T10:00:30+01:00"),
        ("2026-07-01T10:00Z", "2026-07-01T11:00+01:00"),
        ("2026-07-01T23:30+00:00", "2026-07-02T00:30+01:00"),
        ("2026-07-01T10:00-05:00", "2026-07-01T16:00+01:00"),
        ("2026-03-29T00:59:59", "2026-03-29T00:59:59+00:00"),
        ("2026-03-29T02:00", "2026-03-29T02:00+01:00"),
    ],
)
def test_a_time_is_london_time_unless_it_has_an_offset(written: str, started_at: str) -> None:
    assert answer("same-day", "--from", written)["started_at"] == started_at


def test_an_autumn_hour_that_occurs_twice_is_the_first_and_the_answer_says_so() -> None:
    found = answer("mash-red", "--from", "2026-10-25T01:30")
    assert (found["started_at"], found["due_at"]) == ("2026-10-25T01:30+01:00", "2026-10-25T02:30+00:00")
    assert any("occurs twice" in note for note in found["notes"])
    second = answer("mash-red", "--from", "2026-10-25T01:30+00:00")
    assert second["due_at"] == "2026-10-25T03:30+00:00"
    assert not any("occurs twice" in note for note in second["notes"])


@pytest.mark.parametrize("at", ["01:00", "01:30", "01:59:59"])
def test_a_spring_hour_that_does_not_exist_is_an_error_that_says_what_to_do(at: str) -> None:
    result = ask("same-day", "--from", f"2026-03-29T{at}")
    assert result.exit_code == 2
    assert "does not exist in London" in result.stderr
    assert f"write 2026-03-29T{at.replace('01', '02', 1)} or 2026-03-29T{at}+00:00" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["asessment", "--from", "2026-03-02"], "Did you mean assessment?"),
        (["pudding", "--from", "2026-03-02"], "Clocks: same-day"),
        (["icpc", "--from", "02/03/2026"], "is not a time. Write 2026-03-02"),
        (["icpc", "--from", "2026-02-30"], "is not a time"),
        (["icpc", "--from", ""], "is not a time"),
        (["icpc", "--from", "2029-03-02"], "install a newer govuk-bank-holidays or add the year to"),
        (["icpc", "--from", "2028-12-20"], "not for 2029-01-01"),
        (["icpc", "--from", "2011-12-01"], "known from 2012-01-01"),
        (["same-day", "--from", "9999-12-31"], "outside the years 1 to 9999"),
        (["same-day", "--from", "0001-01-01T00:00+14:00"], "is not a time"),
        (["icpc", "--from", "2026-03-02", "--la", "Anyshire"], "DfE digits or the GSS code"),
        (["icpc", "--from", "2026-03-02", "--la", ""], "DfE digits or the GSS code"),
        (["icpc"], "--from"),
    ],
)
def test_a_question_that_cannot_be_answered_exits_2_and_says_why(words: list[str], says: str) -> None:
    result = ask(*words, "--json")
    assert result.exit_code == 2
    assert says in result.stderr
    assert result.stdout == ""


def test_without_term_dates_the_answer_says_so() -> None:
    found = answer("encompass", "--from", "2026-08-12T10:00", "--la", "301")
    assert "no term dates: Monday-Friday less bank holidays" in found["notes"]
    assert "nothing of its own is held for authority 301: the shipped rules apply" in found["notes"]


def own_policy(tmp_path: Path, rows: str) -> Path:
    path = tmp_path / "clocks.yaml"
    path.write_text(SHIPPED_POLICY.read_text().replace("authorities: {}\n", rows))
    return path


def test_a_local_authority_changes_a_row_without_touching_code(tmp_path: Path) -> None:
    rows = """authorities:
  "000":
    name: Anyshire
    gss: E10000000
    clocks:
      feedback: {limit: 60, source: Anyshire procedures}
"""
    policy = str(own_policy(tmp_path, rows))
    question = ("feedback", "--from", "2026-03-02T10:00")
    assert answer(*question, "--policy", policy)["due_at"] == "2026-03-03T10:00+00:00"
    for code in ("000", "E10000000", "e10000000"):
        assert answer(*question, "--policy", policy, "--la", code)["due_at"] == "2026-03-02T11:00+00:00"
    by_environment = ask(*question, "--la", "000", "--json", env={"FRONTDOOR_CLOCK_POLICY": policy})
    assert json.loads(by_environment.stdout)["source"] == "Anyshire procedures"


def test_a_broken_policy_or_calendar_answers_nothing_and_names_the_line(tmp_path: Path) -> None:
    rows = 'authorities:\n  "000":\n    name: Anyshire\n    clocks:\n      feedback: {limit: -1, source: S}\n'
    policy = own_policy(tmp_path, rows)
    line = policy.read_text()[: policy.read_text().index("limit: -1")].count("\n") + 1
    result = ask("feedback", "--from", "2026-03-02", "--policy", str(policy))
    assert result.exit_code == 1
    assert f"clocks.yaml, line {line}: authorities > 000 > clocks > feedback > limit" in result.stderr
    result = ask("feedback", "--from", "2026-03-02", "--calendars", str(tmp_path))
    assert result.exit_code == 1
    assert "bank-holidays.yaml: cannot be read" in result.stderr


def test_people_get_the_same_answer_as_scripts_in_plain_lines() -> None:
    result = ask("la-decision", "--from", "2026-04-02T12:00")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert "due_at            2026-04-08T00:00+01:00" in lines
    assert "due_date          2026-04-07" in lines
    assert "skipped_days      2026-04-03 Good Friday" in lines
    assert "                  2026-04-06 Easter Monday" in lines
