"""Each guard alone: what it stops, and what it lets through."""

from dataclasses import replace

import pytest

from streams.linkage import guards
from streams.linkage.comparison import compare
from streams.linkage.guards import Evidence
from streams.linkage.report import Report, read_features

KNOWN = Report(
    "known",
    "health",
    "Oliver",
    "Ashworth",
    "2015-03-14",
    "M",
    "LS1 4AB",
    "12 Acacia Road",
    "9990000018",
    "B801200005001",
)


def evidence(two_names: bool = False, others: tuple[Report, ...] = (), known: Report = KNOWN, **changed: str) -> Evidence:
    report = read_features(replace(known, record_id="new", **changed))
    best = read_features(known)
    return Evidence(report, best, compare(report, best), (best, *map(read_features, others)), two_names)


def test_the_same_report_again_hits_no_guard() -> None:
    assert guards.guards_hit(evidence()) == ()


@pytest.mark.parametrize(
    ("guard", "changed"),
    [
        ("nhs_differs", {"nhs_number": "9990000026"}),
        ("upn_differs", {"upn": "E380200019002"}),
        ("id_same_given_differs", {"given": "Amelia"}),
        ("id_same_person_differs", {"family": "Okafor", "dob": "2009-11-30"}),
        ("no_given", {"given": "Baby"}),
        ("given_differs", {"given": "Amelia"}),
        ("possible_twin", {"given": "Olive", "nhs_number": "", "upn": ""}),
        ("two_slips", {"given": "Ollie", "dob": "2015-03-15", "nhs_number": "", "upn": ""}),
        ("dob_differs", {"dob": "2009-11-30"}),
        ("family_differs", {"family": "Okafor", "nhs_number": "", "upn": "", "address_line": ""}),
        ("sex_differs", {"sex": "F"}),
        ("one_pillar", {"nhs_number": "", "upn": "", "postcode": "BD7 1QQ", "address_line": "3 Mill Lane"}),
        ("one_pillar", {"nhs_number": "", "upn": "", "postcode": "", "address_line": "", "dob": ""}),
    ],
)
def test_a_guard_stops_what_it_is_for(guard: str, changed: dict[str, str]) -> None:
    assert guard in guards.guards_hit(evidence(**changed))


def test_every_guard_is_tested_by_name() -> None:
    names = {guard.__name__ for guard in guards.PERSON_GUARDS}
    tested = {mark.args[1][i][0] for mark in test_a_guard_stops_what_it_is_for.pytestmark for i in range(len(mark.args[1]))}  # type: ignore[attr-defined]
    assert names == tested


def test_any_record_of_the_person_can_contradict_a_number() -> None:
    other = replace(KNOWN, record_id="other", nhs_number="9990000026")
    without = replace(KNOWN, nhs_number="")
    assert "nhs_differs" in guards.guards_hit(evidence(known=without, others=(other,), nhs_number="9990000018"))


def test_a_number_lifts_the_pillars_only() -> None:
    moved = evidence(postcode="BD7 1QQ", address_line="3 Mill Lane")
    assert "one_pillar" not in guards.guards_hit(moved)
    renamed = evidence(given="Amelia", postcode="BD7 1QQ", address_line="3 Mill Lane")
    assert "given_differs" in guards.guards_hit(renamed)


def test_two_names_alike_on_one_day_may_be_twins() -> None:
    assert guards.guards_hit(evidence(two_names=True, given="Olivier", nhs_number="", upn="")) == ("possible_twin",)


def test_the_pillars_may_stand_in_two_records_of_the_person() -> None:
    dob_only = replace(KNOWN, nhs_number="", upn="", postcode="", address_line="")
    place_only = replace(KNOWN, record_id="p", nhs_number="", upn="", dob="")
    hit = guards.guards_hit(
        evidence(known=dob_only, others=(place_only,), postcode="LS1 4AB", address_line="12 Acacia Road")
    )
    assert hit == ()


def test_a_whole_name_in_one_house_needs_no_birthday_unless_brothers_share_it() -> None:
    assert guards.guards_hit(evidence(nhs_number="", upn="", dob="")) == ()
    generic = replace(KNOWN, given="Muhammad", nhs_number="", upn="")
    assert guards.guards_hit(evidence(known=generic, dob="")) == ("one_pillar",)


def test_an_invented_first_of_january_asks_for_the_very_house() -> None:
    first = replace(KNOWN, dob="2015-01-01", nhs_number="", upn="")
    assert guards.guards_hit(evidence(known=first)) == ()
    assert guards.guards_hit(evidence(known=first, address_line="")) == ("one_pillar",)


def test_in_a_childrens_home_both_names_and_the_birthday_must_agree() -> None:
    known = replace(KNOWN, nhs_number="", upn="")
    slip = evidence(known=known, family="Ashwomth")
    assert guards.guards_hit(slip) == ()
    assert guards.guards_hit(replace(slip, crowded=True)) == ("one_pillar",)
    assert guards.guards_hit(replace(evidence(known=known), crowded=True)) == ()


def test_a_family_written_the_other_way_round_is_no_change_of_surname() -> None:
    swapped = evidence(known=replace(KNOWN, given="Liu", family="Yu", nhs_number="", upn=""), family="Yan")
    assert "family_differs" in guards.guards_hit(replace(swapped, also_a_surname=True))


def test_a_child_who_took_another_surname_is_known_by_forename_birthday_and_house() -> None:
    known = replace(KNOWN, nhs_number="", upn="")
    renamed = evidence(known=known, family="Okafor")
    assert guards.guards_hit(renamed) == ()
    for other in (replace(renamed, crowded=True), evidence(known=known, family="Okafor", given="Ollie")):
        assert "family_differs" in guards.guards_hit(other)


def test_a_house_number_alone_may_differ() -> None:
    known = replace(KNOWN, nhs_number="", upn="")
    assert guards.guards_hit(evidence(known=known, address_line="21 Acacia Road")) == ()
    assert guards.guards_hit(evidence(known=known, address_line="21 Acacia Road", given="Ollie")) == ("one_pillar",)


def test_twins_are_watched_for_at_any_address_of_the_person() -> None:
    moved = replace(KNOWN, record_id="old", nhs_number="", upn="", address_line="3 Mill Lane", postcode="BD7 1QQ")
    there = replace(KNOWN, nhs_number="", upn="")
    olive = evidence(known=moved, others=(there,), given="Olive", address_line="12 Acacia Road", postcode="LS1 4AB")
    assert "possible_twin" in guards.guards_hit(olive)


def test_a_temporary_pupil_number_contradicts_nobody() -> None:
    temporary = evidence(upn="R80120000500D")
    assert "upn_differs" not in guards.guards_hit(temporary)
