"""Program that exports a run's requests and visits over OTLP, batch by batch, as its input brings them.

Started as `python -m footfall._load.telemetry.telemetry_export`. The first line of the input is a JSON object
(`ExportSettings`), each further one a batch (`hits`, `visits`, `requests`, `under_way`, `zero_unix_s`). It
writes a line when it is ready, and a JSON object at the end of the input, or when SIGTERM stops it. The
standard variables of OpenTelemetry say where to and with which headers. A receiver that does not answer costs
the run nothing: what cannot be exported is dropped, and counted.
"""

import json
import logging
import os
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, TraceFlags
from opentelemetry.trace.status import Status, StatusCode

from footfall import __version__
from footfall._load.telemetry.span_ids import request_span_id, trace_id, visit_span_id
from footfall._records.rows import Hit, Outcome, Visit

READY = "ready"
_SPANS_AT_ONCE = 512
_NICER = 10
_TIMEOUT_S = 5.0
_METRICS_EVERY_MS = 5_000.0
_METRICS_INTERVAL_VARIABLE = "OTEL_METRIC_EXPORT_INTERVAL"
_TRY_AGAIN_S = 10.0
"""After a failure, which itself may have taken `_TIMEOUT_S`, nothing is sent for this long."""
_NOT_IN_TIME = "the receiver did not take everything in time"
_NS = 1_000_000_000
_TITLE = re.compile(r"([A-Z]+) (/\S*)")
_ERROR_FROM = 400
_WORDS_MOST = 200
_ANSWERED = re.compile(r"Transient error (.+?) encountered|code: (\d+)")
_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30)
"""As the semantic conventions advise for HTTP durations; 30 s is the usual time limit here."""
logger = logging.getLogger("opentelemetry")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportSettings:
    """What is exported of a run, and as what."""

    run: str
    """Unique to the run: from it the identifiers of traces are derived."""
    host: str
    port: int
    scheme: str
    resource: Mapping[str, str | int | float | bool]
    requests: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Method and path of requests whose names do not say them, by name."""


class Exporter:
    """Turns rows of a run into spans and metrics, and sends them."""

    def __init__(self, settings: ExportSettings, spans: SpanExporter, meters: MeterProvider) -> None:
        """Send nothing yet."""
        self._settings = settings
        self._exporter = spans
        self._resource = Resource.create(dict(settings.resource))
        self._scope = InstrumentationScope("footfall", __version__)
        self._requests: Counter[tuple[int, int]] = Counter()
        """Requests so far of each visit under way."""
        self._under_way = 0
        self.requests_sent = 0
        """Requests whose spans were taken."""
        self.is_failing = False
        """Whether the latest spans were not taken."""
        self._try_at_s = 0.0
        meter = meters.get_meter("footfall", __version__)
        self._duration = meter.create_histogram(
            "locust.client.duration",
            unit="s",
            description="Time to last byte for requests",
            explicit_bucket_boundaries_advisory=list(_BUCKETS_S),
        )
        self._visits = meter.create_counter(
            "footfall.visits", unit="{visit}", description="Visits that have ended, by outcome"
        )
        self._all_requests = meter.create_counter(
            "footfall.requests", unit="{request}", description="Requests, also those outside of the sample"
        )
        meter.create_observable_gauge(
            "locust.users.count",
            callbacks=[self._observe_users],
            unit="{user}",
            description="Number of currently running Locust users",
        )

    def take(self, batch: Mapping[str, Any]) -> None:
        """Export a batch; one that cannot be sent is dropped."""
        zero_ns = round(batch["zero_unix_s"] * _NS)
        self._under_way = batch["under_way"]
        self._all_requests.add(batch["requests"])
        spans = [self._of_hit(Hit(*row), zero_ns) for row in batch["hits"]]
        spans += self._of_visits((Visit(*row) for row in batch["visits"]), zero_ns)
        for begin in range(0, len(spans), _SPANS_AT_ONCE):
            self._send(spans[begin : begin + _SPANS_AT_ONCE])

    def _send(self, spans: Sequence[ReadableSpan]) -> None:
        if self.is_failing and time.monotonic() < self._try_at_s:
            return
        self.is_failing = self._exporter.export(spans) is not SpanExportResult.SUCCESS
        if self.is_failing:
            self._try_at_s = time.monotonic() + _TRY_AGAIN_S
        else:
            self.requests_sent += sum(span.kind is SpanKind.CLIENT for span in spans)

    def _of_hit(self, hit: Hit, zero_ns: int) -> ReadableSpan:
        """Return the span of a request, by the semantic conventions for HTTP clients (1.23 and later)."""
        settings, customer, attempt = self._settings, hit.customer, hit.attempt
        number = self._requests[customer, attempt]
        self._requests[customer, attempt] += 1
        method, path = self._method_and_path(hit)
        error = _error_type(hit)
        named = f"{hit.channel} {hit.step}"
        attributes: dict[str, str | int | float] = {
            "server.address": settings.host,
            "server.port": settings.port,
            "url.scheme": settings.scheme,
            "footfall.step": hit.step,
            **_journey(hit.channel, hit.operation, hit.outcome, customer, attempt),
        }
        attributes |= {"http.request.method": method, "url.template": path} if method else {}
        attributes |= {"http.response.status_code": hit.status} if hit.status else {}
        attributes |= {"error.type": error} if error else {}
        counted = {name: attributes[name] for name in _COUNTED if name in attributes}
        self._duration.record(hit.ended_s - hit.asked_s, {"name": named, **counted})
        return ReadableSpan(
            f"{method} {path}" if method else named,
            context=self._context(
                customer, attempt, request_span_id(settings.run, customer, attempt, number)
            ),
            parent=self._context(customer, attempt, visit_span_id(settings.run, customer, attempt)),
            attributes=attributes,
            kind=SpanKind.CLIENT,
            **self._common(zero_ns, hit.asked_s, hit.ended_s, hit.outcome),
        )

    def _of_visits(self, visits: Iterable[Visit], zero_ns: int) -> Iterable[ReadableSpan]:
        """Return the spans of visits whose requests have spans: the roots of their traces."""
        for visit in visits:
            labels = _journey(visit.channel, visit.operation, visit.outcome, visit.customer, visit.attempt)
            counted = {name: labels[name] for name in _COUNTED if name in labels}
            self._visits.add(1, counted)
            if self._requests.pop((visit.customer, visit.attempt), 0):
                span = visit_span_id(self._settings.run, visit.customer, visit.attempt)
                labels |= {"footfall.cause": visit.cause} if visit.cause else {}
                yield ReadableSpan(
                    f"visit {visit.channel}.{visit.operation}",
                    context=self._context(visit.customer, visit.attempt, span),
                    attributes=labels,
                    kind=SpanKind.INTERNAL,
                    **self._common(zero_ns, visit.due_s, visit.ended_s, visit.outcome),
                )

    def _common(self, zero_ns: int, from_s: float, to_s: float, outcome: str) -> dict[str, Any]:
        is_served = outcome == Outcome.SERVED
        return {
            "start_time": zero_ns + round(from_s * _NS),
            "end_time": zero_ns + round(to_s * _NS),
            "status": Status(StatusCode.UNSET) if is_served else Status(StatusCode.ERROR, outcome),
            "resource": self._resource,
            "instrumentation_scope": self._scope,
        }

    def _context(self, customer: int, attempt: int, span: int) -> SpanContext:
        trace = trace_id(self._settings.run, customer, attempt)
        return SpanContext(trace, span, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))

    def _method_and_path(self, hit: Hit) -> tuple[str, str]:
        """Return method and path of a request, with placeholders unfilled; empty: unknown."""
        if (known := self._settings.requests.get(hit.step)) is not None:
            method, path = known
            return method, path
        found = _TITLE.fullmatch(hit.step)
        return (found[1], found[2]) if found else ("", "")

    def _observe_users(self, _: CallbackOptions) -> Iterable[Observation]:
        yield Observation(self._under_way, {"user_class": "Footfall"})


_COUNTED = (
    *("footfall.channel", "footfall.operation", "footfall.outcome"),
    *("http.request.method", "http.response.status_code", "error.type"),
)
"""Attributes that metrics have, too: few different values each."""


def _journey(
    channel: str, operation: str, outcome: str, customer: int, attempt: int
) -> dict[str, str | int | float]:
    return {
        "footfall.channel": channel,
        "footfall.operation": operation,
        "footfall.outcome": outcome,
        "footfall.customer": customer,
        "footfall.attempt": attempt,
    }


def _error_type(hit: Hit) -> str:
    """Return the status of a failed response, otherwise the outcome; empty for a success."""
    if hit.outcome == Outcome.SERVED:
        return ""
    return str(hit.status) if hit.status >= _ERROR_FROM else hit.outcome


class LastProblem(logging.Handler):
    """Keeps the last warning of the SDK, in place of a line for each."""

    def __init__(self) -> None:
        """Know of none yet."""
        super().__init__(logging.WARNING)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it, in one line."""
        self.text = reason_of(record.getMessage())


