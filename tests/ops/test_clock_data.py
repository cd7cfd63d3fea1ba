"""The worker of the clocks starts with sound rules or not at all, and says what to change."""

from datetime import date
from pathlib import Path

import pytest

from ops.clock_data import clock_rules
from ops.run import ROLES
from schemas.calendars import CalendarRangeError
from schemas.clock_policy import SHIPPED_POLICY
from schemas.settings import Settings
from schemas.trace import UNTRACED


@pytest.mark.parametrize(
    ("change", "line", "why"),
    [
        (("limit: 15", "limit: -15"), "    limit: 15", "greater than 0"),
        (("stop: [conference_held]", "stop: [conference]"), "    stop: [conference_held]", "not in the list of events"),
        (("ended_by: [conference_not_needed", "ended_by: [no_conference"), "    ended_by: [conference_not", "list of events"),
        (("level: amber", "level: purple"), "    level: amber", "'red', 'amber', 'green' or 'blue'"),
    ],
)
def test_a_policy_that_is_not_sound_ends_the_start_and_names_the_line(
    change: tuple[str, str], line: str, why: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shipped = SHIPPED_POLICY.read_text()
    broken = tmp_path / "clocks.yaml"
    broken.write_text(shipped.replace(*change, 1))
    with pytest.raises(SystemExit) as ended:
        ROLES["clocks"](Settings(run_dir=tmp_path, clock_policy=broken), UNTRACED)
    assert ended.value.code == 78
    assert "clocks cannot start" in caplog.text and why in caplog.text
    assert f"line {shipped[: shipped.index(line)].count(chr(10)) + 1}" in caplog.text


def test_calendars_that_end_before_a_clock_of_today_could_are_refused(tmp_path: Path) -> None:
    settings = Settings(run_dir=tmp_path)
    assert clock_rules(settings, date(2028, 3, 1)).tracked("383")
    with pytest.raises(CalendarRangeError, match="newer govuk-bank-holidays"):
        clock_rules(settings, date(2028, 12, 1))
