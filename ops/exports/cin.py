"""The children-in-need census of the episodes that the hub holds, as XML.

Source: DfE, CIN census 2025 to 2026, `Message > Header, Children > Child > ChildIdentifiers, ChildCharacteristics, CINdetails`.
What the hub does not hold is left out and counted, never made up.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any

from lxml import etree  # type: ignore[import-untyped]

from ops.casebook.book import CaseBook
from ops.exports.annex_a import Period
from ops.exports.episodes import Children, Episode, children_of, episode_of, upn_of
from schemas.codes import ETHNICITIES
from schemas.open_case import census_number

_DISABILITIES = "NONE MOB HAND PC INC COMM LD HEAR VIS BEH CON AUT DDA".split()


@dataclass(frozen=True, slots=True)
class Header:
    """What the census says of itself. `authority`: the DfE's three digits. `made_at` is the hub's time."""

    authority: str
    period: Period
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Written:
    """How many children and episodes went out, and what was left out of them, by what it is."""

    children: int
    episodes: int
    left_out: Mapping[str, int]


def census_year(day: date) -> Period:
    """The census year of a day, from 1 April to 31 March."""
    first = date(day.year - (day < date(day.year, 4, 1)), 4, 1)
    return Period(first, date(first.year + 1, 3, 31))


def write_cin(
    book: CaseBook, file: IO[bytes], header: Header, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> Written:
    """Write every episode that was open on a day of the period; one child after the other."""
    children, left_out = children_of(book), Counter[str]()
    written = episodes = 0
    with etree.xmlfile(file, encoding="utf-8") as xml:
        xml.write_declaration()
        with xml.element("Message"):
            xml.write(_header(header), pretty_print=True)
            with xml.element("Children"):
                for done, child in enumerate(sorted(children.contacts), 1):
                    held = list(_episodes(book, children.contacts[child], header.period))
                    if held:
                        xml.write(_child(child, held, children, left_out), pretty_print=True)
                        written, episodes = written + 1, episodes + len(held)
                    if done % 500 == 0:
                        progress(done, len(children.contacts))
    progress(1, 1)
    return Written(written, episodes, left_out)


def _episodes(book: CaseBook, contacts: Iterable[str], period: Period) -> Iterable[Episode]:
    for contact_id in contacts:
        story = book.story(contact_id)
        episode = episode_of(story) if story is not None else None
        if episode is not None and episode.referred is not None and period.touches(episode.referred, episode.closed):
            yield episode


def _header(header: Header) -> Any:
    made = etree.Element("Header")
    collection = etree.SubElement(made, "CollectionDetails")
    for name, text in (("Collection", "CIN"), ("Year", str(header.period.last.year)), ("ReferenceDate", header.period.last)):
        _add(collection, name, text)
    source = etree.SubElement(made, "Source")
    for name, text in (
        ("SourceLevel", "L"), ("LEA", header.authority), ("SoftwareCode", "Front Door"), ("Release", "1"), ("SerialNo", "001"),
        ("DateTime", header.made_at.isoformat(timespec="seconds")[:19]),
    ):  # fmt: skip
        _add(source, name, text)
    return made


def _child(child: str, episodes: list[Episode], children: Children, left_out: Counter[str]) -> Any:
    made = etree.Element("Child")
    newest = max((one for one in episodes), key=lambda one: (one.person is not None, one.arrived))
    identifiers = etree.SubElement(made, "ChildIdentifiers")
    _add(identifiers, "LAchildID", census_number(child))
    upn = next((found for one in episodes if (found := upn_of(one))), "")
    _add(identifiers, "UPN", upn)
    if not upn and all(one.nfa for one in episodes):
        _add(identifiers, "UPNunknown", "UN7")
    person = newest.person
    if person is None:
        left_out["children whose content the log no longer holds: without birth, sex, ethnicity"] += 1
    elif person.dob is None and person.expected_dob is None:
        left_out["children without a date of birth"] += 1
    _add(identifiers, "PersonBirthDate", person.dob if person is not None else None)
    _add(identifiers, "ExpectedPersonBirthDate", person.expected_dob if person is not None and person.dob is None else None)
    _add(identifiers, "Sex", (person.sex if person is not None else "") or "U")
    characteristics = etree.SubElement(made, "ChildCharacteristics")
    _add(characteristics, "Ethnicity", person.ethnicity if person is not None and person.ethnicity in ETHNICITIES else "NOBT")
    codes = [code for code in dict.fromkeys(person.disabilities if person is not None else ()) if code in _DISABILITIES]
    if codes:
        disabilities = etree.SubElement(characteristics, "Disabilities")
        for code in codes if codes == ["NONE"] else [code for code in codes if code != "NONE"]:
            _add(disabilities, "Disability", code)
    else:
        left_out["children of whom nobody said whether they are disabled"] += 1
    for episode in sorted(episodes, key=lambda one: one.referred or one.arrived):
        made.append(_details(episode, left_out))
    return made


def _details(episode: Episode, left_out: Counter[str]) -> Any:
    made, contact = etree.Element("CINdetails"), episode.story.contact
    report = contact.report if contact is not None else None
    _add(made, "CINreferralDate", episode.referred)
    _add(made, "ReferralSource", (report.source_code if report is not None else "") or "10")
    if not episode.nfa:
        _add(made, "PrimaryNeedCode", (report.need_code if report is not None else "") or "N0")
    _add(made, "CINclosureDate", episode.closed)
    _add(made, "ReasonForClosure", episode.closure)
    if episode.closed is not None and not episode.closure:
        left_out["closures without a reason of the DfE's list (RC1 to RC9)"] += 1
    conferences = [one.conference for one in episode.enquiries if one.conference is not None]
    _add(made, "DateOfInitialCPC", conferences[0] if conferences else None)
    for assessment in episode.assessments:
        if assessment.started is None:
            left_out["assessments whose start nobody told"] += 1
            continue
        one = etree.SubElement(made, "Assessments")
        _add(one, "AssessmentActualStartDate", assessment.started)
        _add(one, "AssessmentAuthorisationDate", assessment.authorised)
        if assessment.authorised is not None:
            left_out["assessments without factors, which no event carries"] += 1
    for enquiry in episode.enquiries:
        one = etree.SubElement(made, "Section47")
        _add(one, "S47ActualStartDate", enquiry.started)
        _add(one, "DateOfInitialCPC", enquiry.conference)
        _add(one, "ICPCnotRequired", "1" if enquiry.needless else "0")
    _add(made, "ReferralNFA", "1" if episode.nfa else "0")
    return made


def _add(parent: Any, name: str, value: str | date | None) -> None:
    """An element, unless there is nothing to say."""
    text = value.isoformat() if isinstance(value, date) else value
    if text:
        etree.SubElement(parent, name).text = "".join(char for char in text if char.isprintable())
