"""A slip of the hand is told from another sound: the first may be linked, the second may be a twin."""

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from streams.linkage.slips import slip_of_the_hand


@pytest.mark.parametrize(
    ("name", "written"),
    [("oliver", "olvier"), ("oliver", "olver"), ("fatima", "fattima"), ("charlie", "chalrie"), ("oliver", "olivwr")],
)  # fmt: skip
def test_a_mistyping_is_a_slip(name: str, written: str) -> None:
    assert slip_of_the_hand(name, written) and slip_of_the_hand(written, name)


@pytest.mark.parametrize(
    ("one", "twin"),
    [("lenny", "lonny"), ("mia", "lia"), ("olivia", "olivie"), ("harry", "barry"), ("mina", "mira"), ("leon", "leun"), ("", "a")],
)
def test_another_sound_is_no_slip(one: str, twin: str) -> None:
    assert not slip_of_the_hand(one, twin)


@for_all(st.text("abcdeio", max_size=8), st.text("abcdeio", max_size=8))
def test_it_is_the_same_both_ways_and_never_more_than_one_letter_or_two_neighbours(a: str, b: str) -> None:
    assert slip_of_the_hand(a, b) == slip_of_the_hand(b, a)
    if slip_of_the_hand(a, b):
        assert abs(len(a) - len(b)) <= 1 and a[0] == b[0] and a[-1] == b[-1]
