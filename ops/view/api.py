"""The view over HTTP: questions on loopback, answers as JSON, errors as problem+json."""

import logging
import os
import traceback
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from ops.view import PID_HEADER
from ops.view.board import BoardAnswer, board
from ops.view.deliveries import DeliveriesAnswer, DeliveryAnswer, deliveries, delivery
from ops.view.find import FindAnswer, find
from ops.view.flags import FlagsAnswer, flags
from ops.view.follow import Follower
from ops.view.log_ends import BrokerAway, LogEnds, Partition
from ops.view.outcomes import BadCursor, OutcomesAnswer, outcomes
from ops.view.progress import ProgressAnswer, progress
from ops.view.quarantine import QuarantineAnswer, QuarantinedAnswer, quarantine, quarantined
from ops.view.receipts import ReceiptAnswer, receipt_answer
from ops.view.references import SeveralContacts, resolve
from ops.view.snapshot import Snapshot, snapshot
from ops.view.statement import StatementAnswer, statement
from ops.view.statements_due import StatementsDueAnswer, statements_due
from ops.view.stories import (
    ReviewAnswer,
    ReviewsAnswer,
    StoryOfChild,
    may_look,
    review_of,
    reviews,
    story_id_of,
    story_of_child,
)
from ops.view.story import StoryAnswer, story
from ops.view.team import TeamAnswer, TeamsAnswer, team, team_names
from ops.view.unassessed import UnassessedAnswer, unassessed
from schemas.delivery import DeliveryState
from schemas.flag import FlagState
from schemas.london import civil_date
from schemas.ports import Clock
from streams.clock_rules import ClockRules

log = logging.getLogger("frontdoor.view")

_NOT_FOUND = "The log has shown nothing by that name. Check the id; if it is new, ask again in a moment."

Limit = Annotated[int, Query(ge=1, le=10_000)]


class Questions:
    """What the routes need: the file, the hub's clock, the log's ends and how far the follower is."""

    def __init__(
        self, path: Path, hash_key: str, clock: Clock, ends: LogEnds, follower: Follower, rules: ClockRules | None = None
    ) -> None:
        self._path = path
        self._hash_key = hash_key
        self._clock = clock
        self._ends = ends
        self._rules = rules
        self.follower = follower

    def ends(self) -> Mapping[Partition, int] | None:
        """The log's ends; None while the broker does not answer."""
        try:
            return self._ends.ends()
        except BrokerAway:
            return None

    @contextmanager
    def now(self) -> Iterator[Snapshot]:
        """A snapshot of this moment. Raises `HTTPException` 503 while a stepped clock has not been set."""
        with self.at(self.ends()) as picture:
            yield picture

    @contextmanager
    def at(self, ends: Mapping[Partition, int] | None) -> Iterator[Snapshot]:
        """A snapshot against ends already asked for."""
        try:
            moment = self._clock.now()
        except (FileNotFoundError, ValueError):
            raise HTTPException(503, "The stepped clock has not been set yet; its driver sets it.") from None
        with snapshot(self._path, moment, ends, self._hash_key, self._rules) as picture:
            yield picture


