"""What a FHIR referral says about risk: an explicit grade first, the order's priority otherwise."""

from collections.abc import Iterator

from connectors.health.fhir_document import FhirDocument
from connectors.health.fhir_values import Node, codes, element, extensions, items, nodes, text, value_of, value_words, words
from connectors.health.vocabulary import ASKS_RISK, priority_level
from schemas.codes import risk_level
from schemas.reading import Note


def risk_of(request: Node, patient: Node, document: FhirDocument, notes: list[Note]) -> tuple[str, str]:
    """(risk level or "", the sender's own word).

    In this order: an extension whose url speaks of risk, RAG, urgency or a level; a category that is a grade; a
    RiskAssessment, a Flag, or an Observation or answer on risk or RAG, about the child; `priority` (stat, asap and urgent
    are red, routine is green).
    """
    graded = ""
    for word in _grades(request, patient, document):
        if risk_level(word):
            return risk_level(word), word
        graded = graded or word
    priority = text(request, "priority")
    if graded:
        notes.append(Note(code="risk_not_understood", field="ServiceRequest.extension", text="The risk grade was kept as sent."))
        return priority_level(priority), graded
    if priority and not priority_level(priority):
        notes.append(Note(code="priority_not_understood", field="ServiceRequest.priority", text="The priority was kept as sent."))
    return priority_level(priority), priority


def _grades(request: Node, patient: Node, document: FhirDocument) -> Iterator[str]:
    for extension in extensions(request, "risk", "rag-", "ragrating", "rag_", "/rag", "urgency", "safeguarding-level"):
        value = value_of(extension)
        yield from (word for _, code, label in codes(value) for word in (label, code) if risk_level(word))
        said = value_words(value)
        if said:
            yield said
    for category in items(request, "category"):
        for system, code, label in codes(category):
            spoken = "risk" in system.casefold() or "rag" in system.casefold().rpartition("/")[2]
            grade = next((word for word in (label, code) if risk_level(word)), "")
            if grade and (spoken or len(grade) > 2 and grade.casefold() in _COLOURS):
                yield grade
        if text(category, "text").casefold() in _COLOURS:
            yield text(category, "text")
    for assessment in document.by_type.get("RiskAssessment", [])[:20]:
        about = document.about(assessment)
        if not about or about is patient:
            for prediction in nodes(assessment, "prediction"):
                if risk_level(words(element(prediction, "qualitativeRisk"))):
                    yield words(element(prediction, "qualitativeRisk"))
    for flag in document.by_type.get("Flag", [])[:20]:
        if document.about(flag) is patient:
            yield from (word for word in (words(element(flag, "code")),) if word.casefold() in _COLOURS)
    yield from (word for word in _told(patient, document) if risk_level(word))


def _told(patient: Node, document: FhirDocument) -> Iterator[str]:
    """What Observations and questionnaires about the child say to a question on risk."""
    for resource in (*document.by_type.get("Observation", [])[:100], *document.by_type.get("QuestionnaireResponse", [])[:20]):
        about = document.about(resource)
        if about and about is not patient:
            continue
        if ASKS_RISK.search(words(element(resource, "code"))):
            yield from _words_of(value_of(resource))
        for item in nodes(resource, "item"):
            if ASKS_RISK.search(text(item, "text")):
                for answer in nodes(item, "answer"):
                    yield from _words_of(value_of(answer))


def _words_of(value: object) -> Iterator[str]:
    yield value_words(value)
    yield from (word for _, code, label in codes(value) for word in (label, code))


_COLOURS = frozenset({"red", "amber", "green", "blue", "high risk", "medium risk", "low risk", "immediate"})
