"""The drop folder: what is finished is taken once, what is not is left alone, nothing disappears."""

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.edge import KEPT_OF_TOO_LARGE
from connectors.runner import TransportFailed
from connectors.transports.folder_watch import FolderWatch
from connectors.transports.open_files import Identity, open_for_writing

from ..running import Connector, eventually

broker = pytest.mark.broker


def nobody(files: Collection[Identity]) -> set[Identity]:
    return set()


def names(watch: FolderWatch, now: float) -> list[str]:
    return [file.name for file in watch.look(now)]


# -- what is finished


def test_a_file_is_finished_when_it_was_quiet_for_the_whole_time(tmp_path: Path) -> None:
    watch = FolderWatch(tmp_path, 1.0, nobody)
    file = tmp_path / "notice.xml"
    file.write_bytes(b"<a")
    assert names(watch, 0.0) == []
    assert names(watch, 0.9) == []
    file.write_bytes(b"<a/>")
    assert names(watch, 1.1) == []
    assert names(watch, 2.0) == []
    assert names(watch, 2.1) == ["notice.xml"]


def test_a_file_that_somebody_holds_open_is_not_finished(tmp_path: Path) -> None:
    busy: set[Identity] = set()
    watch = FolderWatch(tmp_path, 1.0, lambda files: busy & set(files))
    file = tmp_path / "notice.xml"
    file.write_bytes(b"<a/>")
    busy.add((file.stat().st_dev, file.stat().st_ino))
    assert names(watch, 0.0) == names(watch, 1.5) == names(watch, 3.0) == []
    busy.clear()
    assert names(watch, 3.5) == []
    assert names(watch, 4.0) == ["notice.xml"]


