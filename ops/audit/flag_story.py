"""One contact's flags, each once by its id, with all its states; and what is wrong with a flag by itself."""

from collections.abc import Iterator
from typing import NamedTuple

from ops.audit.findings import Findings
from ops.audit.london_day import instant
from schemas.identity import flag_id

#: Every record of `flags`, contact by contact, in the order of the log.
FLAGS = (
    "SELECT contact, flag, clock, opening, state, result, started_at, due_at, evidence, digest, t, p, o, ts FROM flag"
    " ORDER BY contact, seq"
)


class State(NamedTuple):
    """One record of `flags`; see `schemas.flag.Flag`. Times in microseconds."""

    contact: str
    flag: str
    clock: str
    opening: int
    state: str
    result: str
    started_at: int
    due_at: int
    evidence: str
    digest: bytes
    t: int
    p: int
    o: int
    ts: int

    @property
    def where(self) -> tuple[int, int, int]:
        """The record's place on the log."""
        return (self.t, self.p, self.o)


class FlagStory:
    """All states of one flag id. A warning does not stand yet; withdrawn is final; in any other state the flag stands."""

    def __init__(self, first: State) -> None:
        self.first = first
        self.states: dict[str, State] = {}

    @property
    def standing(self) -> bool:
        """Whether somebody must still look at it."""
        return "withdrawn" not in self.states and not self.warning

    @property
    def warning(self) -> bool:
        """Whether it only told that a limit comes near."""
        return all(state.result == "due_soon" for state in self.states.values())


def flag_stories(states: Iterator[State], found: Findings) -> tuple[list[FlagStory], int]:
    """The flags of one contact, and how many records only repeat another."""
    flags: dict[str, FlagStory] = {}
    repeats = 0
    for state in states:
        flag = flags.setdefault(state.flag, FlagStory(state))
        known = flag.states.setdefault(state.state, state)
        first = flag.first
        ids = [state.flag, state.contact]
        if known is not state:
            repeats += 1
            if known.digest != state.digest:
                results = f" ({known.result}, then {state.result})" if known.result != state.result else ""
                text = f"its state {state.state} was written twice with different content{results}"
                found.broken("missed_flagged_once", ids, state.where, text)
        elif _about(state) != _about(first):
            text = f"its state {state.state} speaks of another clock, opening or limit than its first"
            found.broken("missed_flagged_once", ids, state.where, text)
    for flag in flags.values():
        _check(flag, found)
    return list(flags.values()), repeats


def _about(state: State) -> tuple[str, int, int, int]:
    return (state.clock, state.opening, state.started_at, state.due_at)


def _check(flag: FlagStory, found: Findings) -> None:
    first = flag.first
    ids = [first.flag, first.contact]
    if "raised" not in flag.states and not flag.warning:
        found.broken("missed_flagged_once", ids, first.where, f"a flag that is {first.state} and was never raised")
    if first.flag != flag_id(first.contact, first.clock, first.opening, instant(first.due_at).isoformat()):
        text = "its id does not come from its contact, clock, opening and limit"
        found.broken("missed_flagged_once", ids, first.where, text)
