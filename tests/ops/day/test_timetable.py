"""A timetable that cannot be run says which line and what to change."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ops.day.timetable import TimetableError, read_timetable

HEAD = "at,do,agency,via,file,ref,args\n"
CALL = '2026-08-28 09:00,record,,,,call,"{""event"":""contact_recorded"",""concern"":""Shouting.""}"\n'


def lines(folder: Path, text: str, head: str = HEAD) -> list[object]:
    (folder / "m.json").write_text("{}")
    (folder / "timetable.csv").write_text(head + text)
    return list(read_timetable(folder))


def test_times_are_londons_unless_they_carry_an_offset(tmp_path: Path) -> None:
    first, second = lines(tmp_path, "2026-08-28 09:00,wait,,,,,\n2026-08-28T08:30:00+00:00,wait,,,,,\n")
    assert first.at == datetime(2026, 8, 28, 8, 0, tzinfo=UTC)  # type: ignore[attr-defined]
    assert second.at == datetime(2026, 8, 28, 8, 30, tzinfo=UTC)  # type: ignore[attr-defined]


def test_an_autumn_hour_that_occurs_twice_is_its_first(tmp_path: Path) -> None:
    [line] = lines(tmp_path, "2026-10-25 01:30,wait,,,,,\n")
    assert line.at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # type: ignore[attr-defined]


def test_spaces_and_a_byte_order_mark_do_no_harm(tmp_path: Path) -> None:
    [line] = lines(
        tmp_path, " 2026-08-28 09:00 , send , Health , , m.json , A1 ,\n", "\ufeffat, do, agency, via, file, ref, args\n"
    )
    assert (line.agency, line.via, line.ref) == ("health", "http", "A1")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2026-03-29 01:30,wait,,,,,\n", "does not exist"),
        ("tomorrow,wait,,,,,\n", "is no time"),
        ("2026-08-28 09:00,dance,,,,,\n", "do must be"),
        ("2026-08-28 09:00,send,housing,,m.json,A,\n", "agency must be"),
        ("2026-08-28 09:00,send,police,mllp,m.json,A,\n", "only health"),
        ("2026-08-28 09:00,send,police,pigeon,m.json,A,\n", "via must be"),
        ("2026-08-28 09:00,send,police,folder,lost.xml,A,\n", "no file"),
        ("2026-08-28 09:00,send,police,folder,m.json,,\n", "needs a ref"),
        ("2026-08-28 09:00,record,,,,A,{not json\n", "not JSON"),
        ('2026-08-28 09:00,record,,,,A,"{""by"":""x""}"\n', '"event"'),
        ('2026-08-28 09:00,record,,,,A,"{""event"":""closed""}"\n', "names no earlier message"),
        ("2026-08-28 09:00,wait,,,,,\n2026-08-28 08:00,wait,,,,,\n", "is earlier than"),
        ("2026-08-28 09:00,send,police,,m.json,A,\n2026-08-28 09:00,send,police,,m.json,A,\n", "names an earlier"),
        ('2026-08-28 09:00,send,police,,m.json,A,\n2026-08-28 09:05,record,,,,A/0,"{""event"":""closed""}"\n', "ref/2"),
        (CALL + CALL, "needs its own"),
        ("1969-08-28 09:00,wait,,,,,\n", "too far away"),
        ("", "no lines"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(TimetableError, match=says):
        lines(tmp_path, text)


@pytest.mark.parametrize("word", ["contact_recorded", "ContactReceived", "new contact", "phone call", "letter", "visit"])
def test_a_contact_of_a_persons_own_may_have_any_name_the_hub_understands(tmp_path: Path, word: str) -> None:
    [line] = lines(tmp_path, CALL.replace("contact_recorded", word))
    assert line.ref == "call"  # type: ignore[attr-defined]


def test_a_folder_without_a_timetable_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TimetableError, match="cannot be read"):
        read_timetable(tmp_path)
