"""A public protection notice is a contact for each of its children, with the force's grade, whatever the XML looks like."""

# ruff: noqa: E501 - a sample stays on as few lines as it can be read in

from typing import Any

import pytest

from tests.connectors.fields.messages import children, notes_of, read_as

MIA = ("Mia Okafor", "2016-05-04")
BEN = ("Ben Okafor", "2018-05-04")
CHILD = "<Child><Name>Mia Okafor</Name><DOB>2016-05-04</DOB></Child>"
END = "<Risk>High</Risk><Narrative>Fight at home</Narrative>"


def notice(inside: str, end: str = END) -> str:
    return f"<PPN><PPNNumber>A/1</PPNNumber>{inside}{end}</PPN>"


@pytest.mark.parametrize(
    "message",
    [
        notice(CHILD),
        f"<?xml version='1.1' standalone='yes'?>\n<!-- export --><p:PPN xmlns:p='urn:x'><p:Ref>A/1</p:Ref>{CHILD}{END}</p:PPN>",
        "<ppn number='A/1'><risk rating='H'/><child><name first='Mia' last='Okafor'/><born>04/05/2016</born></child>"
        "<circumstances>Fight at home</circumstances></ppn>",
        "<notice xmlns='urn:y'><body><noticeId>A/1</noticeId><subject type='child' forename='Mia' surname='Okafor' dob='20160504'/>"
        "<subject type='adult' forename='Ray' surname='Okafor' dob='01/01/1985'/><rag>R</rag><text>Fight at home</text></body></notice>",
        "<s:Envelope xmlns:s='urn:soap'><s:Body><Notice><UniqueReference>A/1</UniqueReference><ChildDetails><GivenName>Mia</GivenName>"
        "<FamilyName>Okafor</FamilyName><BirthDate>2016-05-04</BirthDate></ChildDetails><OverallRisk>Red</OverallRisk>"
        "<OfficerNarrative><![CDATA[Fight at home]]></OfficerNarrative></Notice></s:Body></s:Envelope>",
        "<Report><ReportRef>A/1</ReportRef><n:Child xmlns:n='urn:nc'><n:PersonName><n:PersonGivenName>Mia</n:PersonGivenName>"
        "<n:PersonSurName>Okafor</n:PersonSurName></n:PersonName><n:PersonBirthDate><n:Date>2016-05-04</n:Date></n:PersonBirthDate>"
        f"</n:Child>{END}</Report>",
        {"ppn": {"id": "A/1", "graded": "HIGH", "children": [{"name": {"first": "Mia", "last": "Okafor"}, "dob": "2016-05-04"}],
                 "narrative": "Fight at home"}},
        "PPNRef,Forename,Surname,DOB,Risk,Circumstances\nA/1,Mia,Okafor,04/05/2016,Red,Fight at home\n",
    ],
)  # fmt: skip
def test_elements_attributes_namespaces_and_envelopes_say_the_same(message: Any) -> None:
    reading = read_as("police", message)
    (report,) = reading.reports
    assert (reading.outcome, children(reading)) == ("contact", [MIA])
    assert (report.reference, report.risk, report.narrative) == ("A/1", "red", "Fight at home")


