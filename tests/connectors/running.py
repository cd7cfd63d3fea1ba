"""Connectors as processes of their own, on a real broker, and the log as anybody else reads it."""

import asyncio
import gc
import json
import os
import socket
import sys
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_INVALID,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from connectors.transports.mllp_frame import framed
from ops.children import Child, Children
from ops.connector_process import serve
from schemas.catalogue import catalogue, codec
from schemas.received import Received
from schemas.settings import Settings


@dataclass(frozen=True)
class Logged:
    """One record of `received.*` as it stands in the log."""

    record: Received
    key: bytes
    headers: dict[str, str]
    partition: int
    offset: int


class _Reader:
    """Reads a topic on from where it was: each test may ask for everything without reading it all again."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self._topic = topic
        self._found: list[Logged] = []
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": uuid.uuid4().hex,
                "fetch.wait.max.ms": 100,
                "log_level": 0,
            }
        )
        self._next = dict.fromkeys(range(catalogue().keyed_partitions), 0)
        self._consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in self._next])

    def all(self) -> list[Logged]:
        deadline = time.monotonic() + 20
        ends = {number: self._end(number, deadline) for number in self._next}
        while any(self._next[number] < end for number, end in ends.items()):
            assert time.monotonic() < deadline, "the broker did not answer"
            message = self._consumer.poll(1)
            if message is not None and message.error() is None:
                self._take(message)
        return list(self._found)

    def _end(self, number: int, deadline: float) -> int:
        while True:
            try:
                return int(self._consumer.get_watermark_offsets(TopicPartition(self._topic, number), timeout=10)[1])
            except KafkaException as error:
                # A broker that has just made the topic may not lead it yet.
                if error.args[0].code() != KafkaError.NOT_LEADER_FOR_PARTITION or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def _take(self, message: Message) -> None:
        partition, offset = message.partition() or 0, message.offset() or 0
        headers = {name: value.decode() for name, value in message.headers() or []}
        record = codec(self._topic).decode(message.value())
        self._found.append(Logged(record, message.key(), headers, partition, offset))
        self._next[partition] = offset + 1


_reader_of = cache(_Reader)


def everything_on(bootstrap: str, topic: str) -> list[Logged]:
    """All records of a topic, in the order of each partition."""
    return _reader_of(bootstrap, topic).all()


def committed(bootstrap: str, group: str, topic: str, partition: int = 0) -> int:
    """The offset a group has committed, 0 if none."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group})
    offset = consumer.committed([TopicPartition(topic, partition)], timeout=10)[0].offset
    consumer.close()
    return 0 if offset == OFFSET_INVALID else int(offset)


class Connector:
    """A running connector and what it has done. `InThread` or `InProcess` starts it."""

    def __init__(self, agency: str, settings: Settings) -> None:
        self.agency = agency
        self.settings = settings
        self.run_dir = settings.run_dir
        self.bootstrap = settings.bootstrap_servers
        self.topic = f"received.{agency}"
        self.urls: dict[str, str] = {}

    def _await_service(self, alive: Callable[[], bool], said: Callable[[], str]) -> None:
        announced = self.settings.endpoint_file(f"connector-{self.agency}")
        deadline = time.monotonic() + 30
        while not announced.exists():
            assert alive() and time.monotonic() < deadline, said()
            time.sleep(0.01)
        self.urls = json.loads(announced.read_text())["urls"]

    @property
    def http(self) -> str:
        """Where it serves HTTP."""
        return self.urls["http"]

    @property
    def incoming(self) -> Path:
        """Where files are dropped."""
        return Path(self.urls["folder"])

    def mllp(self) -> socket.socket:
        """A connection to its MLLP port."""
        host, _, port = self.urls["mllp"].rpartition(":")
        return socket.create_connection((host, int(port)), timeout=30)

    def logged(self) -> list[Logged]:
        """All it has on the log."""
        return everything_on(self.bootstrap, self.topic)

    def by_receipt(self, receipt: str) -> list[Logged]:
        """The records of one receipt."""
        return [one for one in self.logged() if one.record.receipt_id == receipt]

    def journal(self) -> list[dict[str, Any]]:
        """The lines of its journal."""
        text = (self.run_dir / "journal" / f"{self.agency}.jsonl").read_text()
        return [json.loads(line) for line in text.splitlines()]


class InThread(Connector):
    """A connector in this process, with an event loop of its own."""

    def __init__(self, agency: str, settings: Settings, append_seconds: float = 8.0) -> None:
        super().__init__(agency, settings)
        self._append_seconds = append_seconds
        self._error: BaseException | None = None
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._await_service(self._thread.is_alive, lambda: str(self._error))

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(serve(self.agency, self.settings, self._stop, append_seconds=self._append_seconds))
        except BaseException as error:
            self._error = error
        finally:
            self._loop.close()

    def wait(self) -> BaseException | None:
        """What ended it by itself."""
        self._thread.join(timeout=20)
        return self._error

    def stop(self) -> None:
        """Drain and end."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(timeout=15)
        # Its producer ends when nothing holds it; until then it looks for its broker, and says so.
        gc.collect()


class InProcess(Connector):
    """A connector in a process of its own, which can be killed."""

    def __init__(self, agency: str, settings: Settings, children: Children) -> None:
        super().__init__(agency, settings)
        self._children = children
        self.child: Child
        self.start()

    def start(self) -> None:
        """Start the process and wait until it serves."""
        self.settings.endpoint_file(f"connector-{self.agency}").unlink(missing_ok=True)
        log = self.run_dir / "logs" / f"connector-{self.agency}.log"
        told = self.settings.model_dump(mode="json", exclude_unset=True)
        env = {**os.environ, **{f"FRONTDOOR_{name.upper()}": str(value) for name, value in told.items()}}
        self.child = self._children.spawn(
            [sys.executable, "-m", "ops.run", f"connector-{self.agency}"], log=log, env=env
        )
        self._await_service(lambda: self.child.returncode is None, log.read_text)


def eventually(look: Callable[[], Any], seconds: float = 15.0) -> Any:
    """What `look` finds, as soon as it finds something."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
    return found


def exchange(connection: socket.socket, body: bytes) -> bytes:
    """Send one HL7 message, return its answer without the frame."""
    connection.sendall(framed(body))
    return answers(connection, 1)[0]


def answers(connection: socket.socket, count: int) -> list[bytes]:
    """The next answers on a connection."""
    received = b""
    while received.count(b"\x1c\r") < count:
        data = connection.recv(65536)
        assert data, "the connection was closed"
        received += data
    return [part.removeprefix(b"\x0b") for part in received.split(b"\x1c\r")[:count]]


def msa(answer: bytes) -> list[str]:
    """The fields of an answer's MSA segment: code, control id, text."""
    for segment in answer.decode().split("\r"):
        if segment.startswith("MSA|"):
            return segment.split("|")[1:]
    raise AssertionError("no MSA segment")


def hl7(control_id: str) -> bytes:
    """A small referral of a synthetic child."""
    return (
        f"MSH|^~\\&|PAS|RXX01|FRONTDOOR|383|20260102030405||REF^I12|{control_id}|P|2.4\r"
        f"RF1||R|SW|||{control_id}\r"
        "PRD|RP|Gp^Greta|||||G123^NATIONAL\r"
        "PID|1||9999999468^^^NHS||Sample^Robin||20180305|F\r"
    ).encode()
