"""Identifiers are checked and kept: a bad one is shown with its reason and never used to find a child."""

from connectors.child_identifiers import child_identifier, is_nhs_number, without_repeats
from schemas.person import Identifier
from schemas.reading import Note


def test_a_good_nhs_number_is_compact_and_needs_no_note() -> None:
    notes: list[Note] = []
    made = child_identifier("nhs_number", "999 100 0011", "PID-3", notes, "NHS")
    assert made == Identifier(kind="nhs_number", value="9991000011", system="NHS")
    assert notes == []


def test_a_bad_one_is_kept_as_sent_with_a_note_that_does_not_repeat_it() -> None:
    notes: list[Note] = []
    made = child_identifier("nhs_number", "000 025 5355", "PID-3", notes)
    assert made is not None and (made.value, made.valid) == ("000 025 5355", False)
    assert made.problem
    assert notes[0].field == "PID-3" and "0255" not in notes[0].model_dump_json()


def test_a_upn_is_checked_and_a_local_number_taken_as_it_is() -> None:
    notes: list[Note] = []
    upn, local = child_identifier("upn", "B801200005001", "x", notes), child_identifier("local", "X-4417", "x", notes)
    assert upn is not None and upn.valid and local is not None and local.valid
    wrong = child_identifier("upn", "C801200005001", "x", notes)
    assert wrong is not None and not wrong.valid


def test_what_says_nothing_is_no_identifier() -> None:
    assert [child_identifier("local", nothing, "x", []) for nothing in ("", "-", None, {})] == [None] * 4


def test_only_a_full_check_makes_a_plain_number_an_nhs_number() -> None:
    assert is_nhs_number("9991000011")
    assert not any(map(is_nhs_number, ("9991000012", "1234567890", "0000000000", "99910000", "")))


def test_repeats_are_kept_once() -> None:
    one = Identifier(kind="local", value="1")
    assert without_repeats([one, one, Identifier(kind="nhs_number", value="1", valid=False)]) == [
        one,
        Identifier(kind="nhs_number", value="1", valid=False),
    ]
