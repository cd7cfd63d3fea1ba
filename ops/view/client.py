"""How a command asks the running view, and what it tells a person when it cannot."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn
from urllib.parse import quote

import httpx
import typer

from ops.endpoints import endpoint
from ops.view import PID_HEADER
from schemas.settings import Settings

#: Exit codes of the commands that ask the view.
NOT_FOUND, USAGE, NOT_UP, STILL_WAITING = 1, 2, 3, 4

_POLL_SECONDS = 0.1


class StackNotUp(Exception):
    """Nothing answers for this run directory; the text says what to do."""


class Refused(Exception):
    """The other side answered with a problem; `status` is HTTP's, the text is its explanation."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class ViewClient:
    """Questions to the view of one stack. Use it as a context manager."""

    def __init__(self, settings: Settings) -> None:
        self._url = url_of(settings, "view")
        found = endpoint(settings, "view") or {}
        self._pid = str(found.get("pid", ""))
        self._not_up = not_up(settings)
        # A proxy from the environment must never see a question about a child.
        self._http = httpx.Client(base_url=self._url, timeout=10.0, trust_env=False)

    def __enter__(self) -> "ViewClient":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def ask(self, path: str, params: Mapping[str, str | int] | None = None) -> dict[str, Any]:
        """The answer as parsed JSON. Raises `StackNotUp`, or `Refused` when the view knows no answer."""
        try:
            answer = self._http.get(path, params=dict(params) if params else None)
        except httpx.TransportError:
            raise StackNotUp(self._not_up) from None
        if answer.headers.get(PID_HEADER) != self._pid:
            # The view died and its port serves somebody else now, perhaps another stack's children.
            raise StackNotUp(self._not_up)
        return read(answer)

    def wait(
        self, path: str, done: Callable[[dict[str, Any]], bool], seconds: float
    ) -> dict[str, Any] | None:
        """Ask until the answer is `done`; the last answer, or None when there is none, after `seconds`."""
        deadline = time.monotonic() + seconds
        while True:
            answer = None
            try:
                answer = self.ask(path)
            except Refused as refused:
                if refused.status != 404:
                    raise
            if (answer is not None and done(answer)) or time.monotonic() >= deadline:
                return answer
            time.sleep(_POLL_SECONDS)


def read(answer: httpx.Response) -> dict[str, Any]:
    """The JSON object of an answer. Raises `Refused` with the explanation of a problem."""
    try:
        content = answer.json()
    except ValueError:
        content = {}
    if not isinstance(content, dict):
        content = {}
    if answer.is_error:
        said = str(content.get("detail") or content.get("title") or answer.reason_phrase)
        raise Refused(answer.status_code, said)
    return content


def url_of(settings: Settings, role: str) -> str:
    """The HTTP address of a running process. Raises `StackNotUp`."""
    found = endpoint(settings, role)
    url = (found or {}).get("urls", {}).get("http")
    if not isinstance(url, str):
        raise StackNotUp(not_up(settings))
    return url


def case_path(reference: str) -> str:
    """Where the view answers about a contact id, a receipt or `receipt/2`. Raises `Refused` for what leads elsewhere."""
    if any(part.strip() in ("", ".", "..") for part in reference.split("/")):
        raise Refused(404, "That names no contact: give its contact id, its receipt, or receipt/2.")
    return "/cases/" + quote(reference)


def not_up(settings: Settings) -> str:
    """What to tell a person when a stack does not answer."""
    return f"No stack is running in {settings.run_dir}. Start it with ./frontdoor up"


@contextmanager
def plain_errors() -> Iterator[None]:
    """Errors as a person reads them, each with its exit code; nobody is shown a traceback."""
    try:
        yield
    except StackNotUp as error:
        fail(str(error), NOT_UP)
    except Refused as error:
        fail(str(error), NOT_UP if error.status == 503 else NOT_FOUND)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def fail(message: str, code: int) -> NoReturn:
    """Say why on standard error, and end with the exit code."""
    typer.echo(message, err=True)
    raise typer.Exit(code)


def warn_if_behind(answer: Mapping[str, Any]) -> None:
    """Say on standard error when an answer may lack what the log already holds."""
    behind = answer.get("behind_records")
    if behind is None:
        typer.echo("The broker does not answer: this is the last known state, and it may be old.", err=True)
    elif behind:
        typer.echo(f"The view is still reading: {behind} records of the log are not in this answer.", err=True)
