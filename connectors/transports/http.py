"""HTTP: the body is stored as it came, unparsed; the answer is a receipt, given after the log has acknowledged."""

import logging
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.message import Message
from pathlib import Path as KeyFile
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect

from connectors.edge import NOT_READ_YET, Edge, Stored
from connectors.journal import Journal
from connectors.room import Room
from connectors.senders import Sender, Senders, Unauthenticated
from connectors.transports.fhir_answers import FHIR_JSON, capability_statement, operation_outcome
from connectors.transports.http_body import Body, NoRoom, TooSlow, read_body
from connectors.transports.http_outcomes import about_what_became
from connectors.transports.http_paths import Path, paths_of
from connectors.transports.http_probe import takes_probes
from connectors.transports.http_problem import Problem, answer_problems
from connectors.transports.openapi import GET_DOCS, READY_DOCS, TITLE, document_of
from connectors.transports.view_answers import ViewAnswers, ViewAway
from schemas.at_hand import at_hand
from schemas.ports import NotDurable

log = logging.getLogger("frontdoor.http")

#: Seconds a body may take from its first byte to its last.
BODY_SECONDS = 120.0
#: Seconds after which a sender may try again.
_RETRY_AFTER = {"Retry-After": "5"}
_LOOPBACK_NAMES = {"127.0.0.1", "localhost", "[::1]"}


@dataclass(frozen=True)
class HttpDoor:
    """What the HTTP transport of one agency needs. `loopback`: bound to this machine alone.

    `failed` is called when the process cannot keep its promises any more; `reachable` says whether the broker answers.
    `statement_key` is the file of the key that signs statements; without it there are none. `probe_token` is what the hub's
    own probes prove themselves with; without it none are taken.
    """

    edge: Edge
    journal: Journal
    senders: Senders
    room: Room
    view: ViewAnswers
    limit: int
    loopback: bool
    reachable: Callable[[], Awaitable[bool]]
    failed: Callable[[BaseException], None]
    body_seconds: float = BODY_SECONDS
    statement_key: KeyFile | None = None
    probe_token: str = ""


def build_app(door: HttpDoor) -> FastAPI:
    """The HTTP application of one agency."""
    agency = door.edge.agency
    # The interactive pages would load scripts from elsewhere; the OpenAPI document stays.
    title = TITLE.format(agency=agency.replace("_", " "))
    # Not redirected: a client that takes 307 for success would believe that its message was stored.
    app = FastAPI(title=title, version="1", docs_url=None, redoc_url=None, redirect_slashes=False)
    answer_problems(app)
    for path in paths_of(agency):
        app.add_api_route(
            path.path,
            _taking(door, path),
            methods=["POST"],
            status_code=202,
            summary=path.summary,
            response_class=Response,
            **document_of(path, door.limit),
        )
    _about_receipts(app, door)
    about_what_became(app, door.view, door.edge.agency, lambda request: _sender(door, request), door.statement_key)
    _about_itself(app, door)
    if door.probe_token:
        takes_probes(app, door.probe_token, door.edge.probe)
    return app


# -- taking a message


def _taking(door: HttpDoor, path: Path) -> Callable[[Request], Awaitable[Response]]:
    async def take(request: Request) -> Response:
        sender = _sender(door, request)
        try:
            body = await _body(door, request)
        except ClientDisconnect:
            # Nobody is left to be told anything, and nothing was promised.
            return Response(status_code=400)
        try:
            with at_hand():
                stored = await _store(door, request, sender, body)
        finally:
            door.room.give_back(body.held)
        after = BackgroundTask(_note, door, stored, sender)
        if body.too_large:
            raise _too_large(stored, body.size, door.limit, after)
        return _receipt_answer(path, stored, after)

    return take


async def _note(door: HttpDoor, stored: Stored, sender: Sender) -> None:
    """The answer has been given: say so in the journal."""
    try:
        door.journal.note(stored.receipt_id, stored.received_at, "http", sender.id)
    except OSError as error:
        door.failed(error)


