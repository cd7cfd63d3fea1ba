"""What must hold of everything that left, whatever went wrong on its way. Every broken promise is a sentence that names the
item."""

from collections.abc import Callable, Iterator

from ops.simulator.delivery.run import OWNER, DeliveryRun
from schemas.outbound import OutboundItem

#: Seconds in which an item comes to a recipient that is well; and after a fault of its own, or of all, that is not asked so long.
_PROMPT, _EXCUSED = 3.0, 12.0


def broken_promises(run: DeliveryRun) -> list[str]:
    """Every promise that the run broke; empty when all hold."""
    return [sentence for check in _CHECKS for sentence in check(run)]


def _arrivals(run: DeliveryRun) -> dict[str, float]:
    """When each item first came to its recipient, and stayed there."""
    first: dict[str, float] = {}
    for partner in run.partners.values():
        for offered in partner.offered:
            if offered.kept:
                first.setdefault(offered.item_id, offered.at)
    return first


def _items(run: DeliveryRun) -> Iterator[OutboundItem]:
    for items in run.items.values():
        yield from items


def _nothing_in_silence(run: DeliveryRun) -> Iterator[str]:
    """Each item came to its recipient, and it is written down; or it is on the list of what did not, with an owner."""
    came = _arrivals(run)
    for item in _items(run):
        state = run.state_of(item.item_id)
        name = _named(item)
        if state is None:
            yield f"{name}: it left, and nobody says how it stands"
        elif state.state == "undelivered" and state.owner != OWNER:
            yield f"{name}: given up, and nobody's"
        elif state.state == "delivered" and item.item_id not in came:
            yield f"{name}: called delivered, and never came"
        elif not state.settled:
            yield f"{name}: still {state.state}, though everybody has long been well"


def _in_order(run: DeliveryRun) -> Iterator[str]:
    """What is about one contact comes to a recipient in its order, but for what was given up in between."""
    came, last = _arrivals(run), dict[tuple[str, str], float]()
    given_up = {state.item_id for states in run.states.values() for state, _ in states if state.state == "undelivered"}
    for item in _items(run):
        if item.item_id in given_up or item.item_id not in came:
            continue
        place, at = (item.recipient, item.contact_id), came[item.item_id]
        if at < last.get(place, 0.0):
            yield f"{_named(item)}: came before an earlier one about {item.contact_id}"
        last[place] = max(at, last.get(place, 0.0))


def _nobody_waits_for_another(run: DeliveryRun) -> Iterator[str]:
    """Whoever is well is sent what leaves for it at once, however the others fare."""
    came = _arrivals(run)
    for item in _items(run):
        left = run.left_at[item.item_id]
        until = left + _PROMPT
        disturbed = [*run.away, *run.unwell[item.recipient]]
        if any(since <= until and left <= over + _EXCUSED for since, over in disturbed):
            continue
        if came.get(item.item_id, float("inf")) > until:
            yield f"{_named(item)}: waited, though only others were unwell"


def _named(item: OutboundItem) -> str:
    return f"item {item.receipt_id.removeprefix('receipt ')} for {item.recipient}"


_CHECKS: tuple[Callable[[DeliveryRun], Iterator[str]], ...] = (_nothing_in_silence, _in_order, _nobody_waits_for_another)
