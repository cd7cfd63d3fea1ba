"""A child whom nobody reported for long leaves the index and its rows, unless a person said something about that child."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.linkage import LinkageEvent, LinkPerson
from schemas.record import Record
from streams.linkage.decision import decide
from streams.linkage.report import Report
from streams.linking import Linkage
from streams.linking_contacts import ContactRow
from streams.linking_forgetting import MOST_AT_ONCE
from streams.linking_rows import Known
from streams.partition import PartitionState
from tests.streams.deciding import KEY, Partition
from tests.streams.test_linking import MOVED, NOON, OLIVER, OTHERS, SCORER, TWIN, decided, last, linkage, reported
from tests.streams.test_linking_repeats import told
from tests.streams.test_partition import Log, Run, undisturbed

DAY = timedelta(days=1)
LONG_AFTER = NOON + 401 * DAY
SOMEBODY = OTHERS[3]
WORDS = ("Oliver", "Ashworth", "2015", "LS1", "Acacia", "20150314", "12 acacia")


def after(*events: Record) -> Partition:
    """What is left when somebody else is reported long after these."""
    made = Partition(linkage(), "linkage-in")
    made.give(*events, reported("later", SOMEBODY, at=LONG_AFTER))
    return made


def rows(made: Partition, about: str) -> str:
    """All rows about one contact, as they are stored."""
    kept = {key: row for key, row in made.state.rows.items() if key.split()[-1] == about}
    return " ".join(f"{key} {row.model_dump_json(exclude_defaults=True)}" for key, row in kept.items())


def known(made: Partition, contact: str) -> bool:
    derived = made.state.derived
    assert isinstance(derived, Known)
    return contact in derived.index("p").records


def test_after_the_limit_nothing_personal_is_left_in_the_index_and_the_rows() -> None:
    made = after(reported("school", OLIVER), reported("police", OLIVER))
    assert not known(made, "school") and not known(made, "police")
    stored = [row.model_dump_json() for row in made.state.rows.values()]
    assert not any(word.casefold() in text.casefold() for word in WORDS for text in stored)
    assert '"version":1' in rows(made, "school"), "an older version that comes late must still be known as older"


def test_a_report_after_the_limit_is_a_new_child_and_a_day_before_it_the_known_one() -> None:
    made = after(reported("school", OLIVER))
    made.give(reported("police", OLIVER, at=LONG_AFTER))
    assert last(made, "links", "police").outcome == "NEW"
    in_time = Partition(linkage(), "linkage-in")
    in_time.give(reported("school", OLIVER), reported("police", OLIVER, at=NOON + 400 * DAY))
    assert last(in_time, "links", "police").story_id == "school"


def test_whoever_is_reported_again_stays_with_all_of_the_story() -> None:
    made = after(reported("school", OLIVER), reported("police", OLIVER, at=NOON + 300 * DAY))
    assert known(made, "school") and known(made, "police")


def test_a_later_version_is_a_report_too() -> None:
    made = after(reported("school", OLIVER), reported("school", MOVED, version=2, at=NOON + 300 * DAY))
    assert known(made, "school")


ANSWERED: dict[str, list[Record]] = {
    "same": [decided("answered", "moved", "school", "same")],
    "not the same": [decided("answered", "moved", "school", "not_same")],
    "not sure": [decided("answered", "moved", "school", "not_sure")],
    "nobody answered yet": [],
    "superseded": [decided("superseded", "school", "moved")],
}


@pytest.mark.parametrize("said", ANSWERED.values(), ids=ANSWERED)
def test_whoever_a_person_answered_or_is_asked_about_is_never_forgotten(said: list[Record]) -> None:
    made = after(reported("school", OLIVER), reported("moved", MOVED), *said)
    assert known(made, "school") and known(made, "moved")


def test_a_ruling_not_the_same_is_obeyed_years_later() -> None:
    made = after(reported("school", OLIVER), reported("police", OLIVER), decided("undone", "police"))
    assert known(made, "school") and known(made, "police")


def test_a_review_that_nobody_needs_any_more_keeps_nobody() -> None:
    made = Partition(linkage(), "linkage-in")
    made.give(reported("school", OLIVER), reported("moved", MOVED))
    # Her name and birthday were wrong: she is somebody else, and nobody asks any more.
    made.give(reported("moved", OTHERS[0], version=2))
    assert last(made, "link-reviews", "moved").state == "withdrawn"
    made.give(reported("later", SOMEBODY, at=LONG_AFTER))
    assert not known(made, "school") and not known(made, "moved")


def test_whoever_was_kept_for_a_review_goes_when_that_has_ended_without_an_answer() -> None:
    made = after(reported("school", OLIVER), reported("moved", MOVED))
    assert known(made, "school"), "somebody is asked about the child"
    made.give(reported("moved", OTHERS[0], version=2, at=LONG_AFTER))
    made.give(reported("next", OTHERS[1], at=LONG_AFTER))
    assert not known(made, "school") and known(made, "moved")


def test_one_event_forgets_few_so_that_one_wrong_clock_does_not_empty_the_index() -> None:
    many = [
        LinkPerson(given=f"{mark}{vowel}nn", family=f"{mark}{vowel}xley", dob=f"{2003 + n // 5}-{n % 5 + 1:02}-{n + 1:02}")
        for n, (mark, vowel) in enumerate((mark, vowel) for mark in "BDGKL" for vowel in "aeiou")
    ]
    made = after(*(reported(f"c{n:02}", person) for n, person in enumerate(many)))
    assert not any(review.state == "open" for review in made.records("link-reviews"))
    left = [n for n in range(25) if known(made, f"c{n:02}")]
    assert left == list(range(MOST_AT_ONCE, 25)), "those reported first go first"
    made.give(reported("next", TWIN, at=LONG_AFTER))
    assert not any(known(made, f"c{n:02}") for n in range(25))


def test_an_earlier_time_forgets_nobody() -> None:
    made = Partition(linkage(), "linkage-in")
    made.give(reported("later", SOMEBODY, at=LONG_AFTER), reported("school", OLIVER), reported("x", OTHERS[0], at=NOON - DAY))
    assert known(made, "school") and known(made, "later")


def test_the_limit_is_a_setting() -> None:
    made = Partition(Linkage(SCORER, KEY, kept_for=30 * DAY), "linkage-in")
    made.give(reported("school", OLIVER), reported("later", SOMEBODY, at=NOON + 31 * DAY))
    assert not known(made, "school")


def test_who_said_a_content_is_forgotten_with_the_child() -> None:
    made = Partition(linkage(), "linkage-in")
    made.give(told("school", facts={"reference": "hash"}), reported("later", SOMEBODY, at=LONG_AFTER))
    assert "school" not in rows(made, "c") and "hash" not in rows(made, "c")


# -- wherever a crash comes

PEOPLE = st.sampled_from([OLIVER, TWIN, MOVED, OTHERS[0]])
NAMES = st.sampled_from("abcde")
TIMES = st.integers(0, 12).map(lambda n: NOON + n * 100 * DAY)
EVENTS = st.lists(
    st.one_of(
        st.builds(lambda c, p, v, at: told(c, p, version=v, at=at), NAMES, PEOPLE, st.integers(1, 3), TIMES),
        st.builds(lambda c, p, at: told(c, p, channel="mail", at=at), NAMES, PEOPLE, TIMES),
        st.builds(
            lambda kind, a, b, verdict, n, at: decided(
                kind, a, b, verdict if kind == "answered" else "", event_id=f"{kind}{n}"
            ).model_copy(update={"at": at}),
            st.sampled_from(["answered", "undone", "superseded"]), NAMES, NAMES,
            st.sampled_from(["same", "not_same", "not_sure"]), st.integers(0, 40), TIMES,
        ),
    ),
    min_size=2,
    max_size=20,
)  # fmt: skip
CUTS = st.lists(
    st.tuples(
        st.integers(1, 4),
        st.sampled_from(["whole", "in rows", "before commit"]),
        st.lists(st.booleans(), min_size=60, max_size=60),
    ),
    max_size=5,
)


def in_step(state: PartitionState) -> None:
    """What lived through it all forgets whom a restart would forget, now and later, and knows what it would know."""
    lived = state.derived
    assert isinstance(lived, Known)
    built = Known(lived._secret, state.rows)
    assert lived.index("p").snapshot() == built.index("p").snapshot()
    for years in range(1, 5):
        at = NOON + years * 365 * DAY
        first, second = (
            one.arrivals("p").overdue(one.index("p"), lambda contact: built.contact("p", contact), at, most=2)
            for one in (lived, built)
        )
        assert first == second
    probe = Report(record_id="probe", **OLIVER.model_dump())
    assert decide(lived.index("p"), probe, SCORER) == decide(built.index("p"), probe, SCORER)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(EVENTS, CUTS)
def test_a_crash_at_any_point_forgets_the_same_children(events: list[Record], cuts: list[Any]) -> None:
    wanted, outputs = undisturbed(linkage(), events)
    log = Log(events)
    run = Run(linkage(), log)
    for size, what, kept in cuts:
        if what == "in rows":
            for offset, said in run.decide(size):
                log.tell(offset, said)
            log.changelog += [row for row, keep in zip(run.state.take_dirty(), kept, strict=False) if keep]
        else:
            run.batch(size, commit=what == "whole")
            in_step(run.state)
        if what != "whole":
            run = Run(linkage(), log)
    run = Run(linkage(), log)
    run.to_the_end()
    in_step(run.state)
    assert run.state.rows == wanted
    assert log.outputs == outputs


@settings(max_examples=60, deadline=None)
@given(EVENTS)
def test_who_is_forgotten_was_reported_by_nobody_and_decided_about_by_nobody(events: list[Record]) -> None:
    made = Partition(linkage(), "linkage-in")
    latest: dict[str, Any] = {}
    versions: dict[str, int] = {}
    for event in events:
        before = set(latest)
        made.give(event)
        assert isinstance(event, LinkageEvent)
        derived = made.state.derived
        assert isinstance(derived, Known)
        index = derived.index("p")
        gone = {contact for contact in before if contact not in index.records}
        for contact in gone:
            assert latest.pop(contact) < event.at - 400 * DAY
            assert f"p contact {contact}" in made.state.rows
            row = made.state.rows[f"p contact {contact}"]
            # What came for a contact just forgotten is refused, and remembered as that.
            assert isinstance(row, ContactRow) and set(row.seen) <= {event.event_id}
        if event.type == "reported" and event.version > versions.get(event.contact_id, 0):
            versions[event.contact_id] = event.version
            latest[event.contact_id] = max(event.at, latest.get(event.contact_id, event.at))
