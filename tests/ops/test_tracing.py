"""Traces are OpenTelemetry's, switched on by its own variables; off they cost nothing, on they never hold anything up."""

import asyncio
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from connectors.delivery.engine import Deliverer, Route
from connectors.delivery.outcome import Outcome
from connectors.delivery.schedule import Policy
from connectors.writing import Written
from ops.tracing import OtelTracer, Tracing, is_switched_on
from schemas.outbound import OutboundItem
from schemas.trace import UNTRACED, carried, next_traceparent, parsed

from ..connectors.delivery.test_crashes import AT, PLACE, Clock, World
from .collector import Collector

GIVEN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
_HEX = st.text("0123456789abcdef")


def test_off_nothing_of_opentelemetry_is_imported_and_the_trace_goes_on() -> None:
    program = (
        "import sys, ops.run; from ops.tracing import Tracing; tracing = Tracing('intake');"
        f"print(tracing.tracer.begin('process', 'contacts', '{GIVEN}').traceparent); tracing.close();"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env={"PATH": ""})
    assert done.stdout.split() == [GIVEN, "[]"]
    endpoint = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}
    assert is_switched_on(endpoint)
    assert not is_switched_on({**endpoint, "OTEL_SDK_DISABLED": "true"})
    assert not is_switched_on({**endpoint, "OTEL_TRACES_EXPORTER": "none"})


@given(st.one_of(st.text(), _HEX.map(lambda text: f"00-{text}-b7ad6b7169203331-01")))
def test_whatever_a_partner_sends_as_its_trace_the_hub_has_one(incoming: str) -> None:
    mine = parsed(next_traceparent(incoming))
    assert mine is not None
    given_one = parsed(incoming)
    assert given_one is None or (mine[0], mine[1] != given_one[1]) == (given_one[0], True)
    assert carried([("traceparent", incoming.encode("utf-8", "replace"))]) in ("", incoming)


def test_what_nobody_sent_a_trace_with_begins_one_and_what_comes_of_a_tick_has_none() -> None:
    assert parsed(UNTRACED.begin("receive", "received.health", "").traceparent)
    assert UNTRACED.begin("process", "case-events", "").traceparent == ""


def test_a_collector_that_hangs_holds_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    collector = Collector(hangs=True)
    for name, value in {**collector.environment, "OTEL_EXPORTER_OTLP_TIMEOUT": "3600", "OTEL_BSP_MAX_QUEUE_SIZE": "600"}.items():
        monkeypatch.setenv(name, value)
    try:
        tracing = Tracing("intake")
        for number in range(2000):
            tracing.tracer.begin("process", "contacts", GIVEN, place=(0, number)).end()
        assert collector.asked.wait(20)
        tracing.close()
    finally:
        collector.close()


class Recipient(World):
    """Keeps the trace that each attempt came with."""

    def __init__(self, item: OutboundItem) -> None:
        super().__init__([item], failing=[True], slow={item.contact_id: 0})
        self.traces: list[str] = []

    async def send(self, item: OutboundItem, written: Written) -> Outcome:
        self.traces.append(written.traceparent)
        return await super().send(item, written)


async def test_a_delivery_is_on_the_trace_of_what_it_delivers_and_says_how_it_ended() -> None:
    item = OutboundItem(item_id="i-1", kind="outcome", recipient="r", agency="health", contact_id="c", receipt_id="x", at=AT)
    world = Recipient(item)
    route = Route(
        world, lambda one: Written(b"{}", "application/json", one.item_id), Policy(first_seconds=0.001, longest_seconds=0.002)
    )
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    deliverer = Deliverer({"r": route}, world.log, Clock(), world.read, world.clock, OtelTracer(provider, "delivery"))
    deliverer.assign({PLACE: 0}, {0})
    deliverer.recovered(0)
    stop = asyncio.Event()
    running = asyncio.create_task(deliverer.run(stop))
    await deliverer.offer(item, 0, 0, 100, GIVEN)
    async with asyncio.timeout(20):
        while deliverer.waiting("r"):
            await asyncio.sleep(0.001)
    stop.set()
    await running
    first, second = exporter.get_finished_spans()
    assert [first.attributes and first.attributes.get("error.type"), second.status.is_ok] == ["http_500", True]
    for span in (first, second):
        assert span.parent is not None
        told = (span.name, f"{span.parent.trace_id:032x}", f"{span.parent.span_id:016x}")
        assert told == ("outbound.health deliver", *GIVEN.split("-")[1:3])
    spans = [(f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}") for span in (first, second) if span.context]
    assert [(parsed(one) or ())[:2] for one in world.traces] == spans, (
        "the recipient's work belongs to the attempt that it came with"
    )
