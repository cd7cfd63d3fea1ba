"""What a sender asks for instead of being called: its outcomes, and the signed statement of a day."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from connectors.senders import Sender
from connectors.transports.http_problem import Problem
from connectors.transports.openapi import OUTCOMES_DOCS, STATEMENT_DOCS
from connectors.transports.outcomes_page import LONGEST_PAGE, page_of
from connectors.transports.view_answers import ViewAnswers, ViewAway

if TYPE_CHECKING:
    from connectors.statements import StatementKey

Who = Callable[[Request], Sender]

_UNSTORED = {"Cache-Control": "no-store"}
#: Looks at a view that has just been behind, and seconds between them.
_LOOKS, _BETWEEN = 10, 0.2


def about_what_became(app: FastAPI, view: ViewAnswers, agency: str, who: Who, statement_key: Path | None) -> None:
    """Add the addresses. `who` is the authenticated sender of a request, or raises `Problem`."""

    @app.get("/outcomes", summary="What became of your messages, for who cannot be called", **OUTCOMES_DOCS)
    async def get_outcomes(request: Request) -> Response:
        asking = who(request)
        since, limit = request.query_params.get("since", ""), request.query_params.get("limit", "100")
        if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:5]) <= LONGEST_PAGE):
            raise Problem(400, "bad-question", "Not a number of outcomes", f"limit is a number from 1 to {LONGEST_PAGE}.")
        try:
            found = await view.outcomes(agency, asking.id, since, int(limit[:5]))
        except ViewAway:
            raise _away() from None
        if found is None:
            raise Problem(
                400, "bad-question", "Not a cursor",
                "since is what an earlier answer gave as next. Leave it out to begin with the oldest outcome.",
            )  # fmt: skip
        return JSONResponse(page_of(found), headers=_UNSTORED)

    if statement_key is None:
        return

    @app.get("/statements/{day}", summary="The signed statement of one day: what you sent, what waits", **STATEMENT_DOCS)
    async def get_statement(day: str, request: Request) -> Response:
        asking = who(request)
        for _ in range(_LOOKS):
            try:
                found = await view.statement(asking.id, day)
            except ViewAway:
                raise _away() from None
            if found is None:
                raise Problem(400, "bad-question", "Not a day", "A day is written as 2026-06-06, the London date.")
            if found.pop("behind_records") == 0:
                return JSONResponse(await asyncio.to_thread(_signed, statement_key, found), headers=_UNSTORED)
            await asyncio.sleep(_BETWEEN)
        raise _away()

    @app.get("/statement-key", summary="The public key that statements are signed with", response_class=PlainTextResponse)
    async def get_statement_key() -> Response:
        return PlainTextResponse(await asyncio.to_thread(_public_pem, statement_key))


def _signed(key_file: Path, statement: dict[str, object]) -> dict[str, object]:
    return _key(key_file).sign(statement)


def _public_pem(key_file: Path) -> str:
    return _key(key_file).public_pem


def _key(key_file: Path) -> "StatementKey":
    # Loaded when first asked for: a connector's start does not wait for it.
    from connectors.statements import KeyRefused, StatementKey

    try:
        return StatementKey.at(key_file, make=True)
    except KeyRefused:
        raise _away() from None


def _away() -> Problem:
    return Problem(
        503, "not-durable", "The hub cannot tell now",
        "The part of the hub that knows is away or has not read everything. Nothing is lost; ask again.",
        headers={"Retry-After": "5"},
    )  # fmt: skip