def build_app(questions: Questions) -> FastAPI:
    """The HTTP application of one view."""
    # The interactive pages would load scripts from elsewhere; the OpenAPI document stays.
    app = FastAPI(title="Front Door view", version="1", docs_url=None, redoc_url=None)
    # A web page in somebody's browser must not reach children's names through a name it points at loopback.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
    _problems(app)
    _about_messages(app, questions)
    _about_what_leaves(app, questions)
    _about_children(app, questions)
    _about_the_day(app, questions)
    _about_itself(app, questions)

    @app.middleware("http")
    async def name_the_process(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        try:
            response = await call_next(request)
        except Exception as error:
            # An error's own text may quote a row, so it goes neither into the log nor to whoever asked.
            log.error("a question failed: %s at %s", type(error).__name__, place_of(error))
            response = problem(500, "The view failed", "Nothing is lost; see the view's log, and ask again.")
        response.headers[PID_HEADER] = str(os.getpid())
        response.headers["cache-control"] = "no-store"
        return response

    return app


def _about_messages(app: FastAPI, questions: Questions) -> None:
    @app.get("/receipts/{receipt_id}", summary="What became of a message")
    def get_receipt(receipt_id: str) -> ReceiptAnswer:
        with questions.now() as at:
            answer = receipt_answer(at, receipt_id)
        if answer is None:
            raise HTTPException(404, _NOT_FOUND)
        return answer

    @app.get("/find", summary="Where is it now: by message id, file name, receipt, contact, event or flag")
    def get_find(q: Annotated[str, Query(min_length=1, max_length=1000)]) -> FindAnswer:
        with questions.now() as at:
            return find(at, q)

    @app.get("/cases/{reference:path}", summary="The whole story of a contact, a receipt or receipt/2")
    def get_case(reference: str) -> StoryAnswer:
        with questions.now() as at:
            return story(at, _contact_of(at, reference))

    @app.get("/quarantine", summary="Messages nobody could read")
    def get_quarantine() -> QuarantineAnswer:
        with questions.now() as at:
            return quarantine(at)

    @app.get("/quarantine/{receipt_id}", summary="One message nobody could read, and where its bytes are")
    def get_quarantined(receipt_id: str) -> QuarantinedAnswer:
        with questions.now() as at:
            answer = quarantined(at, receipt_id)
        if answer is None:
            raise HTTPException(404, "No message with that receipt is in quarantine.")
        return answer


def _about_what_leaves(app: FastAPI, questions: Questions) -> None:
    @app.get("/deliveries", summary="What has not been delivered: given up, or waiting for its next try")
    def get_deliveries(waiting: bool = False, recipient: str = "", limit: Limit = 1000) -> DeliveriesAnswer:
        states: tuple[DeliveryState, ...] = ("undelivered", "waiting", "retried") if waiting else ("undelivered",)
        with questions.now() as at:
            return deliveries(at, states, recipient, datetime.now(UTC), limit)

    @app.get("/deliveries/{item_id}", summary="How one item stands on its way, and how it got there")
    def get_delivery(item_id: str) -> DeliveryAnswer:
        with questions.now() as at:
            answer = delivery(at, item_id)
        if answer is None:
            raise HTTPException(404, "No item by that id has been tried. Its recipient may not be one that the hub calls.")
        return answer

    @app.get("/statements", summary="What is held of a sender for one day, and what still waits")
    def get_statement(sender: str, day: date) -> StatementAnswer:
        with questions.now() as at:
            return statement(at, sender, day)

    @app.get("/statements/due", summary="Which daily statements are owed to recipients and are not on the log yet")
    def get_statements_due(recipients: Annotated[str, Query(max_length=100_000)]) -> StatementsDueAnswer:
        with questions.now() as at:
            return statements_due(at, [one for one in recipients.split(",") if one])

    @app.get("/outcomes", summary="What a recipient that is not called may fetch, from a cursor on")
    def get_outcomes(agency: str, recipient: str, since: str = "", limit: Limit = 100) -> OutcomesAnswer:
        with questions.now() as at:
            try:
                return outcomes(at, agency, recipient, since, limit)
            except BadCursor as error:
                raise HTTPException(400, str(error)) from None


def _contact_of(at: Snapshot, reference: str) -> str:
    """The contact that a reference names. Raises `HTTPException` when it names none, or several."""
    contact = resolve(at, reference)
    if isinstance(contact, SeveralContacts):
        count = len(contact.contact_ids)
        raise HTTPException(409, f"That receipt holds {count} contacts: ask for receipt/1 to receipt/{count}.")
    if contact is None:
        raise HTTPException(404, _NOT_FOUND)
    return contact


def _about_children(app: FastAPI, questions: Questions) -> None:
    @app.get("/stories/{reference:path}", summary="All contacts of one child, in order, by any of them")
    def get_story(reference: str, access: Annotated[str, Query(max_length=100)] = "") -> StoryOfChild:
        with questions.now() as at:
            contact = _contact_of(at, reference)
            if story_id_of(at, contact)[1] and not may_look(at, contact, access):
                raise HTTPException(404, _NOT_FOUND)
            return story_of_child(at, contact)

    @app.get("/reviews", summary="Which contacts may be of one child, and wait for a person to say")
    def get_reviews(limit: Limit = 500) -> ReviewsAnswer:
        with questions.now() as at:
            return reviews(at, limit)

    @app.get("/reviews/{reference:path}", summary="The question about one contact, with what agrees and what does not")
    def get_review(reference: str) -> ReviewAnswer:
        with questions.now() as at:
            found = review_of(at, _contact_of(at, reference))
            if found is None:
                raise HTTPException(404, "Nobody has to answer anything about that contact.")
            return ReviewAnswer(as_of=at.now, behind_records=at.behind_records, review=found)


def _about_the_day(app: FastAPI, questions: Questions) -> None:
    @app.get("/board", summary="Every contact not yet risk assessed, most urgent first")
    def get_board(limit: Limit = 500) -> BoardAnswer:
        with questions.now() as at:
            return board(at, limit)

    @app.get("/flags", summary="What a person must look at")
    def get_flags(state: FlagState | None = None, limit: Limit = 1000) -> FlagsAnswer:
        with questions.now() as at:
            return flags(at, state, limit)

    @app.get("/unassessed", summary="Contacts of a day that nobody risk assessed on it")
    def get_unassessed(date: date | None = None) -> UnassessedAnswer:
        with questions.now() as at:
            return unassessed(at, date or civil_date(at.now))


    @app.get("/teams", summary="The teams that have a rota or a contact")
    def get_teams() -> TeamsAnswer:
        with questions.now() as at:
            return TeamsAnswer(as_of=at.now, behind_records=at.behind_records, teams=team_names(at))

    @app.get("/teams/{name:path}", summary="Who of a team holds how much, and what is getting late")
    def get_team(name: str) -> TeamAnswer:
        with questions.now() as at:
            if name not in team_names(at):
                raise HTTPException(404, "No team by that name has a rota or a contact.")
            return team(at, name)


def _about_itself(app: FastAPI, questions: Questions) -> None:
    @app.get("/progress", summary="How far the view is behind the log")
    def get_progress() -> ProgressAnswer:
        ends = questions.ends()
        follower = questions.follower
        with questions.at(ends) as at:
            return progress(at, ends, dict(follower.at_end_ms), follower.caught_up.is_set(), datetime.now(UTC))

    @app.get("/healthz", summary="The process is alive")
    def get_health() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/readyz", summary="Everything the log held when it started has been folded")
    def get_ready() -> dict[str, str]:
        if not questions.follower.caught_up.is_set():
            raise HTTPException(503, "Still reading what the log already holds; answers may be incomplete.")
        return {"status": "ready"}


def problem(status: int, title: str, detail: str) -> JSONResponse:
    """An error as RFC 9457 has it."""
    content = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return JSONResponse(content, status, media_type="application/problem+json")


def place_of(error: BaseException) -> str:
    """Where an error was raised, as `file line 12`."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name} line {frame.lineno}"


def _problems(app: FastAPI) -> None:
    @app.exception_handler(StarletteHTTPException)
    def refused(request: Request, error: StarletteHTTPException) -> JSONResponse:
        titles = {404: "Not found", 405: "Not possible", 409: "Several fit", 503: "Not ready"}
        return problem(error.status_code, titles.get(error.status_code, "Refused"), str(error.detail))

    @app.exception_handler(RequestValidationError)
    def misunderstood(request: Request, error: RequestValidationError) -> JSONResponse:
        # Only where and what was expected: what was typed may be a name.
        wrong = "; ".join(f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors())
        return problem(422, "The question is not complete", wrong)
