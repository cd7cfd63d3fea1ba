"""The CIN census: the shape that the DfE asks for, read again by our own reader, nothing made up."""

import itertools
from datetime import date
from io import BytesIO
from typing import Any

from lxml import etree  # type: ignore[import-untyped]

from connectors.social_care.read import read
from ops.casebook.book import CaseBook
from ops.exports.annex_a import Period, write_annex_a
from ops.exports.cin import Header, Written, census_year, write_cin
from schemas.open_case import case_text, census_number
from schemas.reading import Hint
from tests.ops.casebook.planted import Planted, at, child

from .test_annex_a import case

HEADER = Header("383", census_year(date(2026, 7, 1)), at("2026-07-01 12:00"))

#: The children of each element, in the order of the census; a question mark: may be left out, a star: any number.
SHAPE = {
    "Message": "Header Children",
    "Header": "CollectionDetails Source",
    "CollectionDetails": "Collection Year ReferenceDate",
    "Source": "SourceLevel LEA SoftwareCode Release SerialNo DateTime",
    "Children": "Child*",
    "Child": "ChildIdentifiers ChildCharacteristics CINdetails*",
    "ChildIdentifiers": "LAchildID UPN? FormerUPN? UPNunknown? PersonBirthDate? ExpectedPersonBirthDate? Sex PersonDeathDate?",
    "ChildCharacteristics": "Ethnicity Disabilities?",
    "Disabilities": "Disability*",
    "CINdetails": "CINreferralDate ReferralSource PrimaryNeedCode? CINclosureDate? ReasonForClosure? DateOfInitialCPC? "
    "Assessments* CINPlanDates* Section47* ReferralNFA ChildProtectionPlans*",
    "Assessments": "AssessmentActualStartDate AssessmentInternalReviewDate? AssessmentAuthorisationDate? "
    "FactorsIdentifiedAtAssessment?",
    "Section47": "S47ActualStartDate InitialCPCtarget? DateOfInitialCPC? ICPCnotRequired",
}


def written(planted: Planted, header: Header = HEADER) -> tuple[bytes, Written]:
    file = BytesIO()
    with CaseBook() as book:
        told = write_cin(planted.fill(book), file, header)
    return file.getvalue(), told


def check_shape(element: Any) -> None:
    """Every element has the children of its row in `SHAPE`, in that order, and a leaf has text."""
    wanted = SHAPE.get(element.tag)
    if wanted is None:
        assert len(element) == 0 and element.text
        return
    left = [part.tag for part in element]
    for part in wanted.split():
        name, least, most = part.rstrip("?*"), 0 if part[-1] in "?*" else 1, len(left) if part[-1] == "*" else 1
        taken = 0
        while left and left[0] == name and taken < most:
            left.pop(0)
            taken += 1
        assert taken >= least, f"{element.tag} lacks {name}"
    assert not left, f"{element.tag} holds {left} where they do not belong"
    for part in element:
        check_shape(part)


def test_it_has_the_shape_of_the_census() -> None:
    body, _ = written(case())
    check_shape(etree.fromstring(body))


def test_one_child_with_its_two_referrals() -> None:
    """The first closed within the census year, the second is open, and no further action was decided about it."""
    body, _ = written(case())
    (found,) = etree.fromstring(body).iter("Child")
    assert found.findtext("ChildIdentifiers/LAchildID") == "LA0001"
    assert [one.text for one in found.iter("CINreferralDate")] == ["2026-03-02", "2026-06-10"]
    assert [one.text for one in found.iter("ReferralNFA")] == ["0", "1"]
    assert (found.findtext(".//CINclosureDate"), found.findtext(".//ReasonForClosure")) == ("2026-05-01", "RC8")
    assert (found.findtext(".//S47ActualStartDate"), found.findtext(".//ICPCnotRequired")) == ("2026-03-05", "0")


def test_our_own_reader_finds_no_open_case_where_none_is() -> None:
    body, told = written(case())
    reading = read(body, Hint(file_name="cin.xml"))
    assert (reading.outcome, reading.reason_code) == ("not_a_contact", "cin_census")
    assert [(one.number, one.ended) for one in reading.open_cases] == [("LA0001", True)]
    assert (told.children, told.episodes) == (1, 2)


def test_what_both_exports_tell_loads_back_to_the_same_open_cases() -> None:
    """Whatever the children's numbers are: the authority's own, or the hub's ids, which each file writes in its own way."""
    steps = ["assessment_started", "strategy_discussion", "conference_held", "assessment_authorised", "closed"]
    planted, still_open = Planted(), set()
    for place, (number, done) in enumerate(itertools.product(("LA-1", "", "L0000002"), range(1, len(steps) + 1)), start=1):
        who = child(dob=date(2015, 1, place), **({"la": f"{number}{place}"} if number else {}))
        contact_id = planted.arrives(f"K-{place}", "2026-05-04 09:00", who)
        planted.happens(contact_id, "allocated", "2026-05-04 10:00", by="Ben Hughes")
        for day, step in enumerate(steps[:done], start=5):
            planted.happens(contact_id, step, f"2026-05-{day:02} 09:00")
        if done < len(steps):
            still_open.add(date(2015, 1, place))
    workbook, (census, _) = BytesIO(), written(planted)
    with CaseBook() as book:
        write_annex_a(planted.fill(book), workbook, HEADER.period)
    loads = [[one for one in read(body, Hint()).open_cases if not one.ended] for body in (workbook.getvalue(), census)]
    annex_a, cin = ({case_text(one.number, one.dob) for one in load} for load in loads)
    assert annex_a == cin and [{one.dob for one in load} for load in loads] == [still_open, still_open]
    assert {one.worker for one in loads[0]} == {"Ben Hughes"}


def test_only_what_was_open_in_the_period_is_in_it() -> None:
    before = Header("383", Period(date(2024, 4, 1), date(2025, 3, 31)), HEADER.made_at)
    body, told = written(case(), before)
    assert told.episodes == 0
    check_shape(etree.fromstring(body))


def test_what_the_hub_does_not_hold_is_counted_and_left_out() -> None:
    planted = Planted()
    contact_id = planted.arrives("K-1", "2026-05-04 09:00", child(dob=None))
    planted.happens(contact_id, "assessment_authorised", "2026-06-01 09:00")
    body, told = written(planted)
    tree = etree.fromstring(body)
    assert tree.find(".//Assessments") is None and tree.find(".//PersonBirthDate") is None
    assert {"assessments whose start nobody told", "children without a date of birth"} <= told.left_out.keys()


def test_an_id_of_the_hub_fits_where_the_authoritys_number_stands() -> None:
    made = census_number("1b4e28ba-2fa1-51d2-883f-0016d3cca427")
    assert made.isalnum() and len(made) == 20
    assert census_number("LA0001") == "LA0001"


def test_markup_in_a_name_of_a_team_or_id_stays_text() -> None:
    planted = Planted()
    planted.arrives("K-1", "2026-05-04 09:00", child(la="<x>&"))
    body, _ = written(planted)
    assert etree.fromstring(body).findtext(".//LAchildID") == "x"
