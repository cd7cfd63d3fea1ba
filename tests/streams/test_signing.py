"""Who may sign a risk assessment off: the rota says so, the log keeps the answer, and until somebody who may has signed it waits.

The rule is a house rule: no source found says which assessments are signed, by whom or by when.
"""

from datetime import timedelta
from pathlib import Path

import pytest

from schemas.allocation import AllocationEvent
from schemas.case_event import CaseEvent
from streams.allocation import Allocation
from streams.cases import Cases
from streams.clocks import Clocks
from tests.streams.deciding import Partition, assessed, happened, london, opened
from tests.streams.test_clocks import signing_rules

NINE = london("2026-03-02 09:00")

#: Worker id, name, role, supervisor.
ROTA = [
    ("w1", "Ben Hughes", "worker", "p1"),
    ("p1", "Pia Practice-Lead", "worker", ""),
    ("w2", "Amara Okafor", "worker", "s1"),
    ("s1", "Sue Chief", "supervisor", ""),
    ("m1", "Frances Whitmore", "manager", ""),
    ("h1", "Hal Head", "head", ""),
    ("w3", "Sam Same", "worker", ""),
    ("s2", "Sam Same", "supervisor", ""),
]


class Hub:
    """Cases, allocation and clocks, each event handed on as the log would."""

    def __init__(self, folder: Path) -> None:
        self.cases, self.allocation = Partition(Cases(), "case-events"), Partition(Allocation(), "allocation-in")
        self.clocks = Partition(Clocks(signing_rules(folder)), "case-events")
        for worker, name, role, chief in ROTA:
            self.allocate(
                AllocationEvent(
                    event_id=f"rota {worker}", type="rota_set", team="t", at=NINE, worker_id=worker, worker_name=name,
                    role=role, supervisor=chief, cap=0 if worker == "w1" or role != "worker" else 1,
                )
            )  # fmt: skip
        self.clocks.tick(NINE)
        self.give(opened(NINE, authority_code="000"))
        ask = {"event_id": "ask", "type": "reassigned", "team": "t", "at": NINE, "contact_ids": ["c1"]}
        self.allocate(AllocationEvent(**ask, worker_id="w1", worker_name="Ben Hughes"))
        self.give(assessed(NINE + timedelta(hours=1), level="red", by="Ben Hughes"))

    def give(self, *events: CaseEvent) -> None:
        for event in events:
            self.clocks.give(event)
            for output in self.cases.give(event):
                if isinstance(output.record, AllocationEvent):
                    self.allocate(output.record)

    def allocate(self, event: AllocationEvent) -> None:
        for output in self.allocation.give(event):
            assert isinstance(output.record, CaseEvent)
            self.give(output.record)

    def sign(self, by: str, worker_id: str = "", **more: object) -> str:
        """What the log says of a signature."""
        signed = happened(
            "risk_assessment_signed_off", NINE + timedelta(hours=2), by=by, details={"worker_id": worker_id}, **more
        )
        self.give(signed)
        answer = [event for event in self.allocation.records("case-events") if event.type == "sign_off_checked"][-1]
        assert (answer.contact_id, answer.by, answer.details["signature"]) == ("c1", by, signed.event_id)
        return str(answer.problem)

    def missed(self) -> bool:
        self.clocks.tick(london("2026-03-03 00:00"))
        flags = [flag for flag in self.clocks.records("flags") if flag.clock == "sign-off-red"]
        return [flag.state for flag in flags if flag.state != "due_soon"] == ["raised"]


@pytest.mark.parametrize(
    ("by", "worker_id", "problem"),
    [
        ("Pia Practice-Lead", "", ""),
        ("sue  chief", "", ""),
        ("Frances Whitmore", "anything", ""),
        ("Hal Head", "h1", ""),
        ("Amara Okafor", "", "signer_not_a_supervisor"),
        ("Eve Elsewhere", "", "signer_not_on_rota"),
        ("Sam Same", "", "signers_name_not_unique"),
        ("Sam Same", "s2", ""),
        ("Sam Same", "w3", "signer_not_a_supervisor"),
    ],
)
def test_the_workers_supervisor_signs_or_another_of_the_teams_supervisors_managers_or_its_head(
    tmp_path: Path, by: str, worker_id: str, problem: str
) -> None:
    hub = Hub(tmp_path)
    assert hub.sign(by, worker_id) == problem
    assert hub.missed() is bool(problem), "what is refused leaves it waiting, and its clock running"


def test_a_supervisor_of_others_alone_and_one_who_has_left_the_rota_sign_nothing(tmp_path: Path) -> None:
    hub = Hub(tmp_path)
    moved = AllocationEvent(
        event_id="mv", type="reassigned", team="t", at=NINE, contact_ids=["c1"], worker_id="w2", worker_name="Amara Okafor"
    )
    hub.allocate(moved)
    assert hub.sign("Pia Practice-Lead") == "signer_not_a_supervisor", "she supervises Ben, who does not hold it any more"
    hub.allocate(AllocationEvent(event_id="off", type="rota_removed", team="t", at=NINE, worker_id="s1"))
    later = happened("risk_assessment_signed_off", NINE + timedelta(hours=3), by="Sue Chief")
    hub.give(later)
    assert hub.allocation.records("case-events")[-1].problem == "signer_not_on_rota"
    assert hub.missed()


def test_a_signature_told_of_late_counts_from_when_it_was_given_and_one_by_a_desk_is_not_asked_about(tmp_path: Path) -> None:
    hub = Hub(tmp_path)
    desk = happened("risk_assessment_signed_off", NINE + timedelta(hours=2), by="Duty", problem="no_named_person")
    hub.give(desk)
    assert hub.missed()
    signed = happened(
        "risk_assessment_signed_off", london("2026-03-04 10:00"), by="Sue Chief", happened_at=london("2026-03-02 15:00")
    )
    hub.give(signed)
    assert [flag.state for flag in hub.clocks.records("flags") if flag.clock == "sign-off-red"][-1] == "withdrawn"
    assert len([event for event in hub.allocation.records("case-events") if event.type == "sign_off_checked"]) == 1
