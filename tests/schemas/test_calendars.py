"""What the calendars promise: the right days, their version, and no answer where nothing is known."""

import shutil
import socket
from datetime import date, datetime
from pathlib import Path

import pytest

from schemas.calendars import (
    SHIPPED_CALENDARS,
    CalendarError,
    CalendarName,
    CalendarRangeError,
    DataFileError,
    load_calendars,
)
from schemas.london import LONDON

ENGLAND: CalendarName = "england-and-wales"

ANYSHIRE = """
version: "1"
school_day_starts: "08:45"
authorities:
  "000":
    version: "1"
    name: Anyshire
    gss: E10000000
    terms:
      - {first_day: 2026-09-02, last_day: 2026-12-18, title: Autumn term}
      - {first_day: 2027-01-04, last_day: 2027-03-25, title: Spring term}
    breaks:
      - {first_day: 2026-10-26, last_day: 2026-10-30, title: Half term}
    school_day_starts: "08:30"
    closures:
      - {date: 2026-12-29, title: Christmas closure}
    office_hours:
      monday: {opens: "09:00", closes: "17:00"}
      saturday: {opens: "22:00", closes: "00:00"}
"""


def folder_with(tmp_path: Path, *, bank_holidays: str = "", authorities: str = "") -> Path:
    """The shipped calendars with one or both files replaced."""
    shutil.copytree(SHIPPED_CALENDARS, tmp_path / "calendars")
    if bank_holidays:
        (tmp_path / "calendars" / "bank-holidays.yaml").write_text(bank_holidays)
    if authorities:
        (tmp_path / "calendars" / "authorities.yaml").write_text(authorities)
    return tmp_path / "calendars"


def test_the_shipped_calendars_load_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*_: object, **__: object) -> None:
        raise AssertionError("a calendar opened a connection")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    assert load_calendars().known_from == date(2012, 1, 1)


def test_days_that_public_implementations_of_this_rule_got_wrong() -> None:
    """Domain fact: a public working-day table has 2020-05-04 for 2020-05-08 and lacks 2022-09-19."""
    calendars = load_calendars()
    assert calendars.why_not(ENGLAND, date(2020, 5, 4)) is None
    assert calendars.why_not(ENGLAND, date(2020, 5, 8)) is not None
    assert calendars.why_not(ENGLAND, date(2022, 9, 19)) is not None


def test_scottish_and_northern_irish_holidays_are_working_days_here() -> None:
    """Source: Joint Area Reviews Regulations 2005 reg 1(3): bank holidays in England and Wales only."""
    calendars = load_calendars()
    for elsewhere in (date(2026, 1, 2), date(2026, 3, 17), date(2026, 7, 13), date(2026, 11, 30)):
        assert calendars.why_not(ENGLAND, elsewhere) is None


def test_christmas_day_and_good_friday_never_count_in_any_known_year() -> None:
    calendars = load_calendars()
    for year in range(calendars.known_from.year, calendars.known_to.year + 1):
        assert calendars.why_not(ENGLAND, date(year, 12, 25)) is not None
        assert "Good Friday" in [why for day, why in calendars.bank_holidays.items() if day.year == year]


def test_days_between_christmas_and_new_year_are_working_days_unless_a_calendar_names_closures(
    tmp_path: Path,
) -> None:
    calendars = load_calendars(folder_with(tmp_path, authorities=ANYSHIRE))
    day = date(2026, 12, 29)
    assert calendars.why_not(ENGLAND, day, "000") is None
    assert calendars.why_not("england-and-wales-with-closures", day, "000") == "closed: Christmas closure"
    assert calendars.why_not("england-and-wales-with-closures", day, "111") is None


@pytest.mark.parametrize("day", [date(2011, 12, 31), date(2029, 1, 1), date(2029, 1, 6)])
def test_a_day_nobody_knows_is_an_error_that_says_what_to_add(day: date) -> None:
    with pytest.raises(CalendarRangeError, match=f"known from 2012-01-01 to 2028-12-31, not for {day}.*bank-holidays"):
        load_calendars().why_not(ENGLAND, day)


