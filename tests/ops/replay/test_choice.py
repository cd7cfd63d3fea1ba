"""What a replay takes and what it leaves as it was."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.replay.choice import AT, BY, FROM, REASON, Choice, Logged, NotAllowed, check_allowed, written_again
from schemas.authorities import authorities
from schemas.catalogue import catalogue
from schemas.examples import EXAMPLES
from schemas.reading import Reading
from streams.envelope import connect_error_headers, entry_of
from streams.intake import Intake

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)


def record(topic: str = "received.police", **other: object) -> Logged:
    usual: dict[str, object] = {
        "partition": 2, "offset": 40, "appended_at": NOON, "key": b"force", "value": b"bytes", "headers": (("ce_id", b"r1"),),
    }  # fmt: skip
    return Logged(topic, **{**usual, **other})  # type: ignore[arg-type]


def dead_letter(topic: str, partition: int) -> Logged:
    errors = connect_error_headers(topic, partition, 7, "streams", "VALUE_CONVERTER", "Undecodable", "Flag: too short")
    kept = (("ce_id", b"e1"), *((name, text.encode()) for name, text in errors))
    return record("quarantine", headers=kept)


@given(st.integers(0, 3), st.integers(0, 99), st.integers(-5, 5), st.sampled_from([b"force", b"other", None]))
def test_a_choice_takes_what_meets_all_of_it(partition: int, offset: int, minutes: int, key: bytes | None) -> None:
    one = record(partition=partition, offset=offset, appended_at=NOON + timedelta(minutes=minutes), key=key)
    choice = Choice({2: (40, 60)}, since=NOON, until=NOON + timedelta(minutes=3), key="force")
    wanted = partition == 2 and 40 <= offset <= 60 and 0 <= minutes < 3 and key == b"force"
    assert choice.takes(one) == wanted


@pytest.mark.parametrize("error", ["Undecodable", "Flag: too short", "VALUE_CONVERTER"])
def test_a_dead_letter_is_found_by_its_error(error: str) -> None:
    assert Choice(error=error).takes(dead_letter("flags", 1))
    assert not Choice(error=error).takes(record())


@given(st.binary(max_size=20) | st.none(), st.binary(max_size=20) | st.none(), st.integers(0, 9))
def test_key_partition_bytes_and_headers_stay_and_who_and_why_are_added(
    key: bytes | None, value: bytes | None, partition: int
) -> None:
    one = record(key=key, value=value, partition=partition)
    entry = written_again(one, by="Ada Lane", reason="INC-4", at=NOON, elsewhere=False)
    assert (entry.topic, entry.key, entry.value, entry.partition) == (one.topic, key, value, partition)
    assert entry.headers[: len(one.headers)] == one.headers
    assert dict(entry.headers[len(one.headers) :]) == {
        BY: b"Ada Lane", AT: NOON.isoformat().encode(), REASON: b"INC-4", FROM: f"received.police/{partition}/40".encode(),
    }  # fmt: skip


def test_written_twice_it_says_the_last_time_only() -> None:
    first = written_again(record(), by="Ada Lane", reason="INC-4", at=NOON, elsewhere=False)
    again = written_again(record(headers=first.headers, offset=41), by="Bo Hay", reason="INC-5", at=NOON, elsewhere=False)
    assert [value for name, value in again.headers if name == BY] == [b"Bo Hay"]


def test_a_dead_letter_goes_back_to_where_it_came_from_without_its_error() -> None:
    entry = written_again(dead_letter("case-events", 3), by="Ada Lane", reason="INC-4", at=NOON, elsewhere=False)
    assert (entry.topic, entry.partition) == ("case-events", 3)
    assert [name for name, _ in entry.headers] == ["ce_id", BY, AT, REASON, FROM]


def test_what_intake_put_aside_is_for_a_person_and_does_not_go_back_by_itself() -> None:
    unread = Reading(outcome="quarantined", reason_code="not_json", reason="This is not JSON.")
    intake = Intake(lambda agency: lambda body, hint: unread, hash_key=b"key", authorities=authorities("383"), team="t")
    [aside] = [one for one in intake.decide({}, EXAMPLES["Received"]).outputs if one.topic == "quarantine"]
    one = record("quarantine", headers=entry_of(aside).headers)
    assert Choice(error="not_json").takes(one)
    with pytest.raises(NotAllowed, match="quarantine retry"):
        written_again(one, by="Ada Lane", reason="INC-4", at=NOON, elsewhere=False)
    assert written_again(one, by="Ada Lane", reason="INC-4", at=NOON, elsewhere=True).topic == "quarantine"


@pytest.mark.parametrize("topic", sorted(catalogue().topics))
def test_nobody_is_told_again_and_nothing_decided_again_unless_asked(topic: str) -> None:
    outbound = topic.startswith("outbound.")
    if outbound or not (topic.startswith("received.") or topic == "quarantine"):
        with pytest.raises(NotAllowed):
            check_allowed(topic, elsewhere=False, notify=not outbound)
    else:
        check_allowed(topic, elsewhere=False, notify=False)
    if outbound:
        with pytest.raises(NotAllowed, match="told again"):
            check_allowed(topic, elsewhere=True, notify=False)
    check_allowed(topic, elsewhere=True, notify=True)
