"""The exporting program, against a real receiver of OTLP: what arrives, and what is said of the rest."""

import json
import os
import re
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from footfall._load.telemetry.span_ids import request_span_id, trace_id, visit_span_id
from footfall._load.telemetry.telemetry_export import reason_of
from footfall._records.rows import Hit, Visit
from tests.load.telemetry.otlp_receiver import attributes, receiver

PROGRAM = "footfall._load.telemetry.telemetry_export"
SETTINGS = {
    "run": "abc",
    "host": "shop.example",
    "port": 443,
    "scheme": "https",
    "resource": {"service.name": "footfall", "footfall.run": "abc"},
    "requests": {"pay": ["POST", "/orders/{order}/pay"]},
}
ZERO_S = 1_900_000_000.5


def hit(step: str, second: float, status: int = 200, outcome: str = "served", customer: int = 7) -> Hit:
    """Give a request of a customer's first attempt that took a quarter of a second."""
    return Hit(customer, "web", "order", 1, step, second, 0.0, second, second + 0.25, status, outcome)


def visit(customer: int = 7, outcome: str = "served", cause: str = "") -> dict[str, Any]:
    """Give what is special about a visit."""
    return {"customer": customer, "outcome": outcome, "cause": cause}


def row(special: dict[str, Any]) -> list[Any]:
    """Give a visit as a row."""
    plain = dict.fromkeys(Visit._fields, 0) | {"channel": "web", "operation": "order", "attempt": 1}
    plain |= {"due_s": 1.0, "started_s": 1.0, "served_s": 1.0, "ended_s": 3.0, "segment": "all"}
    return [(plain | special)[name] for name in Visit._fields]


def batch(hits: Sequence[Hit], visits: Sequence[dict[str, Any]] = (), requests: int = 0) -> dict[str, Any]:
    """Give what the generator hands over."""
    rows = {"hits": hits, "visits": [row(each) for each in visits]}
    return {"zero_unix_s": ZERO_S, "under_way": 5, "requests": requests, **rows}


@contextmanager
def exporting(url: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """Start the program, until it is ready."""
    with subprocess.Popen(
        [sys.executable, "-m", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"OTEL_EXPORTER_OTLP_ENDPOINT": url} | variables,
    ) as process:
        give(process, SETTINGS)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def give(process: subprocess.Popen[str], data: object) -> None:
    """Write a line."""
    assert process.stdin is not None
    process.stdin.write(json.dumps(data) + "\n")
    process.stdin.flush()


def said(process: subprocess.Popen[str]) -> dict[str, Any]:
    """End the input and read what the program says."""
    out, _ = process.communicate()
    return dict(json.loads(out))


def test_requests_and_visits_arrive_as_spans_of_one_trace_and_as_metrics() -> None:
    """Names, times, parents and attributes, by the conventions for HTTP clients and by Locust's names."""
    hits = [hit("POST /login", 1.0), hit("pay", 1.5, 503, "error"), hit("wait", 2.0, 0, "timeout")]
    others = [hit("POST /login", 1.0, customer=8)]
    with (
        receiver() as received,
        exporting(received.url, OTEL_EXPORTER_OTLP_HEADERS="api-key=s3cret") as program,
    ):
        give(program, batch([*hits[:2], *others], requests=30))
        give(program, batch(hits[2:], [visit(outcome="timeout", cause="slow"), visit(customer=9)], 12))
        assert said(program) == {"requests": 4, "problem": ""}

    assert {headers["api-key"] for headers in received.headers} == {"s3cret"}
    assert Counter(received.paths)["/v1/traces"] == 2
    spans = {(span.name, span.trace_id): span for span in received.spans}
    trace = trace_id("abc", 7, 1).to_bytes(16, "big")
    root = spans["visit web.order", trace]
    assert root.span_id == visit_span_id("abc", 7, 1).to_bytes(8, "big")
    assert not root.parent_span_id
    assert attributes(root)["footfall.cause"] == "slow"
    assert (root.status.code, root.status.message) == (2, "timeout")

    pay = spans["POST /orders/{order}/pay", trace]
    assert pay.parent_span_id == root.span_id
    assert pay.span_id == request_span_id("abc", 7, 1, 1).to_bytes(8, "big")
    assert pay.start_time_unix_nano == 1_900_000_002_000_000_000
    assert pay.end_time_unix_nano - pay.start_time_unix_nano == 250_000_000
    assert attributes(pay) == {
        "http.request.method": "POST",
        "url.template": "/orders/{order}/pay",
        "url.scheme": "https",
        "server.address": "shop.example",
        "server.port": 443,
        "http.response.status_code": 503,
        "error.type": "503",
        "footfall.channel": "web",
        "footfall.operation": "order",
        "footfall.outcome": "error",
        "footfall.customer": 7,
        "footfall.attempt": 1,
        "footfall.step": "pay",
    }
    wait = attributes(spans["web wait", trace])
    assert "http.response.status_code" not in wait
    assert wait["error.type"] == "timeout"
    assert len(received.spans) == 5, "a visit without recorded requests has no span"
    assert received.resource["footfall.run"] == "abc"

    durations = {attributes(point)["name"]: point for point in received.points("locust.client.duration")}
    assert (durations["web POST /login"].count, durations["web POST /login"].sum) == (2, 0.5)
    assert attributes(durations["web pay"])["error.type"] == "503"
    assert {attributes(p)["footfall.outcome"]: p.as_int for p in received.points("footfall.visits")} == {
        "timeout": 1,
        "served": 1,
    }
    assert [point.as_int for point in received.points("footfall.requests")] == [42]
    assert [point.as_int for point in received.points("locust.users.count")] == [5]


def test_a_receiver_that_refuses_is_said_so_and_nothing_counts_as_exported() -> None:
    """The reason in a few words."""
    with receiver(status=400) as received, exporting(received.url) as program:
        give(program, batch([hit("POST /login", 1.0)]))
        assert said(program) == {"requests": 0, "problem": "the receiver answered 400"}


def test_a_receiver_that_never_answers_does_not_keep_the_program_from_ending() -> None:
    """SIGTERM while it waits: it says what it has exported, and ends."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with exporting(f"http://127.0.0.1:{silent.getsockname()[1]}") as program:
            give(program, batch([hit("POST /login", 1.0)]))
            connection, _ = silent.accept()
            with connection:
                assert connection.recv(1)
                program.terminate()
                assert said(program) == {
                    "requests": 0,
                    "problem": "the receiver did not take everything in time",
                }
        assert program.returncode == 0


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("Transient error Service Unavailable encountered while exporting", "answered Service Unavailable"),
        ("Failed to export span batch code: 401, reason: no", "answered 401"),
        ("Max retries (Caused by NewConnectionError('… refused'))", "cannot be reached"),
        ("something\n  else", "something else"),
    ],
)
def test_the_reason_of_a_failure_is_short(words: str, reason: str) -> None:
    """The SDK's own words hold times, classes and addresses."""
    assert reason_of(words).endswith(reason)


def test_only_the_exporting_program_loads_opentelemetry() -> None:
    """A run that exports nothing pays nothing, and works without the packages."""
    source = Path(__file__).parents[3] / "src" / "footfall"
    users = {
        path.name
        for path in source.rglob("*.py")
        if re.search(r"^\s*(from|import) opentelemetry", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert users == {"telemetry_export.py"}
