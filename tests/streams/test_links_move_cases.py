"""What a link may do to a case: move it to who holds the child's other contact, with history, and give it back."""

from datetime import timedelta
from typing import Any

from schemas.allocation import AllocationEvent
from schemas.case_event import CaseEvent
from streams.allocation import Allocation
from streams.allocation_rows import HoldingRow, TeamRow
from streams.answers import Answers
from streams.case_row import CaseRow
from streams.cases import Cases
from tests.streams.deciding import KEY, Partition, happened, london, opened

NOON = london("2026-08-28 12:00")
LATER = NOON + timedelta(hours=2)


class Hub:
    """Cases, allocation and answers, each event handed on as the log would."""

    def __init__(self, *workers: str) -> None:
        self.cases, self.allocation = Partition(Cases(), "case-events"), Partition(Allocation(), "allocation-in")
        self.answers = Partition(Answers(KEY), "case-events")
        for worker in workers:
            self.allocate(
                AllocationEvent(
                    event_id=f"rota {worker}", type="rota_set", team="t", at=NOON, worker_id=worker, worker_name=worker.title(),
                    duty_from=NOON - timedelta(days=1),
                )
            )  # fmt: skip

    def give(self, *events: CaseEvent) -> None:
        for event in events:
            self.answers.give(event)
            for output in self.cases.give(event):
                if output.topic == "allocation-in":
                    assert isinstance(output.record, AllocationEvent)
                    self.allocate(output.record)

    def allocate(self, event: AllocationEvent) -> None:
        for output in self.allocation.give(event):
            assert isinstance(output.record, CaseEvent)
            self.give(output.record)

    def arrive(self, contact: str, **more: Any) -> None:
        self.give(opened(NOON, contact, **more))
        self.allocate(AllocationEvent(event_id=f"ask {contact}", type="requested", team="t", at=NOON, contact_ids=[contact]))

    def case(self, contact: str) -> CaseRow:
        row = self.cases.state.rows[contact]
        assert isinstance(row, CaseRow)
        return row

    def held(self) -> tuple[dict[str, HoldingRow], dict[str, int]]:
        rows = self.allocation.state.rows
        team = rows["t"]
        assert isinstance(team, TeamRow)
        holdings = {row.contact_id: row for row in rows.values() if isinstance(row, HoldingRow)}
        return holdings, {worker: known.holds for worker, known in team.workers.items()}

    def told(self) -> list[dict[str, str]]:
        return [item.outcome for item in self.answers.records("outbound.social_care") if "part_of" in item.outcome]


def linked(contact: str, story: str, may_act: str = "yes", link: str = "link") -> CaseEvent:
    details = {"story": story, "others": story, "may_act": may_act}
    return CaseEvent(event_id=link, type="linked", contact_id=contact, at=LATER, details=details)


def unlinked(contact: str, link: str = "link") -> CaseEvent:
    return happened("unlinked", LATER + timedelta(hours=1), contact, by="Ben Hughes", details={"story": "a", "link": link})


def test_a_sure_link_moves_the_new_contact_to_the_childs_worker_with_history() -> None:
    hub = Hub("amara", "ben")
    hub.arrive("a")
    hub.arrive("b")
    hub.give(linked("b", "a"))
    row = hub.case("b")
    assert [(holder.name, holder.how) for holder in row.holders] == [("Ben", "rota"), ("Amara", "linked")]
    assert row.part_of == "a" and hub.held()[1] == {"amara": 2, "ben": 0}


def test_an_unsure_link_moves_nothing_and_tells_nobody() -> None:
    hub = Hub("amara", "ben")
    hub.arrive("a")
    hub.arrive("b")
    before = hub.held()
    hub.give(linked("b", "a", may_act="no"))
    assert hub.held() == before and hub.told() == []
    assert hub.case("b").part_of == "a"


def test_no_clock_is_touched_by_a_link_or_its_undoing() -> None:
    hub = Hub("amara", "ben")
    hub.arrive("a")
    hub.arrive("b")
    clocks = hub.case("b").clocks
    hub.give(linked("b", "a"), unlinked("b"))
    assert hub.case("b").clocks == clocks


