"""The weekend: its scenes, which every demo shows, and as many ordinary messages as are wanted."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from connectors.health.fhir_model import fhir_xml
from ops.demo import case_files, messages, police_files, school_files
from ops.demo.children import Child
from ops.demo.script import WORRIES, Expected, Script, moment, ordinary


def write_weekend(folder: Path, contacts: int, seed: int) -> Expected:
    """Write the weekend into `folder`: the scenes, then ordinary messages until there are `contacts` contacts."""
    script = Script(folder, seed)
    for scene in SCENES:
        scene(script)
    number = 0
    while script.expected.contacts < contacts:
        number += 1
        ordinary(script, number)
    script.write()
    return script.expected


def _sent_twice(script: Script) -> None:
    """One referral that a ward's system sends twice."""
    body = messages.hl7_referral(script.nursery.child(), "amber", "LTH-7001", "MSG7001", moment(0, 9, 10), WORRIES[0])
    script.send(moment(0, 9, 10), "health", "mllp", "same-1", "same.hl7", body, reference="LTH-7001")
    script.send(moment(0, 9, 13), "health", "mllp", "same-2", "same.hl7", body, "duplicate", reference="LTH-7001", again="same-1")
    script.assess(moment(0, 11, 0), "same-1", decided="assessment")


def _turned_red(script: Script) -> None:
    """A green referral, assessed, turns red: the clock opens again, and nobody looks until Saturday."""
    child = script.nursery.child()
    script.send(
        moment(0, 9, 30), "health", "mllp", "turned-1", "turned-green.hl7",
        messages.hl7_referral(child, "green", "LTH-7002", "MSG7002", moment(0, 9, 30), WORRIES[6]), reference="LTH-7002",
    )  # fmt: skip
    script.assess(moment(0, 10, 30), "turned-1", "green")
    script.send(
        moment(0, 15, 0), "health", "mllp", "turned-2", "turned-red.hl7",
        messages.hl7_referral(child, "red", "LTH-7002", "MSG7002", moment(0, 15, 0), WORRIES[0] + " Second injury found."),
        reference="LTH-7002", again="turned-1",
    )  # fmt: skip
    script.assess(moment(1, 9, 0), "turned-1", "red", decided="s47")
    script.flag("turned-1", moment(0, 15, 0), opening=2)


def _school_and_police(script: Script) -> None:
    """The school's worry of Friday and the police's notice of the night are one child's story, whose file moves on Friday."""
    child = script.nursery.child()
    script.send(
        moment(0, 13, 20), "education", "http", "school-1", "school-1.json",
        messages.school_concern(child, "amber", "C-501", moment(0, 13, 5), WORRIES[5]), reference="C-501",
    )  # fmt: skip
    script.send(
        moment(0, 15, 20), "education", "folder", "moves-school", "moves-school.xml",
        school_files.transfer_file(child, "B801200005001", moment(0, 15, 15)), "not_a_contact",
    )  # fmt: skip
    script.send(
        moment(1, 2, 40), "police", "folder", "police-1", "police-1.xml",
        messages.police_notice([child], "red", "PPN-26-0501", moment(1, 1, 55), WORRIES[2]), reference="PPN-26-0501",
    )  # fmt: skip
    script.assess(moment(0, 16, 0), "school-1", decided="early-help")
    script.assess(moment(1, 9, 45), "police-1", "red", decided="s47")
    script.expected.stories.add(("school-1", "police-1"))


def _not_to_be_read(script: Script) -> None:
    """A message that was cut off, which nobody repairs; and a booking, which is no referral."""
    cut_off = b'{"resourceType": "Bundle", "type": "message", "entry": [{"fullUrl": "urn:uu'
    script.send(moment(0, 14, 2), "health", "http", "unreadable", "cut-off.json", cut_off, "quarantined")
    script.flag("unreadable", moment(0, 14, 2))
    booking = messages.fhir_booking(moment(0, 14, 30), "booking")
    script.send(moment(0, 14, 30), "health", "http", "booking", "booking.json", booking, "not_a_contact")


def _three_siblings(script: Script) -> None:
    """One notice about three siblings; the third is forgotten until Sunday."""
    first = script.nursery.child()
    siblings = [first, *(script.nursery.child(first.family, first.address, first.postcode) for _ in range(2))]
    script.send(
        moment(1, 0, 40), "police", "folder", "siblings", "siblings.xml",
        messages.police_notice(siblings, "amber", "PPN-26-0502", moment(0, 23, 50), WORRIES[2]),
        children=3, reference="PPN-26-0502",
    )  # fmt: skip
    script.assess(moment(1, 10, 0), "siblings", decided="assessment")
    script.assess(moment(1, 10, 20), "siblings/2", decided="assessment")
    script.assess(moment(2, 9, 15), "siblings/3", decided="assessment")
    script.flag("siblings/3", moment(1, 0, 40))


