"""A whole day on a real Kafka, through the real transports: the demo agrees with its script, a folder of ours runs."""

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]


def frontdoor(*arguments: str, cwd: Path, seconds: float = 400.0) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "ops.cli", *arguments],
        cwd=cwd,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(CHECKOUT), "HOME": str(cwd)},
        capture_output=True,
        text=True,
        timeout=seconds,
    )


@pytest.mark.stack
@pytest.mark.timeout(420)
def test_the_weekend_agrees_with_its_script_its_flags_and_the_audit(tmp_path: Path) -> None:
    done = frontdoor("demo", "--contacts", "1", "--json", "--page", "day.html", cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
    result = json.loads(done.stdout)
    assert result["differences"] == [] and result["audit"]["ok"] and result["problems"] == []
    assert result["answered"][0].startswith(f"Every sender was answered: {len(result['refs'])} of {len(result['refs'])} messages")
    assert [told["outcome"] for told in result["refs"]["unreadable"]["answers"] if told["delivered"]] == ["not_understood"]
    assert ["school-1", "police-1"] in [story["contacts"] for story in result["stories"]]
    assert ["twin-1", "twin-2"] in result["households"] and "moved-2" in [review["ref"] for review in result["reviews"]]
    page = (tmp_path / "day.html").read_text()
    named = [story for story in result["contacts"] if story["name"]]
    assert len(named) >= 25 and all(story["name"].replace("'", "&#x27;") in page for story in named)
    assert "http" not in page.replace("http-equiv", ""), "the page must need nothing from outside"


CONCERN = {
    "reference": "K-1", "pupil": {"forename": "Ada", "surname": "Testperson", "dob": "2017-05-06"},
    "risk": "amber", "details": "Often without lunch.",
}  # fmt: skip


@pytest.mark.stack
@pytest.mark.timeout(420)
def test_a_day_of_somebody_elses(tmp_path: Path) -> None:
    folder = tmp_path / "a day with a space"
    folder.mkdir()
    (folder / "concern.json").write_text(json.dumps(CONCERN))
    (folder / "broken.xml").write_text("<Notice><Child>")
    (folder / "latin.json").write_bytes(json.dumps(CONCERN | {"reference": "K-2"}, ensure_ascii=False).encode("latin-1"))
    (folder / "two-frames.hl7").write_bytes(b"MSH|^~\\&|A\x1c\rMSH|^~\\&|B")
    call = {
        "event": "contact_recorded",
        "method": "telephone",
        "child": {"given_name": "Leo", "family_name": "Testperson"},
        "concern": "Shouting.",
    }
    assess = {"event": "risk_assessed", "by": "A. Worker", "level": "amber", "reason": "Known family."}
    rows: list[dict[str, Any]] = [
        {"at": "2026-10-24 10:00", "do": "send", "agency": "education", "file": "concern.json", "ref": "K"},
        {"at": "2026-10-24 10:04", "do": "send", "agency": "education", "file": "concern.json", "ref": "K-again"},
        {"at": "2026-10-24 11:00", "do": "record", "ref": "K", "args": assess},
        {"at": "2026-10-24 11:30", "do": "send", "agency": "education", "via": "kafka", "file": "latin.json", "ref": "L"},
        {"at": "2026-10-24 11:40", "do": "record", "ref": "L", "args": assess},
        {"at": "2026-10-24 12:00", "do": "send", "agency": "police", "via": "folder", "file": "broken.xml", "ref": "B"},
        {"at": "2026-10-24 12:30", "do": "send", "agency": "health", "via": "mllp", "file": "two-frames.hl7", "ref": "F"},
        {"at": "2026-10-24 13:00", "do": "record", "ref": "T", "args": call},
        {"at": "2026-10-24 14:00", "do": "record", "ref": "T", "args": {**assess, "by": "Duty"}},
        {"at": "2026-10-25 00:30", "do": "wait"},
        {"at": "2026-10-25 09:00", "do": "record", "ref": "T", "args": {**assess, "at": "2026-10-24T23:00:00"}},
    ]
    with (folder / "timetable.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["at", "do", "agency", "via", "file", "ref", "args"])
        writer.writeheader()
        for row in rows:
            writer.writerow({**row, "args": json.dumps(row["args"]) if "args" in row else ""})
    done = frontdoor("day", str(folder), "--json", cwd=tmp_path)
    assert done.returncode == 1, done.stderr[-3000:]
    result = json.loads(done.stdout)
    # One message could not be delivered: the day goes on, and says so.
    [problem] = result["problems"]
    assert "line 8: F was not delivered" in problem
    assert result["audit"]["ok"]
    refs = result["refs"]
    assert {ref: entry["disposition"] for ref, entry in refs.items()} == {
        "K": "contact", "L": "contact", "K-again": "duplicate", "B": "quarantined", "F": "not_delivered", "T": "contact",
    }  # fmt: skip
    assert refs["K-again"]["duplicate_of"] == "K"
    assert refs["K"]["allocated_worker"] and "case-system" in refs["K"]["recipients"]
    assert [(told["outcome"], told["delivered"]) for told in refs["K"]["answers"]] == [("risk_assessed", False)]
    # The night has 25 hours: the day still ends at its own midnight, in summer time.
    assert [(f["ref"], f["clock"], f["due"], f["state"]) for f in result["flags"]] == [
        ("B", "same-day", "2026-10-25T00:00:00+01:00", "raised"),
        ("T", "same-day", "2026-10-25T00:00:00+01:00", "withdrawn"),
    ]
