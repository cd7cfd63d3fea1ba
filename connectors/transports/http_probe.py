"""`POST /probe`: the hub's own question to itself, through the door, the log and the producer that messages take."""

import hmac
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request

from connectors.transports.http_problem import Problem
from schemas.ports import NotDurable


def takes_probes(app: FastAPI, token: str, probe: Callable[[str], Awaitable[str]]) -> None:
    """Let who has `token` send probes; for everybody else there is no such address. `probe` makes one durable, under the
    trace it is given, and tells its id."""

    @app.post("/probe", status_code=202, include_in_schema=False)
    async def take(request: Request) -> dict[str, str]:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), token.encode()):
            raise Problem(404, "not-found", "Nothing here", "There is nothing at this address.")
        try:
            return {"probe_id": await probe(request.headers.get("traceparent", ""))}
        except NotDurable:
            raise Problem(503, "not-durable", "Not stored", "The hub's log does not answer; nothing was taken.") from None
