"""Messages of our own published formats, written by somebody who had the schemas and never saw a reader, are read as meant.

Each `NAME` has `NAME.expect.json`, written before the message was read. It stays as it was written; where the product
decided otherwise the decision stands here, with its reason, and the schemas say so since.
"""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.registry import reader
from schemas.codes import RISK_LEVELS
from schemas.person import Person
from schemas.reading import Hint, Reading, Report

MESSAGES = Path(__file__).parent / "messages"
NAMES = sorted(path.name.removesuffix(".expect.json") for path in MESSAGES.glob("*.expect.json"))

#: A whole name in `given_name`, without a surname: the last word counts as the surname, so that linkage can compare it.
SPLIT = {"Nguyễn Thị Ánh": ("Nguyễn", "Ánh")}


def read(name: str) -> tuple[Reading, dict[str, Any]]:
    [message] = [path for path in MESSAGES.glob(f"{name}.*") if not path.name.endswith(".expect.json")]
    agency = name.split("-")[1]
    return reader(agency)(message.read_bytes(), Hint(file_name=message.name)), json.loads(
        (MESSAGES / f"{name}.expect.json").read_text("utf-8")
    )


def moment(text: str | None) -> datetime | None:
    if text is None or len(text) == len("2026-11-20"):
        return None
    stated = datetime.fromisoformat(text)
    return stated.astimezone(UTC) if stated.tzinfo else stated.replace(tzinfo=UTC)


def numbers(person: Person) -> dict[str, str]:
    return {one.kind: one.value for one in person.identifiers}


def is_as_meant(child: dict[str, Any], report: Report, grade: str | None) -> None:
    person = report.person
    given, family = SPLIT.get(child["given_name"], (child["given_name"], child["family_name"]))
    assert (person.given or None, person.family or None) == (given, family)
    assert (str(person.dob) if person.dob else None) == child["date_of_birth"]
    # DfE writes U for an unborn child.
    assert (person.sex or None) == (child["sex"] or ("U" if child["unborn"] else None)) and person.unborn == child["unborn"]
    assert (str(person.expected_dob) if person.expected_dob else None) == child.get("expected_date_of_birth")
    assert person.known_as == child.get("known_as", "")
    assert person.other_given == child.get("other_given_names", person.other_given)
    assert {kind: number for kind, number in numbers(person).items() if kind in child} == {
        kind: child[kind] for kind in ("nhs_number", "upn") if kind in child
    }
    # Of a child's own grade and the message's the higher counts: no source says that one takes back the other.
    graded = [one for one in (child.get("risk"), grade) if one]
    assert report.risk == min(graded, key=RISK_LEVELS.index, default="")
    assert child.get("narrative_contains", "") in report.narrative
    kept = {name.rpartition(".")[2] for name in report.unmapped}
    said = " ".join([*kept, report.narrative.casefold()])
    assert all(name in said for name in child.get("kept_extras", ()))


@pytest.mark.parametrize("name", [name for name in NAMES if "events" not in read(name)[1]])
def test_a_concern_or_notice_is_read_as_its_writer_meant_it(name: str) -> None:
    reading, meant = read(name)
    reports = [*reading.reports, *(case.report for case in reading.case_reports if case.report)]
    assert reading.outcome in ("contact", "case_events") and len(reports) == len(meant["children"])
    for child, report in zip(meant["children"], reports, strict=True):
        is_as_meant(child, report, meant["risk"])
        assert report.kind == {"safeguarding_concern": "contact", "contact_recorded": "contact"}.get(
            meant["kind"], meant["kind"] or "contact"
        )
        assert (report.reference or None, report.action) == (meant["reference"], meant.get("action", "new"))
        assert (report.incident_at, report.written_at) == (moment(meant["incident_at"]), moment(meant["written_at"]))
        assert meant["narrative_contains"] in report.narrative
        assert len(report.attachments) == meant["attachments"]
        referrers = [one for one in report.people if one.role == "referrer"]
        known = " ".join(f"{one.given} {one.family} {one.job}" for one in referrers)
        assert all(word in known for word in (meant["referrer"] or "").removeprefix("Mrs ").split())
        assert len(report.people) - len(referrers) == meant["other_people_count"]
        kept = {part for name in report.unmapped for part in name.split(".")}
        # A college has no URN: its provider number is the sender's code.
        kept |= {"ukprn"} if report.organisation.code_system == "other" and report.organisation.code else set()
        assert {*meant.get("kept_extras", ())} <= kept
    for case in reading.case_reports:
        assert case.by == meant["recorded_by"] and case.details.get("method", meant["method"]) == meant["method"]
        written = moment(meant["written_at"])
        assert case.happened_at == written or case.happened_on == date.fromisoformat(meant["written_at"])


@pytest.mark.parametrize("name", [name for name in NAMES if "events" in read(name)[1]])
def test_case_events_are_read_as_their_writer_meant_them(name: str) -> None:
    reading, meant = read(name)
    assert reading.outcome == "case_events" and len(reading.case_reports) == len(meant["events"])
    for event, case in zip(meant["events"], reading.case_reports, strict=True):
        told = {"event": case.type, "contact": case.contact, "by": case.by, "level": case.level, "reason_code": case.reason_code}
        told |= case.details
        at = event.pop("at", None)
        assert (case.happened_at, str(case.happened_on or "")) == (moment(at), "" if moment(at) else at or "")
        assert event.pop("reason_contains", "") in case.reason
        identifier = event.pop("event_id", "")
        assert identifier in (reading.transport_id, case.details.get("event_id", ""))
        assert {name: told.get(name) or None for name in event} == event
