"""A message that its sender wrote long before it arrived says so, on the contact and on its receipt."""

from datetime import timedelta

from tests.streams.test_intake import NOON, intake, message, report


def test_a_message_written_two_days_before_it_arrived_is_marked_with_its_delay() -> None:
    partition = intake()
    partition.give(message(report(written_at=NOON - timedelta(hours=48, minutes=10))))
    [contact] = partition.records("contacts")
    [receipt] = partition.records("receipts")
    for notes in (contact.report.notes, receipt.notes):
        assert [(note.code, note.text) for note in notes] == [("transit_delay", "It arrived 48 hours after its sender wrote it.")]
    assert contact.received_at == NOON, "the clock runs from arrival all the same"


def test_a_message_of_today_is_not_marked_and_a_clock_that_is_ahead_is() -> None:
    partition = intake()
    partition.give(message(report(written_at=NOON - timedelta(hours=23), reference="A")))
    partition.give(message(report(written_at=NOON + timedelta(hours=1), reference="B"), at=NOON + timedelta(seconds=1)))
    assert [[note.code for note in one.notes] for one in partition.records("receipts")] == [[], ["written_after_arrival"]]
