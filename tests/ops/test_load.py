"""`load`: a file of any size says before anything is sent what is open in it, and a hostile one is not opened."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from connectors.registry import reader
from connectors.social_care.load_parts import MOST_CASES, parts_of
from ops.cli import app
from ops.load_file import NotLoadable, read_load_file
from schemas.reading import Hint
from tests.connectors.social_care.annex_a_files import CONTACTS, NEED, PLAN, row, workbook
from tests.connectors.social_care.test_cin_census import REFERRED, child, file

DTD = b'<!DOCTYPE x [<!ENTITY a "b">]>'


def written(folder: Path, body: bytes | str, name: str = "load.xlsx") -> Path:
    path = folder / name
    path.write_bytes(body if isinstance(body, bytes) else body.encode())
    return path


def shown(path: Path, *options: str) -> tuple[int, dict[str, Any]]:
    done = CliRunner().invoke(app, ["load", str(path), "--dry-run", "--json", *options])
    return done.exit_code, json.loads(done.stdout) if done.exit_code == 0 else {"said": done.output}


ROWS = [
    NEED, row(NEED, "A1", "2026-01-03", "", "Ben Hughes"), row(NEED, "A2", "2026-01-03", "2026-02-01"), row(NEED, "A3", "soon"),
    PLAN, row(PLAN, "A1", "2026-01-20", "2026-02-20", "Ben Hughes"),
]  # fmt: skip


def test_it_says_what_is_open_what_is_left_out_and_what_cannot_be_read_and_no_child(tmp_path: Path) -> None:
    code, told = shown(written(tmp_path, workbook(*ROWS)))
    assert (code, told["open_cases"], told["with_a_named_worker"], told["left_out"]) == (0, 1, 1, {"closed": 2})
    assert told["first_not_read"] == [{"place": "List 6, row 4", "column": "CIN Start Date"}]
    assert not any(said in json.dumps(told) for said in ("A1", "A3", "2015", "soon", "Hughes"))
    plain = CliRunner().invoke(app, ["load", str(tmp_path / "load.xlsx"), "--dry-run"]).stdout
    assert "not read: List 6, row 4: CIN Start Date" in plain and "Nothing was sent." in plain


def test_of_an_older_file_it_tells_what_was_open_on_a_day(tmp_path: Path) -> None:
    _, told = shown(written(tmp_path, workbook(*ROWS)), "--as-of", "2026-01-31")
    assert (told["open_cases"], told["by_standing"]) == (2, {"child_in_need": 2, "protection_plan": 1})
    _, told = shown(tmp_path / "load.xlsx", "--as-of", "2026-01-02")
    assert (told["open_cases"], told["left_out"]) == (0, {"begun after the day asked for": 3})


def test_a_load_in_parts_is_the_load_that_the_whole_file_is(tmp_path: Path) -> None:
    """More than a message may hold, and what a message holds: the same children with the same words."""
    children = [child(f"L{n:05}", REFERRED) for n in range(MOST_CASES + 1)]
    census = file(*children)
    found = read_load_file(written(tmp_path, census, "census.xml"))
    parts = [reader("social_care")(part, Hint()) for part in parts_of(found.cases(), found.kind)]
    assert [(part.outcome, part.reason_code) for part in parts] == [("not_a_contact", "load_part")] * 2
    whole = reader("social_care")(census.encode(), Hint())
    assert [case for part in parts for case in part.open_cases] == whole.open_cases
    sheets = written(tmp_path, workbook(*ROWS))
    assert read_load_file(sheets).cases() == reader("social_care")(sheets.read_bytes(), Hint()).open_cases
    broken = b'{"load": "annex_a", "open_cases": [{"number": "A1", "dob": "soon"}]}'
    reading = reader("social_care")(broken, Hint())
    assert (reading.outcome, reading.reason_code) == ("quarantined", "load_part_broken") and "soon" not in reading.reason


def _with_dtd(path: Path) -> Path:
    made = path.parent / "hostile.xlsx"
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(made, "w") as hostile:
        for name in whole.namelist():
            hostile.writestr(name, (DTD if name.startswith("xl/worksheets") else b"") + whole.read(name))
    return made


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (workbook(CONTACTS)[:2000], "damaged"),
        (workbook([*CONTACTS[:2], "Town"]), "no load of open cases"),
        (b"Forename,Concern\nMina,Hungry\n", "no load of open cases"),
        (b"", "no load of open cases"),
        (DTD + file(child("L1", REFERRED)).encode(), "document type"),
        (file(child("L1", REFERRED))[:-30], "not valid XML"),
        ("<Message><Children/></Message>", "no load of open cases"),
        ("\x00\xff" * 50, "no load of open cases"),
    ],
)
def test_what_is_no_load_or_harmful_is_said_and_ends_the_command(body: bytes | str, said: str, tmp_path: Path) -> None:
    code, told = shown(written(tmp_path, body, "file"))
    assert code == 2 and said in told["said"]


def test_a_workbook_that_defines_entities_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(NotLoadable, match="document type"):
        read_load_file(_with_dtd(written(tmp_path, workbook(*ROWS))))
