"""Whatever goes wrong, nothing is lost, nothing counts twice, nobody is flagged or forgotten wrongly; and a simulator
from which one protection is taken away says so."""

import json
from collections import Counter

import pytest
from typer.testing import CliRunner

from ops.cli import app
from ops.simulator.delivery.story import write_story as write_what_leaves
from ops.simulator.scheduler import write_story
from ops.simulator.seeds import ALL_SABOTAGES, explain, failing, judge, judge_what_leaves, verdicts
from ops.simulator.story import (
    BrokerKilled,
    Compact,
    Jump,
    Mend,
    Pause,
    Poison,
    Rebalance,
    Release,
    Resume,
    Staff,
    Stray,
    Work,
)
from schemas.flag import Flag

SEEDS = 160
#: Seeds within which a missing protection must show.
PATIENCE = 300


def test_every_promise_holds_under_every_fault() -> None:
    failed = failing(range(SEEDS))
    if failed:
        failure = explain(failed[0])
        pytest.fail("\n".join([f"seeds {failed}", *failure.told, *failure.broken]))


def test_the_seeds_hold_every_kind_of_fault() -> None:
    steps = [step for seed in range(SEEDS) for step in write_story(seed)]
    for kind in (BrokerKilled, Compact, Jump, Mend, Pause, Poison, Rebalance, Release, Resume, Staff, Stray):
        assert sum(isinstance(step, kind) for step in steps) >= 25, kind
    work = [step for step in steps if isinstance(step, Work)]
    assert any(step.skew < 0 for step in work) and any(step.skew > 0 for step in work)
    assert {step.cut.at for step in work if step.cut} == {step.cut.at for step in steps if isinstance(step, Pause)}


def test_the_statutory_clocks_live_through_faults() -> None:
    told: Counter[tuple[str, str]] = Counter()
    for seed in range(12):
        run, _ = judge(seed, write_story(seed))
        flags = [stored for stored in run.log.of_topic("flags") if stored.writer and stored.writer[0] == "clocks"]
        told.update((flag.clock, flag.state) for stored in flags if isinstance(flag := stored.record, Flag))
    for clock in ("la-decision", "feedback"):
        assert told[clock, "due_soon"] and told[clock, "raised"] and told[clock, "escalated"], clock
    assert told["allocation", "raised"]


@pytest.mark.parametrize(
    ("name", "sign"), [("rows-before-outputs", ": flags/"), ("commit-before-rows", "after a restart"), ("rows-forgotten", "row")]
)
def test_a_missing_protection_shows_in_the_statutory_clocks(name: str, sign: str) -> None:
    broken = (line for verdict in verdicts(range(PATIENCE), name) for line in verdict.broken)
    assert any(line.startswith("clocks/") and sign in line for line in broken)


def test_what_leaves_passes_through_every_kind_of_trouble() -> None:
    runs = [judge_what_leaves(seed, write_what_leaves(seed))[0] for seed in range(20)]
    assert sum(len(run.away) for run in runs) >= 15
    assert all(any(run.unwell[name] for run in runs) for name in ("case-system", "clinic", "school"))
    states = [state for run in runs for written in run.states.values() for state, _ in written]
    assert {state.state for state in states} == {"waiting", "delivered", "undelivered", "retried"}
    assert {"timeout", "http_500", "no_answer"} <= {state.reason_code for state in states}


@pytest.mark.parametrize("name", ALL_SABOTAGES)
def test_a_missing_protection_turns_red(name: str) -> None:
    assert any(verdict.broken for verdict in verdicts(range(PATIENCE), name)), f"{PATIENCE} seeds did not miss it"


def test_a_seed_is_the_same_run_every_time() -> None:
    first, second = (judge(7, write_story(7), telling=True)[0] for _ in range(2))
    assert first.told == second.told
    for topic in ("case-events", "flags", "receipts"):
        assert [r.value for r in first.log.of_topic(topic)] == [r.value for r in second.log.of_topic(topic)]


def test_a_failing_seed_is_told_in_few_steps_that_fail_again() -> None:
    seed = next(verdict.seed for verdict in verdicts(range(PATIENCE), "rows-before-outputs") if verdict.broken)
    failure = explain(seed, "rows-before-outputs")
    assert failure.broken
    assert failure.steps < failure.of_steps / 2
    # Nothing of it is idle: every step says what it did, and then how all was settled.
    assert len(failure.told) > failure.steps


def test_the_command_says_that_all_holds() -> None:
    result = CliRunner().invoke(app, ["simulate", "--seeds", "5", "--json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["failing"] == []


def test_the_command_fails_and_tells_a_story_when_a_protection_is_missing() -> None:
    result = CliRunner().invoke(app, ["simulate", "--seeds", "40", "--sabotage", "frontier-skip"])
    assert result.exit_code == 1
    assert "Broken:" in result.stdout
    assert "steps are enough" in result.stdout


def test_the_command_refuses_a_sabotage_that_it_does_not_know() -> None:
    assert CliRunner().invoke(app, ["simulate", "--sabotage", "nothing"]).exit_code == 2
