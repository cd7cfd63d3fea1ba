"""Partners that send at a steady rate, whether or not the hub keeps up: a message is due when it is due."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx

from bench.pipeline.messages import Message
from ops.endpoints import endpoint
from ops.mllp_client import MllpClient
from schemas.catalogue import AGENCIES
from schemas.settings import Settings

#: Connections, each kept by one thread. More than are ever busy at once while the hub keeps up.
_CONNECTIONS = 12
#: Seconds that one answer may take.
_ANSWER = 30.0


class NotTaken(Exception):
    """The hub did not take a message; says with which answer."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One message that the hub has taken. Times are seconds of the wall clock, which is the broker's too."""

    receipt_id: str
    due: float
    answered: float


class Senders:
    """Systems that post to the doors of a running stack: HTTP, and MLLP for HL7."""

    def __init__(self, settings: Settings) -> None:
        self._urls = {agency: self._announced(settings, agency) for agency in AGENCIES}
        self._own = threading.local()

    @staticmethod
    def _announced(settings: Settings, agency: str) -> dict[str, str]:
        found = endpoint(settings, f"connector-{agency}")
        if found is None:
            raise NotTaken(f"the {agency} connector is not running")
        urls: dict[str, str] = found["urls"]
        return urls

    def send(self, message: Message, due: float | None = None) -> Sent:
        """Send one message. Raises `NotTaken`, and what the clients raise."""
        due = time.time() if due is None else due
        receipt = self._post(message) if message.path else self._mllp(message)
        return Sent(receipt, due, time.time())

    def send_at(self, rate: float, messages: list[Message]) -> list[Sent]:
        """Send all, `rate` in a second."""
        with ThreadPoolExecutor(_CONNECTIONS) as pool:
            start = time.time() + 0.2
            under_way = []
            for position, message in enumerate(messages):
                due = start + position / rate
                time.sleep(max(0.0, due - time.time()))
                under_way.append(pool.submit(self.send, message, due))
            return [one.result() for one in under_way]

    def _post(self, message: Message) -> str:
        if not hasattr(self._own, "http"):
            self._own.http = httpx.Client(timeout=_ANSWER)
        http: httpx.Client = self._own.http
        url = self._urls[message.agency]["http"] + message.path
        answer = http.post(url, content=message.body, headers={"Content-Type": message.content_type})
        if answer.status_code != 202:
            raise NotTaken(f"{message.agency}: HTTP {answer.status_code}")
        return answer.headers["X-Receipt-Id"]

    def _mllp(self, message: Message) -> str:
        if not hasattr(self._own, "mllp"):
            self._own.mllp = MllpClient(self._urls[message.agency]["mllp"], seconds=_ANSWER)
        mllp: MllpClient = self._own.mllp
        answer = mllp.send(message.body)
        if answer.code != "AA":
            raise NotTaken(f"{message.agency}: {answer.code}")
        return answer.receipt_id
