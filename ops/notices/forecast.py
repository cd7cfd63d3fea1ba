"""What will not be risk assessed today at today's pace. Pure.

A worker's pace is what they have risk assessed today, over the hours since the team's day began (at least one, so that one
early assessment is no pace of sixty an hour). It lasts until their duty or the day ends, whichever comes first. Who is not on
duty assesses nothing more. The most urgent are assumed to be done first.
"""

from datetime import datetime, timedelta

from ops.view.team import Unassessed, WorkerLoad

_HOUR = timedelta(hours=1)


def not_expected(load: WorkerLoad, day_began: datetime | None, now: datetime) -> list[Unassessed]:
    """Those of a worker's open contacts, still in time now, that will not be assessed in time at today's pace."""
    in_time = [one for one in load.unassessed if not one.overdue]
    if not in_time or not load.on_duty:
        return in_time
    last = max(one.due_at for one in in_time)
    until = min(last, load.duty_until) if load.duty_until is not None else last
    worked = max(_HOUR, now - day_began) if day_began is not None else _HOUR
    # Whole contacts: a half assessed one is not assessed.
    expected = int(load.assessed_today * (until - now) / worked)
    return in_time[expected:]
