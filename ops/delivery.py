"""Delivering a file to the running stack as a partner would: over HTTP, MLLP, the drop folder, or Kafka."""

import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args
from urllib.parse import quote

import httpx
from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, KafkaError, Message, Producer

from connectors.transports.folder import receipt_file_name
from connectors.transports.folder_watch import DONE_MARK
from connectors.transports.partner_topic import partner_receipt
from ops.endpoints import endpoint
from ops.mllp_client import MllpClient, NoAnswer
from schemas.settings import Settings

_Found = TypeVar("_Found")

Via = Literal["http", "mllp", "folder", "kafka"]
VIAS: tuple[Via, ...] = get_args(Via)

#: Seconds a delivery may take until its receipt is known.
_PATIENCE = 30.0
_MEDIA_TYPES = {
    ".json": "application/json", ".xml": "application/xml", ".hl7": "application/hl7-v2", ".csv": "text/csv",
}  # fmt: skip


class NotDelivered(Exception):
    """No receipt was given. The text says why and what to do; `not_up` if no stack answers."""

    def __init__(self, text: str, *, not_up: bool = False) -> None:
        super().__init__(text)
        self.not_up = not_up


@dataclass(frozen=True, slots=True)
class Delivered:
    """`refused` is empty, or why the hub took only the beginning of the message (it was too large)."""

    receipt_id: str
    refused: str = ""


