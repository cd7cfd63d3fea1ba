"""When an item is tried again, and when it is given up. Pure: the time comes in, and the jitter is made of the item's id."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.delivery.outcome import Delivered, Failed, Outcome, Refused
from schemas.delivery import Delivery
from schemas.identity import derived_id
from schemas.outbound import OutboundItem

#: A recipient that asks for more patience than this, in seconds, is asked again all the same.
_LONGEST_ASKED = 3600.0


@dataclass(frozen=True, slots=True)
class Policy:
    """How patient the hub is with one recipient. Times in seconds. An item is given up when its round is older than
    `budget_seconds` or has had `attempts` tries (0: any number)."""

    first_seconds: float = 2.0
    longest_seconds: float = 600.0
    budget_seconds: float = 24 * 3600.0
    attempts: int = 0
    owner: str = ""


def taken(item: OutboundItem, partition: int, offset: int, now: datetime) -> Delivery:
    """An item nobody has tried to deliver yet."""
    return Delivery(
        item_id=item.item_id, kind=item.kind, recipient=item.recipient, agency=item.agency, contact_id=item.contact_id,
        receipt_id=item.receipt_id, partition=partition, offset=offset, state="waiting", at=item.at, since=now,
    )  # fmt: skip


def decide(held: Delivery, outcome: Outcome, now: datetime, policy: Policy) -> Delivery:
    """What one attempt makes of an item."""
    attempts = held.attempts + 1
    match outcome:
        case Delivered():
            return _moved(held, state="delivered", attempts=attempts)
        case Refused(reason):
            return _given_up(held, attempts, reason, policy)
        case Failed(reason, asked):
            if policy.attempts and attempts >= policy.attempts:
                return _given_up(held, attempts, reason, policy)
            pause = max(backoff(held.item_id, attempts, policy), min(asked, _LONGEST_ASKED))
            next_try = now + timedelta(seconds=pause)
            if next_try > runs_out_at(held, policy):
                # One last try at the very end, instead of giving up early.
                next_try = runs_out_at(held, policy)
            if next_try <= now:
                return _given_up(held, attempts, reason, policy)
            return _moved(held, state="waiting", attempts=attempts, reason_code=reason, next_try_at=next_try)


def out_of_time(held: Delivery, now: datetime, policy: Policy) -> Delivery | None:
    """The item given up, if its time is over and no try of its own is due at this moment: one that waits behind a recipient
    that is down is not tried at all. None while there is time."""
    if now < runs_out_at(held, policy) + timedelta(seconds=policy.first_seconds):
        return None
    return _given_up(held, held.attempts, held.reason_code or "recipient_down", policy)


def runs_out_at(held: Delivery, policy: Policy) -> datetime:
    """When the budget of this round is used up."""
    return held.since + timedelta(seconds=policy.budget_seconds)


def again(held: Delivery, *, by: str, why: str, at: datetime, now: datetime) -> Delivery:
    """A new round for an item that was given up. `at` is the hub's time, `now` the machine's."""
    return _moved(
        held, state="retried", round=held.round + 1, attempts=0, since=now, at=at, by=by, reason_code=why, owner=held.owner
    )


def backoff(item_id: str, attempts: int, policy: Policy) -> float:
    """Seconds before the next try: doubled each time up to the longest, of that at random between half and the whole.

    Random means: different for each item and attempt, and the same whenever it is worked out again.
    """
    whole = min(policy.longest_seconds, policy.first_seconds * 2.0 ** min(attempts - 1, 40))
    share = int(derived_id("jitter", item_id, str(attempts))[:8], 16) / 0xFFFFFFFF
    return whole * (0.5 + 0.5 * share)


def _given_up(held: Delivery, attempts: int, reason: str, policy: Policy) -> Delivery:
    return _moved(held, state="undelivered", attempts=attempts, reason_code=reason, owner=policy.owner)


def _moved(held: Delivery, **changes: object) -> Delivery:
    clean = {"next_try_at": None, "reason_code": "", "by": "", "owner": ""}
    return held.model_copy(update={**clean, **changes})
