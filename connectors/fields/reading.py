"""From an opened body to a reading: contacts, plainly something else, or quarantined with a reason."""

from collections.abc import Callable, Iterator

from connectors.decoding import Problem
from connectors.fields.batches import Part, messages_in
from connectors.fields.concern import Concern, read_concern
from connectors.fields.dialect import Dialect
from connectors.fields.groups import MOST_FIELDS, Group, TooManyFields, count_fields
from connectors.fields.meaning import sounds_worrying
from connectors.fields.own_answers import own_answer
from connectors.fields.shapes import Opened
from connectors.fields.walk import group_message
from schemas.reading import Hint, Note, Reader, Reading

MOST_REPORTS = 1000
"""Children in one body; more is no referral."""

MOST_NARRATIVE = 20_000_000
"""Characters of narrative in the reports of one body together: text around a batch counts for every report in it."""

NOTHING = Problem(
    "nothing_about_a_child",
    "The message names no child and tells of no concern that could be found. Check what was sent; the published format "
    "of this agency shows the fields.",
)
TOO_MANY_FIELDS = Problem("too_many_fields", "The message has too many fields to be one referral. Send one referral a message.")
TOO_MANY_REPORTS = Problem("too_many_children", f"The message holds more than {MOST_REPORTS} reports. Send it in smaller parts.")
NO_CONCERN_COLUMN = Problem(
    "no_concern_column",
    "The table lists children but has no column that says what the concern or the risk is. Add a column such as Concern "
    "or Risk level, and list only the children there is a concern about.",
)
FHIR = Problem("fhir_message", "The message is FHIR, which only the health connection reads. Send it there.")
_FAULT = Problem(
    "reader_fault",
    "The message is stored but the hub failed to read it. A person will read it; nothing needs to be sent again.",
)
_CONCERN_COLUMNS = frozenset(
    f"{owner}{concept}"
    for owner in ("", "child.")
    for concept in ("narrative", "weak_narrative", "more", "risk", "need", "danger", "heading")
)


def never_raising(read: Callable[[bytes, Hint], Reading]) -> Reader:
    """The reader with its promise kept whatever happens: a fault of ours quarantines the message, it loses nothing."""

    def reader(body: bytes, hint: Hint) -> Reading:
        try:
            return read(body, hint)
        except Exception:
            return _FAULT.quarantined()

    reader.__doc__ = read.__doc__
    reader.__wrapped__ = read  # type: ignore[attr-defined]
    return reader


def read_opened(opened: Opened, dialect: Dialect) -> Reading:
    """The reading of a body about concerns: every message in it, each child a report."""
    if answer := own_answer(opened):
        return answer
    if opened.table is not None:
        if count_fields(opened.table.rows) > MOST_FIELDS:
            return TOO_MANY_FIELDS.quarantined(opened.notes)
        if not opened.table.columns & _CONCERN_COLUMNS:
            return NO_CONCERN_COLUMN.quarantined(opened.notes)
        parts = [Part(row, opened.table.around or None) for row in opened.table.rows]
    else:
        if isinstance(opened.value, dict) and "resourceType" in opened.value:
            return FHIR.quarantined(opened.notes)
        if count_fields(opened.value) > MOST_FIELDS:
            return TOO_MANY_FIELDS.quarantined(opened.notes)
        parts = messages_in(opened.value)
    return read_parts(parts, dialect, opened.notes)


def read_parts(parts: list[Part], dialect: Dialect, notes: list[Note]) -> Reading:
    """The reading of several messages of one body."""
    if len(parts) > MOST_REPORTS:
        return TOO_MANY_REPORTS.quarantined(notes)
    try:
        concerns: list[Concern] = []
        characters = 0
        for part, outer in _with_groups(parts):
            concerns.append(read_concern(part.value, outer, dialect))
            characters += sum(len(report.narrative) for report in concerns[-1].reports)
            if characters > MOST_NARRATIVE:
                raise TooManyFields
    except TooManyFields:
        return TOO_MANY_FIELDS.quarantined(notes)
    transport_id = next((concern.transport_id for concern in concerns if concern.transport_id), "")
    telling = [concern for concern in concerns if concern.tells_concern or concern.names_child]
    if concerns and all(_is_other_business(concern) for concern in concerns):
        return Reading(
            outcome="not_a_contact",
            reason_code="other_business",
            reason=f"The message is about something else ({concerns[0].business}) and tells of no concern about a child.",
            transport_id=transport_id,
            notes=notes,
        )
    if not telling:
        return NOTHING.quarantined(notes, transport_id)
    reports = [report for concern in concerns if _has_content(concern) for report in concern.reports]
    if not reports:
        # Something seemed to tell of a concern, and no part of it says anything.
        return NOTHING.quarantined(notes, transport_id)
    if len(reports) > MOST_REPORTS:
        return TOO_MANY_REPORTS.quarantined(notes, transport_id)
    said = list(notes)
    if any(not _has_content(concern) for concern in concerns):
        said.append(Note(code="empty_part", text="A part of the message holds nothing; it was left out."))
    return Reading(outcome="contact", transport_id=transport_id, reports=reports, notes=list(dict.fromkeys(said)))


def _with_groups(parts: list[Part]) -> Iterator[tuple[Part, Group | None]]:
    """Each part with the fields around it, which parts of one batch share. Raises `TooManyFields` when a large batch has
    so many fields around it that going through them for each part would take for ever."""
    known: dict[int, Group] = {}
    fields = 0
    for part in parts:
        outer = None
        if part.outer:
            outer = known.setdefault(id(part.outer), known.get(id(part.outer)) or group_message(part.outer))
            fields += outer.size
        if fields > MOST_FIELDS:
            raise TooManyFields
        yield part, outer


def _is_other_business(concern: Concern) -> bool:
    """A booking or an attendance list; not when any text in it sounds like a worry, however short it is."""
    if not concern.business or concern.tells_concern:
        return False
    return not any(sounds_worrying(text) for report in concern.reports for text in (report.narrative, *report.unmapped.values()))


def _has_content(concern: Concern) -> bool:
    """Whether a message holds anything at all; an empty object in a list opens no contact."""
    return any(
        report.narrative or report.unmapped or report.people or report.reference or report.risk or concern.names_child
        for report in concern.reports
    )
