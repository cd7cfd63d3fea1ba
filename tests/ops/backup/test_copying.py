"""A copy of a hub is whole or none, holds what no start makes again, and is never put over anything."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from connectors.large_store import LargeStore
from ops.cli import app
from ops.stack_state import take_stack

JOURNALED = '{"receipt_id":"r1","received_at":"2026-08-28T11:00:00+00:00","transport":"http","sender":"s"}\n'
SEGMENT = "kafka/node-1/data/received.police-0/00000000000000000000.log"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """What a hub that was stopped in order has left."""
    home = tmp_path / "home"
    for name, text in {
        SEGMENT: "records", "kafka/node-1/data/.kafka_cleanshutdown": "", "kafka/node-1/tmp/scratch": "x",
        "journal/police.jsonl": JOURNALED + '{"receipt_id":"cut o', "drop/police/force/incoming/a.xml": "<a/>",
        "logs/intake.log": "x", "view.sqlite": "x", "statement-key.pem": "secret",
    }.items():  # fmt: skip
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    LargeStore(home / "large").put(b"a photograph")
    return home


def frontdoor(home: Path, *arguments: object) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments], env={"FRONTDOOR_RUN_DIR": str(home)})


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_copy_goes_back_to_an_empty_place_without_what_every_start_makes_again(home: Path, tmp_path: Path) -> None:
    shown = frontdoor(home, "backup", tmp_path / "copy", "--dry-run")
    assert json.loads(shown.stdout)["would_write"]["large"] == {"files": 1, "bytes": 12}, shown.output
    assert not (tmp_path / "copy").exists()
    made = frontdoor(home, "backup", tmp_path / "copy")
    assert made.exit_code == 0 and "The last message in its journals came at Fri 28 Aug 12:00" in made.output, made.output
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "copy", *(tmp_path / "copy" / "run").rglob("*.log"))} == {0}
    before = files(home)
    assert frontdoor(tmp_path / "away", "restore", tmp_path / "copy", "--dry-run").exit_code == 0
    assert set(files(tmp_path / "away")) <= {"supervisor.lock"}
    assert frontdoor(tmp_path / "away", "restore", tmp_path / "copy").exit_code == 0
    made_again = {"logs/intake.log", "view.sqlite", "kafka/node-1/tmp/scratch"}
    assert files(tmp_path / "away") == {name: body for name, body in before.items() if name not in made_again}


def flip(file: Path) -> None:
    file.write_bytes(b"R" + file.read_bytes()[1:])


@pytest.mark.parametrize("happens", [flip, Path.unlink])
def test_nothing_is_put_back_from_a_copy_that_is_not_what_was_copied(
    home: Path, tmp_path: Path, happens: Callable[[Path], None]
) -> None:
    frontdoor(home, "backup", tmp_path / "copy")
    happens(tmp_path / "copy" / "run" / SEGMENT)
    refused = frontdoor(tmp_path / "away", "restore", tmp_path / "copy")
    assert (refused.exit_code, SEGMENT in refused.output) == (1, True)
    (tmp_path / "copy" / "backup.json").unlink()
    assert "no finished copy" in frontdoor(tmp_path / "away", "restore", tmp_path / "copy").output
    assert set(files(tmp_path / "away")) <= {"supervisor.lock"}


def test_what_survived_is_newer_and_stays(home: Path, tmp_path: Path) -> None:
    frontdoor(home, "backup", tmp_path / "copy")
    assert frontdoor(home, "restore", tmp_path / "copy").exit_code == 2, "a broker's log is in the way"
    shutil.rmtree(home / "kafka")
    (home / "journal" / "police.jsonl").write_text(JOURNALED * 2)
    lost, newer = LargeStore(home / "large").put(b"a photograph"), LargeStore(home / "large").put(b"a newer one")
    (home / "large" / lost[:2] / lost).unlink()
    assert frontdoor(home, "restore", tmp_path / "copy").exit_code == 0
    assert (home / SEGMENT).read_text() == "records"
    assert (home / "journal" / "police.jsonl").read_text() == JOURNALED * 2
    assert [LargeStore(home / "large").read(name, size) for name, size in ((lost, 12), (newer, 11))]


def test_only_a_hub_that_stands_still_is_copied_and_only_to_a_folder_of_its_own(home: Path, tmp_path: Path) -> None:
    held = take_stack(home)
    assert held is not None
    assert "is up" in frontdoor(home, "backup", tmp_path / "copy").output
    held.release()
    (home / "kafka" / "node-1" / "data" / ".kafka_cleanshutdown").rename(tmp_path / "mark")
    assert "did not end in order" in frontdoor(home, "backup", tmp_path / "copy").output
    (tmp_path / "mark").rename(home / "kafka" / "node-1" / "data" / ".kafka_cleanshutdown")
    assert "not empty" in frontdoor(home, "backup", tmp_path).output
    assert "another disk" in frontdoor(home, "backup", home / "copy").output
    assert frontdoor(tmp_path / "nothing", "backup", tmp_path / "copy").exit_code == 2
    assert not (tmp_path / "copy").exists()