async def _body(door: HttpDoor, request: Request) -> Body:
    length = request.headers.get("content-length", "")
    try:
        body = await read_body(
            request.stream(),
            limit=door.limit,
            room=door.room,
            seconds=door.body_seconds,
            declared=int(length) if length.isascii() and length.isdigit() else None,
        )
    except TooSlow:
        raise Problem(
            408, "too-slow", "The message did not arrive in time",
            f"A message may take {door.body_seconds:.0f} seconds. Nothing was stored; send it again.",
            headers={"Connection": "close"},
        ) from None  # fmt: skip
    except NoRoom:
        raise Problem(
            503, "busy", "Too many messages at this moment", "Nothing was stored; send it again in a few seconds.",
            headers={**_RETRY_AFTER, "Connection": "close"},
        ) from None  # fmt: skip
    # An empty body is taken too: a broken export sends one, and somebody must ask today what it should have been.
    return body


async def _store(door: HttpDoor, request: Request, sender: Sender, body: Body) -> Stored:
    headers = request.headers
    try:
        return await door.edge.store(
            body=body.data,
            sender=sender,
            transport="http",
            content_type=headers.get("content-type", ""),
            file_name=_file_name(headers.get("content-disposition", "")),
            idempotency_key=headers.get("idempotency-key", "").strip(),
            receipt_id=door.edge.too_large_receipt(sender, body.digest) if body.digest and body.too_large else None,
            size=body.size,
            truncated=body.too_large,
            traceparent=headers.get("traceparent", ""),
        )
    except NotDurable as error:
        log.warning("a message was not taken: %s", error)
        raise Problem(
            503, "not-durable", "The message could not be stored",
            "The hub's log does not answer, so the hub promises nothing. Keep the message and send it again.",
            headers=_RETRY_AFTER,
        ) from None  # fmt: skip
    except Exception as error:
        # A library's text may quote the message, so only its type is kept.
        log.error("taking a message failed: %s", type(error).__name__)
        raise Problem(
            500, "internal", "The hub failed",
            "It is not sure that the message was stored. Send it again; the same Idempotency-Key makes it count once.",
        ) from None  # fmt: skip


def _receipt_answer(path: Path, stored: Stored, after: BackgroundTask) -> Response:
    url = f"/receipts/{stored.receipt_id}"
    headers = {"Location": url, "X-Receipt-Id": stored.receipt_id}
    received_at = stored.received_at.isoformat()
    if path.fhir:
        told = f"receipt {stored.receipt_id}, received at {received_at}"
        outcome = operation_outcome("information", "informational", NOT_READ_YET, told, stored.receipt_id)
        return JSONResponse(outcome, 202, headers, FHIR_JSON, after)
    content = {
        "receipt_id": stored.receipt_id,
        "received_at": received_at,
        "status": "received",
        "message": NOT_READ_YET,
        "status_url": url,
    }
    return JSONResponse(content, 202, headers, background=after)


def _too_large(stored: Stored, size: int, limit: int, after: BackgroundTask) -> Problem:
    return Problem(
        413, "too-large", "The message is too large",
        f"This hub takes messages of up to {limit} bytes; this one has {size}. That it arrived, and its beginning, are "
        f"recorded under receipt {stored.receipt_id}, and a person will look at it today. Send the documents apart.",
        headers={"X-Receipt-Id": stored.receipt_id, "Location": f"/receipts/{stored.receipt_id}"},
        extra={
            "receipt_id": stored.receipt_id,
            "received_at": stored.received_at.isoformat(),
            "limit_bytes": limit,
            "size_bytes": size,
        },
        after=after,
    )  # fmt: skip


def _file_name(disposition: str) -> str:
    if not disposition:
        return ""
    header = Message()
    header["content-disposition"] = disposition
    try:
        name = header.get_filename("")
    except (LookupError, ValueError, TypeError):
        return ""
    # Only the name itself: a path says things about somebody's machine.
    return str(name).replace("\\", "/").rpartition("/")[2]


def _sender(door: HttpDoor, request: Request) -> Sender:
    """Who sends. Raises `Problem`."""
    headers = request.headers
    if "origin" in headers:
        # Browsers name the page that makes them send; a page somebody visits must not send referrals in their name.
        raise Problem(
            403, "not-allowed", "Not from a web page", "This address is for systems; a page in a browser cannot use it."
        )
    if door.loopback and _host_name(headers.get("host", "")) not in _LOOPBACK_NAMES:
        raise Problem(403, "not-allowed", "Not under this name", "Use the address 127.0.0.1 or the name localhost.")
    try:
        return door.senders.by_authorization(door.edge.agency, headers.get("authorization", ""))
    except Unauthenticated as error:
        raise Problem(
            401, "not-authenticated", "The hub does not know who sends", str(error),
            headers={"WWW-Authenticate": 'Bearer realm="front door"'},
        ) from None  # fmt: skip


