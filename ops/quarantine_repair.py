"""Repairing a message nobody could read: its bytes from the log, and a corrected record back to where it came from.

A repair keeps the original's sender and time of arrival: it does not buy a day. Nothing is deleted.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition

from connectors.large_store import LargeStore
from ops.durable_log import KafkaLog
from schemas.catalogue import codec
from schemas.identity import derived_id
from schemas.ports import LargeBodyUnavailable, NotDurable
from schemas.received import Received, Repair
from schemas.settings import Settings
from schemas.wire import Undecodable
from streams.envelope import entry_of
from streams.processor import Output


class CannotRepair(Exception):
    """Why a message cannot be read from the log or sent again, and what to do."""


@dataclass(frozen=True)
class Place:
    """A record on the log of one cluster."""

    bootstrap: str
    topic: str
    partition: int
    offset: int


def original_at(place: Place, receipt_id: str, *, timeout: float = 10.0) -> Received:
    """The quarantined record at a place; `timeout` in seconds. Raises `CannotRepair`."""
    consumer = Consumer(
        {
            "bootstrap.servers": place.bootstrap,
            "client.id": "frontdoor-quarantine",
            "group.id": "frontdoor-quarantine",
            "enable.auto.commit": False,
            "auto.offset.reset": "error",
            "log_level": 0,
        }
    )
    try:
        consumer.assign([TopicPartition(place.topic, place.partition, place.offset)])
        message = consumer.poll(timeout)
    except KafkaException as error:
        raise CannotRepair(f"The broker refused to give the message: {error.args[0].name()}") from None
    finally:
        consumer.close()
    if message is None:
        raise CannotRepair("The broker did not give the message in time. Is the stack still running?")
    problem = message.error()
    if problem is not None:
        raise CannotRepair(f"The broker could not give the message: {problem.name()}")
    try:
        record: Received = codec(place.topic).decode(message.value())
    except Undecodable:
        raise CannotRepair("The record on the log is damaged. An engineer must look at it.") from None
    if record.receipt_id != receipt_id:
        raise CannotRepair("The log holds another message there now. Ask again in a moment.")
    return record


def bytes_of(record: Received, settings: Settings) -> bytes:
    """What is kept of a message's bytes, from wherever they are. Raises `CannotRepair`."""
    if not record.stored_sha256:
        return record.body
    try:
        return LargeStore(settings.large_store_dir).read(record.stored_sha256, record.size)
    except LargeBodyUnavailable as error:
        raise CannotRepair(f"{error} Look in {settings.large_store_dir}, or ask the sender for the message again.") from None


def corrected(
    original: Received, body: bytes, settings: Settings, *, by: str, reason: str, at: datetime, attempt: int
) -> Received:
    """The record that sends `body` in place of the original's bytes; a large one is durable in the large store before this
    returns. Raises `CannotRepair`.

    `at` is the hub's clock; `attempt` counts repairs of this message from 1, so that a second try with the same bytes
    is a second try, and the same try sent twice is one.
    """
    digest = hashlib.sha256(body).hexdigest()
    large = len(body) > settings.log_message_bytes
    try:
        stored_sha256 = LargeStore(settings.large_store_dir).put(body) if large else ""
    except OSError as error:
        raise CannotRepair(
            f"The store of large messages, {settings.large_store_dir}, cannot be written: {error.strerror}."
        ) from None
    return original.model_copy(
        update={
            "receipt_id": derived_id("repair", original.receipt_id, str(attempt), digest),
            "picked_up_at": at,
            "idempotency_key": "",
            "size": len(body),
            "truncated": False,
            "body": b"" if large else body,
            "stored_sha256": stored_sha256,
            "repair": Repair(of_receipt=original.receipt_id, by=by, reason=reason),
        }
    )


def send(bootstrap: str, record: Received, *, timeout: float = 15.0) -> None:
    """Put a repair on the topic its original came from, under its sender's key. Raises `CannotRepair`."""
    topic = f"received.{record.agency}"
    log = KafkaLog(bootstrap, "frontdoor-quarantine", delivery_timeout=timeout)
    try:
        asyncio.run(log.append([entry_of(Output(topic, record.sender, record))]))
    except NotDurable as error:
        raise CannotRepair(f"Nothing was changed: {error}. Try again when the broker answers.") from None
    finally:
        log.close()


def repaired_state(view_answer: dict[str, Any]) -> tuple[int, int]:
    """(version of the original's disposition, number of the next attempt) from a `/quarantine/{receipt}` answer."""
    message = view_answer["message"]
    return int(message["version"]), len(message["attempts"]) + 1
