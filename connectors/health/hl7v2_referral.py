"""HL7 v2 REF messages as reports: one a child (PID), with the referral, its sender, its text and its documents."""

from collections.abc import Iterable
from datetime import datetime

from connectors.dates import read_date, read_instant
from connectors.decoding import LONGEST_TEXT
from connectors.health.hl7v2_attachments import attachments_of, document_text
from connectors.health.hl7v2_message import Message, Segment
from connectors.health.hl7v2_patient import child_of, contact_points, name_of, next_of_kin, practice
from connectors.health.hl7v2_sender import provider_organisation, sender_of
from connectors.health.same_child import without_repeated_children
from connectors.health.unmapped import Unmapped, distinct
from connectors.health.vocabulary import ASKS_RISK, priority_level
from schemas.codes import PRIMARY_NEEDS, risk_level
from schemas.person import OtherPerson, Person
from schemas.reading import Action, Note, Report

MOST_PEOPLE = 50

_ACTIONS: dict[str, Action] = {"I12": "new", "I13": "update", "I14": "cancel"}
_EXPECTED_DELIVERY = frozenset({"11778-8", "161714006", "289205004", "738070008", "EDD"})
_TEXT_TYPES = frozenset({"TX", "FT", "ST", "", "NM", "SN", "DT", "TS", "DTM", "CE", "CWE", "CNE", "CX", "IS", "ID"})
_COLOURS = frozenset({"red", "amber", "green", "blue"})


def reports_of(message: Message, event: str) -> list[Report]:
    """One report a PID segment; one of an unknown child when there is none. `event` is the trigger (I12, I13, I14)."""
    children = message.all("PID")
    people = [_group(message, pid) for pid in children]
    found = [_report(message, event, pid, near, place) for place, (pid, near) in enumerate(zip(children, people, strict=True))]
    return without_repeated_children(found) or [_report(message, event, None, list(message.segments), 0)]


def _group(message: Message, pid: Segment) -> list[Segment]:
    """The segments that belong to one PID: up to the next one; all of them where nothing stands between two PIDs."""
    rest = list(message.segments)
    rest = rest[next(place for place, one in enumerate(rest) if one is pid) + 1 :]
    end = next((place for place, one in enumerate(rest) if one.name == "PID"), len(rest))
    return rest[:end] or list(message.segments)


def _note(code: str, field: str, said: str) -> Note:
    return Note(code=code, field=field, text=said)


def _report(message: Message, event: str, pid: Segment | None, near: list[Segment], place: int) -> Report:
    notes, unmapped = list(message.notes), Unmapped()
    header, referral = message.first("MSH"), message.first("RF1")
    written = _written_at(message, notes, unmapped)
    if pid is None:
        person = Person()
        notes.append(_note("child_unknown", "PID", "The message has no PID segment; who the child is has to be asked."))
    else:
        where = "PID" if len(message.all("PID")) < 2 else f"PID[{place + 1}]"
        person = child_of(message, pid, where, written, notes, unmapped)
    person = _expected(person, message, notes, unmapped)
    if not referral.name:
        notes.append(_note("rf1_missing", "RF1", "The message has no RF1 segment: reference, priority and reason are missing."))
    if header.text(11).upper() in ("T", "D"):
        notes.append(_note("test_message", "MSH-11", "The sender marks this as a test or training message."))
    if not header.text(10):
        notes.append(_note("no_control_id", "MSH-10", "The message has no control id, so a repeat cannot be told by it."))
    referrer, organisation, source = sender_of(message, notes)
    risk, risk_source = _risk(message, referral, notes)
    _keep(message, referral, unmapped)
    return Report(
        person=person,
        kind="referral",
        action=_action(event, notes),
        reference=_reference(referral, notes),
        organisation=organisation,
        source_code=source[0],
        source_original=source[1],
        risk=risk,
        risk_source=risk_source,
        written_at=written,
        narrative=_narrative(message, referral, notes),
        people=_people(message, referrer, near, notes),
        attachments=attachments_of(message, notes),
        need_code=_need(referral),
        need_original=referral.first(10).words()[:200],
        unmapped=unmapped.as_dict(),
        notes=distinct(notes),
    )


