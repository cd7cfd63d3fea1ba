"""A bad record never stops a worker: it is set aside as it came, with the reason, and the next one is processed."""

from datetime import UTC, datetime, timedelta

import pytest

from schemas.ports import Entry
from tests.streams.transport.hub import INPUT, OUTPUT, Hub, entry, event
from tests.streams.transport.log_reading import read

pytestmark = pytest.mark.broker


def test_what_cannot_be_read_and_ticks_from_the_future_go_to_quarantine_and_the_rest_goes_on(hub: Hub) -> None:
    now = datetime.now(UTC)
    header = ("ce_id", b"kept")
    bad = [
        Entry(INPUT, b"c", b"\x00\x00\x00\x00\x63 not ours", (header,), 0),
        Entry(INPUT, b"c", b"", (), 0),
        Entry(INPUT, b"c", None, (), 0),
        Entry(INPUT, None, b"\xff" * 40, (), 0),
        entry(event("early", "c", "tick", now + timedelta(seconds=60)), partition=0),
    ]
    hub.append([entry(event("first", "c"), partition=0)])
    places = hub.append(bad)
    hub.append([entry(event("in time", "c", "tick", now), partition=0), entry(event("last", "c"), partition=0)])
    worker = hub.workers.start()
    hub.await_no_lag()
    assert worker.child.returncode is None
    assert hub.count(OUTPUT) == 2
    aside = {place(message): message for message in read(hub.bootstrap, "quarantine")}
    assert sorted(aside) == [str(offset) for _, offset in places]
    for sent, (partition, offset) in zip(bad, places, strict=True):
        message = aside[str(offset)]
        headers = dict(message.headers())
        assert (message.key(), message.value()) == (sent.key, sent.value)
        assert headers["__connect.errors.topic"] == INPUT.encode()
        assert headers["__connect.errors.partition"] == str(partition).encode()
        assert headers["__connect.errors.stage"] == b"VALUE_CONVERTER"
        assert headers["__connect.errors.exception.class.name"]
        assert headers["__connect.errors.exception.message"]
        assert all(headers[name] == value for name, value in sent.headers)
    why = dict(aside[str(places[-1][1])].headers())["__connect.errors.exception.message"]
    assert b"ahead of the broker's clock" in why


def place(message) -> str:  # type: ignore[no-untyped-def]
    return dict(message.headers())["__connect.errors.offset"].decode()
