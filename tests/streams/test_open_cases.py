"""A load makes open cases known: it opens nothing and starts no clock, and a later contact of the child reaches its worker."""

import json
from datetime import timedelta
from typing import Any

import pytest

from connectors.registry import reader
from schemas.allocation import AllocationEvent
from schemas.authorities import authorities
from schemas.case_event import CaseEvent
from schemas.linkage import LinkageEvent
from streams.allocation import Allocation
from streams.allocation_rows import HoldingRow
from streams.cases import Cases
from streams.intake import Intake
from streams.linking import Linkage
from tests.connectors.social_care.annex_a_files import LOOKED_AFTER, NEED, PLAN, row, workbook
from tests.connectors.social_care.test_cin_census import census
from tests.streams.deciding import KEY, Partition
from tests.streams.test_intake import NOON, raw
from tests.streams.test_linking import SCORER

UPN = "B801200005001"
OPEN = workbook(NEED, row(NEED, "A1", "2026-01-03", "", "Grace Adeyemi"))
CHILD = {"given_name": "Mina", "family_name": "Okafor", "date_of_birth": "2015-01-01", "la_child_id": "A1", "postcode": "LS1 4AB"}


class Hub:
    """The processors on one log: what one writes, the next reads, until nothing more is said."""

    def __init__(self) -> None:
        intake = Intake(reader, hash_key=KEY, authorities=authorities("383"), team="t", partnership="p")
        self.intake, self.linkage = Partition(intake, "received"), Partition(Linkage(SCORER, KEY), "linkage-in")
        self.cases, self.allocation = Partition(Cases(), "case-events"), Partition(Allocation(), "allocation-in")
        self._sent = 0
        self.duty("w1", "Amara Singh")

    def duty(self, worker: str, name: str, **more: Any) -> None:
        since = NOON - timedelta(days=30)
        fields = {"event_id": f"rota {worker} {more}", "worker_id": worker, "worker_name": name, "duty_from": since, **more}
        self.allocation.give(AllocationEvent.model_validate({"type": "rota_set", "team": "t", "at": NOON, **fields}))

    def send(self, body: bytes, agency: str = "social_care", days: float = 0, sender: str = "") -> None:
        self._sent += 1
        at = NOON + timedelta(days=days, minutes=self._sent)
        message = raw(body, at, f"r{self._sent}", agency=agency, sender=sender or agency)
        waiting = self.intake.give(message)
        while waiting:
            output = waiting.pop(0)
            inputs = {LinkageEvent: self.linkage, CaseEvent: self.cases, AllocationEvent: self.allocation}
            if output.topic in ("linkage-in", "case-events", "allocation-in"):
                waiting += inputs[type(output.record)].give(output.record)  # type: ignore[index]

    def concern(self, child: dict[str, Any], words: str = "Came to school hungry.", **more: Any) -> str:
        """The contact that a concern about a child opened."""
        known = len(self.intake.records("contacts"))
        self.send(json.dumps({"child": child, "concern": words}).encode(), **{"agency": "education", **more})
        (contact,) = self.intake.records("contacts")[known:]
        return str(contact.contact_id)

    def holder(self, contact: str) -> tuple[str, str]:
        """Who holds a contact, and how that came about."""
        told = [event for event in self.allocation.records("case-events") if event.contact_id == contact]
        holding = self.allocation.state.rows[f"t {contact}"]
        assert isinstance(holding, HoldingRow) and (holding.name or holding.worker_id == told[-1].details["worker_id"])
        return told[-1].by, told[-1].details["how"]

    def told(self) -> list[CaseEvent]:
        """What linkage told contacts of open cases."""
        return [event for event in self.linkage.records("case-events") if event.type == "open_case_known"]

    def opened(self) -> int:
        return sum(event.type == "opened" for event in self.intake.records("case-events"))


def test_a_load_opens_no_contact_and_starts_no_clock_and_a_later_contact_reaches_the_worker_named_in_it() -> None:
    hub = Hub()
    hub.send(OPEN)
    assert [receipt.disposition for receipt in hub.intake.records("receipts")] == ["not_a_contact"]
    assert (hub.opened(), hub.cases.state.rows, hub.linkage.outputs, hub.allocation.outputs) == (0, {}, [], [])
    concern = {"child": CHILD, "concern": "Came to school hungry.", "concern_number": "C-1"}
    hub.send(json.dumps(concern).encode(), "education")
    (contact,) = {record.contact_id for record in hub.intake.records("contacts")}
    assert hub.holder(contact) == ("Grace Adeyemi", "open_case")
    hub.send(json.dumps({**concern, "concern": "Came to school hungry, and late."}).encode(), "education")
    assert [record.version for record in hub.intake.records("contacts")] == [1, 2]
    (told,) = hub.told()
    assert (told.contact_id, told.details["standing"], told.details["since"]) == (contact, "child_in_need", "2026-01-03")
    # It was allocated at once, by the rota: no first allocation waits for what a load says.
    assert [event.details["how"] for event in hub.allocation.records("case-events")] == ["rota", "open_case"]


