"""A council's SSD tables: each step of a case that the hub knows is taken in once, and nothing is written or guessed."""

import json
import uuid
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.registry import reader
from connectors.transports.ssd_events import COLUMNS, Reading
from schemas.codes import CASE_EVENT_TYPES
from schemas.reading import Hint

from ..running import InThread, eventually

CONTACT, SECOND = str(uuid.UUID(int=1)), str(uuid.UUID(int=2)) + "/2"
CUT_OVER = date(2026, 6, 1)

PROFESSIONALS = [{"prof_professional_id": "w1", "prof_professional_name": "Amara Singh"}]
EPISODE = {
    "cine_referral_id": "r1", "cine_person_id": "p1", "cine_referral_date": "2026-06-05", "cine_referral_nfa": "N",
    "cine_referral_team": "Duty 1", "cine_referral_worker_id": "w1",
}  # fmt: skip
ASSESSMENT = {"cina_assessment_id": "a1", "cina_person_id": "p1", "cina_assessment_start_date": "2026-06-08"}
ENQUIRY = {"s47e_s47_enquiry_id": "e1", "s47e_person_id": "p1", "s47e_s47_start_date": datetime(2026, 6, 9, 14, 30)}
CONFERENCE = {"icpc_icpc_id": "c1", "icpc_person_id": "p1", "icpc_icpc_date": date(2026, 6, 22)}
PERSON = {"pers_person_id": "p1", "pers_dob": date(2015, 3, 4)}
INVOLVEMENT = {
    "invo_involvements_id": "i1", "invo_person_id": "p1", "invo_professional_id": "w1",
    "invo_professional_role_id": "Allocated Case Worker", "invo_involvement_start_date": "2026-06-05 00:00:00",
}  # fmt: skip


def link(contact: str = CONTACT, since: str | None = None, kind: str = "Front Door", person: str = "p1") -> dict[str, Any]:
    return {
        "link_person_id": person, "link_identifier_type": kind, "link_identifier_value": contact, "link_valid_from_date": since,
    }  # fmt: skip