def _around_midnight(script: Script) -> None:
    """The day ends at midnight in London: one assessed just before it, one just after, one that arrives after."""
    child = script.nursery.child
    script.send(
        moment(0, 23, 58), "education", "http", "before-midnight", "before-midnight.json",
        messages.school_concern(child(), "red", "C-502", moment(0, 23, 50), WORRIES[5]), reference="C-502",
    )  # fmt: skip
    script.assess(moment(0, 23, 59, 30), "before-midnight", "red")
    script.send(
        moment(0, 23, 50), "health", "http", "just-too-late", "just-too-late.json",
        messages.fhir_referral(child(), "red", "ED-801", moment(0, 23, 45), WORRIES[0], "late"), reference="ED-801",
    )  # fmt: skip
    script.assess(moment(1, 0, 0, 30), "just-too-late", "red")
    script.flag("just-too-late", moment(0, 23, 50))
    script.send(
        moment(1, 0, 20), "education", "http", "after-midnight", "after-midnight.json",
        messages.school_concern(child(), "amber", "C-503", moment(1, 0, 10), WORRIES[3]), reference="C-503",
    )  # fmt: skip
    script.assess(moment(1, 11, 0), "after-midnight")


def _what_does_not_count(script: Script) -> None:
    """Closed without an assessment; assessed by a desk and no person; assessed in time and typed in late."""
    child = script.nursery.child
    script.send(
        moment(1, 12, 0), "police", "folder", "closed-only", "closed-only.xml",
        messages.police_notice([child()], "green", "PPN-26-0503", moment(1, 11, 20), WORRIES[4]), reference="PPN-26-0503",
    )  # fmt: skip
    script.record(moment(1, 15, 0), "closed-only", "closed", by="Chloe Davies", reason="Advice given.")
    script.flag("closed-only", moment(1, 12, 0))
    script.send(
        moment(2, 10, 0), "health", "mllp", "by-a-desk", "by-a-desk.hl7",
        messages.hl7_referral(child(), "amber", "LTH-7003", "MSG7003", moment(2, 10, 0), WORRIES[1]), reference="LTH-7003",
    )  # fmt: skip
    script.assess(moment(2, 10, 40), "by-a-desk", by="Duty")
    script.flag("by-a-desk", moment(2, 10, 0))
    script.send(
        moment(1, 20, 0), "education", "http", "typed-in-late", "typed-in-late.json",
        messages.school_concern(child(), "amber", "C-504", moment(1, 19, 30), WORRIES[1]), reference="C-504",
    )  # fmt: skip
    script.assess(moment(2, 8, 30), "typed-in-late", at=moment(1, 21, 30).isoformat())
    script.flag("typed-in-late", moment(1, 20, 0), state="withdrawn")


def _known_children(script: Script) -> None:
    """Twins, who are never one child; and a child who may be a known one who has moved: a person must say."""
    one = replace(script.nursery.child(), given="Amelia", sex="F")
    other = replace(one, given="Oscar", sex="M", nhs_number=script.nursery.child().nhs_number)
    script.send(
        moment(0, 10, 20), "education", "http", "twin-1", "twin-1.json",
        messages.school_concern(one, "amber", "C-505", moment(0, 10, 10), WORRIES[1]), reference="C-505",
    )  # fmt: skip
    script.assess(moment(0, 12, 30), "twin-1")
    script.send(
        moment(0, 11, 15), "health", "http", "twin-2", "twin-2.json",
        messages.fhir_referral(other, "amber", "ED-802", moment(0, 11, 5), WORRIES[6], "twin"), reference="ED-802",
    )  # fmt: skip
    script.assess(moment(0, 13, 0), "twin-2")
    script.expected.apart.add(("twin-1", "twin-2"))

    before, elsewhere = script.nursery.child(), script.nursery.child()
    moved = replace(before, address=elsewhere.address, postcode=elsewhere.postcode)
    script.send(
        moment(0, 12, 10), "education", "http", "moved-1", "moved-1.json",
        messages.school_concern(before, "green", "C-506", moment(0, 12, 0), WORRIES[5]), reference="C-506",
    )  # fmt: skip
    script.assess(moment(0, 14, 45), "moved-1", "green", decided="nfa")
    script.send(
        moment(1, 13, 30), "police", "folder", "moved-2", "moved-2.xml",
        messages.police_notice([moved], "amber", "PPN-26-0504", moment(1, 13, 0), WORRIES[2]), reference="PPN-26-0504",
    )  # fmt: skip
    script.assess(moment(1, 15, 10), "moved-2")
    script.expected.reviews.add("moved-2")