def reason_of(words: str) -> str:
    """Return what the SDK logs in a few words."""
    if any(each in words for each in ("NewConnectionError", "Connection refused", "ConnectTimeout")):
        return "the receiver cannot be reached"
    if (found := _ANSWERED.search(words)) is not None:
        return f"the receiver answered {(found[1] or found[2]).strip()}"
    return re.sub(r"\s+", " ", words)[:_WORDS_MOST]


def main() -> None:
    """Export what the input brings, until it ends."""
    # Where cores are few, the generator comes first.
    os.nice(_NICER)
    problem = LastProblem()
    logger.addHandler(problem)
    logger.propagate = False
    data = json.loads(sys.stdin.readline())
    settings = ExportSettings(**data)
    every_ms = float(os.environ.get(_METRICS_INTERVAL_VARIABLE) or _METRICS_EVERY_MS)
    readers = []
    if os.environ.get("OTEL_METRICS_EXPORTER", "otlp") != "none":
        exporter = OTLPMetricExporter(timeout=_TIMEOUT_S)
        readers.append(PeriodicExportingMetricReader(exporter, every_ms, _TIMEOUT_S * 1000))
    meters = MeterProvider(readers, Resource.create(dict(settings.resource)), shutdown_on_exit=False)
    spans = OTLPSpanExporter(timeout=_TIMEOUT_S) if _has_traces() else _NoSpans()
    work = Exporter(settings, spans, meters)
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()
    # While it waits for the receiver, an exception would end in the SDK, which catches all.
    signal.signal(signal.SIGTERM, lambda *_: _end(work, problem.text or _NOT_IN_TIME))
    for line in sys.stdin:
        work.take(json.loads(line))
    meters.shutdown(timeout_millis=1000 if work.is_failing else _TIMEOUT_S * 1000)
    _end(work, problem.text)


def _end(work: Exporter, problem: str) -> NoReturn:
    """Say what was exported, and end at once: threads of the SDK may still wait for the receiver."""
    os.write(sys.stdout.fileno(), json.dumps({"requests": work.requests_sent, "problem": problem}).encode())
    os._exit(0)


def _has_traces() -> bool:
    return os.environ.get("OTEL_TRACES_EXPORTER", "otlp") != "none"


class _NoSpans(SpanExporter):
    """For runs that export metrics alone."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:  # noqa: ARG002  as every exporter
        return SpanExportResult.SUCCESS


if __name__ == "__main__":
    main()
