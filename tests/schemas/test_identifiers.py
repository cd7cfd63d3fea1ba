"""Identifiers: what counts as right, and that nothing in a cell can make the check fail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.identifiers import check_identifier, check_la_child_id, check_nhs_number, check_upn


@pytest.mark.parametrize("text", ["4010232137", "401 023 2137", "401-023-2137", " 4010232137 "])
def test_an_nhs_number_is_understood_however_it_is_spaced(text: str) -> None:
    checked = check_nhs_number(text)
    assert (checked.value, checked.valid, checked.reason, checked.test) == ("4010232137", True, "", False)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "missing"),
        ("4010232138", "check_digit"),
        ("401023213", "wrong_length"),
        ("40102321370", "wrong_length"),
        ("401023213X", "not_digits"),
        ("0000000000", "placeholder"),
        ("1111111111", "placeholder"),
        ("9999999999", "placeholder"),
        ("9434765870", "outside_issued_ranges"),
        ("٤٠١٠٢٣٢١٣٧", "not_digits"),
    ],
)
def test_a_bad_nhs_number_says_why(text: str, reason: str) -> None:
    checked = check_nhs_number(text)
    assert (checked.valid, checked.reason) == (False, reason)


def test_the_reserved_test_range_is_valid_and_marked() -> None:
    checked = check_nhs_number("999 000 0018")
    assert checked.valid and checked.test


@pytest.mark.parametrize("last_two", ["38", "39", "40", "41", "42", "43"])
def test_pupils_of_the_new_authorities_have_valid_numbers(last_two: str) -> None:
    la = {"38": "838", "39": "839", "40": "940", "41": "941", "42": "942", "43": "943"}[last_two]
    body = f"{la}200005001"
    letters = "ABCDEFGHJKLMNPQRTUVWXYZ"
    check = letters[sum(int(digit) * weight for weight, digit in enumerate(body, 2)) % 23]
    assert check_upn(check + body).valid


def test_a_published_upn_is_valid_and_permanent() -> None:
    checked = check_upn("b801200005001")
    assert (checked.value, checked.valid, checked.temporary) == ("B801200005001", True, False)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "missing"),
        ("A801200005001", "check_letter"),
        ("B80120000500", "wrong_length"),
        ("8801200005001", "wrong_shape"),
        ("B80120000500S", "wrong_shape"),
        ("E000200005001", "unknown_authority"),
        ("A000000000000", "placeholder"),
    ],
)
def test_a_bad_upn_says_why(text: object, reason: str) -> None:
    checked = check_upn(text)
    assert (checked.valid, checked.reason) == (False, reason)


def test_a_temporary_upn_is_valid_and_marked() -> None:
    letters = "ABCDEFGHJKLMNPQRTUVWXYZ"
    body = "80120000500"
    total = sum(int(digit) * weight for weight, digit in enumerate(body, 2)) + letters.index("D") * 13
    checked = check_upn(letters[total % 23] + body + "D")
    assert checked.valid and checked.temporary


def test_la_child_ids_are_up_to_twenty_letters_or_digits() -> None:
    assert check_la_child_id("CH-0012345").value == "CH0012345"
    assert check_la_child_id("CH0012345").valid
    assert check_la_child_id("0000000").reason == "placeholder"
    assert check_la_child_id("A" + "1234567890" * 2).reason == "wrong_length"
    assert check_la_child_id("LCS00123456789012345").valid
    assert check_identifier("local", "abc").reason == "no_rule_for_kind"


@given(st.one_of(st.text(), st.none(), st.integers(), st.binary()), st.sampled_from(["nhs_number", "upn", "la_child_id", "?"]))
def test_no_cell_content_raises_and_a_reason_never_repeats_the_value(content: object, kind: str) -> None:
    checked = check_identifier(kind, content)
    assert checked.valid == (checked.reason == "")
    assert len(checked.value) <= 40


@given(st.integers(min_value=400_000_000, max_value=499_999_999), st.integers(0, 9), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(first_nine: int, place: int, shift: int) -> None:
    digits = [int(char) for char in str(first_nine)]
    rest = 11 - sum(digit * weight for digit, weight in zip(digits, range(10, 1, -1), strict=True)) % 11
    if rest == 10:
        return
    number = [*digits, 0 if rest == 11 else rest]
    number[place] = (number[place] + shift) % 10
    assert not check_nhs_number("".join(map(str, number))).valid
