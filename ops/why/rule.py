"""The rule behind a flag, as the policy in force words it, with its source."""

from dataclasses import dataclass

from schemas.clock_policy import Policy, UnknownClockError
from streams.cases import UNMATCHED_AFTER

_MINUTES = int(UNMATCHED_AFTER.total_seconds() // 60)


@dataclass(frozen=True, slots=True)
class Rule:
    """What had to happen, by when, and where that is written. `standing` as in `schemas.clock_policy.Standing`."""

    title: str
    limit: str
    stops: str
    standing: str
    source: str
    policy: str
    note: str = ""


def rule_of(clock: str, authority: str, policy: Policy) -> Rule:
    """The rule of a clock for an authority."""
    version = f"policy {policy.version}"
    if clock == "unmatched":
        return Rule(
            "An event names a contact that never opened",
            f"{_MINUTES} minutes after the event",
            "the contact's opening",
            "house",
            "this product: nothing that is said about a child may wait unseen, so after that time somebody owns it",
            version,
        )
    try:
        row = policy.clock(clock, authority or None)
    except UnknownClockError:
        return Rule(clock, "", "", "", "the policy in force has no such clock any more", version)
    limit = f"{row.limit} {row.unit.replace('-', ' ')}{'' if row.limit == 1 else 's'} from {row.start.replace('_', ' ')}"
    counted = f"{limit}, {row.counting.replace('-', ' ')}, calendar {row.calendar.replace('-', ' ')}"
    stops = f" {'and' if row.stop_on == 'all' else 'or'} ".join(stop.replace("_", " ") for stop in row.stop)
    return Rule(row.title, counted, stops, row.standing, row.source, version, row.note or "")
