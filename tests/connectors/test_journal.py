"""The journal: what it says after a crash, and to whom."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.journal import Journal, JournalInUse

AT = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_what_was_noted_is_in_the_file_at_once_and_found_again(tmp_path: Path) -> None:
    path = tmp_path / "journal" / "health.jsonl"
    journal = Journal(path)
    journal.note("r1", AT, "http", "health-http")
    assert json.loads(path.read_text()) == {
        "receipt_id": "r1", "received_at": "2026-03-29T01:30:00+00:00", "transport": "http", "sender": "health-http",
    }  # fmt: skip
    journal.close()
    again = Journal(path)
    found = again.find("r1")
    assert found is not None and (found.sender, found.transport) == ("health-http", "http")
    assert again.find("r2") is None
    again.close()


@pytest.mark.parametrize("torn", [b'{"receipt_id":"r2","rec', b"{", b'{"receipt_id":"r2"}'])
def test_a_line_that_a_crash_cut_off_does_not_spoil_the_next(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "health.jsonl"
    journal = Journal(path)
    journal.note("r1", AT, "mllp", "s")
    journal.close()
    with path.open("ab") as file:
        file.write(torn)
    journal = Journal(path)
    journal.note("r3", AT, "mllp", "s")
    journal.close()
    assert [json.loads(line)["receipt_id"] for line in path.read_text().splitlines()] == ["r1", "r3"]


def test_two_processes_do_not_keep_one_journal(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "health.jsonl")
    with pytest.raises(JournalInUse, match="run directory of its own"):
        Journal(tmp_path / "health.jsonl")
    journal.close()
    Journal(tmp_path / "health.jsonl").close()


def test_lines_nobody_can_read_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "health.jsonl"
    path.write_bytes(b"\xff\n[]\n3\n{}\n\n" + b'{"receipt_id":"r1","received_at":"x","transport":"http"}\n')
    journal = Journal(path)
    assert journal.find("r1") is not None
    journal.close()
