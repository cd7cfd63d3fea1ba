"""An OpenTelemetry collector, as far as a test needs one: takes OTLP over HTTP and keeps the spans, or hangs."""

import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Told:
    """A span as it arrived. Ids in hex; `parent` is empty for the first span of a trace."""

    service: str
    name: str
    trace: str
    span: str
    parent: str
    attributes: dict[str, Any]


class Collector(ThreadingHTTPServer):
    """Listens on a free port. With `hangs` it takes requests and answers none until it is closed."""

    daemon_threads = True

    def __init__(self, *, hangs: bool = False) -> None:
        self.spans: list[Told] = []
        self.raw = b""
        self.asked, self.closed = threading.Event(), threading.Event()
        self.hangs = hangs
        super().__init__(("127.0.0.1", 0), _Answer)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def environment(self) -> dict[str, str]:
        """What switches traces on, for a process that should tell this collector soon."""
        url = f"http://127.0.0.1:{self.server_address[1]}"
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_BSP_SCHEDULE_DELAY": "200", "NO_PROXY": "127.0.0.1"}

    def close(self) -> None:
        self.closed.set()
        self.shutdown()
        self.server_close()


class _Answer(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.asked.set()
        if self.server.hangs:
            self.server.closed.wait()
            return
        assert self.path == "/v1/traces" and self.headers["content-type"] == "application/x-protobuf"
        self.server.raw += body
        self.server.spans += _spans(ExportTraceServiceRequest.FromString(body))
        self.send_response(200)
        self.send_header("content-type", "application/x-protobuf")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


def _spans(request: ExportTraceServiceRequest) -> list[Told]:
    return [
        Told(
            service=_values(told.resource.attributes)["service.name"],
            name=span.name,
            trace=span.trace_id.hex(),
            span=span.span_id.hex(),
            parent=span.parent_span_id.hex(),
            attributes=_values(span.attributes),
        )
        for told in request.resource_spans
        for scope in told.scope_spans
        for span in scope.spans
    ]


def _values(attributes: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, str(one.value.WhichOneof("value"))) for one in attributes}
