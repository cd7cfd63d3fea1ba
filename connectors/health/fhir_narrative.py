"""The free text of a FHIR referral: everything a person wrote about the child, in one text with a label a paragraph."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from connectors.decoding import LONGEST_TEXT, whole_text
from connectors.health.fhir_document import FhirDocument, kind_of
from connectors.health.fhir_values import Node, element, first, items, nodes, text, value_of, value_words, words
from schemas.reading import Note

_LONGEST_PARAGRAPH = 20_000
_DEEPEST_SECTION, _MOST_SECTIONS = 6, 200
_TAG = re.compile(r"<[^<>]{0,2000}>")
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&nbsp;": " ", "&amp;": "&"}

_DESCRIBES_A_CHILD = (
    "Condition", "Observation", "CarePlan", "Communication", "QuestionnaireResponse", "Flag", "RiskAssessment",
    "DocumentReference", "Composition", "DetectedIssue", "ClinicalImpression", "Task", "CommunicationRequest",
)  # fmt: skip


def narrative_of(requests: list[Node], patient: Node, document: FhirDocument, letters: Iterable[str], notes: list[Note]) -> str:
    """The text of the requests, then of the resources they refer to or that are about the same patient, then `letters`,
    documents of plain text."""
    paragraphs: list[str] = []
    told: set[int] = set()
    for request in requests:
        paragraphs += _request(request)
        for name in ("reasonReference", "supportingInfo", "basedOn"):
            for reference in items(request, name):
                _tell(document.find(reference, request), paragraphs, told)
                if text(reference, "display"):
                    paragraphs.append(f"See: {text(reference, 'display')}")
    only = len(document.by_type.get("Patient", [])) <= 1
    for kind in _DESCRIBES_A_CHILD:
        for resource in document.by_type.get(kind, [])[:100]:
            about = document.about(resource)
            if (about and about is patient) or (only and not about):
                _tell(resource, paragraphs, told)
    paragraphs += [f"Document: {letter}" for letter in letters if letter]
    if not paragraphs:
        paragraphs = [_plain(element(first(request, "text"), "div")) for request in requests]
    for request in requests:
        paragraphs += _labelled("Request", element(first(request, "code"), "text"))
        for extension in nodes(request, "extension"):
            said = whole_text(element(extension, "valueString") or element(extension, "valueMarkdown"), _LONGEST_PARAGRAPH)
            # One word is a code or a grade; what somebody wrote has several.
            paragraphs += [said] if " " in said else []
    whole = "\n".join(dict.fromkeys(filter(None, paragraphs)))
    if len(whole) > LONGEST_TEXT:
        notes.append(
            Note(code="text_cut", field="ServiceRequest", text="The text is longer than is kept; all of it stays stored.")
        )
    return whole[:LONGEST_TEXT]


def _labelled(label: str, value: Any) -> list[str]:
    said = whole_text(value, _LONGEST_PARAGRAPH)
    return [f"{label}: {said}" if label else said] if said else []


def _concepts(label: str, node: Node, name: str) -> Iterator[str]:
    for concept in items(node, name):
        said = whole_text(element(concept, "text"), _LONGEST_PARAGRAPH) or words(concept)
        yield from _labelled(label, said)


def _annotations(node: Node) -> Iterator[str]:
    for note in items(node, "note"):
        yield from _labelled("Note", note if isinstance(note, str) else element(note, "text"))


def _request(request: Node) -> list[str]:
    found = [*_concepts("Reason", request, "reasonCode"), *_labelled("", element(request, "description"))]
    found += [*_annotations(request), *_concepts("Detail", request, "orderDetail")]
    return found + _labelled("Patient instruction", element(request, "patientInstruction"))


def _tell(resource: Node, paragraphs: list[str], told: set[int]) -> None:
    """Add what a resource says, once."""
    if not resource or id(resource) in told or kind_of(resource) not in _DESCRIBES_A_CHILD:
        return
    told.add(id(resource))
    kind = kind_of(resource)
    label = {"Condition": "Condition", "Flag": "Flag", "CarePlan": "Care plan"}.get(kind, "")
    if kind == "Observation":
        found = _observation(resource)
    elif kind == "QuestionnaireResponse":
        found = list(_answers(resource))
    else:
        found = list(_concepts(label or "About", resource, "code"))
        for name in ("title", "description", "summary", "detail", "mitigation"):
            found += _labelled(label, element(resource, name))
        for activity in nodes(resource, "activity"):
            found += _concepts(label, activity, "outcomeCodeableConcept")
            found += _labelled(label, element(first(activity, "detail"), "description"))
        for payload in nodes(resource, "payload"):
            found += _labelled("Message", element(payload, "contentString"))
        found += _sections(resource)
    paragraphs += [*found, *_annotations(resource)]


def _sections(composition: Node, depth: int = 0) -> list[str]:
    found: list[str] = []
    for section in nodes(composition, "section"):
        found += _labelled(text(section, "title"), _plain(element(first(section, "text"), "div")))
        if depth < _DEEPEST_SECTION:
            found += _sections(section, depth + 1)
    return found[:_MOST_SECTIONS]


def _observation(resource: Node) -> list[str]:
    name, value = words(element(resource, "code")), value_of(resource)
    said = whole_text(value, _LONGEST_PARAGRAPH) if isinstance(value, str) else value_words(value)
    found = _labelled("Observation", f"{name}: {said}" if said and name else name or said)
    for component in nodes(resource, "component"):
        inner = value_words(value_of(component))
        found += _labelled("Observation", f"{words(element(component, 'code'))}: {inner}" if inner else "")
    return found


def _answers(response: Node) -> Iterator[str]:
    waiting = [(item, 0) for item in nodes(response, "item")]
    read = 0
    while waiting and read < 500:
        item, depth = waiting.pop(0)
        read += 1
        question = text(item, "text")
        for answer in nodes(item, "answer"):
            value = value_of(answer)
            said = whole_text(value, _LONGEST_PARAGRAPH) if isinstance(value, str) else value_words(value)
            yield from _labelled(question, said)
            if depth < 10:
                waiting += [(inner, depth + 1) for inner in nodes(answer, "item")]
        if depth < 10:
            waiting += [(inner, depth + 1) for inner in nodes(item, "item")]


def _plain(div: Any) -> str:
    """The words of an XHTML narrative, without its markup."""
    bare = _TAG.sub(" ", whole_text(div, LONGEST_TEXT))
    for entity, char in _ENTITIES.items():
        bare = bare.replace(entity, char)
    return " ".join(bare.split())
