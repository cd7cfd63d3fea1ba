"""The demo's verdict on linkage: two children written as one, or a child seen as two, is a difference that it prints."""

from pathlib import Path
from typing import Any

import pytest

from ops.day.result import DayResult
from ops.demo.script import Expected, write_script
from ops.demo_command import compare


def story(*refs: str) -> dict[str, Any]:
    return {"story": refs[0], "contacts": list(refs)}


@pytest.mark.parametrize(
    ("stories", "reviews", "said"),
    [
        ([story("a", "b")], [{"ref": "m"}], []),
        ([], [{"ref": "m"}], ["not one story: a, b"]),
        ([story("a", "b"), story("twin-1", "twin-2")], [{"ref": "m"}], ["one story, and not one child: twin-1, twin-2"]),
        ([story("a", "b")], [], ["m: no review waits"]),
    ],
)
def test_wrong_stories_are_differences(stories: list[dict[str, Any]], reviews: list[dict[str, Any]], said: list[str]) -> None:
    expected = Expected(stories={("a", "b")}, reviews={"m"})
    assert compare(DayResult(stories=stories, reviews=reviews), expected) == said


def test_the_script_has_a_shared_child_twins_and_a_child_who_moved(tmp_path: Path) -> None:
    expected = write_script(tmp_path, 20, seed=5)
    assert (expected.stories, expected.reviews) == ({("school-1", "police-1")}, {"moved-2"})
    assert {"twin-1", "twin-2", "moved-1"} <= expected.dispositions.keys()
