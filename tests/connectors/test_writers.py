"""What leaves for a partner is whole in its own format, tells it what became of its message, and tells it nothing more."""

import csv
import io
import json
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import hl7  # type: ignore[import-untyped]
import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree  # type: ignore[import-untyped]

from connectors.outcomes import FORMAT, SENTENCES
from connectors.registry import CONVERSIONS, formats_written, reader, writer_for
from connectors.writing import CannotWrite, Written
from schemas.catalogue import AGENCIES
from schemas.contact import Authority, Contact
from schemas.outbound import ItemKind, OutboundItem
from schemas.reading import Hint, Report
from tests.connectors.whole_reports import BORN

AT = datetime(2026, 6, 6, 10, 15, tzinfo=UTC)
ALL = [(agency, name) for agency in AGENCIES for name in formats_written(agency)]
TO_SENDERS = [(agency, name) for agency, name in ALL if agency != "social_care"]
FORMATS = files("connectors.formats")


def schema(name: str) -> Any:
    jsonschema = pytest.importorskip("jsonschema", reason="the package jsonschema is not installed")
    return jsonschema.Draft202012Validator(json.loads((FORMATS / name).read_text()))


def item(agency: str, contact: Contact | None = None, kind: ItemKind = "outcome", **outcome: str) -> OutboundItem:
    return OutboundItem(
        item_id="4f0e8a34-0c5b-5d7e-9a43-1d6a5a2f7c10", kind=kind, recipient="partner", agency=agency, contact_id="c-1",
        receipt_id="r-1", at=AT, contact=contact, outcome=outcome,
    )  # fmt: skip


def contact(report: Report = BORN, agency: str = "police") -> Contact:
    return Contact(
        contact_id="c-1", receipt_id="r-1", version=1, sender="force", agency=agency, received_at=AT, team="front-door",
        authority=Authority(code="370", name="Barnsley", how="postcode"), report=report,
    )  # fmt: skip


DECISION = {"outcome": "decision", "decision": "s47", "reference": "PPN/2026 | 4711 & <x>", "message_id": "MSG 4711"}


def parsed(agency: str, name: str, written: Written) -> str:
    """All text in a message, read by the library of its format; raises where that refuses it."""
    body = written.body
    match agency, name:
        case "health", "fhir-json":
            return str(get_fhir_model_class("Bundle").model_validate_json(body).model_dump_json())
        case "health", "fhir-xml":
            return str(get_fhir_model_class("Bundle").model_validate_xml(body).model_dump_json())
        case "health", "hl7v2":
            message = hl7.parse(body.decode())
            assert {str(segment[0]) for segment in message} >= {"MSH", "MSA", "RF1", "PID"}
            return "\n".join(message.unescape(str(segment)) for segment in message)
        case "police", "xml":
            tree = etree.fromstring(body)
            etree.XMLSchema(etree.fromstring((FORMATS / "outcome-notice.xsd").read_bytes())).assertValid(tree)
            return "\n".join(tree.itertext())
        case _, "json":
            return json.dumps(json.loads(body), ensure_ascii=False)
        case _, "csv":
            return str(list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""))))
        case _:
            return body.decode()


@pytest.mark.parametrize(("agency", "name"), TO_SENDERS)
@pytest.mark.parametrize("outcome", SENTENCES)
def test_a_sender_is_told_each_outcome_in_its_own_format_with_the_receipt_it_had(agency: str, name: str, outcome: str) -> None:
    written = writer_for(agency, name)(item(agency, outcome=outcome))
    said = parsed(agency, name, written)
    assert "r-1" in said and SENTENCES[outcome] in said
    assert name == "text" or outcome in said


@pytest.mark.parametrize(("agency", "name"), ALL)
def test_a_decision_names_the_next_step_and_the_sender_s_own_number(agency: str, name: str) -> None:
    said = parsed(agency, name, writer_for(agency, name)(item(agency, **DECISION)))
    assert "s47" in said and DECISION["reference"] in said


@pytest.mark.parametrize(("agency", "name"), ALL)
def test_the_same_item_gives_the_same_bytes_and_a_file_name_that_names_nobody(agency: str, name: str) -> None:
    written = writer_for(agency, name)(item(agency, **DECISION))
    assert written == writer_for(agency, name)(item(agency, **DECISION))
    assert written.file_name.startswith("outcome-4f0e8a34-0c5b-5d7e-9a43-1d6a5a2f7c10.")
    assert written.content_type


@pytest.mark.parametrize(("agency", "name"), [pair for pair in ALL if pair[1] != "text"])
def test_an_answer_that_comes_back_opens_no_contact(agency: str, name: str) -> None:
    """A mail loop, or an echoing system, must not make a case of what the hub said itself."""
    reading = reader(agency)(writer_for(agency, name)(item(agency, **DECISION)).body, Hint())
    assert (reading.outcome, reading.reason_code) == ("not_a_contact", "answer")


def test_an_answer_with_a_worry_written_under_it_is_a_contact() -> None:
    answer = json.loads(writer_for("education", "json")(item("education", **DECISION)).body)
    reading = reader("education")(json.dumps({**answer, "concern": "Ella came back with a bruise."}).encode(), Hint())
    assert reading.outcome == "contact"


@pytest.mark.parametrize(("agency", "name"), [("police", "json"), ("education", "json")])
def test_an_outcome_keeps_to_the_published_schema(agency: str, name: str) -> None:
    for outcome in SENTENCES:
        schema("outcome-notice.schema.json").validate(json.loads(writer_for(agency, name)(item(agency, outcome=outcome)).body))
    assert set(schema("outcome-notice.schema.json").schema["properties"]["outcome"]["enum"]) == set(SENTENCES)