def _written_at(message: Message, notes: list[Note], unmapped: Unmapped) -> datetime | None:
    """MSH-7, else the event's time, else the referral's effective date."""
    places = (("MSH-7", message.first("MSH").text(7)), ("EVN-2", message.first("EVN").text(2)))
    for place, sent in (*places, ("RF1-7", message.first("RF1").text(7))):
        read = read_instant(sent, place)
        notes.extend(read.notes)
        unmapped.keep("written_at", read.text)
        if read.value:
            if place != "MSH-7":
                notes.append(_note("written_at_assumed", place, "MSH-7 says no usable time; this one was taken."))
            return read.value
    notes.append(_note("written_at_missing", "MSH-7", "The message does not say when it was written."))
    return None


def _action(event: str, notes: list[Note]) -> Action:
    if event not in _ACTIONS:
        notes.append(_note("event_not_understood", "MSH-9", "The trigger event is not I12, I13 or I14; it was taken as new."))
    return _ACTIONS.get(event, "new")


def _reference(referral: Segment, notes: list[Note]) -> str:
    """RF1-6, the originating referral identifier; else the first external identifier, RF1-11.

    Some hospital systems leave an identifier's first component empty and write it into the third.
    """
    own, external = (referral.text(number) or referral.text(number, 3) for number in (6, 11))
    if own:
        return own
    if external:
        notes.append(_note("reference_assumed", "RF1-11", "RF1-6 is empty; the external identifier was taken as reference."))
        return external
    notes.append(_note("reference_missing", "RF1-6", "The referral has no identifier of its own."))
    return ""


def _need(referral: Segment) -> str:
    """The DfE PrimaryNeedCode, where the sender gives one as the reason."""
    return next((code for one in referral.repetitions(10) if (code := one.text(1).upper()) in PRIMARY_NEEDS), "")


def _risk(message: Message, referral: Segment, notes: list[Note]) -> tuple[str, str]:
    """(risk level or "", the sender's own word): an observation or local segment that grades risk, else RF1-2."""
    for observation in message.all("OBX"):
        if ASKS_RISK.search(f"{observation.text(3)} {observation.text(3, 2)}"):
            value = observation.first(5)
            word = next((one for one in (value.text(2), value.text(1)) if risk_level(one)), "")
            if word:
                return risk_level(word), word
    for local in message.segments:
        if local.name.startswith("Z"):
            for number in range(1, 20):
                word = local.text(number)
                if word.casefold() in _COLOURS:
                    notes.append(_note("risk_from_local_segment", f"{local.name}-{number}", "A local segment grades the risk."))
                    return risk_level(word), word
    priority = referral.first(2)
    level = next((found for found in map(priority_level, (priority.text(1), priority.text(2))) if found), "")
    if priority.words() and not level:
        notes.append(_note("priority_not_understood", "RF1-2", "The priority was kept as sent."))
    return level, priority.words()


def _narrative(message: Message, referral: Segment, notes: list[Note]) -> str:
    """Everything a person wrote: reason, notes, observations, diagnoses, in the order of the message."""
    reasons = (one for one in referral.repetitions(10) if one.text(1).upper() not in PRIMARY_NEEDS)
    paragraphs = [f"Reason: {said}" for said in (one.words() for one in reasons) if said]
    for segment in message.all("NTE", "OBX", "DG1", "OBR", "PV2"):
        if segment.name == "NTE":
            paragraphs.append(segment.free_text(3))
        elif segment.name == "OBR":
            paragraphs += [segment.free_text(13), *(one.words() for one in segment.repetitions(31))]
        elif segment.name == "PV2":
            paragraphs += [segment.first(3).words(), segment.text(12)]
        elif segment.name == "DG1":
            said = segment.first(3).words() or segment.text(4)
            paragraphs.append(f"Diagnosis: {said}" if said else "")
        elif segment.text(2).upper() in _TEXT_TYPES:
            paragraphs.append(_observation(segment))
        elif segment.text(2).upper() == "ED" and (letter := document_text(segment)):
            paragraphs.append(f"Document: {letter}")
    if not any(paragraphs):
        paragraphs = [segment.line() for segment in message.segments if segment.name.startswith("Z")]
    whole = "\n".join(dict.fromkeys(filter(None, paragraphs)))
    if len(whole) > LONGEST_TEXT:
        notes.append(_note("text_cut", "NTE", "The text is longer than is kept; all of it stays stored."))
    return whole[:LONGEST_TEXT]


