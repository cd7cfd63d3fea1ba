"""From the log to a report: every contact of some days is judged and counted, one after the other."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from ops.casebook.book import CaseBook
from ops.reports.comparison import Report, Tally, compare
from ops.reports.groups import groups_of
from ops.reports.timeliness import Judge
from schemas.calendars import Calendars
from schemas.london import civil_date
from streams.clock_rules import ClockRules


@dataclass(frozen=True, slots=True)
class Days:
    """London days of arrival, both included; None: from the beginning, to the end."""

    first: date | None = None
    last: date | None = None

    def __contains__(self, moment: datetime) -> bool:
        day = civil_date(moment)
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


def timeliness(
    book: CaseBook,
    rules: ClockRules,
    calendars: Calendars,
    *,
    now: datetime,
    days: Days = Days(),
    dimensions: Iterable[str],
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Report:
    """The report of the contacts that arrived on those days, as things stood at `now`."""
    wanted, tally, total = list(dimensions), Tally(), book.size()
    judge = Judge(rules, calendars, now, book.covered)
    for done, story in enumerate(book.stories(), 1):
        if story.arrived_at is not None and story.arrived_at in days:
            groups = groups_of(story)
            tally.add({name: groups[name] for name in wanted}, judge.outcomes(story))
        if done % 500 == 0:
            progress(done, total)
    progress(total, total)
    return compare(tally, wanted)