def test_an_undone_link_restores_who_held_it_exactly_and_corrects_whoever_was_told() -> None:
    hub = Hub("amara", "ben")
    hub.arrive("a")
    hub.arrive("b")
    before = hub.held()
    hub.give(linked("b", "a"), unlinked("b"))
    assert hub.held() == before
    row = hub.case("b")
    assert (row.part_of, row.link, row.holders[-1].name, row.holders[-1].how) == ("", None, "Ben", "link_undone")
    said, corrected = hub.told()
    assert said == {"outcome": "linked", "part_of": "a"}
    item = next(i for i in hub.answers.records("outbound.social_care") if i.outcome == said)
    assert corrected == {"outcome": "link_withdrawn", "part_of": "a", "corrects": item.item_id}


def test_a_story_that_becomes_part_of_another_is_told_and_undone_as_one() -> None:
    hub = Hub("amara", "ben", "chloe")
    for contact in "abc":
        hub.arrive(contact)
    before = hub.held()
    hub.give(linked("c", "b", link="first"), linked("c", "a", link="second"))
    assert [holder.name for holder in hub.case("c").holders] == ["Chloe", "Ben", "Amara"]
    hub.give(unlinked("c", "second"))
    assert hub.held() == before
    first, second, withdrawn = hub.told()
    items = [item.item_id for item in hub.answers.records("outbound.social_care") if "part_of" in item.outcome]
    assert (second["part_of"], second["corrects"], withdrawn["corrects"]) == ("a", items[0], items[1])


def test_undoing_leaves_a_case_with_the_worker_somebody_chose_meanwhile() -> None:
    hub = Hub("amara", "ben")
    hub.arrive("a")
    hub.arrive("b")
    chosen = happened("allocated", LATER, "b", by="Chloe Davies", details={"how": "partner"})
    hub.give(linked("b", "a"), chosen, unlinked("b"))
    assert hub.case("b").holders[-1].name == "Chloe Davies"


def test_a_link_that_comes_before_the_first_allocation_waits_for_it_and_not_the_other_way_round() -> None:
    hub = Hub("amara", "ben")
    hub.arrive("a")
    hub.give(linked("b", "a"))
    hub.arrive("b")
    assert [holder.how for holder in hub.case("b").holders] == ["rota", "linked"]
    assert hub.told() == [{"outcome": "linked", "part_of": "a"}], "what came before the opening is not lost"


def test_nobody_gets_a_case_while_off_duty() -> None:
    hub = Hub("amara", "ben")
    hub.arrive("a")
    hub.arrive("b")
    hub.allocate(
        AllocationEvent(
            event_id="off", type="rota_set", team="t", at=NOON, worker_id="amara", worker_name="Amara",
            duty_from=NOON - timedelta(days=1), duty_to=LATER - timedelta(minutes=1),
        )
    )  # fmt: skip
    hub.give(linked("b", "a"))
    assert [holder.name for holder in hub.case("b").holders] == ["Ben"]


def test_a_worker_whom_only_the_case_system_knows_gets_the_childs_next_contact() -> None:
    hub = Hub("amara", "ben")
    hub.arrive("a")
    hub.give(happened("allocated", NOON, "a", by="Chloe Davies", details={"how": "partner"}))
    hub.arrive("b")
    hub.give(linked("b", "a"))
    assert hub.case("b").holders[-1].name == "Chloe Davies"


def test_a_closed_case_takes_nothing_over() -> None:
    hub = Hub("amara", "ben")
    hub.arrive("a")
    hub.give(happened("closed", NOON, "a", by="Amara"))
    hub.arrive("another")
    hub.arrive("b")
    holders = hub.case("b").holders
    assert (hub.case("a").holders[-1].name, holders[-1].name) == ("Amara", "Ben")
    hub.give(linked("b", "a"))
    assert hub.case("b").holders == holders
