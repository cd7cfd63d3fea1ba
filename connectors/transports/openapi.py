"""What the OpenAPI document says of the addresses that take bytes: media types, answers, limits."""

from typing import Any

from connectors.transports.fhir_answers import FHIR_JSON
from connectors.transports.http_paths import Path

TITLE = "Front Door, {agency} connector"

_TEXT = {"type": "string"}
_ID = {"type": "string", "format": "uuid"}
_TIME = {"type": "string", "format": "date-time"}

_RECEIPT = {
    "type": "object",
    "required": ["receipt_id", "received_at", "status", "message", "status_url"],
    "properties": {
        "receipt_id": _ID,
        "received_at": _TIME,
        "status": {"type": "string", "description": "`received`, then what the message turned out to be."},
        "message": {"type": "string", "description": "For people."},
        "status_url": {"type": "string", "format": "uri-reference"},
    },
}
_STATUS = {
    **_RECEIPT,
    "properties": {
        **_RECEIPT["properties"],  # type: ignore[dict-item]
        "read_by_a_person": {"type": "boolean"},
        "reason_code": _TEXT,
        "reason": _TEXT,
        "duplicate_of": _TEXT,
        "contact_ids": {"type": "array", "items": _ID},
        "notes": {"type": "array", "items": {"type": "object"}},
    },
}
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {"type": _TEXT, "title": _TEXT, "status": {"type": "integer"}, "detail": _TEXT},
}
_OUTCOME = {
    "type": "object",
    "required": ["resourceType", "issue"],
    "properties": {"resourceType": {"const": "OperationOutcome"}, "issue": {"type": "array"}},
}
_BINARY = {"type": "string", "format": "binary"}


def _problem(text: str) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": _PROBLEM}, FHIR_JSON: {"schema": _OUTCOME}}
    return {"description": text, "content": content}


_HEADERS = [
    ("Idempotency-Key", "Any text of yours. The same key with the same bytes is the same message, with the same receipt."),
    ("Content-Disposition", "filename=… is kept, so that the message can be found by it."),
    ("traceparent", "W3C trace context; the hub goes on with your trace."),
]

#: What is the same for every question about a receipt.
GET_DOCS: dict[str, Any] = {
    "responses": {
        200: {"description": "What became of the message.", "content": {"application/json": {"schema": _STATUS}}},
        401: _problem("A token is needed, or it is wrong."),
        403: _problem("Not from a web page."),
        404: _problem("No message of yours has this receipt."),
        503: _problem("The hub cannot tell now; ask again."),
    },
}

_TOLD = {
    "type": "object",
    "required": ["notice_id", "receipt_id", "contact_id", "outcome", "meaning", "at"],
    "properties": dict.fromkeys(
        (
            "notice_id", "receipt_id", "contact_id", "your_reference", "your_message_id", "outcome", "decision", "reason",
            "meaning", "at",
        ),
        _TEXT,
    ),
}  # fmt: skip
_PAGE = {
    "type": "object",
    "required": ["outcomes", "next", "more"],
    "properties": {"outcomes": {"type": "array", "items": _TOLD}, "next": _TEXT, "more": {"type": "boolean"}},
}

#: The question what became of a sender's messages.
OUTCOMES_DOCS: dict[str, Any] = {
    "openapi_extra": {
        "parameters": [
            {
                "name": "since", "in": "query", "required": False, "schema": _TEXT,
                "description": "The `next` of your last answer; without it you get the oldest outcome first.",
            },
            {
                "name": "limit", "in": "query", "required": False,
                "schema": {"type": "integer", "minimum": 1, "maximum": 500, "default": 100},
                "description": "How many at most.",
            },
        ]
    },
    "responses": {
        200: {"description": "Your outcomes after `since`.", "content": {"application/json": {"schema": _PAGE}}},
        400: _problem("since or limit is not one."),
        401: _problem("A token is needed, or it is wrong."),
        403: _problem("Not from a web page."),
        503: _problem("The hub cannot tell now; ask again."),
    },
}  # fmt: skip

#: The question for the signed statement of a day.
STATEMENT_DOCS: dict[str, Any] = {
    "responses": {
        200: {"description": "The signed statement.", "content": {"application/json": {"schema": {"type": "object"}}}},
        400: _problem("The day is none."),
        401: _problem("A token is needed, or it is wrong."),
        403: _problem("Not from a web page."),
        503: _problem("The hub cannot tell now; ask again."),
    },
}

#: What is the same for the question whether messages can be taken.
READY_DOCS: dict[str, Any] = {"responses": {503: _problem("Nothing can be taken now; come back in a few seconds.")}}


def document_of(path: Path, limit: int) -> dict[str, Any]:
    """The parts of an address that takes bytes which the framework cannot know. `limit` in bytes."""
    answer, media = (_OUTCOME, FHIR_JSON) if path.fhir else (_RECEIPT, "application/json")
    return {
        "description": (
            "The body is stored as it is, before anybody reads it; 202 means that it is on disk and has a receipt, not "
            "that it could be read. What became of it is at /receipts/{id}. Other media types are taken too: what "
            "cannot be read is kept for a person. A client whose Accept names application/fhir+json gets refusals as "
            "an OperationOutcome."
        ),
        "openapi_extra": {
            "requestBody": {
                "required": True,
                "description": f"One message, at most {limit} bytes.",
                "content": {each: {"schema": _BINARY} for each in path.media_types},
            },
            "parameters": [
                {"name": name, "in": "header", "required": False, "schema": _TEXT, "description": text}
                for name, text in _HEADERS
            ],
        },
        "responses": {
            202: {
                "description": "Stored. No person has read it yet.",
                "content": {media: {"schema": answer}},
                "headers": {
                    "Location": {"description": "Where to ask what became of it.", "schema": _TEXT},
                    "X-Receipt-Id": {"description": "The receipt.", "schema": _ID},
                },
            },
            401: _problem("A token is needed, or it is wrong; nothing was stored."),
            403: _problem("Not from a web page; nothing was stored."),
            408: _problem("The body took too long; nothing was stored."),
            413: _problem("Too large. Its arrival and its beginning are recorded under `receipt_id`."),
            500: _problem("The hub failed; it is not sure that the message was stored. Send it again with the same key."),
            503: _problem("The hub's log does not answer, or the hub is full; nothing was stored. Send it again."),
        },
    }