def test_the_published_examples_are_valid() -> None:
    for name in ("outcome-notice.schema.json", "school-notice.schema.json"):
        for example in schema(name).schema["examples"]:
            schema(name).validate(example)


def test_the_hl7_answer_repeats_the_control_id_and_says_accepted_or_rejected() -> None:
    message = hl7.parse(writer_for("health", "hl7v2")(item("health", **DECISION)).body.decode())
    assert (str(message["MSH"][0][9]), str(message["MSA"][0][2]), str(message["RF1"][0][1])) == (
        "RRI^I12", "MSG 4711", "A^Accepted^HL70283",
    )  # fmt: skip
    refused = hl7.parse(writer_for("health", "hl7v2")(item("health", outcome="not_understood", reason="No PID.")).body.decode())
    assert (str(refused["MSA"][0][1]), str(refused["RF1"][0][1])) == ("AE", "R^Rejected^HL70283")


def test_the_fhir_answer_points_to_the_request_by_the_sender_s_identifier() -> None:
    bundle = json.loads(writer_for("health", "fhir-json")(item("health", **DECISION | {"message_id": "MSG-4711"})).body)
    header, task = (entry["resource"] for entry in bundle["entry"])
    assert (header["eventCoding"]["code"], header["response"]) == (
        "servicerequest-response",
        {"identifier": "MSG-4711", "code": "ok"},
    )
    assert header["focus"] == [{"reference": bundle["entry"][1]["fullUrl"]}]
    assert (task["status"], task["basedOn"][0]["identifier"]["value"]) == ("accepted", DECISION["reference"])


_TEXTS = st.text(max_size=60)


@pytest.mark.parametrize(("agency", "name"), TO_SENDERS)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(decision=_TEXTS, reference=_TEXTS, message_id=_TEXTS, reason=_TEXTS, outcome=st.sampled_from(list(SENTENCES)))
def test_no_text_breaks_a_message(agency: str, name: str, **outcome: str) -> None:
    parsed(agency, name, writer_for(agency, name)(item(agency, **outcome)))


@pytest.mark.parametrize("name", formats_written("education"))
def test_a_school_is_told_of_a_police_incident_with_only_what_it_may_have(name: str) -> None:
    due = "2026-06-08T08:45:00+01:00"
    sent = contact(BORN.model_copy(update={"unmapped": {"ChildrenPresent": "Yes", "Notes": "Mother was hit."}}))
    said = parsed("education", name, writer_for("education", name)(item("education", sent, "referral", due_before=due)))
    for known in ("Mina", "Okafor", "2016-02-29", "R-100", "2026-06-04T21:00:00+01:00", due, "yes"):
        assert known in said
    person, others = BORN.person, BORN.people
    hidden = [
        BORN.narrative.splitlines()[0], "Mother was hit", person.address.lines[0], person.address.postcode, BORN.risk,
        "4781234569", *(other.given for other in others), *(other.phone for other in others if other.phone),
    ]  # fmt: skip
    assert [text for text in hidden if text in said] == []


def test_a_school_notice_keeps_to_the_published_schema() -> None:
    kinds: tuple[tuple[ItemKind, str], ...] = (("referral", "new"), ("correction", "correction"), ("cancel_request", "withdrawn"))
    for kind, change in kinds:
        sent = json.loads(writer_for("education", "json")(item("education", contact(), kind)).body)
        schema("school-notice.schema.json").validate(sent)
        assert sent["change"] == change


@pytest.mark.parametrize(
    ("agency", "sent"),
    [
        ("education", item("education", contact(agency="health"), "referral")),
        ("education", item("education", kind="referral")),
        ("police", item("police", contact(), "referral")),
        ("health", item("health", contact(), "referral")),
        ("health", item("health", outcome="linked")),
    ],
)
def test_what_a_recipient_may_not_have_is_not_written(agency: str, sent: OutboundItem) -> None:
    for name in formats_written(agency):
        with pytest.raises(CannotWrite):
            writer_for(agency, name)(sent)


def test_a_cell_that_a_spreadsheet_would_run_is_text() -> None:
    written = writer_for("education", "csv")(item("education", **DECISION | {"reference": "=HYPERLINK(1)"}))
    [row] = csv.DictReader(io.StringIO(written.body.decode("utf-8-sig"), newline=""))
    assert row["your_reference"] == "'=HYPERLINK(1)"


def test_the_usual_format_of_an_agency_is_its_first() -> None:
    for agency in AGENCIES:
        assert writer_for(agency) is writer_for(agency, formats_written(agency)[0])
    with pytest.raises(KeyError):
        writer_for("health", "pdf")


def test_the_name_of_the_outcome_format_is_the_published_one() -> None:
    assert schema("outcome-notice.schema.json").schema["properties"]["format"]["const"] == FORMAT


def test_the_document_names_every_format_every_outcome_and_every_published_schema() -> None:
    told = (Path(__file__).parents[2] / "docs" / "formats.md").read_text()
    names = {*(name for _, name in ALL), *CONVERSIONS, *SENTENCES}
    assert {name for name in names if f"`{name}`" not in told} == set()
    schemas = {file.name for file in FORMATS.iterdir() if file.name.endswith((".json", ".xsd"))}
    assert {name for name in schemas if name not in told} == set()
