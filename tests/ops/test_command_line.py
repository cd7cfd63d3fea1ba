"""The command line as a whole: what is wrong is said in a sentence, never as a traceback."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import ops.day.run
from ops.cli import app

CHECKOUT = Path(__file__).resolve().parents[2]


def command(*arguments: str, **settings: str) -> "subprocess.Popen[str]":
    argv = [sys.executable, "-P", "-m", "ops", *arguments]
    env = {**os.environ, **settings}
    return subprocess.Popen(argv, cwd=CHECKOUT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_setting_that_cannot_be_used_is_named() -> None:
    run = command("status", FRONTDOOR_HTTP_PORT="eighty", FRONTDOOR_CLOCK="sundial")
    _, err = run.communicate(timeout=60)
    assert run.returncode == 2
    assert "FRONTDOOR_HTTP_PORT cannot be used" in err
    assert "FRONTDOOR_CLOCK cannot be used" in err
    assert "Traceback" not in err
    # What was given may be a secret in the wrong place.
    assert "eighty" not in err


def test_ctrl_c_while_the_command_is_still_loading_ends_it_quietly(tmp_path: Path) -> None:
    run = command("watch", "--json", FRONTDOOR_RUN_DIR=str(tmp_path), PYTHONVERBOSE="1")
    assert run.stderr is not None
    for line in run.stderr:
        if line.startswith("import 'typer'"):
            break
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "Traceback" not in err


def test_a_day_that_has_no_kafka_says_why_and_keeps_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "timetable.csv").write_text("at,do,agency,via,file,ref,args\n2026-08-28 09:00,wait,,,,,\n")
    monkeypatch.setattr(ops.day.run, "_RUNS", tmp_path / "runs")
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "nobody-is-here.invalid:9092")
    result = CliRunner().invoke(app, ["day", str(tmp_path)])
    assert result.exit_code == 3
    assert "The hub could not start: " in result.output
    assert "nobody-is-here.invalid:9092" in result.output
    assert [each for each in (tmp_path / "runs").iterdir() if each.is_dir()] != []


def test_a_page_that_cannot_be_written_is_said_before_the_day_and_not_after_it(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["demo", "--page", str(tmp_path / "nowhere" / "day.html")])
    assert result.exit_code == 2
    assert "cannot be written" in result.output


@pytest.mark.parametrize(
    ("own", "contact", "said"),
    [("383", " ", "Which contact?"), ("xyz", "c1", "FRONTDOOR_OWN_AUTHORITY 'xyz' is no local authority")],
)
def test_a_transfer_of_nothing_or_from_nowhere_is_refused(own: str, contact: str, said: str) -> None:
    arguments = ["transfer", "offer", contact, "--to", "380", "--by", "Ann Lee"]
    done = CliRunner().invoke(app, arguments, env={"FRONTDOOR_OWN_AUTHORITY": own})
    assert (done.exit_code, said in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"worker_id,name\n", "missing: duty_from, duty_to, role"),
        (b"worker_id,name,role,duty_from,duty_to\n", "has no workers"),
        (b"worker_id,name,role,duty_from,duty_to\nw1\n", "line 2: role must be worker, night, manager"),
        (b"worker_id,name,role,duty_from,duty_to\nw1,Duty desk,worker,,\n", "not of a desk"),
        (b"worker_id,name,role,duty_from,duty_to\nw1,Ann Lee,worker,today,\n", "'today' is not a time"),
        (b"worker_id,name,role,duty_from,duty_to\nw1,Zo\xeb,worker,,\n", "not CSV in UTF-8"),
    ],
)
def test_a_file_that_is_no_rota_is_refused_with_what_to_change(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "rota.csv"
    file.write_bytes(content)
    result = CliRunner().invoke(app, ["rota", str(file)])
    assert result.exit_code == 2
    assert said in result.output
