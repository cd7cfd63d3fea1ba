"""The cases: each sends something, looks at what comes back, and names what is wrong with it."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urljoin

import httpx

from ops.conform.messages import message

#: Not a message of any format.
_UNREADABLE = b"\x00\xff this is no message \xfe"


class Fault(Exception):
    """What came instead of what is right. Never quotes a message."""


class NotTried(Exception):
    """Why a case could not be tried."""


@dataclass(frozen=True)
class Result:
    """One case: `fault` is empty when it holds, or when it was not tried; then `not_tried` says why."""

    case: str
    promise: str
    fault: str = ""
    not_tried: str = ""


class Target:
    """An address under test. `wait` is how many seconds a message may take to be read; 0 does not ask for that."""

    def __init__(self, http: httpx.Client, url: str, agency: str, *, wait: float = 0.0) -> None:
        self.http = http
        self.messages = url.rstrip("/") + "/messages"
        self.agency = agency
        self.wait = wait

    def post(self, body: bytes, content_type: str, **headers: str) -> httpx.Response:
        """One message. Header names are written with `_` for `-`. Raises `Fault` when nobody answers."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            return self.http.post(self.messages, content=body, headers={"content-type": content_type, **named})
        except httpx.HTTPError as error:
            raise Fault(f"no answer ({type(error).__name__})") from None

    def get(self, url: str, **more: str) -> httpx.Response:
        """Ask for something. Raises `Fault` when nobody answers."""
        try:
            return self.http.get(url, headers=more)
        except httpx.HTTPError as error:
            raise Fault(f"no answer ({type(error).__name__})") from None


def receipt_of(answer: httpx.Response) -> str:
    """The receipt of a message that was taken. Raises `Fault`."""
    if answer.status_code != 202:
        raise Fault(f"answered {answer.status_code}, not 202")
    receipt, location = str(answer.headers.get("x-receipt-id", "")), str(answer.headers.get("location", ""))
    if not receipt:
        raise Fault("202 without a receipt in X-Receipt-Id: the sender has no proof and cannot ask")
    if not location.rstrip("/").endswith(receipt):
        raise Fault("Location does not lead to the receipt")
    return receipt


def _receipt(target: Target) -> None:
    receipt_of(target.post(*message(target.agency), idempotency_key=_key()))


def _again(target: Target) -> None:
    (body, kind), key = message(target.agency), _key()
    first, second = (receipt_of(target.post(body, kind, idempotency_key=key)) for _ in range(2))
    if first != second:
        raise Fault("a message sent again got another receipt: every retry becomes one more message")


def _other_bytes(target: Target) -> None:
    key = _key()
    first, second = (receipt_of(target.post(*message(target.agency), idempotency_key=key)) for _ in range(2))
    if first == second:
        raise Fault("another message under a used key got the first one's receipt: it is lost and its sender does not know")


def _no_key(target: Target) -> None:
    body, kind = message(target.agency)
    first, second = (receipt_of(target.post(body, kind)) for _ in range(2))
    if first == second:
        raise Fault("the same bytes twice without a key got one receipt: that somebody wrote again is lost")


def _unreadable(target: Target) -> None:
    _taken_all_the_same(target, _UNREADABLE)


def _empty(target: Target) -> None:
    _taken_all_the_same(target, b"")


def _taken_all_the_same(target: Target, body: bytes) -> None:
    answer = target.post(body, "application/octet-stream", idempotency_key=_key())
    if 400 <= answer.status_code < 500:
        raise Fault(f"refused with {answer.status_code}: nobody will ever look at it, and it may be about a child")
    receipt_of(answer)


def _file_name(target: Target) -> None:
    trace = f"00-{uuid.uuid4().hex}-{uuid.uuid4().hex[:16]}-01"
    name = 'attachment; filename="concern.dat"'
    receipt_of(target.post(*message(target.agency), content_disposition=name, traceparent=trace))


def _nowhere(target: Target) -> None:
    answer = target.get(urljoin(target.messages, "/nowhere-at-all"))
    if answer.status_code != 404:
        raise Fault(f"answered {answer.status_code}, not 404")
    if not answer.headers.get("content-type", "").startswith("application/problem+json"):
        raise Fault("404 without a problem document (application/problem+json)")


def _method(target: Target) -> None:
    answer = target.get(target.messages)
    if answer.status_code != 405:
        raise Fault(f"a GET was answered {answer.status_code}, not 405")


def _credential(target: Target) -> None:
    if not target.http.headers.get("authorization"):
        raise NotTried("no --token was given")
    body, kind = message(target.agency)
    answer = target.post(body, kind, authorization="Bearer not-the-token")
    if answer.status_code not in (401, 403):
        raise Fault(f"a wrong credential was answered {answer.status_code}, not 401 or 403: anybody may send")


def _outcome(target: Target) -> None:
    answer = target.post(*message(target.agency), idempotency_key=_key())
    receipt_of(answer)
    url, end = urljoin(target.messages, answer.headers["location"]), time.monotonic() + target.wait
    while True:
        told = target.get(url)
        if told.status_code != 200:
            raise Fault(f"the receipt was given, and asking for it is answered {told.status_code}")
        try:
            status = str(told.json()["status"])
        except (ValueError, KeyError, TypeError):
            raise Fault("what is said of the receipt has no status") from None
        if status != "received" or not target.wait:
            break
        if time.monotonic() > end:
            raise Fault(f"not read after {target.wait:.0f} s")
        time.sleep(0.2)
    if status not in ("received", "contact"):
        raise Fault(f"the message became {status!r}, not a contact")


def _key() -> str:
    return f"conform-{uuid.uuid4()}"


#: Name, what is promised, and the check, which raises `Fault` or `NotTried`.
CASES: tuple[tuple[str, str, Callable[[Target], None]], ...] = (
    ("receipt", "a message is answered 202 with a receipt", _receipt),
    ("again", "the same key and bytes have the same receipt", _again),
    ("other-bytes", "the same key with other bytes has another receipt", _other_bytes),
    ("no-key", "the same bytes twice without a key have two receipts", _no_key),
    ("unreadable", "what cannot be read is taken all the same", _unreadable),
    ("empty", "an empty message is taken all the same", _empty),
    ("file-name", "a file name and a trace change nothing", _file_name),
    ("nowhere", "an address that is none is refused with a problem document", _nowhere),
    ("method", "a GET where messages are posted is refused", _method),
    ("credential", "a wrong credential is refused", _credential),
    ("outcome", "the receipt can be asked for, and says what became of it", _outcome),
)


def run_cases(target: Target) -> list[Result]:
    """Every case against a target, in order; one that fails does not stop the next."""
    results = []
    for name, promise, check in CASES:
        try:
            check(target)
        except Fault as fault:
            results.append(Result(name, promise, str(fault)))
        except NotTried as why:
            results.append(Result(name, promise, not_tried=str(why)))
        else:
            results.append(Result(name, promise))
    return results