def _host_name(host: str) -> str:
    return host[: host.index("]") + 1] if "]" in host else host.partition(":")[0].lower()


# -- what became of it


def _about_receipts(app: FastAPI, door: HttpDoor) -> None:
    @app.get("/receipts/{receipt_id}", summary="What became of a message", **GET_DOCS)
    async def get_receipt(receipt_id: str, request: Request) -> Response:
        asking = _sender(door, request)
        unknown = Problem(
            404, "not-found", "No such receipt", "No message of yours has this receipt. Check its characters."
        )
        try:
            receipt = str(uuid.UUID(receipt_id))
        except ValueError:
            raise unknown from None
        line = door.journal.find(receipt)
        try:
            told = await door.view.receipt(receipt)
        except ViewAway:
            if line is None:
                raise Problem(
                    503, "not-durable", "The hub cannot tell now",
                    "The part of the hub that knows is away. What was stored stays stored; ask again in a moment.",
                    headers=_RETRY_AFTER,
                ) from None  # fmt: skip
            told = None
        if told is not None and _may_ask(door, asking, str(told.get("sender", "")), str(told.get("agency", ""))):
            return JSONResponse(_what_became(told), headers={"Cache-Control": "no-store"})
        if told is None and line is not None and _may_ask(door, asking, line.sender, door.edge.agency):
            return JSONResponse(
                {
                    "receipt_id": line.receipt_id,
                    "received_at": line.received_at,
                    "status": "received",
                    "message": NOT_READ_YET,
                    "status_url": f"/receipts/{line.receipt_id}",
                },
                headers={"Cache-Control": "no-store"},
            )
        raise unknown


def _may_ask(door: HttpDoor, asking: Sender, sender_id: str, agency: str) -> bool:
    """A sender may ask about its own messages and those of its organisation's other channels."""
    if agency != door.edge.agency:
        return False
    if not asking.token_sha256 or asking.id == sender_id:
        return True
    return any(
        one.id == sender_id and one.organisation == asking.organisation != "" and one.agency == agency
        for one in door.senders.listed
    )


def _what_became(told: dict[str, Any]) -> dict[str, Any]:
    """What a sender is told: its own message's fate. Who works on it, and how, is not in a receipt."""
    disposition = str(told.get("disposition", ""))
    read = bool(told.get("read_by_a_person"))
    status = str(told.get("status", "")).rstrip(".")
    return {
        "receipt_id": told.get("receipt_id", ""),
        "received_at": told.get("received_at", ""),
        "status": disposition or "received",
        "message": f"{status[:1].upper()}{status[1:]}. " + _person(disposition, read),
        "status_url": f"/receipts/{told.get('receipt_id', '')}",
        "read_by_a_person": read,
        "reason_code": told.get("reason_code", ""),
        "reason": told.get("reason", ""),
        "duplicate_of": told.get("duplicate_of", ""),
        "contact_ids": told.get("contact_ids", []),
        "notes": told.get("notes", []),
    }


def _person(disposition: str, read: bool) -> str:
    if read:
        return "A person has read it."
    if disposition in ("case_events", "not_a_contact"):
        return "No person needs to read it."
    return "No person has read it yet."


# -- about the connector itself


def _about_itself(app: FastAPI, door: HttpDoor) -> None:
    @app.get("/healthz", summary="The process is alive")
    async def get_health() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/readyz", summary="The log answers, so messages can be taken", **READY_DOCS)
    async def get_ready() -> dict[str, str]:
        if not await door.reachable():
            raise Problem(
                503, "not-durable", "Not ready", "The hub's log does not answer; nothing can be taken now.",
                headers=_RETRY_AFTER,
            )  # fmt: skip
        return {"status": "ready"}

    if any(path.fhir for path in paths_of(door.edge.agency)):

        @app.get("/metadata", summary="What a FHIR client may do here", response_class=Response)
        async def get_metadata() -> Response:
            return JSONResponse(capability_statement(), media_type=FHIR_JSON)
