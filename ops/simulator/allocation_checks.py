"""What must hold of allocation after a run: nobody is forgotten, and every load is what it is said to be."""

from collections import Counter
from collections.abc import Iterator

from ops.simulator.log import PARTITIONS
from ops.simulator.run import Run
from schemas.allocation import AllocationEvent
from schemas.wire import Undecodable
from streams.allocation_rows import HoldingRow, TeamRow


def _nobody_forgotten(run: Run) -> Iterator[str]:
    """Every contact that a worker was asked for is held, was released, or waits where people see it."""
    asked: set[str] = set()
    for stored in run.log.of_topic("allocation-in"):
        try:
            event = stored.record
        except Undecodable:
            continue
        if isinstance(event, AllocationEvent) and event.type == "requested":
            asked.update(event.contact_ids)
    teams, holdings = _rows(run)
    known = {holding.contact_id for holding in holdings}
    known |= {contact for team in teams for request in team.waiting for contact in request.contact_ids}
    for contact in asked - known:
        yield f"contact {contact}: a worker was asked for, and nobody holds it, nor does it wait"


def _loads_true(run: Run) -> Iterator[str]:
    """A worker's load is the contacts they hold, and the night's list is what the night holds."""
    teams, holdings = _rows(run)
    held = Counter(holding.worker_id for holding in holdings)
    by_contact = {holding.contact_id: holding.worker_id for holding in holdings}
    for team in teams:
        for worker in team.workers.values():
            if worker.holds != held[worker.worker_id]:
                yield f"worker {worker.worker_id}: holds {held[worker.worker_id]}, counted as {worker.holds}"
        for contact in team.nights:
            if not by_contact.get(contact):
                yield f"contact {contact}: listed as the night's, and nobody holds it"


def _rows(run: Run) -> tuple[list[TeamRow], list[HoldingRow]]:
    group = next(group for group in run.groups if group.processor.name == "allocation")
    rows = [row for p in range(PARTITIONS) for row in group.owner(p).states[p].rows.values()]
    return [row for row in rows if isinstance(row, TeamRow)], [row for row in rows if isinstance(row, HoldingRow)]


ALLOCATION_CHECKS = (_nobody_forgotten, _loads_true)
