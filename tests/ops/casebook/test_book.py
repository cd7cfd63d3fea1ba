"""The case book: each contact with its newest content and every event and flag, whatever stands on the log twice."""

from ops.casebook.book import CaseBook
from schemas.contact import Contact

from .planted import Planted, at, filled


def test_a_record_that_stands_on_the_log_twice_counts_once_and_the_newest_version_is_the_content() -> None:
    planted = Planted()
    contact_id = planted.arrives("K-1", "2026-03-02 09:00")
    planted.ticks("2026-03-02 09:00", "2026-03-03 01:00")
    placed = planted.placed()
    first = next(record for topic, _, record in placed if topic == "contacts")
    assert isinstance(first, Contact)
    person = first.report.person.model_copy(update={"given": "Norah"})
    second = first.model_copy(update={"version": 2, "report": first.report.model_copy(update={"person": person})})
    with filled(CaseBook(), [*placed, *placed, ("contacts", 0, second)]) as book:
        story = book.story(contact_id)
        assert story is not None and story.contact is not None
        assert story.contact.report.person.given == "Norah"
        assert len({event.event_id for event in story.events}) == len(story.events)
        assert len([one for one in story.flags if one.flag.clock == "same-day" and one.flag.state == "raised"]) == 1
        assert book.size() == 1
        assert book.covered(story.partition, at("2026-03-02 12:00"))
        assert not book.covered(story.partition, at("2026-03-01 12:00"))


def test_bytes_that_no_schema_fits_are_counted_and_do_not_end_it() -> None:
    with CaseBook() as book:
        book.take("contacts", 0, 0, 0, b"\x00not a record", list)
        book.take("flags", 0, 0, 0, None, list)
        assert book.unreadable == {"contacts": 1, "flags": 1}
        assert list(book.stories()) == []
