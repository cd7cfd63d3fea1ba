"""The documentation cannot rot: links lead somewhere, examples run, commands exist."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from ops.cli import app
from ops.day.timetable import read_timetable

from .test_launcher import CHECKOUT

PAGES = sorted([CHECKOUT / "README.md", CHECKOUT / "SECURITY.md", *(CHECKOUT / "docs").glob("*.md")])
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
_COMMAND = re.compile(r"^\./frontdoor ([a-z]+)", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_that_is_there(page: Path) -> None:
    targets = [target for target in _LINK.findall(page.read_text()) if "://" not in target]
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_it_shows_exists(page: Path) -> None:
    known = set(get_command(app).commands)  # type: ignore[attr-defined]
    assert [command for command in _COMMAND.findall(page.read_text()) if command not in known] == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen, waiting = set(), [CHECKOUT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or not page.exists():
            continue
        seen.add(page)
        waiting += [(page.parent / target).resolve() for target in _LINK.findall(page.read_text()) if target.endswith(".md")]
    assert set(PAGES) - seen == set()


def test_the_example_of_a_day_can_be_run(tmp_path: Path) -> None:
    text = (CHECKOUT / "docs" / "days.md").read_text()
    [timetable] = re.findall(r"```csv\n(.*?)```", text, re.DOTALL)
    (tmp_path / "timetable.csv").write_text(timetable)
    for name in ("concern.json", "notice.xml"):
        (tmp_path / name).touch()
    lines = read_timetable(tmp_path)
    assert [line.do for line in lines] == ["send", "send", "record", "record", "record", "wait"]
    assert [line.via for line in lines[:2]] == ["http", "folder"]