def test_a_one_off_bank_holiday_is_a_line_of_data_and_another_version(tmp_path: Path) -> None:
    addition = "{date: 2027-06-21, title: One-off bank holiday, source: a proclamation}"
    changed = load_calendars(folder_with(tmp_path, bank_holidays=f'version: "2"\nadditions:\n  - {addition}\nremovals: []\n'))
    assert load_calendars().why_not(ENGLAND, date(2027, 6, 21)) is None
    assert changed.why_not(ENGLAND, date(2027, 6, 21)) == "One-off bank holiday"
    assert changed.version(ENGLAND) != load_calendars().version(ENGLAND)


def test_the_version_changes_with_the_days_even_if_nobody_changed_the_version(tmp_path: Path) -> None:
    addition = "{date: 2027-06-21, title: One-off bank holiday, source: a proclamation}"
    forgotten = load_calendars(folder_with(tmp_path, bank_holidays=f'version: "1"\nadditions: [{addition}]\n'))
    assert forgotten.version(ENGLAND) != load_calendars().version(ENGLAND)


def test_a_moved_bank_holiday_is_a_removal_and_an_addition(tmp_path: Path) -> None:
    text = """version: "2"
additions: [{date: 2028-05-05, title: Early May bank holiday, source: a proclamation}]
removals: [{date: 2028-05-01, title: Early May bank holiday, source: a proclamation}]
"""
    moved = load_calendars(folder_with(tmp_path, bank_holidays=text))
    assert moved.why_not(ENGLAND, date(2028, 5, 1)) is None
    assert moved.why_not(ENGLAND, date(2028, 5, 5)) == "Early May bank holiday"


def test_a_new_year_counts_as_known_only_when_all_eight_days_are_there(tmp_path: Path) -> None:
    days = ["01-01", "03-30", "04-02", "05-07", "05-28", "08-27", "12-25", "12-26"]
    lines = [f"  - {{date: 2029-{day}, title: Bank holiday, source: gov.uk}}" for day in days]
    seven = 'version: "2"\nadditions:\n' + "\n".join(lines[:7]) + "\n"
    assert load_calendars(folder_with(tmp_path / "a", bank_holidays=seven)).known_to == date(2028, 12, 31)
    eight = 'version: "2"\nadditions:\n' + "\n".join(lines) + "\n"
    assert load_calendars(folder_with(tmp_path / "b", bank_holidays=eight)).known_to == date(2029, 12, 31)


def test_school_days_are_those_of_the_terms_less_breaks_weekends_and_bank_holidays(tmp_path: Path) -> None:
    calendars = load_calendars(folder_with(tmp_path, authorities=ANYSHIRE))
    for day, why in {
        date(2026, 9, 2): None,
        date(2026, 10, 24): "Saturday",
        date(2026, 10, 26): "Half term",
        date(2026, 11, 2): None,
        date(2026, 12, 21): "school holiday",
    }.items():
        assert calendars.why_not("school", day, "000") == why
    assert calendars.school_start(date(2026, 9, 2), "000") == datetime(2026, 9, 2, 8, 30, tzinfo=LONDON)
    assert calendars.school_start(date(2026, 9, 2), None) == datetime(2026, 9, 2, 8, 45, tzinfo=LONDON)


def test_after_the_last_known_term_nothing_is_assumed(tmp_path: Path) -> None:
    calendars = load_calendars(folder_with(tmp_path, authorities=ANYSHIRE))
    with pytest.raises(CalendarRangeError, match="term dates of 000 .*add the school year"):
        calendars.why_not("school", date(2027, 4, 12), "000")


def test_without_term_dates_a_school_day_is_a_working_day_and_the_version_says_so() -> None:
    calendars = load_calendars()
    assert calendars.why_not("school", date(2026, 8, 12)) is None
    assert calendars.why_not("school", date(2026, 8, 31)) == "Summer bank holiday"
    assert "no term dates" in calendars.version("school")


def test_an_authority_is_found_by_either_of_its_codes(tmp_path: Path) -> None:
    calendars = load_calendars(folder_with(tmp_path, authorities=ANYSHIRE))
    assert calendars.authority("000") is calendars.authority("e10000000") is not None
    assert calendars.version("school", "000") == calendars.version("school", "E10000000")


