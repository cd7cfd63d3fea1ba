"""A sender's side of MLLP: one kept connection, one message at a time, each with its answer."""

import re
import socket
from dataclasses import dataclass

from connectors.transports.mllp_frame import CARRIAGE_RETURN, END, START, framed

_RECEIPT = re.compile(r"\breceipt ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b")
_LONGEST_ANSWER = 1024 * 1024


class NoAnswer(Exception):
    """The other side did not answer; whether it has the message is not known. Send it again."""


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """`code` is AA, AE or AR; `receipt_id` is empty if nothing was stored; `text` is for people (MSA-3)."""

    code: str
    text: str
    receipt_id: str


class MllpClient:
    """Sends HL7 messages to `host:port`. `seconds` is how long an answer may take."""

    def __init__(self, address: str, *, seconds: float = 30.0) -> None:
        host, _, port = address.rpartition(":")
        self._address = (host.strip("[]"), int(port))
        self._seconds = seconds
        self._socket: socket.socket | None = None

    def send(self, body: bytes) -> Acknowledgement:
        """Send one message; a body that stands in a frame already, as saved from the wire, gets no second one.

        Raises `NoAnswer`, `ValueError` for a body that cannot stand in a frame, and `OSError`.
        """
        if body.startswith(START) and body.endswith(END + CARRIAGE_RETURN):
            body = body[len(START) : -len(END + CARRIAGE_RETURN)]
        if END + CARRIAGE_RETURN in body:
            raise ValueError("the message holds the two bytes that end a frame")
        kept = self._socket is not None
        try:
            return self._exchange(body)
        except (NoAnswer, ConnectionError):
            self.close()
            if not kept:
                raise
            # The hub may have restarted since the last message: once more, on a new connection.
            return self._exchange(body)

    def close(self) -> None:
        """Let the connection go."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _exchange(self, body: bytes) -> Acknowledgement:
        if self._socket is None:
            self._socket = socket.create_connection(self._address, timeout=self._seconds)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._socket.sendall(framed(body))
            return _understood(self._answer(self._socket))
        except TimeoutError:
            # A late answer would be taken for the next message's.
            self.close()
            raise NoAnswer("no answer in time") from None

    def _answer(self, connection: socket.socket) -> bytes:
        received = bytearray()
        while not received.endswith(END + CARRIAGE_RETURN):
            data = connection.recv(65536)
            if not data:
                raise NoAnswer("the connection was closed before an answer")
            received += data
            if len(received) > _LONGEST_ANSWER:
                raise NoAnswer("what came back is no answer")
        start = received.find(START)
        return bytes(received[start + 1 : -2])


def _understood(answer: bytes) -> Acknowledgement:
    for segment in re.split(r"[\r\n]+", answer.decode("utf-8", "replace")):
        fields = segment.split("|")
        if fields[0] == "MSA" and len(fields) > 1:
            text = fields[3] if len(fields) > 3 else ""
            found = _RECEIPT.search(text)
            return Acknowledgement(fields[1], text, found[1] if found else "")
    raise NoAnswer("the answer has no MSA segment")
