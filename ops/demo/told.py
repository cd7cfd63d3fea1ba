"""What a partner's own system reads in an answer of the hub: each agency's format, read with other code than wrote it."""

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]

_FHIR = "{http://hl7.org/fhir}"


class NotUnderstood(ValueError):
    """An answer that its recipient cannot read: the hub wrote something that its format does not allow."""


@dataclass(frozen=True)
class Answer:
    """One outcome as its sender has it. `reference` and `message_id` are the sender's own numbers, where the answer has them."""

    outcome: str
    receipt_id: str
    contact_id: str
    decision: str = ""
    reference: str = ""
    message_id: str = ""


def read_answer(format: str, body: bytes) -> Answer:
    """An answer in one of the formats that senders are answered in. Raises `NotUnderstood`."""
    try:
        return _READERS[format](body)
    except (KeyError, IndexError, ValueError, StopIteration, SyntaxError, AttributeError) as error:
        raise NotUnderstood(f"an answer in {format} cannot be read ({type(error).__name__})") from None


def answer_in(said: Mapping[str, Any]) -> Answer:
    """An answer by the names of the published outcome notice."""
    return Answer(
        outcome=said["outcome"],
        receipt_id=said["receipt_id"],
        contact_id=said.get("contact_id", ""),
        decision=said.get("decision", ""),
        reference=said.get("your_reference", ""),
        message_id=said.get("your_message_id", ""),
    )


def _json(body: bytes) -> Answer:
    return answer_in(json.loads(body))


def _csv(body: bytes) -> Answer:
    return answer_in(next(csv.DictReader(io.StringIO(body.decode("utf-8-sig")))))


def _xml(body: bytes) -> Answer:
    names = {"Outcome": "outcome", "ReceiptId": "receipt_id", "ContactId": "contact_id", "Decision": "decision",
             "YourReference": "your_reference", "YourMessageId": "your_message_id"}  # fmt: skip
    return answer_in({names[part.tag]: part.text or "" for part in fromstring(body) if part.tag in names})


def _case_system(body: bytes) -> Answer:
    said = json.loads(body)
    names = {"reference": "your_reference", "message_id": "your_message_id"}
    outcome = {names.get(name, name): text for name, text in said["outcome"].items()}
    return answer_in({**outcome, "receipt_id": said["receipt_id"], "contact_id": said["frontdoor_contact_id"]})


def _hl7(body: bytes) -> Answer:
    segments = [line.split("|") for line in body.decode().split("\r") if line]
    found = {fields[0]: fields for fields in segments}
    notes = dict(fields[3].split(": ", 1) for fields in segments if fields[0] == "NTE" and ": " in fields[3])
    rf1 = found["RF1"] + [""] * 12
    return Answer(
        outcome=notes["Outcome"],
        receipt_id=found["MSA"][3].removeprefix("receipt "),
        contact_id=rf1[11].split("^")[0],
        decision=notes.get("Next step", ""),
        reference=rf1[6].split("^")[0],
        message_id=found["MSA"][2],
    )


def _fhir_json(body: bytes) -> Answer:
    resources = {entry["resource"]["resourceType"]: entry["resource"] for entry in json.loads(body)["entry"]}
    task = resources["Task"]
    return _of_task(
        outcome=task["businessStatus"]["coding"][0]["code"],
        identifiers={one["system"]: one["value"] for one in task["identifier"]},
        based_on=[one["identifier"]["value"] for one in task.get("basedOn", [])],
        outputs=[one["valueString"] for one in task.get("output", [])],
        response=resources["MessageHeader"]["response"]["identifier"],
    )


def _fhir_xml(body: bytes) -> Answer:
    bundle = fromstring(body)
    task, header = bundle.find(f".//{_FHIR}Task"), bundle.find(f".//{_FHIR}MessageHeader")

    def values(of: Element, path: str) -> list[str]:
        return [part.attrib["value"] for part in of.findall("/".join(f"{_FHIR}{name}" for name in path.split("/")))]

    return _of_task(
        outcome=values(task, "businessStatus/coding/code")[0],
        identifiers=dict(zip(values(task, "identifier/system"), values(task, "identifier/value"), strict=True)),
        based_on=values(task, "basedOn/identifier/value"),
        outputs=values(task, "output/valueString"),
        response=values(header, "response/identifier")[0],
    )


def _of_task(outcome: str, identifiers: dict[str, str], based_on: list[str], outputs: list[str], response: str) -> Answer:
    return Answer(
        outcome=outcome,
        receipt_id=identifiers["urn:frontdoor:receipt"],
        contact_id=identifiers.get("urn:frontdoor:contact", ""),
        decision=next(iter(outputs), ""),
        reference=next(iter(based_on), ""),
        message_id=response,
    )


_READERS: dict[str, Callable[[bytes], Answer]] = {
    "hl7v2": _hl7, "fhir-json": _fhir_json, "fhir-xml": _fhir_xml, "json": _json, "csv": _csv, "xml": _xml,
    "case-system": _case_system,
}  # fmt: skip