def test_the_system_tells_who_holds_a_file_open(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.touch()
    identity = (file.stat().st_dev, file.stat().st_ino)
    holder = subprocess.Popen(
        [sys.executable, "-c", f"f = open({str(file)!r}, 'ab'); print('open', flush=True); input()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert holder.stdout is not None and holder.stdout.readline() == "open\n"
    assert open_for_writing([identity]) == {identity}
    holder.communicate("\n")
    assert open_for_writing([identity]) == set()
    with file.open("rb"):
        assert open_for_writing([identity]) == set()


def test_a_mark_or_a_new_name_makes_a_file_finished_at_once(tmp_path: Path) -> None:
    watch = FolderWatch(tmp_path, 1.0, nobody)
    (tmp_path / "a.xml").write_bytes(b"<a/>")
    (tmp_path / "a.xml.done").touch()
    (tmp_path / "b.xml.part").write_bytes(b"<b/>")
    (tmp_path / "c.xml.tmp").write_bytes(b"<c/>")
    assert names(watch, 0.0) == ["a.xml"]
    (tmp_path / "b.xml.part").rename(tmp_path / "b.xml")
    (tmp_path / "c.xml.tmp").rename(tmp_path / "c.xml")
    assert names(watch, 0.1) == ["a.xml", "b.xml", "c.xml"]


def test_an_old_mark_says_nothing_of_a_new_file(tmp_path: Path) -> None:
    watch = FolderWatch(tmp_path, 1.0, nobody)
    (tmp_path / "a.xml.done").touch()
    time.sleep(0.02)
    (tmp_path / "a.xml").write_bytes(b"<half")
    assert names(watch, 0.0) == []


def test_unfinished_hidden_and_strange_files_are_left_alone(tmp_path: Path) -> None:
    inside = tmp_path / "in"
    inside.mkdir()
    (tmp_path / "secret").write_bytes(b"not for anybody")
    for name in (".hidden", "a.part", "b.TMP", "orphan.done"):
        (inside / name).write_bytes(b"x" if name != "orphan.done" else b"")
    (inside / "folder").mkdir()
    (inside / "link.xml").symlink_to(tmp_path / "secret")
    os.mkfifo(inside / "pipe.xml")
    watch = FolderWatch(inside, 1.0, nobody)
    assert names(watch, 0.0) == names(watch, 5.0) == []
    # A file that is called so and holds something is a message like any other.
    (inside / "report.done").write_bytes(b"<a/>")
    assert names(watch, 6.0) == []
    assert names(watch, 7.0) == ["report.done"]


# -- what happens to it


def drop(connector: Connector, name: str, body: bytes) -> None:
    (connector.incoming / f"{name}.part").write_bytes(body)
    (connector.incoming / f"{name}.part").rename(connector.incoming / name)
    (connector.incoming / f"{name}.done").touch()


def receipt_file(connector: Connector, name: str, folder: str = "done") -> dict[str, Any]:
    path = connector.incoming.parent / folder / f"{name}.receipt.json"
    eventually(path.exists)
    told: dict[str, Any] = json.loads(path.read_text())
    return told


@broker
def test_a_finished_file_is_stored_moved_and_answered(connector: Callable[[str], Connector]) -> None:
    police = connector("police")
    name, body = f"{uuid.uuid4().hex} with é and spaces.xml", b"\xef\xbb\xbf<notice/>\x00" + os.urandom(8)
    before = datetime.now(UTC)
    drop(police, name, body)
    told = receipt_file(police, name)
    assert "No person has read it yet" in told["message"]
    (logged,) = police.by_receipt(told["receipt_id"])
    assert logged.record.body == body
    assert (logged.record.file_name, logged.record.sender) == (name, "police-folder")
    assert logged.record.transport == "folder"
    # A file system's clock is a little behind the machine's.
    assert before.timestamp() - 0.1 <= logged.record.received_at.timestamp() <= datetime.now(UTC).timestamp()
    assert logged.record.picked_up_at is not None and logged.record.picked_up_at >= logged.record.received_at
    moved = police.incoming.parent / "done" / f"{told['receipt_id']}-{name}"
    assert eventually(lambda: moved.exists() and moved.read_bytes() == body)
    assert eventually(lambda: not list(police.incoming.iterdir()))
    assert eventually(lambda: [one for one in police.journal() if one["receipt_id"] == told["receipt_id"]])


@broker
def test_arrival_is_when_the_store_took_it_not_what_the_sender_says(connector: Callable[[str], Connector]) -> None:
    police = connector("police")
    name = f"{uuid.uuid4().hex}.xml"
    file = police.incoming / f"{name}.part"
    file.write_bytes(b"<old/>")
    os.utime(file, (0, 0))
    file.rename(police.incoming / name)
    (police.incoming / f"{name}.done").touch()
    received_at = datetime.fromisoformat(receipt_file(police, name)["received_at"])
    assert abs(received_at.timestamp() - time.time()) < 10


@broker
def test_the_same_name_and_bytes_twice_are_two_receipts(connector: Callable[[str], Connector]) -> None:
    police = connector("police")
    name = f"{uuid.uuid4().hex}.xml"
    receipts = set()
    for _ in range(2):
        drop(police, name, b"<a/>")
        receipts.add(
            eventually(lambda: {r for r in [receipt_file(police, name)["receipt_id"]] if r not in receipts}).pop()
        )
        assert eventually(lambda: not (police.incoming / name).exists())
    assert len(receipts) == 2


@broker
def test_an_empty_file_and_a_name_that_is_no_text_are_messages_too(connector: Callable[[str], Connector]) -> None:
    police = connector("police")
    drop(police, "empty.xml", b"")
    (logged,) = police.by_receipt(receipt_file(police, "empty.xml")["receipt_id"])
    assert (logged.record.body, logged.record.size) == (b"", 0)
    strange = os.fsdecode(b"\xff\xfe.xml")
    drop(police, strange, b"<a/>")
    (logged,) = police.by_receipt(receipt_file(police, strange)["receipt_id"])
    assert logged.record.file_name == "\ufffd\ufffd.xml"
    longest = "n" * 240 + ".xml"
    (police.incoming / longest).write_bytes(b"<a/>")
    assert eventually(lambda: not (police.incoming / longest).exists())


@broker
def test_a_file_above_the_limit_is_recorded_and_explained(connector: Callable[[str], Connector]) -> None:
    police = connector("police")
    name, body = f"{uuid.uuid4().hex}.xml", b"<a>" + os.urandom(300_000)
    drop(police, name, body)
    told = receipt_file(police, name, "failed")
    assert told["status"] == "too_large"
    assert "200000" in told["message"]
    (logged,) = police.by_receipt(told["receipt_id"])
    assert (logged.record.truncated, logged.record.size) == (True, len(body))
    assert logged.record.body == body[:KEPT_OF_TOO_LARGE]
    failed = police.incoming.parent / "failed"
    assert eventually(lambda: (failed / f"{told['receipt_id']}-{name}").exists())
    assert told["receipt_id"] in (failed / f"{told['receipt_id']}-{name}.txt").read_text()


@broker
def test_a_file_whose_writer_was_killed_half_way_is_not_taken_early_and_not_forgotten(
    connector: Callable[[str], Connector],
) -> None:
    police = connector("police")
    name = f"{uuid.uuid4().hex}.xml"
    writer = subprocess.Popen(
        [
            sys.executable, "-c",
            "import sys, time\n"
            f"file = open({str(police.incoming / name)!r}, 'wb', buffering=0)\n"
            "file.write(b'<notice>'); print('half', flush=True)\n"
            "time.sleep(60)",
        ],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert writer.stdout is not None and writer.stdout.readline() == "half\n"
    time.sleep(1.6)
    assert (police.incoming / name).exists(), "its writer still has it open"
    writer.kill()
    writer.wait()
    told = receipt_file(police, name)
    (logged,) = police.by_receipt(told["receipt_id"])
    assert logged.record.body == b"<notice>"


@broker
def test_a_failure_between_storing_and_moving_stops_the_process_and_gives_the_same_receipt(
    own_connector: Callable[..., Any], kafka: str
) -> None:
    police = own_connector("police", kafka)
    # The folder for finished files cannot be written: the file is stored, and moving it fails.
    done = police.incoming.parent / "done"
    done.rmdir()
    done.write_bytes(b"in the way")
    drop(police, "notice.xml", b"<a/>" + os.urandom(8))
    assert isinstance(police.wait(), TransportFailed)
    assert (police.incoming / "notice.xml").exists()
    done.unlink()
    police = own_connector("police", kafka)
    told = receipt_file(police, "notice.xml")
    assert len(police.by_receipt(told["receipt_id"])) == 2
    assert len({one.record.received_at for one in police.by_receipt(told["receipt_id"])}) == 1