def test_the_same_file_again_changes_nothing_also_as_another_kind_of_file_of_the_same_children() -> None:
    hub = Hub()
    hub.send(OPEN)
    linkage, allocation = dict(hub.linkage.state.rows), dict(hub.allocation.state.rows)
    cases = {key: row for key, row in linkage.items() if " open " in key}
    assert len(cases) == 1 and sum(" loaded " in key for key in allocation) == 1
    hub.send(OPEN, days=1)
    hub.send(census("A1"), days=2, sender="council-returns")
    assert {key: row.case_id for key, row in hub.linkage.state.rows.items()} == {key: row.case_id for key, row in linkage.items()}  # type: ignore[attr-defined]
    assert {key: row for key, row in hub.allocation.state.rows.items() if key != "t"} == {
        key: row for key, row in allocation.items() if key != "t"
    }
    assert hub.holder(hub.concern(CHILD)) == ("Grace Adeyemi", "open_case"), "a census names no worker and takes none away"


def test_a_pupil_number_from_a_census_and_a_worker_from_annex_a_are_of_one_case() -> None:
    hub = Hub()
    hub.send(census("A1", UPN))
    hub.send(OPEN)
    pupil = {**CHILD, "la_child_id": "", "upn": UPN}
    assert hub.holder(hub.concern(pupil)) == ("Grace Adeyemi", "open_case")


@pytest.mark.parametrize(
    "change", [{"la_child_id": "A2"}, {"date_of_birth": "2015-01-02"}, {"date_of_birth": ""}, {"la_child_id": ""}]
)
def test_a_number_without_the_birthday_or_with_another_one_is_not_that_child(change: dict[str, str]) -> None:
    hub = Hub()
    hub.send(OPEN)
    assert hub.holder(hub.concern({**CHILD, **change})) == ("Amara Singh", "rota")


def test_a_contact_that_linkage_joins_to_a_child_of_the_load_reaches_its_worker_too_and_goes_back_when_the_link_is_undone() -> (
    None
):
    hub = Hub()
    school = {**CHILD, "address": "12 Acacia Road"}
    first = hub.concern(school)
    assert hub.holder(first) == ("Amara Singh", "rota")
    hub.send(OPEN, days=1)
    assert hub.holder(first) == ("Amara Singh", "rota"), "a load moves nothing that is here"
    hub.send(json.dumps({"event": "closed", "frontdoor_contact_id": first, "by": "Amara Singh", "reason": "Met."}).encode())
    without = {key: text for key, text in school.items() if key != "la_child_id"}
    second = hub.concern(without, "Police were called.", agency="police", days=2)
    assert hub.holder(second) == ("Grace Adeyemi", "linked")
    undo = {"event": "link_undone", "frontdoor_contact_id": second, "by": "Ben Hughes", "reason": "Another child."}
    hub.send(json.dumps(undo).encode(), days=3)
    assert hub.holder(second) == ("Amara Singh", "link_undone")


def test_a_later_load_moves_the_case_to_its_new_worker_and_a_closed_one_names_nobody() -> None:
    hub = Hub()
    hub.send(OPEN)
    hub.send(workbook(NEED, row(NEED, "A1", "2026-01-03", "", "Tom Reed"), PLAN, row(PLAN, "A1", "2026-02-01", "", "Ifan Price")))
    assert hub.holder(hub.concern(CHILD)) == ("Ifan Price", "open_case"), "a plan's worker comes before that of a child in need"
    hub.send(workbook(NEED, row(NEED, "A1", "2026-01-03", "2026-08-01", "Tom Reed")), days=1)
    assert hub.holder(hub.concern(CHILD, "Again.", days=1)) == ("Amara Singh", "rota")
    assert len(hub.told()) == 1, "nobody is told of a case that is closed"


@pytest.mark.parametrize(
    ("more", "holder"),
    [
        ({}, ("Grace Adeyemi", "open_case")),
        ({"conflicts": ["contact"]}, ("Amara Singh", "rota")),
        ({"duty_to": NOON - timedelta(days=1)}, ("Amara Singh", "rota")),
    ],
)
def test_a_worker_of_the_rota_takes_it_if_they_are_there_and_may(more: dict[str, Any], holder: tuple[str, str]) -> None:
    hub = Hub()
    # Not the least loaded, so that the rota would not have chosen her.
    hub.duty("w2", "Grace Adeyemi", cap=1, **{key: value for key, value in more.items() if key != "conflicts"})
    hub.send(OPEN)
    if "conflicts" in more:
        from schemas.allocation_conflicts import conflict_hash
        from schemas.identity import keyed_hash

        hashed = conflict_hash(lambda text: keyed_hash(KEY, text), "family", "Okafor")
        hub.duty("w2", "Grace Adeyemi", cap=1, conflicts=[hashed])
    assert hub.holder(hub.concern(CHILD)) == holder


def test_a_case_of_which_no_load_told_for_longer_than_reports_are_kept_is_known_no_more() -> None:
    hub = Hub()
    hub.send(workbook(LOOKED_AFTER, row(LOOKED_AFTER, "A1", "2026-01-03", "", "Grace Adeyemi")))
    assert hub.holder(hub.concern(CHILD, days=399))[1] == "open_case"
    assert hub.holder(hub.concern(CHILD, "Again.", days=401, agency="police")) == ("Amara Singh", "rota")