BOTH = [
    "<Children><Child><Name>Mia Okafor</Name><DOB>2016-05-04</DOB></Child><Child><Name>Ben Okafor</Name><DOB>2018-05-04</DOB></Child></Children>",
    "<Children><Name>Mia Okafor</Name><DOB>2016-05-04</DOB></Children><Children><Name>Ben Okafor</Name><DOB>2018-05-04</DOB></Children>",
    "<Child1><Name>Mia Okafor</Name><DOB>2016-05-04</DOB></Child1><Child2><Name>Ben Okafor</Name><DOB>2018-05-04</DOB></Child2>",
    "<ChildName1>Mia Okafor</ChildName1><ChildDOB1>2016-05-04</ChildDOB1><ChildName2>Ben Okafor</ChildName2><ChildDOB2>2018-05-04</ChildDOB2>",
    "<VulnerableChildren><VulnerableChild><Name>Mia Okafor</Name><DOB>2016-05-04</DOB></VulnerableChild>"
    "<VulnerableChild><Name>Ben Okafor</Name><DOB>2018-05-04</DOB></VulnerableChild></VulnerableChildren>",
    "<Offspring><Name>Mia Okafor</Name><DOB>2016-05-04</DOB></Offspring><Offspring><Name>Ben Okafor</Name><DOB>2018-05-04</DOB></Offspring>",
    "<Persons><Person><Name>Mia Okafor</Name><DOB>2016-05-04</DOB></Person><Person><Name>Ben Okafor</Name><DOB>2018-05-04</DOB></Person>"
    "<Person><Name>Sara Okafor</Name><DOB>1988-01-01</DOB></Person></Persons>",
    "<Victim><Name>Sara Okafor</Name><DOB>1988-01-01</DOB></Victim><Suspect><Name>Ray Okafor</Name></Suspect><ChildrenPresent>"
    "<Name>Mia Okafor</Name><DOB>2016-05-04</DOB></ChildrenPresent><ChildrenPresent><Name>Ben Okafor</Name><DOB>2018-05-04</DOB></ChildrenPresent>",
    "<Household><Member><Name>Mia Okafor</Name><DOB>2016-05-04</DOB><Relationship>Daughter</Relationship></Member><Member>"
    "<Name>Ben Okafor</Name><DOB>2018-05-04</DOB><Relationship>Son</Relationship></Member><Member><Name>Sara Okafor</Name>"
    "<Relationship>Mother</Relationship></Member></Household>",
    "<Nominals><Nominal role='VICTIM'><Name>Sara Okafor</Name><DOB>1988-01-01</DOB></Nominal><Nominal role='CHILD PRESENT'><Name>Mia Okafor</Name>"
    "<DOB>2016-05-04</DOB></Nominal><Nominal role='CHILD PRESENT'><Name>Ben Okafor</Name><DOB>2018-05-04</DOB></Nominal></Nominals>",
]


@pytest.mark.parametrize("inside", BOTH)
def test_each_child_of_a_notice_is_a_contact_and_no_adult_is(inside: str) -> None:
    reading = read_as("police", notice(inside))
    assert children(reading) == [MIA, BEN]
    assert {report.reference for report in reading.reports} == {"A/1"}
    assert {report.risk for report in reading.reports} == {"red"}


def test_a_child_s_own_story_counts_before_the_notice_s_and_of_two_grades_the_higher() -> None:
    each = "<Child><Name>{}</Name><DOB>{}</DOB><RAG>{}</RAG><Narrative>{}</Narrative></Child>"
    inside = each.format(*MIA, "R", "Bruised eye") + each.format(*BEN, "G", "Asleep")
    for grade, second_s in (("Green", "green"), ("M", "amber"), ("R", "red"), ("not assessed", "green")):
        reading = read_as("police", notice(inside, f"<Risk>{grade}</Risk><Narrative>Fight at home</Narrative>"))
        first, second = reading.reports
        assert (first.risk, second.risk) == ("red", second_s)
        assert ("risk_grades_differ" in {note.code for note in second.notes}) == (second_s != "green")
    assert first.narrative.startswith("Bruised eye") and second.narrative.startswith("Asleep")
    assert "Fight at home" in first.narrative and "Asleep" not in first.narrative


def test_two_notices_in_one_file_keep_apart() -> None:
    one = "<PPN><Ref>{}</Ref><Child><Name>{}</Name><DOB>{}</DOB></Child><RiskLevel>{}</RiskLevel><Narrative>{}</Narrative></PPN>"
    body = f"<PPNs>{one.format('A', *MIA, 'Red', 'First')}{one.format('B', *BEN, 'Green', 'Second')}</PPNs>"
    reports = read_as("police", body).reports
    assert [(one.reference, one.risk, one.narrative) for one in reports] == [("A", "red", "First"), ("B", "green", "Second")]


@pytest.mark.parametrize(
    ("word", "level"),
    [
        ("R", "red"), ("A", "amber"), ("G", "green"), ("H", "red"), ("M", "amber"), ("L", "green"), ("HIGH", "red"), ("medium", "amber"),
        ("Standard", "green"), ("Red - immediate", "red"), ("2 - Medium", "amber"), ("DASH High (16)", "red"), ("Standard/Medium", "amber"),
        ("BLUE", "blue"), ("No risk", "blue"), ("Not assessed", ""), ("not high", ""), ("Level 3", ""), ("purple", ""),
    ],
)  # fmt: skip
def test_a_grade_is_understood_or_kept_as_sent_never_guessed(word: str, level: str) -> None:
    (report,) = read_as("police", notice(CHILD, f"<RiskGrading>{word}</RiskGrading><Narrative>Fight</Narrative>")).reports
    assert (report.risk, report.risk_source) == (level, word)


