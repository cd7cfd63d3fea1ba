"""A rota file becomes events as it says, and what it says of conflicts never stands on the log in words."""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ops.cli import app
from ops.rota import OnDuty, RotaError, read_rota, rota_event, rota_events
from schemas.allocation_areas import area_hash, areas_of_address
from schemas.allocation_conflicts import conflict_hash
from schemas.contact import Authority
from schemas.identity import keyed_hash

OLD = "worker_id,name,role,duty_from,duty_to\n"
NEW = "worker_id,name,role,duty_from,duty_to,absent,area,share,cap,conflicts,supervisor,email\n"
HASHED = partial(keyed_hash, b"key")


def rota(directory: Path, text: str) -> list[OnDuty]:
    file = directory / "rota.csv"
    file.write_text(text)
    return read_rota(file)


def test_each_duty_of_one_person_stands_on_its_own(tmp_path: Path) -> None:
    duties = rota(
        tmp_path,
        OLD + "w1,Ann Lee,worker,2026-05-01T08:00,2026-05-01T17:00\n"
        "m1,Ola Berg,manager,,\n"
        "w1,Ann Lee,worker,2026-05-02T08:00,2026-05-02T17:00\n",
    )
    assert [(duty.worker_id, duty.number) for duty in duties] == [("w1", 1), ("m1", 1), ("w1", 2)]
    assert duties[2].duty_from == datetime(2026, 5, 2, 7, 0, tzinfo=UTC)


def test_what_a_persons_first_line_says_counts_for_all_of_theirs(tmp_path: Path) -> None:
    duties = rota(
        tmp_path,
        NEW + "w1,Ann Lee,worker,2026-05-01T08:00,,,North,60%,12,family:Clarke; contact:c9,s1,ann@council.example\n"
        "w1,Ann Lee,worker,2026-05-03T00:00,2026-05-09T00:00,yes,,,,,,\n"
        "s1,Ola Berg,supervisor,,,,,,,,,\n",
    )
    said = [(d.absent, d.area, d.share, d.cap, d.conflicts, d.supervisor, d.email) for d in duties[:2]]
    rest = ("North", 60, 12, ("family:Clarke", "contact:c9"), "s1", "ann@council.example")
    assert said == [(False, *rest), (True, *rest)]


def test_the_log_gets_a_conflict_as_a_keyed_hash_or_a_contact_id(tmp_path: Path) -> None:
    [duty, _] = rota(tmp_path, NEW + "w1,Ann Lee,worker,,,,,,,family: O'Clarke;contact:c9,,\nm1,Ola Berg,manager,,,,,,,,,\n")
    event = rota_event("t", duty, datetime(2026, 5, 1, tzinfo=UTC), HASHED)
    assert event.conflicts == sorted([conflict_hash(HASHED, "family", "OCLARKE"), "c9"])
    assert "larke" not in event.model_dump_json().casefold()


def test_nobody_is_off_duty_for_a_moment_while_their_week_is_put_on_the_log(tmp_path: Path) -> None:
    days = [f"w1,Ann Lee,worker,2026-05-0{day}T09:00,2026-05-0{day}T17:00,,,,,,s1,\n" for day in (4, 5, 6)]
    duties = rota(tmp_path, NEW + "".join(days) + "s1,Ola Berg,supervisor,,,,,,,,,\n")
    now = datetime(2026, 5, 5, 11, tzinfo=UTC)
    assert [duty.is_now(now) for duty in duties] == [False, True, False, True]
    events = rota_events("t", duties, now, HASHED)
    told = [(event.duty, event.duty_from.day) for event in events if event.worker_id == "w1" and event.duty_from]
    assert told == [("1", 5), ("2", 4), ("3", 6)], "the first replaces all, so it is the duty of this moment"
    assert len({event.event_id for event in events}) == 4