def _observation(segment: Segment) -> str:
    coded = segment.text(2).upper() in ("CE", "CWE", "CNE")
    value = "; ".join(one.words() for one in segment.repetitions(5)) if coded else segment.free_text(5)
    name = segment.first(3).words()
    unit = segment.first(6).words() if segment.text(2).upper() in ("NM", "SN") else ""
    said = f"{value} {unit}".strip()
    return f"{name}: {said}" if name and said else said


def _expected(person: Person, message: Message, notes: list[Note], unmapped: Unmapped) -> Person:
    """An expected date of delivery sent as an observation: the child's own if it is not born, else a remark."""
    for segment in message.all("OBX"):
        if not {segment.text(3), segment.text(3, 4)} & _EXPECTED_DELIVERY:
            continue
        read = read_date(segment.text(5), "OBX-5")
        notes.extend(read.notes)
        if person.unborn or (read.value and not person.dob and not person.dob_text and (person.given or person.family)):
            return person.model_copy(
                update={"unborn": True, "expected_dob": person.expected_dob or read.value, "sex": person.sex or "U"}
            )
        unmapped.keep("expected_delivery", segment.text(5))
        notes.append(_note("may_concern_an_unborn_child", "OBX-5", "An expected date of delivery was sent for a born person."))
    return person


def _people(message: Message, referrer: OtherPerson | None, near: Iterable[Segment], notes: list[Note]) -> list[OtherPerson]:
    found = [referrer] if referrer else []
    for segment in near:
        if segment.name == "NK1":
            person = next_of_kin(segment, "NK1", notes)
        elif segment.name == "PD1":
            person = practice(segment)
        else:
            continue
        if person:
            found.append(person)
    for provider in message.all("PRD"):
        role = provider.first(1)
        if role.text(1).upper() in ("PP", "CP", "AP", "FHCP"):
            given, family = name_of(provider.first(2))
            phone, email = contact_points(provider, 5)
            found.append(
                OtherPerson(
                    role="professional", given=" ".join(given)[:100], family=family[:100], job=role.words()[:120], phone=phone,
                    email=email, organisation=provider_organisation(provider).name,
                )
            )  # fmt: skip
    if len(found) > MOST_PEOPLE:
        notes.append(_note("people_cut", "NK1", "More people are named than are kept; all of them stay stored."))
    return found[:MOST_PEOPLE]


def _keep(message: Message, referral: Segment, unmapped: Unmapped) -> None:
    """What the referral says that has no field of its own; local (Z) segments whole, as one short line each."""
    fields = (("referral_status", 1), ("referral_type", 3), ("referral_disposition", 4), ("referral_category", 5))
    for name, number in fields:
        unmapped.keep(name, *(one.words() for one in referral.repetitions(number)))
    for name, number in (("effective_date", 7), ("expiration_date", 8), ("process_date", 9)):
        unmapped.keep(name, referral.text(number))
    if referral.first(6).every():
        unmapped.keep("external_reference", *(one.text(1) or one.text(3) for one in referral.repetitions(11)))
    header = message.first("MSH")
    unmapped.keep("sending_application", header.text(3))
    unmapped.keep("sending_facility", header.first(4).every())
    unmapped.keep("location", message.first("PV1").first(3).every())
    for segment in message.all("AL1"):
        unmapped.keep("allergy", segment.first(3).words())
    for segment in message.all("PR1"):
        unmapped.keep("procedure", segment.first(3).words())
    for provider in message.all("PRD"):
        if provider.text(1).upper() == "RT":
            given, family = name_of(provider.first(2))
            unmapped.keep("referred_to", " ".join([*given, family]), provider_organisation(provider).name)
    for segment in message.segments:
        if segment.name.startswith("Z"):
            unmapped.keep(segment.name, segment.line())
