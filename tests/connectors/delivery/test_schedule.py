"""When an item is tried again and given up, and what a lane tries next: rules, whatever happens in whatever order."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.delivery.lane import Lane
from connectors.delivery.outcome import Delivered, Failed, Outcome, Refused
from connectors.delivery.schedule import Policy, again, backoff, decide, out_of_time, runs_out_at, taken
from connectors.transports.http_out import outcome_of
from connectors.transports.mllp_out import acknowledged
from schemas.delivery import Delivery
from schemas.outbound import OutboundItem

NOW = datetime(2026, 6, 6, 10, tzinfo=UTC)
POLICY = Policy(first_seconds=2, longest_seconds=60, budget_seconds=600, owner="Case systems desk")

OUTCOMES = st.one_of(
    st.just(Delivered()), st.just(Refused("http_422")), st.builds(Failed, st.just("timeout"), st.sampled_from([0.0, 5.0, 1e9]))
)


def held(name: str = "i", contact: str = "c", offset: int = 0, now: datetime = NOW) -> Delivery:
    item = OutboundItem(
        item_id=name, kind="outcome", recipient="r", agency="health", contact_id=contact, receipt_id="r-1", at=NOW
    )
    return taken(item, 0, offset, now)


@settings(max_examples=60)
@given(st.lists(st.tuples(OUTCOMES, st.floats(0, 120)), max_size=30), st.integers(0, 6))
def test_every_item_ends_within_its_budget_and_only_an_answer_makes_it_delivered(
    steps: list[tuple[Outcome, float]], attempts: int
) -> None:
    policy = Policy(first_seconds=2, longest_seconds=60, budget_seconds=600, attempts=attempts, owner="Desk")
    one, now = held(), NOW
    for tried, (outcome, took) in enumerate(steps, start=1):
        now = max(now, one.next_try_at or now) + timedelta(seconds=took)
        one = decide(one, outcome, now, policy)
        assert one.attempts == tried
        if one.state == "waiting":
            assert isinstance(outcome, Failed) and one.next_try_at is not None
            assert now < one.next_try_at <= runs_out_at(one, policy)
            assert not attempts or tried < attempts
        else:
            assert (one.state == "delivered") == isinstance(outcome, Delivered)
            assert one.state == "delivered" or one.owner == "Desk"
            return
    late = out_of_time(one, runs_out_at(one, policy) + timedelta(seconds=3), policy)
    assert late is not None and late.state == "undelivered"


def test_pauses_double_up_to_the_longest_and_differ_between_items() -> None:
    for attempts in range(1, 20):
        whole = min(60.0, 2.0 * 2 ** (attempts - 1))
        pauses = {backoff(f"item {n}", attempts, POLICY) for n in range(50)}
        assert len(pauses) == 50 and all(whole / 2 <= pause <= whole for pause in pauses)
    assert backoff("i", 3, POLICY) == backoff("i", 3, POLICY)


def test_a_recipient_that_asks_for_patience_gets_it_but_not_for_ever() -> None:
    patient = Policy(budget_seconds=1e6)
    asked = decide(held(), Failed("http_503", 120), NOW, patient)
    for_ever = decide(held(), Failed("http_503", 1e9), NOW, patient)
    assert asked.next_try_at == NOW + timedelta(seconds=120)
    assert for_ever.next_try_at == NOW + timedelta(hours=1)


def test_a_person_begins_a_new_round_and_the_newer_round_counts_whatever_an_old_process_writes() -> None:
    given_up = decide(held(), Refused("http_422"), NOW, POLICY)
    later = NOW + timedelta(days=3)
    retried = again(given_up, by="Alma Worker", why="format-corrected", at=later, now=later)
    waiting = decide(retried, Failed("timeout"), later, POLICY)
    assert waiting.state == "waiting", "a new round has a new budget"
    delivered = decide(waiting, Delivered(), later, POLICY)
    ranks = [one.rank for one in (held(), decide(held(), Failed("timeout"), NOW, POLICY), given_up, retried, waiting, delivered)]
    assert ranks == sorted(ranks) and len(set(ranks)) == len(ranks)


@settings(max_examples=80, deadline=None)
@given(st.data(), st.integers(1, 4))
def test_a_lane_keeps_each_contacts_order_and_tries_everything(data: st.DataObject, parallel: int) -> None:
    lane, now = Lane("r", POLICY, parallel), NOW
    contacts = data.draw(st.lists(st.sampled_from("abc"), min_size=1, max_size=12))
    items = [held(f"{contact}{n}", contact, n) for n, contact in enumerate(contacts)]
    for one in items:
        lane.put(one)
    flying: list[Delivery] = []
    ended: list[str] = []
    for _ in range(2000):
        if not len(lane):
            break
        while (one := lane.next(now)) is not None:
            assert one.contact_id not in {other.contact_id for other in flying}, "one of a contact at a time"
            earlier = [other.item_id for other in items if other.contact_id == one.contact_id and other.offset < one.offset]
            assert set(earlier) <= set(ended), "an earlier one of the contact has not ended"
            flying.append(one)
            assert len(flying) <= parallel
        if not flying:
            wake_at = lane.wake_at(now)
            assert wake_at is not None, "it would sleep for ever"
            now = wake_at
            continue
        one = flying.pop(data.draw(st.integers(0, len(flying) - 1)))
        outcome = data.draw(OUTCOMES)
        decided = decide(one, outcome, now, POLICY)
        lane.answered(decided, outcome, now)
        if decided.settled:
            ended.append(decided.item_id)
        now += timedelta(seconds=1)
    assert sorted(ended) == sorted(one.item_id for one in items)


def test_one_item_that_its_recipient_chokes_on_does_not_stop_the_others() -> None:
    lane, now = Lane("r", POLICY), NOW
    for n, name in enumerate(("poison", "good", "better")):
        lane.put(held(name, name, n))
    delivered = []
    while len(lane) > 1:
        one = lane.next(now)
        if one is None:
            wake_at = lane.wake_at(now)
            assert wake_at is not None
            now = wake_at
            continue
        outcome: Outcome = Failed("http_500") if one.item_id == "poison" else Delivered()
        lane.answered(decide(one, outcome, now, POLICY), outcome, now)
        if outcome == Delivered():
            delivered.append(one.item_id)
    assert delivered == ["good", "better"]


@settings(max_examples=100)
@given(st.integers(100, 599), st.text(max_size=20))
def test_a_status_and_any_retry_after_have_one_meaning(status: int, retry_after: str) -> None:
    outcome = outcome_of(status, retry_after, NOW)
    assert (outcome == Delivered()) == (200 <= status < 300)
    assert isinstance(outcome, Refused) <= (400 <= status < 500)


def test_retry_after_is_read_as_seconds_and_as_a_date() -> None:
    assert outcome_of(503, "120", NOW) == Failed("http_503", 120)
    assert outcome_of(429, "Sat, 06 Jun 2026 10:05:00 GMT", NOW) == Failed("http_429", 300)
    assert outcome_of(503, "soon", NOW) == Failed("http_503", 0)


@settings(max_examples=100)
@given(st.binary(max_size=80))
def test_no_answer_on_the_wire_is_a_delivery_unless_it_says_so(answer: bytes) -> None:
    outcome = acknowledged(answer, "id-1")
    assert outcome != Delivered() or b"MSA" in answer


def test_an_acknowledgement_of_another_message_is_none() -> None:
    ack = b"MSH|^~\\&|X|X|FD|FD|20260102||ACK|1|P|2.4\rMSA|AA|id-2\r"
    assert acknowledged(ack, "id-2") == Delivered()
    assert acknowledged(ack, "id-1") == Failed("answer_to_another")
