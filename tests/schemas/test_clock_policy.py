"""What the clock policy promises: sound rows, changes by authority as data, no broken file is ever used."""

from datetime import time
from pathlib import Path

import pytest

from schemas.calendars import DataFileError, load_calendars
from schemas.clock_policy import SHIPPED_POLICY, UnknownClockError, load_policy

SHIPPED = SHIPPED_POLICY.read_text()
NAMES_OF_THE_DOOR = {
    *("same-day", "allocation", "la-decision", "assessment", "assessment-from-start", "icpc", "core-group"),
    *("review-first", "review-next", "encompass", "feedback", "mash-red", "mash-amber", "mash-green"),
    *("initial-assessment-2000", "core-assessment-2000"),
}

ANYSHIRE = """authorities:
  "000":
    name: Anyshire
    gss: E10000000
    clocks:
      mash-amber:
        limit: 240
        source: Anyshire MASH protocol
"""


def written(tmp_path: Path, *changes: tuple[str, str], authorities: str = "") -> Path:
    """The shipped policy with some text replaced."""
    text = SHIPPED
    for old, new in (*changes, ("authorities: {}\n", authorities or "authorities: {}\n")):
        assert text.count(old) >= 1, old
        text = text.replace(old, new, 1)
    path = tmp_path / "clocks.yaml"
    path.write_text(text)
    return path


def line_of(path: Path, text: str) -> int:
    return path.read_text()[: path.read_text().index(text)].count("\n") + 1


def test_the_shipped_policy_holds_every_clock_of_the_front_door() -> None:
    policy = load_policy(calendars=load_calendars())
    assert set(policy.clocks) >= NAMES_OF_THE_DOOR


def test_every_clock_has_a_source_a_ladder_and_declared_events() -> None:
    policy = load_policy()
    used: set[str] = set()
    for clock in policy.clocks.values():
        assert clock.source
        assert policy.ladder(clock)
        used |= {clock.start, *clock.stop, *clock.ended_by}
    assert used == set(policy.events)


def test_clocks_no_longer_in_force_are_not_opened_by_the_hub() -> None:
    for clock in load_policy().clocks.values():
        assert not (clock.standing == "historic" and clock.tracked)


def test_every_clock_is_documented() -> None:
    table = (Path(__file__).parents[2] / "docs" / "clocks.md").read_text()
    for name in load_policy().clocks:
        assert f"| `{name}` |" in table


def test_an_authority_changes_a_row_and_nobody_else_sees_it(tmp_path: Path) -> None:
    policy = load_policy(written(tmp_path, authorities=ANYSHIRE))
    assert policy.clock("mash-amber").limit == 360
    changed = policy.clock("mash-amber", "000")
    assert (changed.limit, changed.standing, changed.source) == (240, "local", "Anyshire MASH protocol")
    assert changed.title == policy.clock("mash-amber").title
    assert policy.clock("mash-amber", "E10000000") == policy.clock("mash-amber", "e10000000 ") == changed
    assert policy.clock("mash-red", "000") == policy.clock("mash-red")
    assert policy.knows("000")
    assert not policy.knows("001")


def test_an_authority_can_replace_unit_counting_calendar_and_warnings_together(tmp_path: Path) -> None:
    authorities = ANYSHIRE.replace(
        "limit: 240",
        "limit: 2\n        unit: working-day\n        counting: start-day-included\n"
        '        calendar: england-and-wales\n        due_soon: [{at: "16:00"}]',
    )
    clock = load_policy(written(tmp_path, authorities=authorities)).clock("mash-amber", "000")
    assert (clock.unit, clock.counting, clock.due_soon[0].at) == (
        "working-day",
        "start-day-included",
        time(16),
    )


def test_another_clock_is_one_more_row(tmp_path: Path) -> None:
    row = """clocks:
  strategy-meeting:
    title: Strategy discussion after a decision to hold one
    start: decision
    stop: [strategy_discussion]
    limit: 3
    unit: working-day
    counting: start-day-excluded
    calendar: england-and-wales
    escalation: days
    standing: local
    source: Anyshire procedures
"""
    assert load_policy(written(tmp_path, ("clocks:\n", row))).clock("strategy-meeting").limit == 3


def test_an_unknown_clock_lists_the_clocks_there_are() -> None:
    with pytest.raises(UnknownClockError, match="Did you mean assessment\\? Clocks: same-day, .*core-assessment-2010"):
        load_policy().clock("asessment")


