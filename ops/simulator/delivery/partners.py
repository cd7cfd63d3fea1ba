"""Partners who are called over HTTP, without a network: the hub's own outlet, and at its other end what a partner does."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import httpx

from connectors.delivery.outcome import Delivered, Failed, Outcome
from connectors.transports.http_out import HttpOut
from connectors.writing import Written
from ops.simulator.delivery.story import Mode
from schemas.outbound import OutboundItem

_ANSWERS_AFTER = 0.02


@dataclass(frozen=True, slots=True)
class Offered:
    """One try that reached a partner, and whether the partner has the item now. `at` in seconds of the run."""

    item_id: str
    kept: bool
    at: float


class Partner(httpx.AsyncBaseTransport):
    """One recipient. With `reads_half` whoever asks is not told that an answer was broken off."""

    def __init__(self, now: Callable[[], float], reads_half: bool) -> None:
        self.mode: Mode = "takes"
        self.offered: list[Offered] = []
        self._now, self._reads_half = now, reads_half

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One POST."""
        await asyncio.sleep(_ANSWERS_AFTER)
        self.offered.append(Offered(request.headers["idempotency-key"], self.mode in ("takes", "hangs"), self._now()))
        match self.mode:
            case "takes":
                return httpx.Response(200, stream=_Answer())
            case "500":
                return httpx.Response(500, stream=_Answer())
            case "drops":
                return httpx.Response(200, stream=_Answer(broken_off=not self._reads_half))
            case "hangs":
                await asyncio.get_running_loop().create_future()
        raise AssertionError("nobody waits that long")


class _Answer(httpx.AsyncByteStream):
    def __init__(self, broken_off: bool = False) -> None:
        self._broken_off = broken_off

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"{"
        if self._broken_off:
            raise httpx.RemoteProtocolError("closed without the whole answer")
        yield b"}"


class Outlet(HttpOut):
    """The hub's outlet to a partner. Without `reads_answers` whatever is answered is well."""

    def __init__(self, partner: Partner, reads_answers: bool) -> None:
        self._url, self._key, self._token = "http://partner/", None, ""
        self._http = httpx.AsyncClient(transport=partner, timeout=None, trust_env=False)
        self._reads_answers = reads_answers

    async def send(self, item: OutboundItem, written: Written) -> Outcome:
        """One POST."""
        outcome = await super().send(item, written)
        answered = isinstance(outcome, Failed) and outcome.reason.startswith("http_")
        return Delivered() if answered and not self._reads_answers else outcome
