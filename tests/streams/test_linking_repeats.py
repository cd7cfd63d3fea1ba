"""The same content by another channel is told as a repeat of the first contact; other content never is."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.registry import reader
from ops.demo import messages
from ops.demo.children import Nursery
from schemas.authorities import authorities
from schemas.linkage import LinkageEvent, LinkPerson, Said
from schemas.person import Identifier
from schemas.reading import Attachment, Organisation, OtherPerson, Report
from streams.intake import Intake
from streams.linking_content import contradict, format_of
from streams.linking_repeats import ContentRow, Repeats
from tests.streams.deciding import KEY, Partition
from tests.streams.test_intake import NOON, child, intake, message
from tests.streams.test_linking import OLIVER, TWIN, decided, last, linkage, partition, reported

HOURS = timedelta(hours=1)
NOBODY = LinkPerson(given="Oliver", family="Ashworth")


def asked(*reports: Report, **more: Any) -> list[LinkageEvent]:
    """What intake asks linkage about one message."""
    made = intake()
    made.give(message(*reports, **more))
    return list(made.records("linkage-in"))


def said(report: Report, **more: Any) -> Said:
    [event] = asked(report, **more)
    assert event.said is not None
    return event.said


def concern(**more: Any) -> Report:
    return Report(**{"person": child(), "narrative": "Bruising on the arm.", "risk": "amber", **more})


def told(contact: str, person: LinkPerson = OLIVER, channel: str = "school http json", **more: Any) -> LinkageEvent:
    """A contact whose content is the same unless changed."""
    fields = {"content": "c", "channel": channel, "facts": {}}
    content = Said(**{**fields, **{name: more.pop(name) for name in list(more) if name in fields}})
    return reported(contact, person, **more).model_copy(update={"said": content})


# -- what is the same content


CHANGES: list[dict[str, Any]] = [
    {"narrative": "Bruising on the leg."},
    {"risk": "red"},
    {"kind": "referral"},
    {"person": child("Aishah")},
    {"people": [OtherPerson(role="alleged_perpetrator", given="Sam", family="Hill")]},
    {"attachments": [Attachment(sha256="0f" * 32)]},
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
def test_other_content_is_other_content(change: dict[str, Any]) -> None:
    assert said(concern()).content != said(concern(**change)).content


def test_one_child_more_in_the_notice_is_other_content() -> None:
    alone, of_two = asked(concern())[0], asked(concern(), concern(person=child("Bilal")))[0]
    assert alone.said and of_two.said and alone.said.content != of_two.said.content


def test_what_a_format_adds_to_the_words_is_not_content() -> None:
    plain = said(concern(risk_source="Amber"))
    hl7 = concern(risk_source="Amber", narrative="BRUISING on  the arm.\nSafeguarding risk: Amber")
    assert said(hl7).content == plain.content
    assert said(concern(narrative="Note: Bruising on the arm.")).content == plain.content
    assert said(concern(people=[OtherPerson(role="referrer", given="Miriam", family="Osei")])).content == plain.content
    assert said(concern(narrative="Mother: Bruising on the arm.")).content != plain.content, "a person's word is content"


def test_a_report_that_says_too_little_is_never_known_again() -> None:
    assert said(concern(narrative="")).content == ""
    assert said(concern(person=child("").model_copy(update={"family": ""}))).content == ""
    assert said(concern(narrative="", reference="R1")).content != ""
    assert said(concern(narrative="", reference="R1")).content != said(concern(narrative="", reference="R2")).content


def test_nothing_that_was_said_can_be_read_from_what_linkage_is_told() -> None:
    report = concern(reference="PPN-1", organisation=Organisation(code="RR8"), person=child(nhs="9990000018"))
    text = said(report).model_dump_json()
    assert not any(part in text for part in ("Bruising", "Aisha", "PPN-1", "RR8", "9990000018"))


def test_a_fact_that_one_leaves_out_contradicts_nothing_and_another_value_does() -> None:
    bare, numbered = said(concern()), said(concern(reference="R1", person=child(nhs="9990000018")))
    other = said(concern(person=child().model_copy(update={"identifiers": [Identifier(kind="nhs_number", value="9990000026")]})))
    assert bare.content == numbered.content == other.content
    assert not contradict(bare.facts, numbered.facts) and contradict(numbered.facts, other.facts)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b'\xef\xbb\xbf {"a"', "json"),
        (b"\n<Bundle", "xml"),
        (b"MSH|^~", "hl7"),
        (b"%PDF-1", "pdf"),
        (b"", "text"),
        (b"a,b", "text"),
    ],
)
def test_a_format_is_known_by_its_first_characters(body: bytes, name: str) -> None:
    assert format_of(body) == name


def test_one_referral_in_two_formats_is_one_content() -> None:
    one = Nursery(7).child()
    made = Intake(reader, hash_key=KEY, authorities=authorities("383"), team="front-door")
    events = []
    for sender, body in (
        ("hospital", messages.hl7_referral(one, "amber", "R1", "M1", NOON, "Bruise on the arm.")),
        ("emergency", messages.fhir_referral(one, "amber", "R1", NOON, "Bruise on the arm.", "a")),
    ):
        intake_of = Partition(made, "received.health")
        intake_of.give(message(sender=sender).model_copy(update={"body": body}))
        events += intake_of.records("linkage-in")
    first, second = (event.said for event in events)
    assert first and second and first.content == second.content != "" and first.channel != second.channel
    assert not contradict(first.facts, second.facts)


# -- whose repeat it is


def row_of(*events: LinkageEvent) -> ContentRow | None:
    row = None
    for event in events:
        row = Repeats().heard(row, event)
    return row


FACTS = st.dictionaries(st.sampled_from(["reference", "organisation"]), st.sampled_from(["x", "y"]))
HEARD = st.builds(
    lambda contact, hours, agency, channel, facts, content: told(
        contact, at=NOON + hours * HOURS, agency=agency, channel=channel, facts=facts, content=content
    ),
    st.sampled_from("abcd"), st.integers(-200, 200), st.sampled_from(["police", "health"]), st.sampled_from("mn"), FACTS,
    st.sampled_from(["c", "c", "other", ""]),
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(HEARD, max_size=6), HEARD, st.integers(1, 120))
def test_a_repeat_has_the_same_content_agency_and_facts_another_channel_and_is_near(
    before: list[LinkageEvent], event: LinkageEvent, hours: int
) -> None:
    window = hours * HOURS
    assert event.said is not None
    same = [one for one in before if one.said and one.said.content == event.said.content]
    firsts = list(Repeats(window).firsts(row_of(*same), event))
    for first in firsts:
        assert event.said.content and first.contact_id != event.contact_id
        assert first.agency == event.agency and first.channel != event.said.channel
        assert abs(first.at - event.at) <= window
        assert all(event.said.facts.get(name, value) == value for name, value in first.facts.items())
    # And none is missed: the last word of each contact counts.
    latest = {one.contact_id: one for one in same if one.said and one.said.content}
    for contact, one in latest.items():
        assert one.said is not None
        repeats = (
            contact != event.contact_id
            and one.agency == event.agency
            and one.said.channel != event.said.channel
            and abs(one.at - event.at) <= window
            and not contradict(one.said.facts, event.said.facts)
        )
        assert (contact in {first.contact_id for first in firsts}) == repeats


def test_content_of_another_row_is_nobodys_repeat() -> None:
    assert list(Repeats().firsts(row_of(told("first")), told("again", channel="mail", content="other"))) == []


# -- what comes of it


def test_a_repeat_belongs_to_the_first_contacts_story_and_says_so_on_the_case() -> None:
    # Without a birthday or a place nothing would be linked by its score.
    made = partition(told("first", NOBODY))
    made.give(told("again", NOBODY, channel="duty-desk mail text"))
    link = last(made, "links", "again")
    assert (link.outcome, link.story_id, link.repeat_of, link.may_act) == ("LINK", "first", "first", False)
    assert link.reasons[0] == "same_content_other_channel"
    [event] = made.records("case-events")
    assert (event.type, event.contact_id, event.details["repeat_of"]) == ("linked", "again", "first")
    assert made.records("link-reviews") == []


def test_what_the_score_alone_would_link_is_linked_with_the_consequences_of_the_score() -> None:
    made = partition(told("first"))
    made.give(told("again", channel="duty-desk mail text"))
    link = last(made, "links", "again")
    assert (link.repeat_of, link.band, link.may_act) == ("first", ">= 0.999", True)


@pytest.mark.parametrize(
    "change",
    [{"channel": "school http json"}, {"content": "other"}, {"agency": "police"}, {"at": NOON + 97 * HOURS}, {"content": ""}],
    ids=["same channel", "other content", "other agency", "too late", "says too little"],
)
def test_what_is_no_repeat_is_decided_as_ever(change: dict[str, Any]) -> None:
    made = partition(told("first", NOBODY, at=NOON))
    made.give(told("again", NOBODY, **{"channel": "duty-desk mail text", **change}))
    link = last(made, "links", "again")
    assert link.repeat_of == "" and link.story_id == "again"


def test_two_children_written_alike_in_one_notice_are_not_made_one_by_its_repeat() -> None:
    made = partition()
    made.give(told("one", NOBODY), told("two", NOBODY))
    assert last(made, "links", "two").story_id == "two"
    made.give(told("one again", NOBODY, channel="mail"), told("two again", NOBODY, channel="mail"))
    assert {last(made, "links", f"{name} again").repeat_of for name in ("one", "two")} == {""}
    assert last(made, "links", "two again").story_id == "two again"


def test_a_repeat_that_a_person_takes_out_is_a_story_of_its_own() -> None:
    made = partition(told("first", NOBODY))
    made.give(told("again", NOBODY, channel="mail"), decided("undone", "again"))
    assert (last(made, "links", "again").outcome, last(made, "links", "again").story_id) == ("UNDONE", "again")
    made.give(told("third", NOBODY, channel="letter"))
    assert last(made, "links", "third").story_id == "first"


def test_a_repeat_of_a_hidden_identity_names_nobody() -> None:
    made = partition(told("first"), told("adopted", TWIN, content="other"))
    made.give(decided("superseded", "first", "adopted"), told("again", channel="mail"))
    link = last(made, "links", "again")
    assert (link.repeat_of, link.story_id) == ("", "again") and "first" not in link.model_dump_json()


def test_the_window_is_a_setting() -> None:
    made = Partition(type(linkage())(linkage()._scorer, KEY, repeats=Repeats(timedelta())), "linkage-in")
    made.give(told("first", NOBODY), told("again", NOBODY, channel="mail"))
    assert last(made, "links", "again").repeat_of == ""
