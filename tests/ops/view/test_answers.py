"""What people are told: receipts in plain words, the board's order, a contact's story, who was not assessed."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from ops.view.board import board
from ops.view.find import find
from ops.view.flags import flags
from ops.view.fold import Fold
from ops.view.quarantine import quarantine, quarantined
from ops.view.receipts import receipt_answer
from ops.view.references import SeveralContacts, resolve
from ops.view.snapshot import Snapshot
from ops.view.store import open_store
from ops.view.story import story
from ops.view.unassessed import unassessed
from schemas.identity import unreadable_contact_id
from schemas.received import Repair

from .days import (
    FRIDAY,
    HASH_KEY,
    SATURDAY,
    Entry,
    allocated,
    as_logged,
    assessed,
    contact,
    corrected,
    disposition,
    event,
    flag,
    london,
    opened,
    received,
    small_day,
    ticks_logged,
)
from .pictures import AFTER, picture_of

COVER = ticks_logged([(london("00:00"), london("00:30", SATURDAY))])
UNREADABLE = unreadable_contact_id("r-bad")

Folded = Callable[[Sequence[Entry]], sqlite3.Connection]


@pytest.fixture
def fold(tmp_path: Path) -> Iterator[Folded]:
    opened_files = []

    def make(entries: Sequence[Entry]) -> sqlite3.Connection:
        db = open_store(tmp_path / f"view-{len(opened_files)}.sqlite", HASH_KEY)
        opened_files.append(db)
        Fold(db, HASH_KEY, stepped=True).batch([*as_logged(entries), *COVER])
        return db

    yield make
    for db in opened_files:
        db.close()


@pytest.fixture
def day(fold: Folded) -> Snapshot:
    return picture_of(fold(small_day()))


def test_a_receipt_says_what_became_of_the_message(day: Snapshot) -> None:
    said = {receipt: receipt_answer(day, receipt) for receipt in ("r-red", "r-met", "r-same", "r-bad", "r-unread")}
    words = {receipt: answer.status for receipt, answer in said.items() if answer}
    assert words["r-unread"] == "received, not read yet"
    assert words["r-red"] == "read: 1 contact"
    assert words["r-same"] == "the same message as receipt r-met, nothing new in it"
    assert words["r-bad"].startswith("could not be read: It is not JSON.")
    assert receipt_answer(day, "r-nobody") is None


def test_a_receipt_says_that_no_person_has_read_it_until_one_has(day: Snapshot) -> None:
    waiting, met, same = (receipt_answer(day, receipt) for receipt in ("r-red", "r-met", "r-same"))
    assert waiting is not None and met is not None and same is not None
    assert waiting.person == "no person has read it yet"
    assert waiting.contacts[0].worker == "Alma Worker", "held by somebody is not read by somebody"
    assert met.person == "read by Alma Worker"
    assert same.person == "read by Alma Worker", "a repeat is as read as what it repeats"


def test_an_acknowledgement_by_a_machine_is_no_reading(fold: Folded) -> None:
    nine = london("09:00")
    entries = [disposition("r", nine, "contact", contact_ids=["c"]), opened("c", nine, receipt="r")]
    machine = receipt_answer(picture_of(fold([*entries, event("c", "acknowledged", nine, by="system")])), "r")
    person = receipt_answer(picture_of(fold([*entries, event("c", "acknowledged", nine, by="Ben Holder")])), "r")
    assert machine is not None and not machine.read_by_a_person
    assert person is not None and person.person == "read by Ben Holder"


def test_the_last_version_of_a_disposition_counts(fold: Folded) -> None:
    nine = london("09:00")
    later = disposition("r", nine, "contact", version=2, contact_ids=["c"], repaired_by="Ben Holder")
    answer = receipt_answer(picture_of(fold([later, disposition("r", nine, "quarantined", reason="Broken.")])), "r")
    assert answer is not None
    assert answer.status == "read (repaired by Ben Holder): 1 contact"


def test_the_board_is_most_urgent_first(fold: Folded) -> None:
    risks = {"blue": "07:00", "green": "07:01", "": "07:02", "amber": "07:03", "red": "07:04"}
    today = [opened(f"today-{risk}", london(clock, SATURDAY), risk=risk) for risk, clock in risks.items()]
    older = opened("today-red-older", london("06:00", SATURDAY), risk="red")
    yesterday = [opened(f"late-{risk}", london("20:00"), risk=risk) for risk in ("blue", "red")]
    db = fold([*today, older, *yesterday, opened("done", london("08:00", SATURDAY)), assessed("done", london("08:30", SATURDAY))])
    answer = board(picture_of(db, london("09:00", SATURDAY)), 100)
    assert [entry.contact_id for entry in answer.contacts] == [
        "late-red", "late-blue", "today-red-older", "today-red", "today-amber", "today-", "today-green", "today-blue",
    ]  # fmt: skip
    assert (answer.total, answer.overdue, answer.unallocated) == (8, 2, 8)


def test_the_board_shows_who_waits_and_what_the_flags_say_beside_it(day: Snapshot) -> None:
    answer = board(day, 100)
    rows = {entry.contact_id: entry for entry in answer.contacts}
    assert set(rows) == {"c-red", "c-met"}, "assessed by claim is assessed"
    red, again = rows["c-red"], rows["c-met"]
    assert (red.child, red.organisation, red.worker, red.risk) == ("Nora Field", "Elm Surgery", "Alma Worker", "red")
    assert (red.state, red.minutes_left, red.overdue) == ("missed", -30, True)
    assert red.flag is not None and red.flag.state == "raised" and red.flag_agrees
    assert again.opening == 2 and again.risk == "red"
    assert not again.flag_agrees, "the second opening was missed and nobody has flagged it yet"
    assert [entry.contact_id for entry in answer.unreadable] == [UNREADABLE]
    assert answer.unreadable[0].reason == "It is not JSON."
    assert [lost.contact_id for lost in answer.unmatched] == ["c-nowhere"]
    assert [one.receipt_id for one in answer.not_read_yet] == ["r-unread"]


def test_a_limited_board_still_counts_everything(day: Snapshot) -> None:
    answer = board(day, 1)
    assert len(answer.contacts) == 1
    assert answer.total == 3


def test_a_contact_closed_without_assessment_stays_on_the_board(fold: Folded) -> None:
    db = fold([opened("c", london("09:00")), event("c", "closed", london("10:00"), by="Ben Holder")])
    (entry,) = board(picture_of(db, london("11:00")), 10).contacts
    assert entry.closed


def test_a_desk_is_nobody(fold: Folded) -> None:
    db = fold([opened("c", london("09:00")), allocated("c", london("09:01"), "Duty Team")])
    (entry,) = board(picture_of(db, london("11:00")), 10).contacts
    assert entry.worker == ""


def test_the_story_is_told_in_order(day: Snapshot) -> None:
    told = story(day, "c-late")
    assert told.child == "Pia Reed"
    assert [(step.type, step.problem) for step in told.story] == [
        ("opened", ""), ("closed", ""), ("flag_raised", ""), ("risk_assessed", ""), ("flag_withdrawn", ""),
    ]  # fmt: skip
    assert [(run.state, run.evidence_how) for run in told.clocks] == [("met_by_claim", "claim")]
    assert [one.history for one in told.flags] == [["raised", "withdrawn"]]


def test_the_story_holds_versions_holders_words_and_what_left(day: Snapshot) -> None:
    red, met = story(day, "c-red"), story(day, "c-met")
    assert [step.type for step in red.story] == [
        "opened", "allocation_requested", "allocated", "outbound_referral", "flag_raised",
    ]  # fmt: skip
    assert [(one.worker, one.how) for one in red.allocations] == [("Alma Worker", "rota")]
    assert [(one.kind, one.recipient) for one in red.outbound] == [("referral", "case-system")]
    assert red.versions[0].narrative == "Seen with a bruise."
    assert [step.words for step in met.story if step.type == "risk_assessed"] == [["Known to the school."]]
    assert [run.state for run in met.clocks] == ["met_by_proof", "missed"]


def test_an_assessment_that_does_not_count_says_why(fold: Folded) -> None:
    nine = london("09:00")
    told = story(picture_of(fold([opened("c", nine), assessed("c", nine, by="", problem="no_named_person")])), "c")
    assert [(step.what, step.problem) for step in told.story][1] == (
        "risk assessed: amber, which does not count", "no_named_person",
    )  # fmt: skip


def test_a_contact_is_named_by_its_id_its_receipt_or_its_place_in_the_message(fold: Folded) -> None:
    nine = london("09:00")
    both = disposition("r", nine, "contact", contact_ids=["c-1", "c-2"])
    single = disposition("one", nine, "contact", contact_ids=["c-1"])
    at = picture_of(fold([both, single, opened("c-1", nine), opened("c-2", nine)]))
    assert [resolve(at, name) for name in ("c-2", "one", "r/1", "r/2")] == ["c-2", "c-1", "c-1", "c-2"]
    assert resolve(at, "r") == SeveralContacts("r", ["c-1", "c-2"])
    assert [resolve(at, name) for name in ("r/3", "r/0", "r/x", "", "nobody")] == [None] * 5


@pytest.mark.parametrize(
    ("text", "how", "receipt"),
    [
        ("MSG-1", "message id", "r-red"),
        (" msg-1 ", "message id", "r-red"),
        ("elm-1.json", "file name", "r-red"),
        ("/home/elm/out/elm-1.json", "file name", "r-red"),
        ("C:\\out\\ELM-1.json", "file name", "r-red"),
        ("key-1", "idempotency key", "r-red"),
        ("r-unread", "receipt id", "r-unread"),
        ("c-red", "contact id", "r-red"),
        ("e-met", "event id", "r-met"),
    ],
)
def test_find_answers_to_what_a_sender_calls_it(day: Snapshot, text: str, how: str, receipt: str) -> None:
    (match,) = find(day, text).matches
    assert match.receipt is not None
    assert (match.matched_by, match.receipt.receipt_id) == (how, receipt)


def test_find_says_so_when_nothing_goes_by_that_name(day: Snapshot) -> None:
    assert find(day, "nothing like it").matches == []


def test_a_file_name_is_found_before_the_message_has_been_read(fold: Folded) -> None:
    db = fold([received("r", london("09:00"), file_name="new.json")])
    (match,) = find(picture_of(db), "new.json").matches
    assert match.receipt is not None and match.receipt.status == "received, not read yet"


def test_who_was_not_assessed_on_the_day(day: Snapshot) -> None:
    answer = unassessed(day, FRIDAY)
    assert answer.arrived == 5, "four contacts, one of them opened twice"
    assert answer.states == {"missed": 3, "met_by_proof": 1, "met_by_claim": 1}
    assert [(one.contact_id, one.opening) for one in answer.unassessed] == [("c-red", 1), (UNREADABLE, 1), ("c-met", 2)]
    assert unassessed(day, SATURDAY).arrived == 0


def test_a_limit_that_nobody_watched_is_not_verifiable(tmp_path: Path) -> None:
    db = open_store(tmp_path / "view.sqlite", HASH_KEY)
    gap = ticks_logged([(london("09:00"), london("23:50")), (london("00:10", SATURDAY), london("00:30", SATURDAY))])
    Fold(db, HASH_KEY, stepped=True).batch([*as_logged([opened("c", london("09:00"))]), *gap])
    assert unassessed(picture_of(db), FRIDAY).states == {"not_verifiable": 1}
    db.close()


def test_flags_stand_as_their_last_state_and_open_ones_come_first(fold: Folded) -> None:
    nine = london("09:00")
    states = [flag("a", nine), flag("b", nine), flag("a", nine, "acknowledged"), flag("b", nine, "withdrawn"), flag("c", nine)]
    at = picture_of(fold([*states, flag("a", nine), contact("c", "r", nine, "Nora", "Field")]))
    answer = flags(at, None, 100)
    assert [(one.flag.contact_id, one.flag.state) for one in answer.flags] == [
        ("c", "raised"), ("a", "acknowledged"), ("b", "withdrawn"),
    ]  # fmt: skip
    assert (answer.total, answer.standing, answer.flags[0].child) == (3, 2, "Nora Field")
    assert flags(at, "withdrawn", 100).total == 1


def test_quarantine_shows_what_waits_and_what_was_tried(fold: Folded) -> None:
    repair = Repair(of_receipt="r-bad", by="Ben Holder", reason="quotes")
    attempt = received("r-fix", london("13:00"), sender="school-1", agency="education", repair=repair)
    open_ = quarantine(picture_of(fold([*small_day(), attempt])))
    assert [(one.receipt_id, one.state, one.agency) for one in open_.messages] == [("r-bad", "open", "education")]
    assert [(one.by, one.outcome) for one in open_.messages[0].attempts] == [("Ben Holder", "")]
    done = [
        disposition("r-bad", london("12:00"), "contact", version=2, contact_ids=["c-new"], repaired_by="Ben Holder"),
        disposition("r-fix", london("13:00"), "duplicate", duplicate_of="r-bad", reason_code="repair"),
    ]
    at = picture_of(fold([*small_day(), attempt, *done]))
    after = quarantined(at, "r-fix")
    assert after is not None, "the receipt of a repair leads to what it repairs"
    assert (after.message.receipt_id, after.message.state, after.message.contact_ids) == ("r-bad", "repaired", ["c-new"])
    assert after.message.attempts[0].outcome == "taken"
    assert quarantine(at).open == 0


def test_what_a_repair_became_shows_the_flag_of_its_day(fold: Folded) -> None:
    nine, next_day = london("09:00"), london("08:00", SATURDAY)
    at = picture_of(
        fold(
            [
                opened("u", nine, kind="unreadable"),
                flag("u", nine),
                event("u", "became", next_day, became=["c"]),
                opened("c", nine, repairs="u", repaired_at=next_day.astimezone(UTC)),
            ]
        ),
        AFTER + timedelta(hours=9),
    )
    (entry,) = board(at, 10).contacts
    assert entry.contact_id == "c"
    assert (entry.state, entry.flag and entry.flag.state, entry.flag_agrees) == ("carried", "raised", True)
    assert story(at, "c").was == "u"


def test_the_current_risk_is_the_newest_stated(fold: Folded) -> None:
    db = fold([opened("c", london("09:00"), risk="green"), corrected("c", london("10:00"), "red")])
    assert board(picture_of(db), 10).contacts[0].risk == "red"
