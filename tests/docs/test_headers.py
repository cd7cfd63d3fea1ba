"""Every header that the hub reads or writes stands in the docs, and the docs promise none that there is not."""

import re
from pathlib import Path

import pytest

from connectors.delivery.addresses import HttpAddress
from connectors.delivery.outcome import Delivered
from connectors.transports import openapi
from connectors.transports.http_out import HttpOut
from connectors.writing import Written
from schemas.examples import EXAMPLES
from schemas.outbound import OutboundItem

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
    explained = {name for line in section.splitlines() for name in re.findall(r"`([^`]+)`", line.split(" | ")[0])}
    assert explained == named_in_code()


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
