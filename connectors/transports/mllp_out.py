"""MLLP out: one kept connection, one message at a time, each with its HL7 acknowledgement.

AA and CA: taken. AE and CE: the recipient says that the message is at fault. AR and CR: refused for now, unless ERR-3 says
that it never takes such messages (HL7 table 0357: 200 to 203).
"""

import asyncio
import contextlib
import ssl

from connectors.delivery.addresses import MllpAddress
from connectors.delivery.outcome import Delivered, Failed, Outcome, Refused
from connectors.transports.mllp_frame import CARRIAGE_RETURN, END, START, framed
from connectors.writing import Written
from schemas.outbound import OutboundItem

_LONGEST_ANSWER = 64 * 1024
_CONNECT_SECONDS = 10.0
_NEVER = frozenset({"200", "201", "202", "203"})


class MllpOut:
    """Sends to one listener. Raises `OSError` when made, for a certificate file that cannot be read."""

    def __init__(self, address: MllpAddress) -> None:
        self._address = address
        self._tls = ssl.create_default_context(cafile=str(address.ca_file) if address.ca_file else None) if address.tls else None
        self._turn = asyncio.Lock()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, item: OutboundItem, written: Written) -> Outcome:
        """One message and its answer. A connection on which something went wrong is not used again: an answer that comes late
        must not be taken for the next message's."""
        async with self._turn:
            try:
                reader, writer = await self._connection()
            except (OSError, TimeoutError):
                return Failed("unreachable")
            clean = False
            try:
                writer.write(framed(written.body))
                await writer.drain()
                answer = await _answer(reader)
                outcome = acknowledged(answer, control_id(written.body))
                clean = not isinstance(outcome, Failed)
                return outcome
            except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                return Failed("no_answer")
            finally:
                if not clean:
                    self._drop()

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is not None and self._streams[0].at_eof():
            self._drop()
        if self._streams is None:
            async with asyncio.timeout(_CONNECT_SECONDS):
                self._streams = await asyncio.open_connection(
                    self._address.host, self._address.port, ssl=self._tls, limit=_LONGEST_ANSWER
                )
        return self._streams

    def _drop(self) -> None:
        if self._streams is not None:
            with contextlib.suppress(OSError, RuntimeError):
                self._streams[1].close()
            self._streams = None

    async def close(self) -> None:
        """Let the connection go."""
        self._drop()


async def _answer(reader: asyncio.StreamReader) -> bytes:
    frame = await reader.readuntil(END + CARRIAGE_RETURN)
    return frame[frame.rfind(START) + 1 : -2]


def control_id(message: bytes) -> str:
    """MSH-10 of a message; empty when it has none."""
    fields = message.split(b"\r", 1)[0].split(message[3:4] or b"|")
    return fields[9].decode("utf-8", "replace") if len(fields) > 9 else ""


def acknowledged(answer: bytes, sent_id: str) -> Outcome:
    """What an acknowledgement says about the message with the control id `sent_id`. Pure, and total."""
    separator = answer[3:4] or b"|"
    segments = [line.split(separator) for line in answer.replace(b"\n", b"\r").split(b"\r")]
    msa = next((fields for fields in segments if fields[0] == b"MSA" and len(fields) > 1), None)
    if msa is None:
        return Failed("no_hl7_answer")
    if sent_id and len(msa) > 2 and msa[2].decode("utf-8", "replace") != sent_id:
        return Failed("answer_to_another")
    code = msa[1].decode("ascii", "replace").strip().upper()
    if code in ("AA", "CA"):
        return Delivered()
    if code in ("AE", "CE"):
        return Refused(f"hl7_{code}")
    if code in ("AR", "CR"):
        errors = {fields[3].split(b"^")[0].decode("ascii", "replace") for fields in segments if _is_error(fields)}
        return Refused(f"hl7_{code}_{min(errors & _NEVER)}") if errors & _NEVER else Failed(f"hl7_{code}")
    return Failed("no_hl7_answer")


def _is_error(fields: list[bytes]) -> bool:
    return fields[0] == b"ERR" and len(fields) > 3
