"""Dates and times are read as their writers meant them, and kept as text with a note where that cannot be known."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.dates import read_birth_date, read_date, read_instant

WRITTEN = datetime(2026, 5, 15, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["2019-05-04", "20190504", "04/05/2019", "4.5.2019", "04-05-2019", "4 May 2019", "4th of May 2019", "May 4, 2019",
     "Sat, 04 May 2019", "2019/05/04", "2019-05-04T10:00:00", "201905041000", "2019-05-03T23:30:00Z", 20190504],
)  # fmt: skip
def test_one_day_in_many_spellings(text: object) -> None:
    assert read_date(text, "dob").value == date(2019, 5, 4)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2019", "date_partial"),
        ("2019-05", "date_partial"),
        ("201905", "date_partial"),
        ("2019-02-30", "date_impossible"),
        ("1899-12-31", "date_out_of_range"),
        ("9999-12-31", "date_out_of_range"),
        ("4/5/19", "date_unreadable"),
        ("about Easter", "date_unreadable"),
        ("２０１９-05-04", "date_unreadable"),
        ("2026-05-16", "date_in_future"),
    ],
)
def test_what_cannot_be_used_stays_as_text_with_a_note(text: str, code: str) -> None:
    read = read_birth_date(text, "Patient.birthDate", written=WRITTEN)
    assert (read.value, read.text) == (None, text)
    assert [(note.code, note.field) for note in read.notes] == [(code, "Patient.birthDate")]


def test_month_first_is_only_believed_when_it_can_be_nothing_else() -> None:
    assert read_date("03/04/2019", "dob").value == date(2019, 4, 3)
    read = read_date("05/24/2019", "dob")
    assert (read.value, read.notes[0].code) == (date(2019, 5, 24), "date_month_first")


@pytest.mark.parametrize("nothing", [None, "", " ", '""', {}, [], "-"])
def test_nothing_is_nothing_and_no_mistake(nothing: object) -> None:
    assert read_date(nothing, "dob") == read_date("", "dob")
    assert read_instant(nothing, "at").notes == ()


def test_an_adult_is_noted_and_the_date_kept() -> None:
    read = read_birth_date("1959-05-04", "dob", written=WRITTEN)
    assert (read.value, [note.code for note in read.notes]) == (date(1959, 5, 4), ["not_a_child"])
    assert read_birth_date("2000-05-16", "dob", written=WRITTEN).notes == ()
    assert [note.code for note in read_birth_date("2000-05-15", "dob", written=WRITTEN).notes] == ["not_a_child"]


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-07-01T10:00:00Z", datetime(2026, 7, 1, 10, tzinfo=UTC)),
        ("2026-07-01T10:00:00+01:00", datetime(2026, 7, 1, 9, tzinfo=UTC)),
        ("2026-07-01T10:00:00", datetime(2026, 7, 1, 9, tzinfo=UTC)),
        ("2026-01-01 10:00", datetime(2026, 1, 1, 10, tzinfo=UTC)),
        ("20260701100000.1234+0100", datetime(2026, 7, 1, 9, 0, 0, 123400, tzinfo=UTC)),
        ("202607011000", datetime(2026, 7, 1, 9, tzinfo=UTC)),
        ("01/07/2026 3.30pm", datetime(2026, 7, 1, 14, 30, tzinfo=UTC)),
        ("1 July 2026 at 12:05 am", datetime(2026, 6, 30, 23, 5, tzinfo=UTC)),
        ("2026-07-01", datetime(2026, 6, 30, 23, tzinfo=UTC)),
        ("2026-07-01T24:00:00", datetime(2026, 7, 1, 23, tzinfo=UTC)),
        ("2026-12-31T23:59:60Z", datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("2026-10-25T01:30:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("1 June 2026 09:15 BST", datetime(2026, 6, 1, 8, 15, tzinfo=UTC)),
    ],
)
def test_an_instant_is_in_utc_and_london_where_no_offset_is_given(text: str, instant: datetime) -> None:
    assert read_instant(text, "at").value == instant


def test_half_past_midnight_in_summer_is_the_day_before_in_utc() -> None:
    assert read_instant("202607020030", "MSH-7").value == datetime(2026, 7, 1, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("2026-07-01T10:00:00+01:00", []),
        ("2026-07-01T10:00", ["time_without_offset"]),
        ("2026-07-01", ["time_day_only"]),
        ("2026-07-01T10:00+25:00", ["offset_impossible", "time_without_offset"]),
        ("2026-07-01T25:00", ["time_unreadable"]),
        ("0001-01-01T00:00:00+14:00", ["date_out_of_range"]),
        ("2026-13-01T10:00Z", ["date_impossible"]),
        ("2026-07", ["date_partial"]),
    ],
)
def test_every_assumption_about_a_time_is_noted(text: str, codes: list[str]) -> None:
    assert [note.code for note in read_instant(text, "at").notes] == codes


@given(st.datetimes(datetime(1900, 1, 2), datetime(2100, 12, 30)))
def test_what_was_written_with_an_offset_is_read_back_exactly(moment: datetime) -> None:
    moment = moment.replace(tzinfo=UTC)
    assert read_instant(moment.isoformat(), "at").value == moment
    assert read_date(moment.date().isoformat(), "dob").value == moment.date()


@given(st.text(max_size=40) | st.from_regex(r"[0-9T:./+ -]{1,30}", fullmatch=True))
def test_no_text_is_ever_an_error_and_none_is_lost(text: str) -> None:
    for read in (read_date(text, "x"), read_birth_date(text, "x", written=WRITTEN), read_instant(text, "x")):
        assert read.value is None or not read.text
        assert bool(read.text) <= bool(read.notes)
