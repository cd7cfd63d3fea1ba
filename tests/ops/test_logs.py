"""What is logged: one line an event, ids to follow it by, and no text of an exception, which may quote a message."""

import asyncio
import io
import json
import logging
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.edge import Edge
from connectors.senders import Sender
from ops.logs import JsonLines, Lines
from schemas.at_hand import at_hand, known
from schemas.identity import receipt_id
from schemas.ports import Entry, NotDurable

CHECKOUT = Path(__file__).resolve().parents[2]
NAME = "Marked-Name-Zebedee"
RECEIPT, CONTACT = "0b1c6f1e-8f0c-5a57-9d3e-0f6f3f5a9c11", "7d444840-9dc0-5ad1-b245-5ffdce74fad2"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def logger_to(out: io.StringIO, formatter: logging.Formatter, name: str = "frontdoor.test") -> logging.Logger:
    handler = logging.StreamHandler(out)
    handler.setFormatter(formatter)
    log = logging.Logger(name)
    log.addHandler(handler)
    return log


@pytest.mark.parametrize("formatter", [Lines(), JsonLines("intake")], ids=["text", "json"])
def test_an_exception_is_told_by_type_and_place_and_never_by_its_text(formatter: logging.Formatter) -> None:
    out = io.StringIO()
    try:
        raise ValueError(f"cannot read {NAME!r}")
    except ValueError:
        logger_to(out, formatter).warning("one message was not read", exc_info=True, extra={"name_of_child": NAME})
    said = out.getvalue()
    assert NAME not in said
    assert "ValueError at test_logs.py line" in said and "one message was not read" in said


async def test_while_a_message_is_at_hand_each_line_has_its_ids_also_those_of_tasks_and_threads_and_no_later_line() -> None:
    out = io.StringIO()
    log = logger_to(out, JsonLines("intake"))
    over = asyncio.Event()

    async def kept_connection() -> None:
        await over.wait()
        log.warning("closed")

    with at_hand(receipt=RECEIPT):
        connection = asyncio.create_task(kept_connection())
        with at_hand(receipt=NAME, contact=CONTACT):
            log.warning("inside")
        known(traceparent=TRACE, contact=f"{NAME} {CONTACT}")
        await asyncio.to_thread(log.warning, "in a thread")
    over.set()
    await connection
    known(receipt=RECEIPT)
    log.warning("nothing at hand")
    told = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [{name: line.get(name) for name in ("receipt", "contact", "traceparent")} for line in told] == [
        {"receipt": None, "contact": CONTACT, "traceparent": None},
        {"receipt": RECEIPT, "contact": None, "traceparent": TRACE},
        {"receipt": None, "contact": None, "traceparent": None},
        {"receipt": None, "contact": None, "traceparent": None},
    ], "only ids that are the hub's own: a partner's may hold a name"
    assert set(told[1]) == {"at", "level", "role", "logger", "message", "receipt", "traceparent"}


class _Away:
    """A log whose broker is away."""

    async def append(self, entries: Sequence[Entry]) -> list[tuple[int, int]]:
        raise NotDurable("the broker did not take a record: _MSG_TIMED_OUT")

    def now(self) -> datetime:
        return datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


async def test_what_could_not_be_made_durable_is_told_with_the_receipt_that_its_sender_will_get() -> None:
    out, sender = io.StringIO(), Sender(id="a-school", agency="education", transport="http")
    with at_hand(), pytest.raises(NotDurable):
        try:
            await Edge("education", _Away(), _Away()).store(
                body=NAME.encode(), sender=sender, transport="http", idempotency_key=NAME, traceparent=TRACE
            )
        finally:
            logger_to(out, Lines()).warning("a message was not taken")
    assert out.getvalue().endswith(f" a message was not taken [receipt {receipt_id('a-school', NAME, NAME.encode())}]\n")


def test_a_process_logs_in_the_format_of_its_setting_whatever_it_was_before_and_whoever_speaks() -> None:
    program = f"""
import asyncio, gc, logging, threading, warnings
from ops.logs import log_as
from schemas.settings import Settings
logging.basicConfig(format="before %(message)s")
log_as(Settings().log_format, "ticker")
logging.getLogger("anybody").warning("no tick written\\nbecause")
warnings.warn("of {NAME}")
async def failing():
    raise ValueError("{NAME}")
async def forgotten():
    asyncio.create_task(failing())
    await asyncio.sleep(0)
    gc.collect()
asyncio.run(forgotten())
class Gone:
    def __del__(self):
        raise ValueError("{NAME}")
Gone()
thread = threading.Thread(target=lambda: int("{NAME}"))
thread.start()
thread.join()
raise ValueError("{NAME}")
"""
    environment = {"PATH": "", "PYTHONPATH": str(CHECKOUT), "FRONTDOOR_LOG_FORMAT": "json"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, NAME in done.stderr) == (1, False)
    told = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(line["message"], line.get("error", "").partition(" ")[0]) for line in told] == [
        ("no tick written\nbecause", ""),
        ("UserWarning at <string> line 8", ""),
        ("Task exception was never retrieved", "ValueError"),
        ("an exception was ignored", "ValueError"),
        ("a thread ends", "ValueError"),
        ("the process ends", "ValueError"),
    ]
