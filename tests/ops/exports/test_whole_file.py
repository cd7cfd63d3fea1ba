"""A file that is written is there whole, or as it was before."""

from pathlib import Path

import pytest

from ops.exports.whole_file import CannotWrite, whole_file


def test_what_goes_wrong_half_way_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "flags.csv"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), whole_file(path) as file:
        file.write(b"half of")
        raise ZeroDivisionError
    assert [one.name for one in tmp_path.iterdir()] == ["flags.csv"]
    assert path.read_text() == "old"


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    with whole_file(tmp_path / "cin.xml") as file:
        file.write(b"<Message/>")
    assert (tmp_path / "cin.xml").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "cin.xml").read_bytes() == b"<Message/>"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite, match="nowhere"), whole_file(tmp_path / "nowhere" / "a.csv"):
        raise AssertionError("never entered")