def _taken_at_the_desk(script: Script) -> None:
    """Contacts that no system sent: a call, a visit, and a call that the night team's own database holds."""
    caller = script.nursery.child()
    script.take(
        moment(1, 16, 5), "telephone", method="telephone", by="Ben Hughes", reference="TEL-1", child=_told(caller),
        concern=WORRIES[7], risk="amber", caller={"name": "Neighbour", "relationship": "neighbour"},
    )  # fmt: skip
    script.assess(moment(1, 17, 0), "telephone", decided="assessment")
    script.send(
        moment(2, 11, 30), "social_care", "http", "visit", "visit.xml",
        case_files.contact_recorded_xml(script.nursery.child(), "amber", "VIS-1", moment(2, 11, 25), WORRIES[4]),
        reference="VIS-1",
    )  # fmt: skip
    script.assess(moment(2, 12, 10), "visit", decided="assessment")
    script.send(
        moment(2, 21, 15), "social_care", "outbox", "night-call", "night-call.json",
        case_files.contact_recorded_json(script.nursery.child(), "red", "EDT-31", moment(2, 21, 5), WORRIES[3]),
        reference="EDT-31",
    )  # fmt: skip
    script.assess(moment(2, 22, 0), "night-call", "red", decided="s47")


def _schools_in_their_own_way(script: Script) -> None:
    """A table of two children, a workbook, and a trust's XML over its own topic."""
    child = script.nursery.child
    script.send(
        moment(0, 11, 40), "education", "folder", "table", "concerns.csv",
        school_files.concern_table([child(), child()], "amber", "BW-88", moment(0, 11, 30), WORRIES[1]),
        children=2, reference="BW-88",
    )  # fmt: skip
    script.assess(moment(0, 14, 0), "table", decided="early-help")
    script.assess(moment(0, 14, 10), "table/2", decided="early-help")
    script.send(
        moment(0, 15, 45), "education", "folder", "workbook", "concerns.xlsx",
        school_files.concern_workbook([child()], "green", "BW-89", moment(0, 15, 40), WORRIES[6]), reference="BW-89",
    )  # fmt: skip
    script.assess(moment(0, 17, 20), "workbook", "green", decided="nfa")
    script.send(
        moment(0, 16, 10), "education", "kafka", "trust", "trust.xml",
        school_files.concern_xml(child(), "amber", "AT-12", moment(0, 16, 0), WORRIES[5]), reference="AT-12",
    )  # fmt: skip
    script.assess(moment(0, 18, 30), "trust", decided="assessment")


def _forces_in_their_own_way(script: Script) -> None:
    """A notice from the officers' app, a pre-assessment of another force, and a notice in an e-mail that waited."""
    child = script.nursery.child
    script.send(
        moment(1, 3, 10), "police", "http", "app", "app.json",
        police_files.notice_json([child()], "amber", "PPN-26-0505", moment(1, 2, 50), WORRIES[2]), reference="PPN-26-0505",
    )  # fmt: skip
    script.assess(moment(1, 9, 20), "app", decided="assessment")
    script.send(
        moment(1, 9, 30), "police", "kafka", "elsewhere", "elsewhere.xml",
        police_files.pre_assessment(child(), "amber", "26PAC010907", moment(1, 8, 40), WORRIES[3]), reference="26PAC010907",
    )  # fmt: skip
    script.assess(moment(1, 12, 20), "elsewhere", decided="assessment")
    notice = messages.police_notice([child()], "red", "PPN-26-0506", moment(1, 17, 30), WORRIES[0])
    script.send(
        moment(1, 18, 0), "police", "folder", "e-mail", "e-mail.eml",
        police_files.email_with_notice(notice, "PPN-26-0506", moment(1, 17, 50)), reference="PPN-26-0506",
    )  # fmt: skip
    script.assess(moment(2, 8, 50), "e-mail", "red", decided="s47")
    script.flag("e-mail", moment(1, 18, 0))


def _health_in_xml(script: Script) -> None:
    """A practice whose system writes FHIR as XML."""
    bundle = messages.fhir_referral(script.nursery.child(), "amber", "GP-77", moment(0, 16, 30), WORRIES[6], "practice")
    script.send(
        moment(0, 16, 35), "health", "folder", "practice", "practice.xml", fhir_xml(json.loads(bundle)), reference="GP-77"
    )
    script.assess(moment(0, 17, 45), "practice", decided="early-help")


def _loads_of_open_cases(script: Script) -> None:
    """The census of Friday morning and the workbook of the night to Monday: cases, and no contacts."""
    children = [script.nursery.child() for _ in range(12)]
    census = case_files.census(children, moment(0, 7, 50))
    script.send(moment(0, 8, 0), "social_care", "http", "census", "census.xml", census, "not_a_contact")
    annex_a = case_files.annex_a(children, moment(3, 0, 0))
    script.send(moment(3, 0, 2), "social_care", "http", "annex-a", "annex-a.xlsx", annex_a, "not_a_contact")


def _told(child: Child) -> dict[str, str]:
    return {
        "given_name": child.given,
        "family_name": child.family,
        "date_of_birth": child.dob.isoformat(),
        "sex": child.sex,
        "postcode": child.postcode,
    }


SCENES: tuple[Callable[[Script], None], ...] = (
    _sent_twice, _turned_red, _school_and_police, _not_to_be_read, _three_siblings, _around_midnight, _what_does_not_count,
    _known_children, _taken_at_the_desk, _schools_in_their_own_way, _forces_in_their_own_way, _health_in_xml,
    _loads_of_open_cases,
)  # fmt: skip
"""Together they use every format that the hub reads."""
