"""Contacts of one child find each other, people decide what is not sure, and all of it can be taken back and replayed."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.identity import is_statement
from schemas.linkage import LinkageEvent, LinkPerson
from schemas.record import Record
from streams.linkage.decision import decide
from streams.linkage.index import Index, person_from_plain, record_from_plain
from streams.linkage.model import Scorer, shipped_model
from streams.linkage.report import Report
from streams.linking import Linkage
from streams.linking_rows import ContactRow, IndexRow, Known
from streams.partition import PartitionState, RowWrite
from tests.streams.deciding import KEY, Partition, london
from tests.streams.test_partition import TOPIC, Log, Run, undisturbed

NOON = london("2026-08-28 12:00")
SCORER = Scorer(shipped_model())

OLIVER = LinkPerson(
    given="Oliver", family="Ashworth", dob="2015-03-14", sex="M", postcode="LS1 4AB", address_line="12 Acacia Road"
)
TWIN = OLIVER.model_copy(update={"given": "Amelia", "sex": "F"})
MOVED = OLIVER.model_copy(update={"postcode": "BD7 1QQ", "address_line": "9 High Street"})
OTHERS = tuple(
    LinkPerson(given=given, family=family, dob=dob, postcode=postcode, address_line=address)
    for given, family, dob, postcode, address in (
        ("Amina", "Khan", "2010-06-01", "BD1 1AA", "3 Mill Lane"),
        ("Zofia", "Nowak", "2011-06-02", "BD2 1AA", "4 Mill Lane"),
        ("Wei", "Zhang", "2012-06-03", "BD3 1AA", "5 Mill Lane"),
        ("Saoirse", "Murphy", "2013-06-04", "BD4 1AA", "6 Mill Lane"),
    )
)


def linkage() -> Linkage:
    return Linkage(SCORER, KEY)


def partition(*first: Record) -> Partition:
    """A partition that knows some other children, and what was given first."""
    made = Partition(linkage(), "linkage-in")
    made.give(*(reported(f"x{n}", other) for n, other in enumerate(OTHERS)), *first)
    made.outputs.clear()
    return made


def reported(contact: str, person: LinkPerson, version: int = 1, at: datetime = NOON, agency: str = "education") -> LinkageEvent:
    return LinkageEvent(
        event_id=f"{contact} v{version}", type="reported", partnership="p", contact_id=contact, at=at, version=version,
        agency=agency, person=person,
    )  # fmt: skip


def identified(number: str, person: LinkPerson) -> LinkageEvent:
    """What a message that opens no contact says of a child."""
    told = reported(f"statement-{number}", person)
    return told.model_copy(update={"type": "identified", "event_id": f"statement {number} {person.nhs_number} {person.postcode}"})


def decided(kind: str, contact: str, other: str = "", verdict: str = "", **more: Any) -> LinkageEvent:
    fields = {"event_id": f"{kind} {contact} {other} {verdict}", "by": "Ben Hughes", "reason_code": "seen", **more}
    at = NOON + timedelta(hours=1)
    return LinkageEvent.model_validate(
        {"type": kind, "partnership": "p", "contact_id": contact, "at": at, "other_contact": other, "verdict": verdict, **fields}
    )


def last(made: Partition, topic: str, contact: str) -> Any:
    return [record for record in made.records(topic) if record.contact_id == contact][-1]


def rows_of(made: Partition, *contacts: str) -> dict[str, str]:
    """The rows that say where contacts belong, without the notes of what was answered."""
    wanted = {f"p {kind} {contact}" for kind in ("record", "person") for contact in contacts}
    return {key: row.model_dump_json() for key, row in made.state.rows.items() if key in wanted}


def test_the_schools_and_the_polices_report_are_one_story() -> None:
    made = partition(reported("school", OLIVER))
    made.give(reported("police", OLIVER.model_copy(update={"given": "OLIVER", "dob": "14/03/2015"}), agency="police"))
    link = last(made, "links", "police")
    assert (link.outcome, link.story_id, link.may_act, link.band) == ("LINK", "school", True, ">= 0.999")
    assert link.candidates[0].vector[0] == 1 and link.index_size == 5 and link.model_version == SCORER.model.version
    [event] = made.records("case-events")
    assert (event.type, event.contact_id, event.at) == ("linked", "police", NOON)
    assert event.details == {"story": "school", "band": ">= 0.999", "may_act": "yes", "others": "school"}


def test_twins_are_two_stories_and_the_household_is_named() -> None:
    made = partition(reported("school", OLIVER))
    made.give(reported("twin", TWIN))
    link = last(made, "links", "twin")
    assert link.story_id == "twin" and link.outcome != "LINK"
    assert made.records("case-events") == []
    assert "school" in [*link.household, *(one.story_id for one in link.candidates)]


def test_what_is_not_sure_waits_for_a_person_with_the_reasons() -> None:
    made = partition(reported("school", OLIVER))
    made.give(reported("moved", MOVED))
    review = last(made, "link-reviews", "moved")
    assert (review.state, [one.story_id for one in review.candidates]) == ("open", ["school"])
    assert review.reasons and last(made, "links", "moved").story_id == "moved"
    assert made.records("case-events") == []


def test_the_same_version_again_says_nothing() -> None:
    made = partition(reported("school", OLIVER))
    assert made.give(reported("school", OLIVER)) == []


def test_an_older_version_that_comes_late_says_nothing() -> None:
    made = partition(reported("school", OLIVER, version=2))
    assert made.give(reported("school", MOVED, version=1)) == []


def test_no_output_holds_what_was_compared() -> None:
    made = partition(reported("school", OLIVER))
    made.give(reported("moved", MOVED), reported("twin", TWIN), decided("answered", "moved", "school", "same"))
    said = " ".join(output.key + output.record.model_dump_json() for output in made.outputs)
    assert not any(part in said for part in ("Oliver", "Ashworth", "2015", "BD7", "Acacia"))


def test_an_answer_same_makes_one_story_and_the_case_hears_of_it() -> None:
    made = partition(reported("school", OLIVER), reported("moved", MOVED))
    made.give(decided("answered", "moved", "school", "same"))
    link, review = last(made, "links", "moved"), last(made, "link-reviews", "moved")
    assert (link.outcome, link.story_id, link.by, link.may_act) == ("LINK", "school", "Ben Hughes", True)
    assert (review.state, review.verdict, review.by) == ("answered", "same", "Ben Hughes")
    [event] = made.records("case-events")
    assert (event.type, event.details["story"], event.by) == ("linked", "school", "Ben Hughes")
    assert made.give(decided("answered", "moved", "school", "same")) == [], "the same answer again counts once"


def test_not_same_lasts() -> None:
    made = partition(reported("school", OLIVER), reported("moved", MOVED))
    made.give(decided("answered", "moved", "school", "not_same"))
    assert last(made, "link-reviews", "moved").state == "answered"
    made.give(decided("answered", "moved", "school", "same"))
    assert "different children" in last(made, "link-reviews", "moved").problem
    assert last(made, "links", "moved").story_id == "moved"


def test_not_sure_keeps_the_question_open_and_says_who_looked() -> None:
    made = partition(reported("school", OLIVER), reported("moved", MOVED))
    made.give(decided("answered", "moved", "school", "not_sure"))
    review = last(made, "link-reviews", "moved")
    assert (review.state, review.unsure, review.by) == ("open", True, "Ben Hughes")


def test_a_decision_about_a_contact_nobody_knows_changes_nothing_and_says_so() -> None:
    made = partition()
    before = rows_of(made, "a", "b", *(f"x{n}" for n in range(4)))
    made.give(decided("answered", "a", "b", "same"), decided("undone", "a"), decided("superseded", "a", "b"))
    assert all(review.problem for review in made.records("link-reviews"))
    assert len(made.records("link-reviews")) == 3
    assert rows_of(made, "a", "b", *(f"x{n}" for n in range(4))) == before


def test_what_was_refused_stays_refused_when_it_comes_again_after_the_contacts() -> None:
    made = partition()
    made.give(decided("answered", "moved", "school", "same"))
    made.give(reported("school", OLIVER), reported("moved", MOVED))
    assert made.give(decided("answered", "moved", "school", "same")) == []
    made.give(decided("answered", "moved", "school", "same", event_id="said again"))
    assert last(made, "links", "moved").story_id == "school"


def test_a_link_taken_back_restores_the_rows_and_is_not_made_again() -> None:
    made = partition(reported("school", OLIVER))
    before = rows_of(made, "school", *(f"x{n}" for n in range(4)))
    made.give(reported("police", OLIVER), decided("undone", "police"))
    link, event = last(made, "links", "police"), last(made, "case-events", "police")
    assert (link.outcome, link.story_id, link.was) == ("UNDONE", "police", "school")
    linked = made.records("case-events")[0]
    assert (event.type, event.details) == ("unlinked", {"story": "school", "link": linked.event_id})
    after = rows_of(made, "school", *(f"x{n}" for n in range(4)))
    school = json.loads(after.pop("p person school"))
    assert school["plain"].pop("not_same") == ["police"], "the ruling lasts, and is all that is left"
    untouched = json.loads(before.pop("p person school"))
    untouched["plain"].pop("not_same")
    assert (school, after) == (untouched, before)


def test_the_same_undoing_again_counts_once() -> None:
    made = partition(reported("school", OLIVER))
    made.give(reported("police", OLIVER), decided("undone", "police"))
    assert made.give(decided("undone", "police")) == []


def test_a_superseded_identity_is_named_to_nobody() -> None:
    made = partition(reported("school", OLIVER), reported("adopted", OTHERS[0].model_copy(update={"given": "Noah"})))
    made.give(decided("superseded", "school", "adopted"), reported("police", OLIVER))
    assert last(made, "links", "school").hidden
    link, review = last(made, "links", "police"), last(made, "link-reviews", "police")
    assert link.restricted and review.restricted and link.story_id == "police"
    assert link.candidates == [] and review.candidates == [] and "school" not in link.household


def test_nothing_is_joined_to_a_hidden_identity() -> None:
    made = partition(reported("school", OLIVER), reported("adopted", OTHERS[0].model_copy(update={"given": "Noah"})))
    made.give(decided("superseded", "school", "adopted"), reported("police", OLIVER))
    made.give(decided("answered", "police", "school", "same"))
    assert "restricted" in last(made, "link-reviews", "police").problem
    assert last(made, "links", "police").story_id == "police"


def test_a_later_version_of_a_lone_contact_is_decided_anew() -> None:
    made = partition(reported("school", OLIVER), reported("unborn", LinkPerson(family="Ashworth", postcode="LS1 4AB")))
    made.give(reported("unborn", OLIVER, version=2))
    assert (last(made, "links", "unborn").outcome, last(made, "links", "unborn").story_id) == ("LINK", "school")
    if reviews := [review for review in made.records("link-reviews") if review.contact_id == "unborn"]:
        assert reviews[-1].state == "withdrawn"


def test_a_later_version_that_still_fits_stays_and_is_what_is_compared_from_now_on() -> None:
    made = partition(reported("school", OLIVER), reported("police", OLIVER))
    made.give(reported("police", OLIVER.model_copy(update={"sex": "", "nhs_number": "9990000018"}), version=2))
    assert (last(made, "links", "police").outcome, last(made, "links", "police").story_id) == ("CORRECTED", "school")
    made.give(reported("gp", LinkPerson(given="Oliver", family="Ashworth", dob="2015-03-14", nhs_number="9990000018")))
    assert last(made, "links", "gp").story_id == "school"


def test_a_later_version_that_no_longer_fits_asks_a_person_and_not_same_parts_them() -> None:
    made = partition(reported("school", OLIVER), reported("police", OLIVER))
    made.give(reported("police", OTHERS[0].model_copy(update={"given": "Noah", "dob": "2019-01-02"}), version=2))
    review = last(made, "link-reviews", "police")
    assert review.state == "open" and review.reasons[0] == "new_version_differs"
    assert last(made, "links", "police").story_id == "school", "it stays where it was until somebody looked"
    made.give(decided("answered", "police", "school", "not_same"))
    assert last(made, "links", "police").outcome == "UNDONE"
    assert last(made, "case-events", "police").type == "unlinked"


def test_partnerships_know_nothing_of_each_other() -> None:
    made = partition(reported("school", OLIVER))
    made.give(reported("elsewhere", OLIVER).model_copy(update={"partnership": "other"}))
    assert last(made, "links", "elsewhere").outcome == "NEW"


def test_a_later_version_does_not_overrule_what_a_person_said() -> None:
    made = partition(reported("school", OLIVER), reported("moved", MOVED))
    made.give(decided("answered", "moved", "school", "not_same"), reported("moved", OLIVER, version=2))
    link = last(made, "links", "moved")
    assert (link.outcome, link.story_id) == ("CORRECTED", "moved")


def test_a_later_version_of_a_contact_that_somebody_is_asked_about_leaves_the_question() -> None:
    made = partition(reported("school", OLIVER), reported("moved", MOVED))
    made.give(reported("school", OTHERS[0], version=2))
    assert (last(made, "links", "school").outcome, last(made, "links", "school").story_id) == ("CORRECTED", "school")
    made.give(decided("answered", "moved", "school", "same"))
    assert last(made, "links", "moved").story_id == "school"


# -- bad input

LONG, BIDI = "Wolfeschlegelsteinhausen" * 9, "\u202eشمس\u202c"
BAD: dict[str, LinkPerson] = {
    "nothing": LinkPerson(),
    "no name": OLIVER.model_copy(update={"given": "", "family": ""}),
    "no date of birth": OLIVER.model_copy(update={"dob": ""}),
    "unborn": LinkPerson(given="Unborn", family="Ashworth", postcode="LS1 4AB", address_line="12 Acacia Road"),
    "1 January": OLIVER.model_copy(update={"dob": "2015-01-01"}),
    "1900": OLIVER.model_copy(update={"dob": "1900-01-01"}),
    "a date that is none": OLIVER.model_copy(update={"dob": "31/02/2015"}),
    "emoji": LinkPerson(given="🙂", family="👶🏽👶🏽", dob="🎂", postcode="🏠", address_line="🏠 1"),
    "right to left": LinkPerson(given="محمد", family=BIDI, dob="٢٠١٥-٠٣-١٤", address_line="شارع ١٢"),
    "very long": LinkPerson(
        given=LONG, family=LONG, dob="2015-03-14", postcode="9" * 200, address_line=LONG, nhs_number="9" * 99
    ),
    "numbers that are none": OLIVER.model_copy(update={"nhs_number": "9990000019", "upn": "A000000000000"}),
}


@pytest.mark.parametrize("person", BAD.values(), ids=BAD)
def test_bad_input_is_decided_each_time_with_reasons_and_kept(person: LinkPerson) -> None:
    made = partition(reported("school", OLIVER))
    made.give(*(reported(f"bad {n}", person) for n in range(3)))
    for n in range(3):
        link = last(made, "links", f"bad {n}")
        assert link.reasons or link.candidates or link.outcome == "NEW"
        assert link.outcome != "REVIEW" or link.reasons
    in_step(made.state)
    assert all(
        linkage().parse_row(row.model_dump_json(exclude_defaults=True).encode()) == row for row in made.state.rows.values()
    )


def test_many_children_at_one_address_each_get_a_decision_and_no_row_grows_with_their_number() -> None:
    made, longest = Partition(linkage(), TOPIC), 0
    home = LinkPerson(postcode="LS1 4AB", address_line="1 Park Home", sex="F")
    names = ("Oliver", "Amina", "Wei", "Zofia", "Priya", "Saoirse", "Kwame", "Harry", "Ivy", "Jack")
    for n in range(300):
        born = f"20{n % 15:02}-{n % 12 + 1:02}-{n % 28 + 1:02}"
        family = f"Fam{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}"
        person = home.model_copy(update={"given": names[n % 10], "family": family, "dob": born})
        said = [one.record for one in made.give(reported(f"c{n}", person)) if one.topic == "links"]
        assert len(said) == 1
        longest = max(longest, *(len(row.value) for row in made.state.take_dirty()))
    assert longest < 20_000


def test_one_child_reported_thousands_of_times_is_one_story_and_no_row_grows_with_their_number() -> None:
    made = Partition(linkage(), TOPIC)
    longest = []
    for n in range(1_000):
        made.give(reported(f"c{n:04}", OLIVER))
        longest.append(max(len(row.value) for row in made.state.take_dirty()))
    assert {link.story_id for link in made.records("links")} == {"c0000"}
    assert max(longest) < longest[1] + 100
    in_step(made.state)


# -- replay and crashes

NUMBERED = OLIVER.model_copy(update={"nhs_number": "9990000018"})
ELSEWHERE = MOVED.model_copy(update={"nhs_number": "9990000026"})
MERGED = ELSEWHERE.model_copy(update={"former_nhs_number": "9990000018"})
PEOPLE = st.sampled_from([OLIVER, TWIN, MOVED, NUMBERED, ELSEWHERE, *OTHERS[:2], LinkPerson(family="Ashworth"), LinkPerson()])
NAMES = st.sampled_from("abcde")
LINKAGE_EVENTS = st.lists(
    st.one_of(
        st.builds(reported, NAMES, PEOPLE, st.integers(1, 3)),
        st.builds(reported, NAMES, PEOPLE, st.integers(1, 3)),
        st.builds(identified, st.sampled_from("123"), st.sampled_from([OLIVER, MOVED, MERGED, LinkPerson(given="Ivy")])),
        st.builds(
            lambda kind, a, b, verdict, n: decided(kind, a, b, verdict if kind == "answered" else "", event_id=f"{kind}{n}"),
            st.sampled_from(["answered", "answered", "undone", "superseded"]),
            NAMES, NAMES, st.sampled_from(["same", "not_same", "not_sure"]), st.integers(0, 40),
        ),
    ),
    min_size=1,
    max_size=25,
)  # fmt: skip
CUTS = st.lists(
    st.tuples(
        st.integers(1, 6),
        st.sampled_from(["whole", "cut in outputs", "cut in rows", "cut before commit"]),
        st.lists(st.booleans(), min_size=40, max_size=40),
    ),
    max_size=5,
)


def in_step(state: PartitionState) -> None:
    """The index that lived through it all is the one that its rows make."""
    lived = state.derived
    assert isinstance(lived, Known)
    index, built = lived.index("p"), Known(lived._secret, state.rows).index("p")
    assert index.snapshot() == built.snapshot()
    for number, person in enumerate((OLIVER, TWIN, MOVED, *OTHERS)):
        asked = Report(record_id=f"probe {number}", **person.model_dump())
        assert decide(index, asked, SCORER) == decide(built, asked, SCORER), "blocks or name counts are out of step"


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(LINKAGE_EVENTS, CUTS)
def test_a_crash_at_any_point_leaves_the_same_decisions_rows_and_index(events: list[Record], cuts: list[Any]) -> None:
    rows, outputs = undisturbed(linkage(), events)
    log = Log(events)
    run = Run(linkage(), log)
    for size, what, kept in cuts:
        if what in ("whole", "cut before commit"):
            run.batch(size, commit=what == "whole")
        else:
            decisions = run.decide(size)
            for offset, said in decisions[: size // 2] if what == "cut in outputs" else decisions:
                log.tell(offset, said)
            written: list[RowWrite] = run.state.take_dirty() if what == "cut in rows" else []
            log.changelog += [row for row, keep in zip(written, kept, strict=False) if keep]
        if what != "whole":
            run = Run(linkage(), log)
        in_step(run.state)
    run = Run(linkage(), log)
    run.to_the_end()
    in_step(run.state)
    assert run.state.rows == rows
    assert log.outputs == outputs


@settings(max_examples=60, deadline=None)
@given(LINKAGE_EVENTS, st.integers(1, 24))
def test_rows_that_another_worker_wrote_change_the_index_of_a_state_that_is_kept(events: list[Record], first: int) -> None:
    log = Log(events)
    kept = Run(linkage(), log)
    kept.batch(first)
    read = len(log.changelog)
    other = Run(linkage(), log)
    other.to_the_end()
    for row in log.changelog[read:]:
        kept.state.restore(row.key, row.value)
    kept.state.recovered({TOPIC: log.committed})
    assert kept.state.rows == other.state.rows
    in_step(kept.state)


@settings(max_examples=60, deadline=None)
@given(LINKAGE_EVENTS)
def test_a_replay_is_the_same_to_the_last_byte(events: list[Record]) -> None:
    first, second = ("".join(o.record.model_dump_json() for o in replayed(events).outputs) for _ in range(2))
    assert first == second


@settings(max_examples=60, deadline=None)
@given(LINKAGE_EVENTS)
def test_every_contact_belongs_to_one_story_that_lists_it(events: list[Record]) -> None:
    made = replayed(events)
    derived = made.state.derived
    assert isinstance(derived, Known)
    index: Index = derived.index("p")
    for name, row in index.records.items():
        person = index.persons[row.person]
        assert [*person.members, *person.copies].count(name) == 1
    listed = [name for person in index.persons.values() for name in (*person.members, *person.copies)]
    assert sorted(listed) == sorted(index.records)
    last_link = {link.contact_id: link.story_id for link in made.records("links")}
    assert last_link == {name: row.person for name, row in index.records.items() if not is_statement(name)}
    assert not any(is_statement(person) for person in index.persons), "what no contact said opens no story"


IDS = {"links": "link_id", "link-reviews": "review_id", "case-events": "event_id"}


@settings(max_examples=100, deadline=None)
@given(LINKAGE_EVENTS)
def test_one_id_never_says_two_things(events: list[Record]) -> None:
    said: dict[tuple[str, str], Record] = {}
    for output in replayed(events).outputs:
        name = getattr(output.record, IDS[output.topic])
        assert said.setdefault((output.topic, name), output.record) == output.record


def replayed(events: list[Record]) -> Partition:
    """One partition after events that each have an id of their own."""
    made = Partition(linkage(), TOPIC)
    made.give(*({event.event_id: event for event in events if isinstance(event, LinkageEvent)}.values()))
    return made


def test_rows_come_back_as_they_were_written() -> None:
    made = partition(reported("school", OLIVER), reported("moved", MOVED))
    for row in made.state.rows.values():
        text = json.dumps(json.loads(row.model_dump_json(exclude_defaults=True))).encode()
        assert linkage().parse_row(text) == row
        if isinstance(row, IndexRow) and row.plain:
            assert (record_from_plain if row.kind == "record" else person_from_plain)(row.plain)
        else:
            assert isinstance(row, ContactRow | IndexRow)
