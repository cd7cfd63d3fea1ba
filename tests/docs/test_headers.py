"""Every header that the hub reads or writes stands in the docs, and the docs promise none that there is not."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from connectors.delivery.addresses import HttpAddress
from connectors.delivery.engine import entry_of as delivery_entry
from connectors.delivery.outcome import Delivered
from connectors.transports import openapi
from connectors.transports.http_out import HttpOut
from connectors.writing import Written
from ops.documents.headers import headers_of
from schemas.authorities import authorities
from schemas.catalogue import catalogue
from schemas.delivery import Delivery
from schemas.examples import EXAMPLES
from schemas.outbound import OutboundItem
from schemas.ports import Entry
from schemas.reading import Reading
from streams.envelope import dead_letter, entry_of
from streams.intake import Intake
from streams.processor import Output

from ..connectors.delivery.carrying import TRACE
from ..connectors.delivery.partners import HttpPartner

CHECKOUT = Path(__file__).resolve().parents[2]
DOCS = CHECKOUT / "docs"
#: What a header of a record is called here: CloudEvents', ours, Kafka Connect's, and the two without a prefix.
RECORD_HEADER = re.compile(r'"(ce_[a-z]+|fd_[a-z_]+|__connect\.errors\.[a-z.]*[a-z]|traceparent|content-type)"')


def named_in_code() -> set[str]:
    """Every text of the sources that is a header's name."""
    sources = [
        path.read_text() for room in ("schemas", "connectors", "streams", "ops") for path in (CHECKOUT / room).rglob("*.py")
    ]
    return {name for text in sources for name in RECORD_HEADER.findall(text)}


def test_every_header_of_a_record_is_explained_and_no_other() -> None:
    section = (DOCS / "schemas.md").read_text().split("## Headers\n")[1].split("\n## ")[0]
    explained = {
        name for line in section.splitlines() if line[:1] == "|" for name in re.findall(r"`([^`]+)`", line.split(" | ")[0])
    }
    assert explained == named_in_code()


def test_every_header_of_a_record_stands_on_the_page_of_a_topic() -> None:
    pages = {name for topic in catalogue().topics for name in (one.name for one in headers_of(topic, catalogue()))}
    assert pages == named_in_code()


@pytest.mark.parametrize("topic", sorted(catalogue().topics))
def test_a_record_has_the_headers_that_its_topics_page_promises_and_no_other(topic: str) -> None:
    promised = headers_of(topic, catalogue())
    example = EXAMPLES[catalogue().topics[topic].record]
    headers: list[dict[str, bytes]] = []
    if topic == "quarantine":
        read = FakeRecord(2, 41, b"key", b"not Avro", [("ce_id", b"e1")])
        headers += [dict(dead_letter("flags", read, "Flag: too short").headers), dict(put_aside_by_intake().headers)]
    elif isinstance(example, Delivery):
        headers.append(dict(delivery_entry(example, "delivery-1").headers))
    else:
        headers.append(dict(entry_of(Output(topic, "key", example)).headers))
    for there in headers:
        assert {one.name for one in promised if one.always} <= there.keys() <= {one.name for one in promised}


def put_aside_by_intake() -> Entry:
    unread = Reading(outcome="quarantined", reason_code="not_json", reason="This is not JSON.")
    intake = Intake(lambda agency: lambda body, hint: unread, hash_key=b"key", authorities=authorities("383"), team="t")
    [aside] = [one for one in intake.decide({}, EXAMPLES["Received"]).outputs if one.topic == "quarantine"]
    return entry_of(aside)


@dataclass
class FakeRecord:
    """A record as a consumer gives it."""

    partition: int
    offset: int
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


def test_every_header_that_a_partner_may_send_over_http_is_explained() -> None:
    page = (DOCS / "connectors.md").read_text()
    assert [name for name, _ in openapi._HEADERS if f"`{name}" not in page] == []


async def test_every_header_that_a_recipient_gets_over_http_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "a shared secret")
    partner = HttpPartner()
    told = {"url": partner.url, "secret": {"env": "SECRET"}, "token": {"env": "SECRET"}}
    way = HttpOut(HttpAddress.model_validate(told))
    item = EXAMPLES["OutboundItem"]
    assert isinstance(item, OutboundItem)
    try:
        assert await way.send(item, Written(b"{}", "application/json", "", TRACE)) == Delivered()
    finally:
        await way.close()
        partner.close()
    page = (DOCS / "delivery.md").read_text().lower()
    # What every HTTP client sends says nothing of an item.
    plain = {"host", "accept", "accept-encoding", "connection", "content-length", "content-type"}
    assert [name for name in partner.came[0].headers if name not in plain and f"`{name}" not in page] == []
    assert partner.came[0].headers["traceparent"] == TRACE
