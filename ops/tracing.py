"""OpenTelemetry traces, for who switches them on with OpenTelemetry's own variables (`OTEL_EXPORTER_OTLP_ENDPOINT`, …).

Off, nothing of it is imported. On, spans wait in a bounded queue for a thread that posts them by OTLP over HTTP: a
collector that is slow or away costs spans, never a message and never time. Names of attributes follow OpenTelemetry's
conventions for messaging, which are still in development, so all of them stand here.
"""

import logging
import os
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from schemas.trace import UNTRACED, Operation, Span, Tracer, Unrecorded, parsed

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span as OtelSpan

#: Seconds that spans get to leave at the end of a process, which has drained its work by then.
_FAREWELL = 0.5
#: Verbs of span names: `<topic> <verb>`.
_VERBS: dict[Operation, str] = {"receive": "publish", "process": "process", "deliver": "deliver"}


def is_switched_on(environment: Mapping[str, str]) -> bool:
    """Whether OpenTelemetry's variables ask for traces."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    if environment.get("OTEL_TRACES_EXPORTER", "otlp").strip().lower() != "otlp":
        return False
    return bool(environment.get("OTEL_EXPORTER_OTLP_ENDPOINT") or environment.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"))


class Tracing:
    """The tracer of one process, and its end. `tracer` is `UNTRACED` while nobody has switched traces on."""

    def __init__(self, role: str) -> None:
        self._provider = _provider(role) if is_switched_on(os.environ) else None
        self.tracer: Tracer = UNTRACED if self._provider is None else OtelTracer(self._provider, role)

    def close(self) -> None:
        """Let what is queued leave, for half a second at most."""
        if self._provider is not None:
            leaving = threading.Thread(target=self._provider.shutdown, name="spans", daemon=True)
            leaving.start()
            leaving.join(_FAREWELL)


def _provider(role: str) -> "TracerProvider":
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    # The library's own warnings repeat with every batch while a collector is away, and quote what they got.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    named = {} if "OTEL_SERVICE_NAME" in os.environ else {"service.name": f"frontdoor-{role}"}
    resource = Resource.create({"service.namespace": "frontdoor", **named})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


class OtelTracer:
    """Tells a provider of OpenTelemetry of every step of the process with this role."""

    def __init__(self, provider: "TracerProvider", role: str) -> None:
        from opentelemetry.trace import SpanKind

        self._tracer = provider.get_tracer("frontdoor")
        self._group = f"frontdoor-{role}"
        self._kinds = {"receive": SpanKind.PRODUCER, "process": SpanKind.CONSUMER, "deliver": SpanKind.CLIENT}

    def begin(
        self, operation: Operation, topic: str, parent: str, *, message_id: str = "", place: tuple[int, int] | None = None
    ) -> Span:
        given = parsed(parent)
        if given is None and operation != "receive":
            return Unrecorded("")
        attributes: dict[str, Any] = {
            "messaging.system": "kafka",
            "messaging.destination.name": topic,
            "messaging.operation.name": _VERBS[operation],
            "messaging.operation.type": "process" if operation == "process" else "send",
        }
        if operation != "receive":
            attributes["messaging.consumer.group.name"] = self._group
        if message_id:
            attributes["messaging.message.id"] = message_id
        if place is not None:
            attributes["messaging.destination.partition.id"] = str(place[0])
            attributes["messaging.kafka.offset"] = place[1]
        name = f"{topic} {_VERBS[operation]}"
        kind = self._kinds[operation]
        return _OtelStep(self._tracer.start_span(name, context=_context(given), kind=kind, attributes=attributes))


class _OtelStep:
    """A span that is under way."""

    def __init__(self, span: "OtelSpan") -> None:
        self._span = span
        told = span.get_span_context()
        self.traceparent = f"00-{told.trace_id:032x}-{told.span_id:016x}-{int(told.trace_flags):02x}"

    def end(self, failed: str = "") -> None:
        """See `schemas.trace.Span`."""
        from opentelemetry.trace import StatusCode

        if not self._span.is_recording():
            return
        if failed:
            self._span.set_attribute("error.type", failed)
            self._span.set_status(StatusCode.ERROR)
        self._span.end()


def _context(given: tuple[str, str, str] | None) -> Any:
    from opentelemetry.context import Context
    from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

    if given is None:
        # Not the thread's own context: a trace must not leak from one message to the next.
        return Context()
    trace, span, flags = (int(part, 16) for part in given)
    return set_span_in_context(NonRecordingSpan(SpanContext(trace, span, True, TraceFlags(flags))), Context())