@pytest.mark.parametrize("flag", ["Yes, upstairs asleep", "true", "No", "2", "not known"])
def test_a_note_of_children_present_is_nobody_s_name(flag: str) -> None:
    inside = f"<Victim><Name>Sara Okafor</Name><DOB>1988-01-01</DOB></Victim><ChildrenPresent>{flag}</ChildrenPresent>"
    assert children(read_as("police", notice(inside + CHILD))) == [MIA]
    assert children(read_as("police", notice(inside))) == [("", "")]


def test_an_adult_alone_in_a_notice_is_kept_beside_a_child_to_be_found() -> None:
    reading = read_as("police", notice("<Adult><Name>Sara Okafor</Name><DOB>1988-01-01</DOB></Adult>"))
    assert (reading.outcome, children(reading)) == ("contact", [("", "")])
    assert [one.family for one in reading.reports[0].people] == ["Okafor"] and "no_child_named" in notes_of(reading)


def test_information_only_is_a_contact_of_that_kind() -> None:
    (report,) = read_as("police", notice(f"<InformationOnly>true</InformationOnly>{CHILD}")).reports
    assert report.kind == "information_only"


@pytest.mark.parametrize(
    "body",
    [
        '<?xml version="1.0" encoding="UTF-16"?>' + notice("<Child><Name>Zoë Lee</Name></Child>"),
        '<?xml version="1.0" encoding="UTF-8"?>' + notice("<Child><Name>Zoë Lee</Name></Child>"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1", "cp1252"])
def test_the_text_is_right_whatever_encoding_a_notice_declares(body: str, encoding: str) -> None:
    assert children(read_as("police", body.encode(encoding))) == [("Zoë Lee", "")]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;">]><PPN><Child><Name>&d;</Name></Child></PPN>', "xml_dtd_refused"),
        ('<!DOCTYPE PPN SYSTEM "http://example.org/x.dtd"><PPN/>', "xml_dtd_refused"),
        ("<PPN><Child><Forename>Mia</Forename><Sur", "incomplete_xml"),
        ("<PPN><Child></PPN>", "not_xml"),
        ("<a>" * 200 + "</a>" * 200, "too_deep"),
        ("<PPN/>", "nothing_about_a_child"),
        ("<FuelReceipts><Receipt><Litres>40</Litres></Receipt></FuelReceipts>", "nothing_about_a_child"),
    ],
)
def test_what_cannot_be_read_is_quarantined_with_what_to_do_next(body: str, code: str) -> None:
    reading = read_as("police", body)
    assert (reading.outcome, reading.reason_code, reading.reason[-1]) == ("quarantined", code, ".")


@pytest.mark.parametrize(
    ("role", "relationship", "born", "read_as_role"),
    [
        ("witness", "brother of the suspect", "1980-01-01", "other"),
        ("other", "babysitter to both children", "1980-01-01", "other"),
        ("witness", "found the children", "", "other"),
        ("other", "father of a classmate", "", "other"),
        ("carer", "grandmother", "", "carer"),
        ("suspect", "son of the neighbour", "2001-01-01", "alleged_perpetrator"),
        ("victim", "mother", "1990-01-01", "parent"),
    ],
)
def test_a_role_that_is_stated_is_not_overruled_by_the_relationship(
    role: str, relationship: str, born: str, read_as_role: str
) -> None:
    person = {"role": role, "relationship": relationship, "given_name": "Sam", "family_name": "Hill", "date_of_birth": born}
    child = {"given_name": "Mina", "family_name": "Okafor", "date_of_birth": "2016-02-29"}
    reading = read_as(
        "police", {"notice_number": "N 1 of 26 / A B C", "children": [child], "people": [person], "circumstances": "Hit"}
    )
    [report] = reading.reports
    assert report.reference == "N 1 of 26 / A B C"
    assert [(one.role, one.given) for one in report.people] == [(read_as_role, "Sam")]
