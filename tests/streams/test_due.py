"""What has fallen due is found, all of it, each once, the earliest first."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from streams.due import Due

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

#: (minutes after noon, key)
added = st.lists(st.tuples(st.integers(0, 6), st.sampled_from("abcde")), max_size=20)


@given(added, st.integers(0, 7))
def test_what_is_due_comes_out_in_order_and_the_rest_later(entries: list[tuple[int, str]], minutes: int) -> None:
    due = Due()
    for after, key in entries:
        due.add(NOON + timedelta(minutes=after), key)
    first = [(moment - NOON, key) for moment, key in due.take(NOON + timedelta(minutes=minutes))]
    rest = [(moment - NOON, key) for moment, key in due.take(NOON + timedelta(days=1))]
    wanted = sorted({(timedelta(minutes=after), key) for after, key in entries})
    assert first == [one for one in wanted if one[0] <= timedelta(minutes=minutes)]
    assert first + rest == wanted


def test_what_falls_due_while_others_are_taken_comes_out_as_well() -> None:
    due = Due()
    due.add(NOON, "a")
    taken = []
    for moment, key in due.take(NOON + timedelta(minutes=5)):
        taken.append(key)
        if key != "c":
            due.add(moment + timedelta(minutes=1), chr(ord(key) + 1))
    assert taken == ["a", "b", "c"]
