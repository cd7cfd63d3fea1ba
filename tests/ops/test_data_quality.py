"""The report on a sender counts messages and mistakes, each message once, and holds nothing about anybody."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from ops.data_quality import Quality
from schemas.disposition import Disposition
from schemas.reading import Note

NOON = datetime(2026, 6, 5, 11, tzinfo=UTC)
NO_DOB = Note(code="no_dob", field="child.dob", text="The child has no date of birth in the message.")


def receipt(name: str, kind: Any = "contact", *notes: Note, at: datetime = NOON, version: int = 1, **more: Any) -> Disposition:
    fields = {"sender": "school", "agency": "education", "transport": "http", "size": 1, **more}
    return Disposition(receipt_id=name, version=version, disposition=kind, received_at=at, notes=list(notes), **fields)


def report(*receipts: Disposition, **limits: Any) -> Any:
    counted = Quality(**limits)
    for one in receipts:
        counted.take(one)
    return counted.report()


def test_mistakes_are_counted_by_sender_with_receipts_that_show_them() -> None:
    [school] = report(
        receipt("r1", "contact", NO_DOB, NO_DOB), receipt("r2", "contact", NO_DOB), receipt("r3"),
        receipt("r4", "quarantined", reason_code="not_json", reason="The message is not valid JSON."),
    ).senders  # fmt: skip
    assert (school.messages, school.clean, school.dispositions) == (4, 1, {"contact": 3, "quarantined": 1})
    [note] = school.notes
    assert (note.code, note.messages, note.times, note.places, note.receipts) == ("no_dob", 2, 3, ["child.dob"], ["r1", "r2"])
    [unread] = school.unread
    assert (unread.code, unread.text, unread.receipts) == ("not_json", "The message is not valid JSON.", ["r4"])


def test_a_message_counts_once_and_as_what_it_became_last() -> None:
    first = receipt("r1", "quarantined", NO_DOB, reason_code="not_json", reason="It is cut.")
    repaired = receipt("r1", "contact", version=2, repaired_by="R. Manager")
    for order in ((first, repaired), (repaired, first)):
        [school] = report(*order).senders
        assert (school.messages, school.dispositions, school.unread) == (1, {"contact": 1}, [])


def test_a_repeated_delivery_keeps_what_was_wrong_with_the_bytes() -> None:
    [school] = report(receipt("r1", "contact", NO_DOB), receipt("r1", "contact", version=2, deliveries=2)).senders
    assert (school.messages, school.deliveries, [note.code for note in school.notes]) == (1, 2, ["no_dob"])


def test_who_needs_most_work_comes_first() -> None:
    good = [receipt(f"g{number}", sender="good") for number in range(9)]
    bad = [receipt(f"b{number}", "contact", NO_DOB, sender="bad") for number in range(2)]
    assert [one.sender for one in report(*good, *bad).senders] == ["bad", "good"]


def test_a_day_is_a_london_day() -> None:
    half_past_midnight = datetime(2026, 6, 4, 23, 30, tzinfo=UTC)
    assert report(receipt("r1", at=half_past_midnight), first_day=date(2026, 6, 5), last_day=date(2026, 6, 5)).messages == 1
    assert report(receipt("r1", at=half_past_midnight - timedelta(hours=1)), first_day=date(2026, 6, 5)).messages == 0


def test_one_sender_may_be_asked_for() -> None:
    assert [one.sender for one in report(receipt("r1"), receipt("r2", sender="other"), sender="other").senders] == ["other"]