class Deliveries:
    """The addresses of a running stack, and the connections kept to them. Use it as a context manager.

    `token` is the HTTP bearer token, empty if the stack asks for none. May be used from several threads.
    """

    def __init__(self, settings: Settings, *, token: str = "", seconds: float = _PATIENCE) -> None:
        self._settings = settings
        self._seconds = seconds
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # A proxy from the environment must never see a message.
        self._http = httpx.Client(timeout=seconds, trust_env=False, headers=headers)
        self._mllp: dict[str, tuple[MllpClient, threading.Lock]] = {}
        self._producer: Producer | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> "Deliveries":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let all connections go."""
        self._http.close()
        for client, _ in self._mllp.values():
            client.close()

    def deliver(self, agency: str, via: str, path: Path, idempotency_key: str = "") -> str:
        """Deliver the bytes of `path` and return the receipt, which a message that was too large also has.

        Raises as `send` does.
        """
        return self.send(agency, via, path, idempotency_key).receipt_id

    def send(self, agency: str, via: str, path: Path, idempotency_key: str = "") -> Delivered:
        """Deliver the bytes of `path` and return all the answer said. An idempotency key goes with HTTP alone.

        Raises `NotDelivered`, and `OSError` when the file cannot be read.
        """
        body = path.read_bytes()
        match via:
            case "http":
                return self._over_http(agency, "/messages", body, _about(path, idempotency_key))
            case "mllp":
                return self._over_mllp(agency, body)
            case "folder":
                return self._by_folder(agency, path.name, body)
            case "kafka":
                return self._over_kafka(agency, body, _media_type(path))
            case _:
                raise NotDelivered(f"There is no way called {via}. There are: {', '.join(VIAS)}.")

    def record(self, body: bytes) -> str:
        """Deliver one case event (JSON) as the case system does, and return its receipt. Raises `NotDelivered`."""
        return self._over_http("social_care", "/case-events", body, {"Content-Type": "application/json"}).receipt_id

    def address(self, agency: str, via: Via) -> str:
        """Where an agency takes messages this way, as it stands now. Raises `NotDelivered`."""
        found = endpoint(self._settings, f"connector-{agency}")
        if found is None:
            raise NotDelivered(
                f"No {agency} connector is running in {self._settings.run_dir}. Start the stack with ./frontdoor up",
                not_up=True,
            )
        address = found["urls"].get(via)
        if not address:
            raise NotDelivered(f"The {agency} connector takes nothing by {via}. It takes: {', '.join(found['urls'])}.")
        return str(address)

    # -- HTTP

    def _over_http(self, agency: str, path: str, body: bytes, headers: dict[str, str]) -> Delivered:
        url = self.address(agency, "http") + path
        try:
            answer = self._http.post(url, content=body, headers=headers)
            told = answer.json()
        except httpx.TransportError as error:
            raise NotDelivered(f"The {agency} connector does not answer ({type(error).__name__}).", not_up=True) from None
        except ValueError:
            raise NotDelivered(f"What answers at {url} is not this hub.") from None
        receipt = str(told.get("receipt_id", ""))
        if answer.status_code == 202 and receipt:
            return Delivered(receipt)
        said = f"{told.get('title', answer.reason_phrase)}. {told.get('detail', '')}".strip()
        if receipt:
            return Delivered(receipt, refused=said)
        raise NotDelivered(said)

    # -- MLLP

    def _over_mllp(self, agency: str, body: bytes) -> Delivered:
        address = self.address(agency, "mllp")
        with self._lock:
            client, lock = self._mllp.setdefault(address, (MllpClient(address, seconds=self._seconds), threading.Lock()))
        try:
            with lock:
                answer = client.send(body)
        except NoAnswer as error:
            raise NotDelivered(f"The {agency} connector gave no answer: {error}. Send it again.") from None
        except ValueError as error:
            raise NotDelivered(f"This file cannot be sent over MLLP: {error}. Use --via http.") from None
        except OSError as error:
            raise NotDelivered(f"The {agency} connector does not answer ({error}).", not_up=True) from None
        if not answer.receipt_id:
            raise NotDelivered(f"{answer.code}: {answer.text}")
        return Delivered(answer.receipt_id, refused="" if answer.code == "AA" else answer.text)

    # -- drop folder

    def _by_folder(self, agency: str, name: str, body: bytes) -> Delivered:
        incoming = Path(self.address(agency, "folder"))
        end = time.monotonic() + self._seconds
        target = incoming / name
        # One of this name may still wait there; it must not be written over.
        self._until(lambda: not target.exists(), end, "a file of the same name still waits in the drop folder")
        receipts = [incoming.parent / folder / receipt_file_name(name) for folder in ("done", "failed")]
        before = {str(_told(file).get("receipt_id", "")) for file in receipts}
        part = incoming / f"{name}.part"
        part.write_bytes(body)
        part.rename(target)
        mark = incoming / f"{name}{DONE_MARK}"
        mark.touch()

        def fresh() -> dict[str, Any]:
            told = (_told(file) for file in receipts)
            return next((one for one in told if one.get("receipt_id", "") not in before | {""}), {})

        found = self._until(fresh, end, "the file was put into the drop folder and has no receipt yet; it will get one")
        # The hub may have taken the file before it was marked.
        mark.unlink(missing_ok=True)
        refused = "" if found["status"] == "received" else str(found["message"])
        return Delivered(str(found["receipt_id"]), refused)

    def _until(self, look: Callable[[], _Found], end: float, otherwise: str) -> _Found:
        while not (found := look()):
            if time.monotonic() > end:
                raise NotDelivered(f"After {self._seconds:.0f} seconds {otherwise}.")
            time.sleep(0.01)
        return found

    # -- Kafka

    def _over_kafka(self, agency: str, body: bytes, media_type: str) -> Delivered:
        topic = self.address(agency, "kafka")
        with self._lock:
            if self._producer is None:
                self._producer = Producer(
                    {
                        "bootstrap.servers": self._settings.bootstrap_servers,
                        "client.id": "frontdoor-send",
                        "enable.idempotence": True,
                        "partitioner": "murmur2_random",
                        "message.max.bytes": 10485760,
                        "delivery.timeout.ms": int(self._seconds * 1000),
                        "log_level": 0,
                    }
                )
        told: list[tuple[KafkaError | None, Message]] = []
        self._producer.produce(
            topic, body, headers=[("content-type", media_type.encode())], on_delivery=lambda *answer: told.append(answer)
        )
        self._producer.flush(self._seconds)
        if not told or told[0][0] is not None:
            why = told[0][0].name() if told and told[0][0] is not None else "no answer in time"
            raise NotDelivered(f"The broker did not take the record for {topic}: {why}.")
        message = told[0][1]
        kind, appended = message.timestamp()
        if kind != TIMESTAMP_LOG_APPEND_TIME:
            raise NotDelivered(f"Topic {topic} does not stamp records itself; set message.timestamp.type=LogAppendTime.")
        receipt = partner_receipt(topic, message.partition() or 0, message.offset() or 0, appended, body)
        self._until(
            lambda: self._is_known(agency, receipt),
            time.monotonic() + self._seconds,
            f"the record is on {topic} and has no receipt yet; it will get receipt {receipt}",
        )
        return Delivered(receipt)

    def _is_known(self, agency: str, receipt: str) -> bool:
        try:
            answer = self._http.get(f"{self.address(agency, 'http')}/receipts/{receipt}")
            # A topic's sender needs no token; without one the receipt cannot be looked at, and the record is safe all the same.
            return answer.status_code in (200, 401, 403)
        except httpx.TransportError:
            return False


def usual_way(agency: str, path: Path) -> Via:
    """How an agency usually sends such a file: HL7 over MLLP, police notices by folder, all else over HTTP."""
    if agency == "health" and path.suffix.lower() == ".hl7":
        return "mllp"
    return "folder" if agency == "police" else "http"


def _media_type(path: Path) -> str:
    return _MEDIA_TYPES.get(path.suffix.lower(), "application/octet-stream")


def _about(path: Path, idempotency_key: str) -> dict[str, str]:
    headers = {
        "Content-Type": _media_type(path),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(os.fsencode(path.name))}",
    }
    return headers | ({"Idempotency-Key": idempotency_key} if idempotency_key else {})


def _told(receipt_file: Path) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads(receipt_file.read_text())
        return told
    except (OSError, ValueError):
        return {}
