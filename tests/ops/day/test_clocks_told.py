"""What a day says of the clocks that are not the same-day one."""

from datetime import timedelta
from pathlib import Path

from ops.clock_data import clock_rules
from ops.day.clocks_told import clocks_told
from ops.day.timetable import read_timetable
from schemas.flag import Flag
from schemas.settings import Settings
from streams.case_clocks import runs
from streams.clocks import Clocks
from streams.milestones import milestones
from tests.ops.audit.log_builder import at
from tests.streams.deciding import Partition, happened, opened

_ARRIVED = at("2026-03-02 10:00")


def test_every_clock_is_told_as_it_ended() -> None:
    rules = clock_rules(Settings())
    events = [
        opened(_ARRIVED, kind="referral"),
        happened("allocated", _ARRIVED + timedelta(minutes=1), by="Ben Hughes"),
        happened("strategy_discussion", _ARRIVED + timedelta(hours=1)),
        happened("no_further_action", _ARRIVED + timedelta(hours=2)),
        happened("conference_held", at("2026-03-27 10:00"), happened_at=at("2026-03-20 10:00")),
    ]
    partition = Partition(Clocks(rules), "case-events")
    partition.tick(_ARRIVED)
    partition.give(*events[:4])
    partition.tick(at("2026-03-24 09:00"))
    partition.give(events[4])
    flags = {flag.flag_id: flag for flag in partition.records("flags") if isinstance(flag, Flag)}
    told = {one["clock"]: one for one in clocks_told({"c1": events}, flags.values(), {"c1": "a call"}, rules)}
    assert {clock: one["state"] for clock, one in told.items()} == {
        "allocation": "met", "la-decision": "missed", "assessment": "ended", "icpc": "met", "core-group": "running",
        "review-first": "running", "feedback": "met",
    }  # fmt: skip
    assert told["icpc"]["recorded_late"] and told["icpc"]["due"] == "2026-03-24T00:00:00+00:00"
    assert (told["la-decision"]["flag"], told["la-decision"]["with"]) == ("escalated", "head-of-service")


def test_the_folder_of_ten_months_can_be_run() -> None:
    lines = read_timetable(Path(__file__).parents[3] / "examples" / "ten-months")
    assert {line.ref for line in lines if line.ref} == {"met", "late"}
    assert lines[-1].at - lines[0].at > timedelta(days=300)


def test_the_ten_months_have_every_clock_met_for_one_child_and_missed_for_the_other() -> None:
    lines = read_timetable(Path(__file__).parents[3] / "examples" / "ten-months")
    rules = clock_rules(Settings())
    states: dict[str, set[tuple[str, str]]] = {}
    for ref in ("met", "late"):
        told = []
        for number, line in enumerate(line for line in lines if line.ref == ref):
            said = line.args
            # The first entry opens the contact; its decision makes it a referral.
            kind = "opened" if said["event"] == "contact_recorded" else said["event"]
            event = happened(
                kind, line.at, by=said.get("by", ""), level=said.get("level", ""), details={"decision": said.get("decision", "")}
            ).model_copy(update={"event_id": f"{ref} {number}", "reason_hash": "said"})
            told += milestones(opened(line.at) if kind == "opened" else event)
        states[ref] = {(run.clock, run.state) for run in runs(told, rules, "383")}
    # Who is on duty when decides allocation.
    wanted = set(rules.tracked("383")) - {"allocation"}
    assert {clock for clock, state in states["met"] if state == "met"} >= wanted
    assert {clock for clock, state in states["late"] if state in ("late", "running")} >= wanted
