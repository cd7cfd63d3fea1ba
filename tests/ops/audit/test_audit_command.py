"""`frontdoor audit`: the exit code and the record ids are what scripts and people act on."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from ops.audit_command import audit
from ops.clocks import SteppedClock
from ops.stack_state import StackState, write_state

from .conftest import Audited
from .log_builder import wait_a_millisecond
from .weekend import NOW, weekend

app = typer.Typer()
app.command()(audit)


@pytest.fixture
def stack(cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run directory as the supervisor of a stack on the stepped clock leaves it; its broker is `cluster`."""
    monkeypatch.setenv("FRONTDOOR_RUN_DIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "160")
    state = StackState(supervisor=1, started_at="", bootstrap=cluster, embedded=True, clock="stepped", processes=[])
    write_state(tmp_path, state)
    SteppedClock(tmp_path / "clock").set(NOW)
    return tmp_path


@pytest.mark.broker
def test_exit_0_when_every_promise_of_the_running_stack_holds(cluster: str, stack: Path) -> None:
    weekend().write(cluster, stack / "journal")
    wait_a_millisecond()
    result = CliRunner().invoke(app, ["--grace", "0"])
    assert result.exit_code == 0, result.output
    assert "The log holds" in result.output
    assert "8 standing, 2 withdrawn" in result.output
    assert "nobody" not in result.output.split("Not assessed")[0]


@pytest.mark.broker
def test_exit_1_and_the_ids_when_one_is_broken(cluster: str, stack: Path) -> None:
    log = weekend()
    log.journal.append("0a1b2c3d-0000-4000-8000-000000000000")
    contact = log.named["closed unassessed"].contact_id
    log.lose("flags", lambda r: r.contact_id == contact)
    log.write(cluster, stack / "journal")
    wait_a_millisecond()
    result = CliRunner().invoke(app, ["--grace", "0"])
    assert result.exit_code == 1
    assert "does NOT hold: 2 violations of journal_in_log, missed_flagged_once" in result.output
    assert "0a1b2c3d-0000-4000-8000-000000000000: line" in result.output
    assert f"{contact} " in result.output
    told = json.loads(CliRunner().invoke(app, ["--grace", "0", "--json"]).stdout)
    assert told["ok"] is False
    assert told["violated"]["missed_flagged_once"] == 1
    assert {v["invariant"] for v in told["violations"]} == {"journal_in_log", "missed_flagged_once"}


def test_exit_2_when_the_broker_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDOOR_RUN_DIR", str(tmp_path))
    result = CliRunner().invoke(app, ["--bootstrap", "127.0.0.1:1"])
    assert result.exit_code == 2
    assert "Could not look" in result.stderr
    assert "frontdoor up" in result.stderr


def test_exit_2_when_the_named_journals_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDOOR_RUN_DIR", str(tmp_path))
    result = CliRunner().invoke(app, ["--journal", str(tmp_path / "nowhere")])
    assert result.exit_code == 2


@pytest.mark.broker
def test_exit_2_when_the_broker_has_no_topics_of_ours(audited: Audited) -> None:
    assert audited.while_bare.exit_code == 2
    assert "frontdoor topics apply" in audited.while_bare.stderr
