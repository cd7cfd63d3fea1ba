"""Code sets: what counts as a named person."""

import pytest

from schemas.codes import also_generic, is_named_worker


@pytest.mark.parametrize("name", ["A. Worker", "Amara Okafor", "Li", "Dr. J. O'Neill (locum)", "Siân Ní Bhriain", "Ben Hughes 2"])
def test_a_person_is_named(name: str) -> None:
    assert is_named_worker(name)


@pytest.mark.parametrize(
    "name",
    ["", " ", ".", "X", "Duty", "DUTY Team", "Duty SW", "Duty social worker 2", "Referral Coordinator", "Referral Co-ordinator",
     "Leeds MASH", "MASH", "North assessment team 2", "Social Worker 1", "worker", "SW", "n/a", "TBC", "Unallocated",
     "front_door", "EDT (out of hours)", "12345", "Team Manager"],
)  # fmt: skip
def test_a_desk_a_team_or_a_generic_word_is_nobody(name: str) -> None:
    assert not is_named_worker(name)


def test_what_an_authority_calls_its_desks_is_nobody_either() -> None:
    assert is_named_worker("Contact Referral Hub")
    also_generic(["  contact  referral hub", ""])
    try:
        assert not is_named_worker("Contact Referral Hub") and is_named_worker("Amara Okafor")
    finally:
        also_generic([])
    assert is_named_worker("Contact Referral Hub")
