"""Names stand in one field as people write them: with a date of birth, several together, with a role beside them."""

# ruff: noqa: E501 - a sample stays on as few lines as it can be read in

import pytest

from connectors.fields.flat_names import name_of, numbers_moved
from connectors.fields.personal_names import names_listed, split_name


@pytest.mark.parametrize(
    ("text", "plural", "names"),
    [
        ("Ella Stone", True, ["Ella Stone"]),
        ("Stone, Ella", False, ["Stone, Ella"]),
        ("Stone, Ella", True, ["Stone, Ella"]),
        ("Ella Stone, Max Stone", True, ["Ella Stone", "Max Stone"]),
        ("Ella Stone; Max Stone", False, ["Ella Stone", "Max Stone"]),
        ("Ella Stone\nMax Stone", False, ["Ella Stone", "Max Stone"]),
        ("Ella\n  Stone", False, ["Ella\n  Stone"]),
        ("Ella Stone 12/09/2015, Max 12/09/2018", False, ["Ella Stone 12/09/2015", "Max 12/09/2018"]),
        ("Ella and Max Stone", False, ["Ella Stone", "Max Stone"]),
    ],
)
def test_one_field_may_list_several_children(text: str, plural: bool, names: list[str]) -> None:
    assert names_listed(text, plural) == names


@pytest.mark.parametrize(
    "text", ["Ella Stone (12/09/2015)", "Ella Stone, born 12 September 2015", "Ella Stone DOB: 2015-09-12", "Stone, Ella - dob 12.09.2015"]
)
def test_a_date_of_birth_beside_a_name_is_no_part_of_it(text: str) -> None:
    name = split_name(text)
    assert (name.given, name.family, name.other_given) == ("Ella", "Stone", ())


def test_a_number_at_the_end_of_a_field_says_which_person_it_is_of() -> None:
    moved = numbers_moved(("Forename1", "Surname1", "Forename2", "Surname2", "AddressLine1", "Concern"))
    assert moved == {"Forename1": "child1forename", "Surname1": "child1surname", "Forename2": "child2forename", "Surname2": "child2surname"}
    assert numbers_moved(("Forename1", "Forename2", "Surname", "Address1")) == {}


def test_what_stands_in_brackets_after_a_field_s_name_is_a_remark_unless_it_says_whose_it_is() -> None:
    assert (name_of("Risk level (RAG)"), name_of("Date of birth (dd/mm/yyyy)")) == ("risklevel", "dateofbirth")
    assert name_of("Name (mother)") == "namemother"
