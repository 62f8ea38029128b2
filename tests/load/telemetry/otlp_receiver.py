"""A receiver of OTLP over HTTP: takes requests as a collector does and keeps what is in them."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass
class Received:
    """What came."""

    url: str
    traces: list[ExportTraceServiceRequest] = field(default_factory=list)
    metrics: list[ExportMetricsServiceRequest] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    """Of exports."""
    asked: list[dict[str, str]] = field(default_factory=list)
    """Headers of plain requests, which are answered, too."""
    paths: list[str] = field(default_factory=list)

    @property
    def spans(self) -> list[Any]:
        """All spans."""
        return [
            span
            for request in self.traces
            for of_resource in request.resource_spans
            for scope in of_resource.scope_spans
            for span in scope.spans
        ]

    @property
    def resource(self) -> dict[str, Any]:
        """Attributes of the resource of the spans."""
        return attributes(self.traces[0].resource_spans[0].resource)

    def points(self, name: str) -> list[Any]:
        """Data points of a metric in the last request that has it."""
        for request in reversed(self.metrics):
            for of_resource in request.resource_metrics:
                for scope in of_resource.scope_metrics:
                    for metric in scope.metrics:
                        if metric.name == name:
                            kind = getattr(metric, str(metric.WhichOneof("data")))
                            return list(kind.data_points)
        return []


def attributes(holder: Any) -> dict[str, Any]:  # noqa: ANN401  any message that has attributes
    """Attributes as plain values."""
    return {each.key: getattr(each.value, str(each.value.WhichOneof("value"))) for each in holder.attributes}


@contextmanager
def receiver(status: int = 200) -> Iterator[Received]:
    """Receive on a free port; a status other than 200 refuses everything."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Answer anything: the run itself goes there, too."""
            received.asked.append({name.lower(): value for name, value in self.headers.items()})
            self._answer(200)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            body = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
            received.paths.append(self.path)
            received.headers.append({name.lower(): value for name, value in self.headers.items()})
            if status == 200 and self.path == "/v1/traces":
                received.traces.append(ExportTraceServiceRequest.FromString(body))
            elif status == 200 and self.path == "/v1/metrics":
                received.metrics.append(ExportMetricsServiceRequest.FromString(body))
            self._answer(status)

        def log_message(self, *_: object) -> None:
            """Be quiet."""

        def _answer(self, code: int) -> None:
            self.send_response(code)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        received = Received(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield received
        server.shutdown()
        thread.join()