ROW = "  icpc:\n    title: Initial child protection conference\n    start: strategy_discussion\n"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("limit: 15", "limit: -15", "clocks > icpc > limit: Input should be greater than 0 (found '-15')"),
        ("limit: 15", "limit: 0", "greater than 0"),
        ("limit: 15", "limit: 15.5", "integer"),
        ("limit: 15", "limit: fifteen", "integer"),
        ("limit: 15", "limit: 99999999", "less than or equal"),
        ("start: strategy_discussion", "start: strategy_discusion", "not in the list of events"),
        (
            "stop: [conference_held]",
            "stop: [conference]",
            "not in the list of events",
        ),
        ("stop: [conference_held]", "stop: []", "clocks > icpc > stop"),
        ("limit: 15\n    unit: working-day", "limit: 15\n    unit: fortnight", "clocks > icpc > unit"),
        (
            "limit: 15\n    unit: working-day",
            "limit: 15\n    unit: minute",
            "a minute is counted elapsed, not start-day-excluded",
        ),
        ("  icpc:\n", "  ICPC:\n", "clocks > ICPC"),
        (ROW, ROW + "    colour: red\n", "clocks > icpc > colour"),
        (
            "    - {after_minutes: 60, to: supervisor}\n",
            "    - {after_minutes: 0, to: supervisor}\n",
            "ladders > hours",
        ),
        (
            "    - {after_minutes: 60, to: supervisor}\n",
            "    - {after_minutes: 60, to: mayor}\n",
            "ladders > hours",
        ),
        ("escalation: hours", "escalation: hour", "there is no ladder 'hour'"),
        ('{at: "14:00"}', "{at: 14}", 'time of day as "HH:MM"'),
        ('{at: "14:00"}', '{at: "14:00", minutes: 5}', "give either minutes, or at"),
        ('{at: "14:00"}', '{at: "14:00", working_days: 1}', "working_days goes with working-day clocks only"),
        ('{at: "14:00"}', '{at: "14:00", days: -1}', "greater than or equal to 0"),
        ('version: "3"\n', "", "version"),
    ],
)
def test_a_broken_row_is_refused_and_names_the_line(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = written(tmp_path, (old, new))
    with pytest.raises(DataFileError) as refused:
        load_policy(path)
    assert says in str(refused.value)
    if new:
        # A part by itself is named by its own line, parts that do not fit together by the row's first line.
        lines = range(line_of(path, new) - 9, line_of(path, new) + new.count("\n") + 1)
        assert any(f"{path}, line {line}:" in str(refused.value) for line in lines)


def test_a_clock_that_stands_there_twice_is_refused_at_the_second(tmp_path: Path) -> None:
    path = written(tmp_path, ("  icpc:\n", "  same-day:\n"))
    line = line_of(path, "  same-day:\n    title: Initial child protection conference")
    with pytest.raises(DataFileError, match=f"line {line}: clocks > same-day: this key is given twice"):
        load_policy(path)


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("mash-amber:", "mash-ambre:", 6, "there is no clock 'mash-ambre' to change"),
        ("limit: 240", "limit: -240", 7, "authorities > 000 > clocks > mash-amber > limit"),
        (
            "limit: 240",
            "calendar: school",
            6,
            "a minute goes with calendar every-day or office-hours, not school",
        ),
        ("limit: 240", "stop: [nothing]", 7, "not in the list of events"),
        ("limit: 240", "escalation: nobody", 7, "there is no ladder"),
        ("        source: Anyshire MASH protocol\n", "", 6, "source"),
        ('"000":', "anyshire:", 2, "authorities > anyshire"),
        ("E10000000", "E1", 4, "gss"),
    ],
)
def test_a_broken_change_of_an_authority_names_the_line(tmp_path: Path, old: str, new: str, line: int, says: str) -> None:
    path = written(tmp_path, authorities=ANYSHIRE.replace(old, new))
    with pytest.raises(DataFileError) as refused:
        load_policy(path)
    assert says in str(refused.value)
    assert f"line {line_of(path, 'authorities:') + line - 1}:" in str(refused.value)


def test_two_authorities_cannot_share_a_code(tmp_path: Path) -> None:
    twin = '  "001":\n    name: Othershire\n    gss: E10000000\n    clocks: {}\n'
    with pytest.raises(DataFileError, match="belongs to another entry"):
        load_policy(written(tmp_path, authorities=ANYSHIRE + twin))


def test_in_hours_clocks_of_an_authority_without_office_hours_refuse_to_start(tmp_path: Path) -> None:
    path = written(tmp_path, authorities=ANYSHIRE.replace("limit: 240", "calendar: office-hours"))
    with pytest.raises(DataFileError, match="line [0-9]+: .*mash-amber runs in office hours, .*none for 000"):
        load_policy(path, calendars=load_calendars())


def test_a_policy_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="cannot be read"):
        load_policy(tmp_path / "clocks.yaml")
