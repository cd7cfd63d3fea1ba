"""What intake tells of a load: linkage, by what a child whose case is open will be known; allocation, who holds it. Pure.

A loaded case is no contact: nothing opens, no clock starts, nobody is asked to take it. Its clocks are the case system's. What
leaves intake has no number and no birthday, only their keyed hashes.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TypeVar

from schemas.allocation import AllocationEvent
from schemas.identity import derived_id, output_id
from schemas.linkage import KnownCase, LinkageEvent
from schemas.open_case import OpenCase, case_text, texts_of_case
from streams.intake_ledger import Ledger

#: Cases told in one event.
_TOGETHER = 200

_One = TypeVar("_One")


def tell_open_cases(ledger: Ledger, cases: Sequence[OpenCase]) -> None:
    """Let linkage and allocation know the cases of a load."""
    ids = [_case_id(ledger, case) for case in cases]
    event, rules = ledger.event, ledger.rules
    known = [_known(ledger, case_id, case) for case_id, case in zip(ids, cases, strict=True)]
    for nth, group in enumerate(_groups(known)):
        told = LinkageEvent(
            event_id=output_id(event.receipt_id, f"cases_loaded {nth}"),
            type="cases_loaded",
            partnership=rules.partnership,
            contact_id=event.receipt_id,
            at=event.received_at,
            agency=event.agency,
            cases=group,
        )
        ledger.emit("linkage-in", rules.partnership, told)
    held: dict[str, list[str]] = defaultdict(list)
    for case_id, case in zip(ids, cases, strict=True):
        # A file that names nobody says nothing about who holds it; one that has it closed does.
        if case.worker or case.ended:
            held[case.worker].append(case_id)
    for worker in sorted(held):
        for nth, group_of_ids in enumerate(_groups(held[worker])):
            request = AllocationEvent(
                event_id=output_id(event.receipt_id, f"cases_loaded {nth}", worker),
                type="cases_loaded",
                team=rules.team,
                at=event.received_at,
                contact_ids=group_of_ids,
                worker_name=worker,
            )
            ledger.emit("allocation-in", rules.team, request)


def _case_id(ledger: Ledger, case: OpenCase) -> str:
    """The same from every file and every sender of the partnership."""
    return derived_id("open-case", ledger.rules.partnership, ledger.rules.hashed(case_text(case.number, case.dob)))


def _known(ledger: Ledger, case_id: str, case: OpenCase) -> KnownCase:
    keys = [ledger.rules.hashed(text) for text in texts_of_case(case)]
    return KnownCase(case_id=case_id, keys=keys, standings=list(case.standings), since=case.since, ended=case.ended)


def _groups(all_of_them: list[_One]) -> Iterator[list[_One]]:
    return (all_of_them[start : start + _TOGETHER] for start in range(0, len(all_of_them), _TOGETHER))