def test_office_hours_are_closed_on_days_left_out_bank_holidays_and_closures(tmp_path: Path) -> None:
    calendars = load_calendars(folder_with(tmp_path, authorities=ANYSHIRE))
    assert calendars.why_not("office-hours", date(2026, 11, 23), "000") is None
    assert calendars.why_not("office-hours", date(2026, 11, 24), "000") == "closed on Tuesdays"
    assert calendars.why_not("office-hours", date(2026, 12, 28), "000") == "Boxing Day"
    assert calendars.why_not("office-hours", date(2026, 12, 29), "000") == "closed: Christmas closure"
    hours = calendars.hours(date(2026, 11, 28), "000")
    assert hours is not None
    assert hours[1] == datetime(2026, 11, 29, 0, 0, tzinfo=LONDON)


def test_office_hours_nobody_gave_are_an_error_and_not_a_guess() -> None:
    with pytest.raises(CalendarError, match="no office hours are known for 000"):
        load_calendars().why_not("office-hours", date(2026, 11, 24), "000")


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('version: "1"\nadditions:\n  - {date: 2027-06-20, title: T, source: S}\n', 3, "weekend"),
        ('version: "1"\nremovals:\n  - {date: 2027-06-21, title: T, source: S}\n', 3, "no bank holiday"),
        ('version: "1"\nadditions:\n  - {date: 20270621, title: T, source: S}\n', 3, "YYYY-MM-DD"),
        ('version: "1"\nadditions:\n  - {date: 2027-02-30, title: T, source: S}\n', 3, "date"),
        ('version: "1"\nadditions:\n  - {date: 2027-06-21, title: T}\n', 3, "source"),
        ('version: "1"\naditions: []\n', 2, "aditions"),
        ('version: "1"\nversion: "2"\n', 2, "twice"),
        ('version: "1"\nadditions: &all []\nremovals: *all\n', 3, "alias"),
        ('version: "1"\nadditions: [\n', 3, "not valid YAML"),
        ("- a list\n", 1, "mapping"),
        (
            'version: "1"\nremovals:\n  - {date: 2026-05-04, title: T, source: S}\n',
            None,
            "year 2026 has fewer than 8",
        ),
    ],
)
def test_a_broken_bank_holiday_file_is_refused_and_names_the_line(tmp_path: Path, text: str, line: int | None, says: str) -> None:
    with pytest.raises(DataFileError) as refused:
        load_calendars(folder_with(tmp_path, bank_holidays=text))
    assert says in str(refused.value)
    assert "bank-holidays.yaml" in str(refused.value)
    assert line is None or f"line {line}:" in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("last_day: 2026-12-18", "last_day: 2026-08-18", "last_day is before first_day"),
        ("first_day: 2027-01-04", "first_day: 2026-12-01", "list terms in order"),
        (
            "first_day: 2027-01-04, last_day: 2027-03-25",
            "first_day: 2027-04-12, last_day: 2027-07-20",
            "a term is missing",
        ),
        ("last_day: 2026-10-30", "last_day: 2026-12-30", "not inside one term"),
        ('closes: "17:00"', 'closes: "08:00"', "closes must be after opens"),
        ('closes: "17:00"', "closes: 1700", "HH:MM"),
        ("monday:", "moonday:", "moonday"),
        ('"000":', "anyshire:", "anyshire"),
        ("E10000000", "E1", "gss"),
    ],
)
def test_a_broken_authority_file_is_refused_and_names_the_line(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(DataFileError, match="authorities.yaml, line [0-9]+: authorities > ") as refused:
        load_calendars(folder_with(tmp_path, authorities=ANYSHIRE.replace(old, new)))
    assert says in str(refused.value)


def test_two_authorities_cannot_share_a_code(tmp_path: Path) -> None:
    twin = '  "001":\n    version: "1"\n    name: Othershire\n    gss: E10000000\n'
    with pytest.raises(DataFileError, match="belongs to another entry"):
        load_calendars(folder_with(tmp_path, authorities=ANYSHIRE + twin))


def test_every_problem_of_a_file_is_listed_at_once(tmp_path: Path) -> None:
    broken = ANYSHIRE.replace("name: Anyshire", "nmae: Anyshire").replace("E10000000", "E1")
    with pytest.raises(DataFileError) as refused:
        load_calendars(folder_with(tmp_path, authorities=broken))
    assert len(str(refused.value).splitlines()) == 3


def test_a_missing_or_unreadable_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="cannot be read"):
        load_calendars(tmp_path)
    folder = folder_with(tmp_path)
    (folder / "authorities.yaml").write_bytes(b"version: \xff")
    with pytest.raises(DataFileError, match="UTF-8"):
        load_calendars(folder)