@pytest.mark.parametrize(
    ("area", "near"),
    [
        ("LS1", True),
        ("ls9; Ls 1", True),
        ("LS1 4", True),
        ("LS1 5", False),
        ("383", True),
        ("leeds", True),
        ("North", False),
        ("", False),
    ],
)
def test_an_area_is_a_postcode_district_a_sector_or_an_authority_and_stands_on_the_log_as_a_hash(
    tmp_path: Path, area: str, near: bool
) -> None:
    [duty, _] = rota(tmp_path, NEW + f"w1,Ann Lee,worker,,,,{area},,,,,\nm1,Ola Berg,manager,,,,,,,,,\n")
    event = rota_event("t", duty, datetime(2026, 5, 1, tzinfo=UTC), HASHED)
    lives = areas_of_address("ls1 4ap", Authority(code="383", name="Leeds", how="postcode"))
    assert bool(set(event.areas) & {area_hash(HASHED, word) for word in lives}) is near
    assert areas_of_address("", Authority(code="383", name="Leeds", how="default")) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("w1,Ann Lee,boss,,,,,,,,,", "role must be worker, night, manager, head or supervisor"),
        ("w1,Duty Worker,worker,,,,,,,,,", "not of a desk"),
        ("w1,Ann Lee,worker,2026-05-01T17:00,2026-05-01T08:00,,,,,,,", "not after duty_from"),
        ("w1,Ann Lee,night,2026-05-01T17:00,,,,,,,,", "needs duty_from and duty_to"),
        ("w1,Ann Lee,worker,,,perhaps,,,,,,", "absent must be"),
        ("w1,Ann Lee,worker,,,yes,,,,,,", "has an absence and no duty; give their duties too"),
        ("w1,Ann Lee,worker,,,,,0,,,,", "share must be a whole number from 1 to 100"),
        ("w1,Ann Lee,worker,,,,,,-3,,,", "cap must be"),
        ("w1,Ann Lee,manager,,,,,,3,,,", "no cap"),
        ("w1,Ann Lee,worker,,,,,,,Clarke,,", "conflicts must be family:…"),
        ("w1,Ann Lee,worker,,,,,,,,s7,", "the supervisor s7 has no line"),
        ("w1,Ann Lee,worker,,,,,,,,w1,", "their own supervisor"),
        ("w1,Ann Lee,worker,,,,,,,,,ann", "email is no address"),
        ("w1,Ann Lee,worker,,,,,,,,,ann@council.example.", "email is no address"),
        ("w1,Ann Lee,worker,,,,,,,,,ann@lee@council.example", "email is no address"),
        ("w1,Ann Lee,worker,,,,,,,,,ann@[council.example", "email is no address"),
        ("w1,Ann Lee,worker,,,,,,,,,a@b.example,more", "more fields"),
        ("w1,Ann\0 Lee,worker,,,,,,,,,", "a character that cannot be shown"),
        ("w1,Ann Lee,worker,2026-03-29T01:30,2026-03-29T09:00,,,,,,,", "2026-03-29T01:30 does not exist in London"),
        ("w1,Ann Lee,worker,0001-01-01T00:00+14:00,,,,,,,,", "is not a time"),
        ("w1,Ann Lee,worker,tomorrow,,,,,,,,", "'tomorrow' is not a time. Write 2026-03-02"),
    ],
)
def test_a_bad_line_is_named_with_what_to_do(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(RotaError) as refused:
        rota(tmp_path, NEW + "m1,Ola Berg,manager,,,,,,,,,\n" + line + "\n")
    assert "line 3" in str(refused.value) and said in str(refused.value)
    assert "Clarke" not in str(refused.value)


def test_two_names_under_one_id_and_an_unknown_column_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RotaError, match="line 3: w1 was Ann Lee, worker, further up"):
        rota(tmp_path, OLD + "w1,Ann Lee,worker,,\nw1,Ola Berg,worker,,\n")
    with pytest.raises(RotaError, match="nobody knows the column caps; there are: absent, area, cap"):
        rota(tmp_path, OLD.replace("\n", ",caps\n") + "w1,Ann Lee,worker,,,3\n")
    with pytest.raises(RotaError, match="names the column role twice"):
        rota(tmp_path, OLD.replace("\n", ",role\n") + "w1,Ann Lee,worker,,,manager\n")


@pytest.mark.parametrize("arguments", [["--off", ""], ["--off", "w1/2"], ["--team", "\x1b[2J"]])
def test_whom_and_which_team_are_asked_for_before_anything_is_sent(arguments: list[str]) -> None:
    done = CliRunner().invoke(app, ["rota", *arguments, "--dry-run"])
    assert done.exit_code == 2 and "give " in done.stderr
