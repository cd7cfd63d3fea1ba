"""What is compared: names, dates of birth and places as agencies write them."""

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from streams.linkage.births import (
    DIFFERENT,
    MISSING,
    ONE_EDIT,
    SAME,
    SAME_FIRST_OF_JANUARY,
    SWAPPED,
    TWO_PARTS,
    compare_dob,
    read_dob,
)
from streams.linkage.comparison import compare, compare_family, compare_given
from streams.linkage.names import read_family, read_given, read_names
from streams.linkage.places import NOWHERE, compare_place, read_place
from streams.linkage.report import Report, read_features
from streams.linkage.variants import parse_table, shipped_table


@pytest.mark.parametrize(
    "written",
    ["Unborn", "UNBORN BABY", "Baby", "baby boy", "Baby Girl", "Infant", "Unknown", "not known", "NK", "tbc", "X", "", "Twin 1",
     "baby of Sarah", "🙂", "???", "123"],
)  # fmt: skip
def test_a_placeholder_is_no_forename(written: str) -> None:
    assert read_names(written, "Smith")[0].main == ""


def test_baby_with_the_surname_is_only_a_surname() -> None:
    given, family, placeholder = read_names("Baby Smith", "")
    assert (given.main, family.joined, placeholder) == ("", "smith", True)
    assert read_names("Baby Smith", "Smith")[0].main == ""


def test_a_name_beside_a_placeholder_is_kept() -> None:
    assert read_names("Baby Oliver", "Smith")[0].main == "oliver"


def test_names_that_look_like_placeholders_are_names() -> None:
    assert read_given("Na")[0].main == ""  # alone it is "not applicable"
    assert read_given("Na Li")[0].main == "na"
    assert read_family("Child").joined == ""
    assert read_family("Childs").joined == "childs"


def test_marks_case_apostrophes_and_hyphens_do_not_matter() -> None:
    assert read_family("O’Brien").joined == read_family("OBRIEN").joined
    assert read_family("Wiśniewska").roots == read_family("WISNIEWSKI").roots
    assert read_given("Zoë")[0].main == "zoe"
    assert read_family("Smith-Jones").tokens == read_family("smith jones").tokens


def test_right_to_left_and_very_long_names_are_read() -> None:
    assert read_given("محمد")[0].main == "محمد"
    assert len(read_given("a" * 5_000)[0].main) <= 120


def level(a: str, b: str) -> int:
    return compare_given(read_given(a)[0], read_given(b)[0])


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("Oliver", "OLIVER", 1),
        ("Oliver James", "Oliver", 1),
        ("Oliver James", "Oliver J", 1),
        ("Oliver James", "Oliver Peter", 2),
        ("Mohd", "Muhammad", 2),
        ("Katie", "Catherine", 2),
        ("Sersha", "Saoirse", 2),
        ("Mei Ling", "Meiling", 2),
        ("Muhammad Hassan", "Hassan", 1),
        ("Jessicca", "Jessica", 2),
        ("Benjamn", "Benjamin", 2),
        ("Olivre", "Oliver", 2),
        ("O", "Oliver", 4),
        ("James", "Oliver James", 4),
        ("Ella", "Ellie", 4),
        ("Libby", "Bess", 4),
        ("Jayden", "Hayden", 4),
        ("Jia Hao", "Jia Yi", 4),
        ("Muhammad Hassan", "Muhammad Bilal", 5),
        ("Oliver", "Harry", 5),
        ("", "Harry", 0),
    ],
)
def test_forename_levels(a: str, b: str, expected: int) -> None:
    assert level(a, b) == level(b, a) == expected


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("Smith", "SMITH", 1),
        ("Jones-Smith", "Smith Jones", 1),
        ("Chaudhry", "Choudhury", 2),
        ("Kowalska", "Kowalski", 2),
        ("Smith-Jones", "Smith", 3),
        ("Robinson", "Robinsn", 2),
        ("Patel", "Okafor", 5),
        ("", "Okafor", 0),
    ],
)
def test_surname_levels(a: str, b: str, expected: int) -> None:
    assert compare_family(read_family(a), read_family(b)) == compare_family(read_family(b), read_family(a)) == expected


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2015-03-04", 20150304),
        ("04/03/2015", 20150304),
        ("4.3.2015", 20150304),
        ("20150304", 20150304),
        ("04032015", 20150304),
        ("4 March 2015", 20150304),
        ("2015-03-04T00:00:00Z", 20150304),
        ("2015-31-12", 20151231),
        ("04/03/15", 20150304),
        ("4 Mar 98", 19980304),
        ("Wed, 4th March 2015", 20150304),
        ("March 4, 2015", 20150304),
        ("42067", 20150304),
        ("99999", 0),
        ("1900", 0),
        ("1900-05-04", 19000504),
        ("EDD 04/03/2015", 0),
        ("1900-01-01", 0),
        ("2015-02-30", 0),
        ("soon", 0),
        ("", 0),
        ("٢٠١٥-٠٣-٠٤", 0),
    ],
)
def test_dates_of_birth_are_read_as_written(text: str, number: int) -> None:
    assert read_dob(text) == number


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (20150304, 20150304, SAME),
        (20150101, 20150101, SAME_FIRST_OF_JANUARY),
        (20150304, 20150403, SWAPPED),
        (20150304, 20150305, ONE_EDIT),
        (20150304, 20150328, TWO_PARTS),
        (20150304, 20091120, DIFFERENT),
        (0, 20150304, MISSING),
    ],
)
def test_date_of_birth_levels(a: int, b: int, expected: int) -> None:
    assert compare_dob(a, b) == compare_dob(b, a) == expected


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (("12 Acacia Road", "LS1 4AB"), ("12 Acacia Rd", "ls14ab"), 1),
        (("Flat 3, 12 Acacia Road", "LS1 4AB"), ("3/12 Acacia Road", "LS1 4AB"), 1),
        (("12 Acacia Road", ""), ("12 Acacia Road", "LS1 4AB"), 2),
        (("12 Acacia Road", "LS1 4AB"), ("14 Acacia Road", "LS1 4AB"), 3),
        (("", "LS1 4AB"), ("12 Acacia Road", "LS1 4AB"), 4),
        (("", "LS1 4AB"), ("", "LS1 4AD"), 5),
        (("12 Acacia Road", "LS1 4AB"), ("3 Mill Lane", "BD7 1QQ"), 6),
        (("", ""), ("3 Mill Lane", "BD7 1QQ"), 0),
        (("No fixed abode", "ZZ99 3VZ"), ("3 Mill Lane", "BD7 1QQ"), 0),
        (("12 Acacia Road, Leeds", "LS1 4AB"), ("12 Acacia Rd", "LS1 4AB"), 1),
        (("12 Acacia Road Leeds", ""), ("12 Acacia Road", ""), 2),
        (("Rose Cottage, Mill Lane, Leeds", "LS1 4AB"), ("rose cottage, mill ln", "LS1 4AB"), 1),
        (("Rose Cottage, Mill Lane", "LS1 4AB"), ("Ivy Cottage, Mill Lane", "LS1 4AB"), 3),
        (("Acacia Road, Leeds", ""), ("12 Acacia Road", ""), 4),
        (("The Willows, 12 Acacia Road", "LS1 4AB"), ("12 Acacia Road", "LS1 4AB"), 1),
    ],
)
def test_place_levels(a: tuple[str, str], b: tuple[str, str], expected: int) -> None:
    one, other = read_place(*a), read_place(*b)
    assert compare_place(one, other) == compare_place(other, one) == expected


