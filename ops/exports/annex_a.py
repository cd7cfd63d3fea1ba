"""Ofsted's Annex A, lists 1 to 6, as a workbook.

Columns and answer codes: Ofsted, inspections of local authority children's services (ILACS), Annex A child-level data, as the
sector's open tools read and write it. Rows of other lists are not made here: the hub holds nothing for them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import IO

from openpyxl import Workbook  # type: ignore[import-untyped]
from openpyxl.cell import WriteOnlyCell  # type: ignore[import-untyped]

from ops.casebook.book import CaseBook
from ops.exports.episodes import Children, Episode, children_of, episode_of
from ops.exports.safe_cells import safe

Cell = str | int | date | None

_COMMON = ("Child Unique ID", "Gender", "Ethnicity", "Date of Birth", "Age of Child (Years)")
_DISABILITY = "Does the Child have a Disability"
_WHO = ("Allocated Team", "Allocated Worker")
#: The columns of each list.
COLUMNS: dict[int, tuple[str, ...]] = {
    1: (*_COMMON, "Date of Contact", "Contact Source"),
    2: (*_COMMON, "Assessment start date", "Assessment completion date", "Organisation Completing Assessment"),
    3: (*_COMMON, "Date of referral", "Referral Source", "Referral NFA?", "Number of Referrals in Last 12 Months", *_WHO),
    4: (
        *_COMMON, _DISABILITY, "Continuous Assessment Start Date", "Child Seen During Continuous Assessment",
        "Continuous Assessment Date of Authorisation",
        "Was the child assessed as requiring LA children's social care support?", *_WHO,
    ),
    5: (
        *_COMMON, _DISABILITY, "Strategy discussion initiating Section 47 Enquiry Start Date",
        "Was an Initial Child Protection Conference deemed unnecessary?", "Date of Initial Child Protection Conference",
        "Did the Initial Child Protection Conference Result in a Child Protection Plan",
        "Number of Section 47 Enquiries in the last 12 months", "Number of ICPCs in the last 12 months", *_WHO,
    ),
    6: (
        *_COMMON, _DISABILITY, "CIN Start Date", "Primary Need Code", "Date Child Was Last Seen", "CIN Closure Date",
        "Reason for Closure", "Case Status", *_WHO,
    ),
}  # fmt: skip

#: What the hub does not hold, said in the workbook itself.
NOT_HELD = {
    2: "The hub holds no early help assessments: the list has its headings and no rows.",
    4: "Whether the child was seen is not held.",
    6: "When the child was last seen is not held. A child is listed once an assessment started, as open or closed.",
}

_SEX = {"M": "a) Male", "F": "b) Female"}
_ETHNICITIES = (
    "WBRI WIRI WIRT WOTH WROM MWBC MWBA MWAS MOTH AIND APKN ABAN AOTH BCRB BAFR BOTH CHNE OOTH REFU NOBT".split()
)  # fmt: skip
_ETHNICITY = {code: f"{chr(ord('a') + place)}) {code}" for place, code in enumerate(_ETHNICITIES)}
_INDIVIDUAL, _HEALTH, _LA = "Individual", "Health services", "LA services"
_SOURCES = {
    "1A": ("a", _INDIVIDUAL), "1B": ("b", _INDIVIDUAL), "1C": ("c", _INDIVIDUAL), "1D": ("d", _INDIVIDUAL),
    "2A": ("e", "Schools"), "2B": ("f", "Education services"), "3A": ("g", _HEALTH), "3B": ("h", _HEALTH),
    "3C": ("i", _HEALTH), "3D": ("j", _HEALTH), "3E": ("k", _HEALTH), "3F": ("l", _HEALTH), "4": ("m", "Housing"),
    "5A": ("n", _LA), "5B": ("o", _LA), "5C": ("p", _LA), "5D": ("p1", _LA), "6": ("q", "Police"),
    "7": ("r", "Other legal agency"), "8": ("s", "Other"), "9": ("t", "Anonymous"), "10": ("u", "Unknown"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Period:
    """London days, both included."""

    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def touches(self, start: date, end: date | None) -> bool:
        """Whether something was open on any of these days."""
        return start <= self.last and (end is None or end >= self.first)


def write_annex_a(
    book: CaseBook, file: IO[bytes], period: Period, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> Mapping[int, int]:
    """Write the workbook; says how many rows each list has. Rows go to the file as they are made."""
    children = children_of(book)
    workbook = Workbook(write_only=True)
    about = workbook.create_sheet("About")
    sheets = {number: workbook.create_sheet(f"List {number}") for number in COLUMNS}
    for line in _about(period):
        about.append([line])
    for number, columns in COLUMNS.items():
        sheets[number].append(columns)
    counts = dict.fromkeys(COLUMNS, 0)
    total = book.size()
    for done, story in enumerate(book.stories(), 1):
        episode = episode_of(story)
        if episode is not None:
            for number, row in rows(episode, children, period):
                sheets[number].append([_cell(sheets[number], value) for value in row])
                counts[number] += 1
        if done % 500 == 0:
            progress(done, total)
    workbook.save(file)
    progress(total, total)
    return counts


def rows(episode: Episode, children: Children, period: Period) -> Iterator[tuple[int, Sequence[Cell]]]:
    """The rows of one contact, each with the number of its list."""
    child = _common(episode, children, period.last)
    disability = _disability(episode)
    who = (episode.team, episode.worker)
    contact = episode.story.contact
    source = _source(contact.report.source_code if contact is not None else "")
    if episode.arrived in period:
        yield 1, (*child, episode.arrived, source)
    if episode.referred is None:
        return
    before = children.referrals_before(episode.story.contact_id, episode.referred)
    if episode.referred in period:
        yield 3, (*child, episode.referred, source, _yes(episode.nfa), before, *who)
    for assessment in episode.assessments:
        if period.touches(assessment.started or assessment.authorised or period.last, assessment.authorised):
            support = _yes(not episode.nfa) if assessment.authorised is not None else None
            yield 4, (*child, disability, assessment.started, None, assessment.authorised, support, *who)
    for place, enquiry in enumerate(episode.enquiries):
        if period.touches(enquiry.started, enquiry.ended or enquiry.conference):
            earlier = episode.enquiries[:place]
            year = sum((enquiry.started - one.started).days <= 365 for one in earlier)
            held = sum(one.conference is not None and (enquiry.started - one.conference).days <= 365 for one in earlier)
            needless, plan = enquiry.needless, enquiry.plan
            yield 5, (*child, disability, enquiry.started, _yes(needless), enquiry.conference, _yes(plan), year, held, *who)
    if episode.assessments and period.touches(episode.referred, episode.closed):
        need = contact.report.need_code if contact is not None else ""
        status = "Closed" if episode.closed is not None else "Open"
        yield 6, (*child, disability, episode.referred, need, None, episode.closed, episode.closure, status, *who)


def _common(episode: Episode, children: Children, on: date) -> tuple[Cell, ...]:
    person = episode.person
    child = children.child(episode.story.contact_id)
    if person is None:
        return child, None, None, None, None
    ethnicity = _ETHNICITY.get(person.ethnicity, "u) UNKNOWN")
    born = person.dob or person.expected_dob
    years = on.year - born.year - ((on.month, on.day) < (born.month, born.day)) if born is not None else -1
    return child, _SEX.get(person.sex, "c) Not stated/recorded"), ethnicity, born, years if years >= 0 else None


def _disability(episode: Episode) -> str | None:
    person = episode.person
    if person is None or not person.disabilities:
        return None
    return _yes(set(person.disabilities) != {"NONE"})


def _source(code: str) -> str:
    letter, words = _SOURCES.get(code, _SOURCES["10"])
    return f"{letter}) {code if code in _SOURCES else '10'}: {words}"


def _yes(said: bool | None) -> str | None:
    return None if said is None else "a) Yes" if said else "b) No"


def _cell(sheet: object, value: Cell) -> object:
    if not isinstance(value, date):
        return safe(value)
    cell = WriteOnlyCell(sheet, value)
    cell.number_format = "DD/MM/YYYY"
    return cell


def _about(period: Period) -> Iterator[str]:
    yield f"Annex A, lists 1 to 6, {period.first:%d/%m/%Y} to {period.last:%d/%m/%Y}, from the messaging hub's log."
    yield "It holds what reached the hub. What a case system alone knows is not in it: frontdoor reconcile lists that."
    yield "Child Unique ID is the authority's own number where a message named it, else the hub's id of the child's story."
    yield "Counts of the last 12 months of list 5 are within one referral."
    for number, said in NOT_HELD.items():
        yield f"List {number}: {said}"
