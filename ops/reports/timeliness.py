"""Was one contact served in time: assessed on its day, decided within a working day, assessed within 45. Pure.

Every contact is judged by what the log says of it alone. What nobody can judge yet, or ever, is left out and counted apart: a
limit that has not passed, a clock that ended because nobody owed its stop any more, a limit while the hub was not running.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from ops.casebook.book import Story
from ops.view.same_day import Ticked, openings, state
from schemas.calendars import Calendars
from schemas.london import civil_date
from streams.case_clocks import Run, runs
from streams.clock_rules import ClockRules
from streams.milestones import milestones

Measure = Literal["same-day", "decision", "assessment"]
#: What is measured, and the clock of the policy behind it.
MEASURES: dict[Measure, str] = {"same-day": "same-day", "decision": "la-decision", "assessment": "assessment"}
TITLES: dict[Measure, str] = {
    "same-day": "Risk assessed on the day of arrival",
    "decision": "Referral acknowledged and decided within 1 working day",
    "assessment": "Assessment concluded within 45 working days of the referral",
}

#: Why a contact is left out of a measure. `open`: its limit has not passed. `ended`: nobody owed it any more.
LeftOut = Literal["open", "ended", "not verifiable", "not asked for"]

#: Source: the bands of "Completed assessments by duration" (C2) in the DfE's statistics of children in need, in working days. The
#: last one is ours: past the limit and not concluded, which the DfE's figures of completed assessments cannot show.
BANDS = ("same day", "1-10", "11-20", "21-30", "31-40", "41-45", "46-50", "51-60", "61 or more", "not concluded")
_BAND_ENDS = (0, 10, 20, 30, 40, 45, 50, 60)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One contact under one measure: in time or not, else why it is left out. `band` is of a judged assessment."""

    in_time: bool | None
    left_out: LeftOut | None = None
    band: str = ""


@dataclass(frozen=True)
class Judge:
    """Judges contacts at one moment. `covered(partition, instant)`: whether the hub is known to have run then."""

    rules: ClockRules
    calendars: Calendars
    now: datetime
    covered: Callable[[int, datetime], bool]

    def outcomes(self, story: Story) -> Mapping[Measure, Outcome]:
        """One contact under every measure. Empty for one that never opened."""
        opening = story.opening
        if opening is None or opening.opened is None:
            return {}
        authority = opening.opened.authority_code
        heard = [one for event in story.events if event.type != "opened" or event is opening for one in milestones(event)]
        firsts = {run.clock: run for run in reversed(runs(heard, self.rules, authority))}
        return {
            "same-day": self._same_day(story),
            "decision": self._clock(firsts.get(MEASURES["decision"]), story.partition),
            "assessment": self._assessment(firsts.get(MEASURES["assessment"]), story.partition, authority),
        }

    def _same_day(self, story: Story) -> Outcome:
        """The clock of the arrival; what a correction opened later is another question."""
        first = openings(story.events)[0]
        passed = self.now >= first.due_at
        found = state(first, self.now, Ticked(self.covered(story.partition, first.due_at), passed))
        if found in ("met_by_proof", "met_by_claim"):
            return Outcome(True)
        if found in ("open", "ended"):
            return Outcome(None, "open" if found == "open" else "ended")
        # Of a message that was read after its day the unreadable contact holds that day's result.
        return (
            Outcome(None, "not asked for")
            if found == "carried"
            else Outcome(None, "not verifiable")
            if found == "not_verifiable"
            else Outcome(False)
        )

    def _clock(self, run: Run | None, partition: int) -> Outcome:
        if run is None:
            return Outcome(None, "not asked for")
        if run.state == "met":
            return Outcome(True)
        if run.state == "ended":
            return Outcome(None, "ended")
        if not run.limit.known:
            return Outcome(None, "not verifiable")
        if run.state == "late":
            return Outcome(False)
        if self.now < run.due_at:
            return Outcome(None, "open")
        return Outcome(False) if self.covered(partition, run.due_at) else Outcome(None, "not verifiable")

    def _assessment(self, run: Run | None, partition: int, authority: str) -> Outcome:
        found = self._clock(run, partition)
        if run is None or found.in_time is None:
            return found
        stops = self.rules.tracked(authority)[run.clock].stop
        if run.answer is None or run.answer.name not in stops:
            return Outcome(found.in_time, band="not concluded")
        return Outcome(
            found.in_time, band=band_of(working_days(civil_date(run.started_at), civil_date(run.answer.at), self.calendars))
        )


def working_days(first: date, last: date, calendars: Calendars) -> int:
    """Working days in England and Wales after `first`, up to and with `last`. Raises `CalendarRangeError` for unknown years."""
    days = (first + timedelta(days=step) for step in range(1, (last - first).days + 1))
    return sum(calendars.why_not("england-and-wales", day) is None for day in days)


def band_of(days: int) -> str:
    """The band of a duration in working days."""
    return next((band for end, band in zip(_BAND_ENDS, BANDS, strict=False) if days <= end), BANDS[8])
