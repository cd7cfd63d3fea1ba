"""Which day a message arrived on and when that day is over, by the auditor's own code."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.audit.london_day import day_of, days_since_epoch, instant, limit, micros
from schemas import london


def _utc(text: str) -> int:
    return micros(datetime.fromisoformat(text).replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("received", "late"),
    [
        ("2026-07-03T22:59:59.999999", "2026-07-03T23:00:00"),  # the last instant of Friday in summer
        ("2026-07-03T23:00:00", "2026-07-04T23:00:00"),  # 00:00 BST: Saturday
        ("2026-07-03T23:20:00", "2026-07-04T23:00:00"),  # 00:20 BST is still Friday in UTC
        ("2026-01-10T23:30:00", "2026-01-11T00:00:00"),  # winter
        ("2026-03-29T00:30:00", "2026-03-29T23:00:00"),  # the day of 23 hours
        ("2026-10-24T23:30:00", "2026-10-26T00:00:00"),  # the day of 25 hours begins in summer time
        ("2026-10-25T23:59:59", "2026-10-26T00:00:00"),
        ("2028-02-29T12:00:00", "2028-03-01T00:00:00"),
        ("2026-12-31T23:59:00", "2027-01-01T00:00:00"),
    ],
)
def test_the_limit_is_the_end_of_the_london_day(received: str, late: str) -> None:
    assert limit(_utc(received)) == _utc(late)


@settings(max_examples=400)
@given(st.datetimes(datetime(2019, 1, 1), datetime(2036, 1, 1)))
def test_no_instant_of_the_day_is_late_and_the_next_is(moment: datetime) -> None:
    received = micros(moment.replace(tzinfo=UTC))
    late = limit(received)
    assert received < late <= received + 25 * 3600 * 1_000_000
    assert day_of(late - 1) == day_of(received)
    assert day_of(late) == day_of(received) + timedelta(days=1)
    # The clocks' own code, which the auditor does not use, says the same.
    assert instant(late) == london.midnight_after(london.civil_date(instant(received)))


def test_dates_are_counted_as_avro_counts_them() -> None:
    assert days_since_epoch(date(1970, 1, 1)) == 0
    assert days_since_epoch(date(2026, 7, 3)) == 20637
