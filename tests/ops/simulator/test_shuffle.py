"""Topics among themselves have no order: in whatever order the workers read a recorded day, its flags are the same."""

from collections import Counter

import pytest
from typer.testing import CliRunner

from ops.cli import app
from ops.clock_data import clock_rules
from ops.simulator import shuffle
from ops.simulator.shuffle import differences, flags_under, recorded_day
from schemas.case_event import CaseEvent
from schemas.catalogue import codec
from schemas.flag import Flag
from schemas.record import Record
from schemas.settings import Settings
from streams.clocks import Clocks
from streams.processor import Decision, Rows

#: `frontdoor simulate --shuffles 1000` takes many more.
SHUFFLES = 8


def test_the_flags_of_a_recorded_day_are_the_same_in_every_order_of_arrival() -> None:
    assert differences(SHUFFLES) == []


def test_the_recorded_day_goes_through_the_life_of_a_flag() -> None:
    flags = [codec("flags").decode(value) for value in flags_under(1, recorded_day())]
    told = Counter((flag.clock, flag.state) for flag in flags if isinstance(flag, Flag))
    for clock in ("la-decision", "assessment", "icpc", "core-group", "review-first", "feedback", "mash-amber"):
        assert told[clock, "due_soon"] and told[clock, "raised"] and told[clock, "escalated"], clock
    assert told["same-day", "raised"] > told["same-day", "withdrawn"] > 0


class OnlyInOrder(Clocks):
    """Clocks that forget what came before its contact."""

    def decide(self, rows: Rows, event: Record) -> Decision:
        """Nothing for a contact that has not opened."""
        assert isinstance(event, CaseEvent)
        known = event.type in ("tick", "opened") or rows.get(event.contact_id) is not None
        return super().decide(rows, event) if known else Decision()


def test_a_worker_that_depends_on_the_order_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    rest = [worker for worker in shuffle._workers() if worker.name != "clocks"]
    monkeypatch.setattr(shuffle, "_workers", lambda: (*rest, OnlyInOrder(clock_rules(Settings()))))
    assert any("only in the order of" in line for line in differences(5))


def test_the_command_says_that_the_flags_are_the_same() -> None:
    done = CliRunner().invoke(app, ["simulate", "--shuffles", "1"])
    assert (done.exit_code, "the same flags" in done.stdout) == (0, True)
