"""What an HTTP sender is told when something was not taken: problem+json (RFC 9457), or FHIR when it asked for that."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException

from connectors.transports.fhir_answers import FHIR_JSON, operation_outcome

PROBLEM_JSON = "application/problem+json"

#: FHIR's issue type for each kind of problem.
_FHIR_CODES = {
    "not-authenticated": "login", "not-allowed": "forbidden", "not-found": "not-found",
    "method-not-allowed": "not-supported", "too-slow": "timeout", "too-large": "too-long",
    "not-durable": "transient", "busy": "throttled",
}  # fmt: skip


class Problem(Exception):
    """A refusal. `kind` names it for programs, `detail` says to a person what to do next. Neither quotes the message.

    `extra` are members of their own in the answer; `after` runs when the answer has been given.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        title: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
        after: BackgroundTask | None = None,
    ) -> None:
        super().__init__(title)
        self.status = status
        self.kind = kind
        self.title = title
        self.detail = detail
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})
        self.after = after


def problem_response(request: Request, problem: Problem) -> Response:
    """The answer: an OperationOutcome for a client that says it reads FHIR, else problem+json."""
    if "fhir+json" in request.headers.get("accept", ""):
        told = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in problem.extra.items())
        outcome = operation_outcome(
            "error", _FHIR_CODES.get(problem.kind, "processing"), f"{problem.title}. {problem.detail}", told
        )
        return JSONResponse(outcome, problem.status, problem.headers, FHIR_JSON, problem.after)
    content = {
        "type": f"urn:frontdoor:problem:{problem.kind}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        **problem.extra,
    }
    return JSONResponse(content, problem.status, problem.headers, PROBLEM_JSON, problem.after)


def answer_problems(app: FastAPI) -> None:
    """Answer every refusal of the application this way, those of the router too."""

    @app.exception_handler(Problem)
    async def ours(request: Request, problem: Problem) -> Response:
        return problem_response(request, problem)

    @app.exception_handler(HTTPException)
    async def the_routers(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers or {})
        if error.status_code == 405:
            detail = f"This address takes {headers.get('Allow', 'another method')}. See /openapi.json"
            problem = Problem(405, "method-not-allowed", "Not possible here", detail, headers=headers)
        elif error.status_code == 404:
            problem = Problem(404, "not-found", "Nothing is here", "See /openapi.json for the addresses of this hub.")
        else:
            problem = Problem(error.status_code, "refused", "Refused", "The request could not be served.")
        return problem_response(request, problem)
