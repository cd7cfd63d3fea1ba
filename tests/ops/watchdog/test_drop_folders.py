"""A file that nobody takes out of a drop folder is seen, whichever sender's folder it is and while no connector runs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from ops.watchdog.drop_folders import DropFolders
from ops.watchdog.signs import Signs
from schemas.settings import Settings

SENDERS = """\
senders:
  - {id: anyshire-force, agency: police, organisation: anyshire, transport: folder, folder: anyshire}
  - {id: othershire-force, agency: police, organisation: othershire, transport: folder, folder: othershire}
"""


def dropped(run_dir: Path, place: str, name: str) -> Path:
    """A real file in a real folder, as its connector made it before it ended: no process runs here, nothing is announced."""
    file = run_dir / "drop" / place / "in" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("x")
    return file


def alarms(folders: DropFolders, minutes: float) -> list[tuple[str, str]]:
    """What would be said so many minutes later if nothing happened to the files."""
    folders.look()
    waiting, blind = folders.look()
    now = datetime.now(UTC)
    said = Signs(now, 0).wrong(now + timedelta(minutes=minutes), waiting) + blind
    return [(alarm.kind, alarm.about) for alarm in said]


def test_with_the_connectors_down_every_senders_folder_is_watched_and_one_that_is_no_senders_any_more(tmp_path: Path) -> None:
    senders = tmp_path / "senders.yaml"
    senders.write_text(SENDERS)
    folders = DropFolders(Settings(run_dir=tmp_path, senders_file=senders))
    assert alarms(folders, 3) == []
    dropped(tmp_path, "police/anyshire", "unfinished.xml.part")
    dropped(tmp_path, "police/anyshire", ".hidden")
    dropped(tmp_path, "police/anyshire", "empty.done").write_text("")
    assert alarms(folders, 3) == []

    second = dropped(tmp_path, "police/othershire", "concern.xml")
    assert alarms(folders, 1.5) == []
    assert alarms(folders, 3) == [("inbox-not-drained", "drop folder of othershire-force")]
    second.rename(tmp_path / "taken.xml")
    assert alarms(folders, 3) == []

    dropped(tmp_path, "police/anyshire", "concern.xml")
    dropped(tmp_path, "health", "concern.json")
    dropped(tmp_path, "police", "concern.xml")
    assert alarms(folders, 3) == [
        ("inbox-not-drained", "drop folder of health-folder"),
        ("inbox-not-drained", "drop folder police, which is no sender's"),
        ("inbox-not-drained", "drop folder of anyshire-force"),
    ]


def test_a_folder_in_a_drop_folder_is_taken_by_nobody_and_said(tmp_path: Path) -> None:
    folders = DropFolders(Settings(run_dir=tmp_path))
    dropped(tmp_path, "police", "all our concerns/one.xml").rename(tmp_path / "drop/police/in/.hidden")
    assert alarms(folders, 1.5) == []
    assert alarms(folders, 3) == [("inbox-not-drained", "drop folder of police-folder, something that is no file")]
    (tmp_path / "drop/police/in/all our concerns").rmdir()
    assert alarms(folders, 3) == []


def test_what_cannot_be_looked_at_is_said_and_the_folders_are_watched_on(tmp_path: Path) -> None:
    senders = tmp_path / "senders.yaml"
    senders.write_text(SENDERS)
    folders = DropFolders(Settings(run_dir=tmp_path, senders_file=senders))
    dropped(tmp_path, "police/anyshire", "concern.xml")
    (tmp_path / "drop/police/othershire").mkdir()
    (tmp_path / "drop/police/othershire/in").write_text("a file where a folder should be")
    senders.write_text(SENDERS.replace("folder: othershire", "folder: anyshire"))
    assert alarms(folders, 3) == [
        ("inbox-not-drained", "drop folder police/anyshire"),
        ("cannot-look", "senders file"),
        ("cannot-look", "drop folder police/othershire"),
    ]
    senders.write_text(SENDERS)
    assert alarms(folders, 3) == [
        ("inbox-not-drained", "drop folder of anyshire-force"),
        ("cannot-look", "drop folder of othershire-force"),
    ]
    senders.unlink()
    assert alarms(folders, 3) == [
        ("inbox-not-drained", "drop folder of anyshire-force"),
        ("cannot-look", "senders file"),
        ("cannot-look", "drop folder of othershire-force"),
    ]