def tables(*rows: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Rows, each put into the table that has its columns; what is not given is NULL."""
    found: dict[str, list[dict[str, Any]]] = {table: [] for table in COLUMNS}
    for row in (*rows, *PROFESSIONALS):
        (table,) = [table for table, columns in COLUMNS.items() if set(row) <= set(columns)]
        found[table].append({column: row.get(column) for column in COLUMNS[table]})
    return found


def reading(*rows: dict[str, Any]) -> Reading:
    return Reading(tables(*rows), "front door", frozenset({"allocated case worker"}), CUT_OVER)


def events(*rows: dict[str, Any]) -> list[tuple[str, ...]]:
    return [(event.body["event"], event.body["at"], event.body["frontdoor_contact_id"]) for event in reading(*rows).events()]


def test_each_step_of_a_case_is_told_in_its_order() -> None:
    told = events(
        {**ASSESSMENT, "cina_assessment_auth_date": "2026-07-01"}, CONFERENCE, {**ENQUIRY, "s47e_s47_end_date": "2026-06-19"},
        INVOLVEMENT, {**EPISODE, "cine_close_date": "2026-08-01", "cine_close_reason": "RC8"}, link(),
    )  # fmt: skip
    assert [(event, at) for event, at, _ in told] == [
        ("decision", "2026-06-05"), ("allocated", "2026-06-05"), ("assessment_started", "2026-06-08"),
        ("strategy_discussion", "2026-06-09T14:30:00"), ("s47_started", "2026-06-09T14:30:00"), ("s47_ended", "2026-06-19"),
        ("conference_held", "2026-06-22"), ("assessment_authorised", "2026-07-01"), ("closed", "2026-08-01"),
    ]  # fmt: skip
    assert {contact for *_, contact in told} == {CONTACT}


def test_the_hub_reads_every_event_as_it_was_meant_and_a_date_stays_a_date() -> None:
    rows = [
        ASSESSMENT, CONFERENCE, ENQUIRY, INVOLVEMENT, {**EPISODE, "cine_close_date": "2026-08-01", "cine_close_reason": "RC8"},
        {**EPISODE, "cine_referral_id": "r2", "cine_referral_nfa": "Y"}, link(),
    ]  # fmt: skip
    for event in reading(*rows).events():
        read = reader("social_care")(json.dumps(event.body).encode(), Hint(content_type="application/json"))
        (report,) = read.case_reports
        assert report.type == event.body["event"] and report.type in CASE_EVENT_TYPES
        assert report.contact == CONTACT
        assert report.by == event.body.get("by", "")
        dated = report.happened_on.isoformat() if report.happened_on else ""
        assert dated == ("" if "T" in event.body["at"] else event.body["at"])
        assert bool(report.happened_at) == ("T" in event.body["at"])
        assert report.reason_code == event.body.get("reason_code", "")
        assert report.details.get("decision", "") == event.body.get("decision", "")


def test_no_further_action_is_not_a_referral() -> None:
    assert [event for event, *_ in events({**EPISODE, "cine_referral_nfa": "Y"}, link())] == ["no_further_action"]


@pytest.mark.parametrize("change", [{"invo_professional_role_id": "Health Visitor"}, {"invo_professional_id": "w9"}])
def test_only_a_named_person_in_the_right_role_holds_the_case(change: dict[str, str]) -> None:
    assert events({**INVOLVEMENT, **change}, link()) == []


def test_a_row_belongs_to_the_newest_contact_that_is_not_younger() -> None:
    rows = [
        link(CONTACT, "2026-06-05"),
        link(SECOND, "2026-07-01 00:00:00"),
        link("CASE-7", kind="Case Number"),
        link("nonsense"),
    ]
    after = {**ASSESSMENT, "cina_assessment_id": "a2", "cina_assessment_start_date": "2026-07-02"}
    assert [contact for *_, contact in events(EPISODE, ASSESSMENT, after, *rows)] == [CONTACT, CONTACT, SECOND]


@pytest.mark.parametrize(
    "rows",
    [
        [ASSESSMENT],
        [ASSESSMENT, link(person="p2")],
        [ASSESSMENT, link(since="2026-06-09")],
        [{**ASSESSMENT, "cina_assessment_start_date": "2026-05-31"}, link()],
        [{**ASSESSMENT, "cina_assessment_start_date": None}, link()],
        [{**ASSESSMENT, "cina_assessment_start_date": "soon"}, link()],
    ],
)
def test_history_and_children_that_the_hub_does_not_know_are_no_events(rows: list[dict[str, Any]]) -> None:
    assert events(*rows) == []


def test_cases_that_were_open_on_the_first_day_are_loaded_with_their_worker_and_no_child_is_named() -> None:
    before = {**EPISODE, "cine_referral_date": "2026-03-01"}
    closed = {**before, "cine_referral_id": "r2", "cine_close_date": "2026-05-01"}
    nobody = {**before, "cine_referral_id": "r4", "cine_person_id": "p4"}
    upn = {**link("B801200005001", kind="Unique Pupil Number")}
    cases = reading(before, closed, {**EPISODE, "cine_referral_id": "r3"}, nobody, PERSON, upn).open_cases()
    assert cases[0] == {
        "referral_id": "r1", "person_id": "p1", "referral_date": "2026-03-01", "date_of_birth": "2015-03-04",
        "upn": "B801200005001", "worker": "Amara Singh",
    }  # fmt: skip
    read = reader("social_care")(json.dumps({"ssd_open_cases": cases}).encode(), Hint())
    assert (read.outcome, read.reason_code) == ("not_a_contact", "ssd_open_cases")
    (loaded,) = read.open_cases
    assert (loaded.number, loaded.dob, loaded.since, loaded.worker) == ("p1", date(2015, 3, 4), date(2026, 3, 1), "Amara Singh")
    assert [(note.code, note.field) for note in read.notes] == [("row_not_read", "Date of Birth")], "p4 has no birthday there"


# -- on real databases


def create(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        for table, columns in COLUMNS.items():
            kind = "TIMESTAMP" if engine.dialect.name == "postgresql" else "TEXT"
            listed = ", ".join(f"{name} {kind if name.endswith('_date') else 'VARCHAR(100)'}" for name in columns)
            connection.exec_driver_sql(f"CREATE TABLE {table} ({listed})")


def insert(engine: sa.Engine, *rows: dict[str, Any]) -> None:
    with engine.begin() as connection:
        for table, found in tables(*rows).items():
            for row in found:
                # SQLite's drivers have no dates of their own.
                values = {name: str(value) if isinstance(value, date) else value for name, value in row.items()}
                connection.execute(sa.insert(sa.table(table, *map(sa.column, values))).values(values))


@pytest.mark.broker
@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_what_is_new_in_the_tables_is_sent_once_also_when_they_are_rebuilt_and_what_was_sent_is_forgotten(
    database: Callable[[str], sa.Engine], dialect: str, own_connector: Callable[..., InThread], kafka: str, tmp_path: Path
) -> None:
    engine = database(dialect)
    create(engine)
    insert(
        engine,
        EPISODE,
        ASSESSMENT,
        INVOLVEMENT,
        link(),
        {**EPISODE, "cine_referral_id": "old", "cine_referral_date": "2026-01-02"},
    )
    sender = f"ssd-{uuid.uuid4().hex}"
    path = tmp_path / "senders.yaml"
    url = engine.url.render_as_string(hide_password=False)
    channel = f"{{url: '{url}', cut_over: 2026-06-01, every_seconds: 0.1}}"
    path.write_text(f"senders:\n  - {{id: {sender}, agency: social_care, transport: ssd, ssd: {channel}}}\n")
    connector = own_connector("social_care", kafka, senders_file=path)

    def told() -> list[str]:
        records = [one.record for one in connector.logged() if one.record.sender == sender]
        bodies = [json.loads(record.body) for record in {one.receipt_id: one for one in records}.values()]
        return [body.get("event", "load") for body in bodies]

    eventually(lambda: len(told()) >= 4, 30)
    assert told() == ["load", "decision", "allocated", "assessment_started"]
    with engine.begin() as connection:
        for table in COLUMNS:
            connection.exec_driver_sql(f"DELETE FROM {table}")
    insert(engine, EPISODE, INVOLVEMENT, link(), {**ASSESSMENT, "cina_assessment_auth_date": "2026-07-01"})
    eventually(lambda: len(told()) >= 5, 30)
    assert told()[4:] == ["assessment_authorised"]

    (remembered,) = (connector.run_dir / "ssd").iterdir()
    connector.stop()
    remembered.unlink()
    insert(engine, {**ENQUIRY, "s47e_s47_start_date": "2026-07-02"})
    own_connector("social_care", kafka, senders_file=path)
    eventually(lambda: "s47_started" in told(), 30)
    assert told()[5:] == ["strategy_discussion", "s47_started"], "the others came again under their receipts"