def test_the_same_cell_read_twice_gives_the_same_level_as_two_cells() -> None:
    place = read_place("12 Acacia Road", "")
    assert compare_place(place, place) == compare_place(place, read_place("12 ACACIA ROAD", ""))
    assert read_place("", "") is NOWHERE


def test_names_the_other_way_round_are_noticed_and_marked() -> None:
    a = read_features(Report("1", given="Wei", family="Zhang"))
    b = read_features(Report("2", given="Zhang", family="Wei"))
    assert compare(a, b).order == 1 and compare(a, b).given <= 2
    whole = read_features(Report("3", given="Nguyen Van", family="Minh"))
    cut = read_features(Report("4", given="Van Minh", family="Nguyen"))
    assert compare(whole, cut).order == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [(("Xu", "Yi"), ("Yi", "Hsu")), (("Wong", "An"), ("An", "Huang")), (("Hsin", "Kwok"), ("Kwok", "Xin"))],
)
def test_names_the_other_way_round_are_noticed_in_another_spelling(one: tuple[str, str], other: tuple[str, str]) -> None:
    a, b = read_features(Report("1", "", *one)), read_features(Report("2", "", *other))
    vector = compare(a, b)
    assert vector == compare(b, a)
    assert vector.order == 1 and vector.given <= 4 and vector.family <= 2


def test_an_unborn_childs_surname_is_found_where_the_other_wrote_the_forename() -> None:
    unborn = read_features(Report("1", given="Unborn baby", family="Lee"))
    born = read_features(Report("2", given="Li", family="Van Dung"))
    vector = compare(unborn, born)
    assert (vector.given, vector.order) == (0, 1) and 0 < vector.family <= 2


def test_a_brother_written_the_other_way_round_is_no_agreement() -> None:
    one = read_features(Report("1", given="Muhammad", family="Munir"))
    brother = read_features(Report("2", given="Munir", family="Muhammad Mustafa"))
    assert compare(one, brother).given >= 4


def test_the_shipped_table_can_be_read_and_a_wrong_line_is_named() -> None:
    assert "muhammad" in shipped_table().given
    with pytest.raises(ValueError, match="line 2"):
        parse_table(["# note", "given,only two"], "x")


cells = st.text(max_size=40) | st.sampled_from(["Baby", "Mohammed", "1 January", "\x00", "🙂🙂", "‮شمس", "'; drop"])


@for_all(st.lists(cells, min_size=10, max_size=10), st.lists(cells, min_size=10, max_size=10))
def test_any_cells_can_be_read_and_compared_both_ways(a: list[str], b: list[str]) -> None:
    one, other = read_features(Report("1", *a)), read_features(Report("2", *b))
    assert compare(one, other) == compare(other, one)
