"""The control asks from a process of its own, with figures of its own, and is no load."""

import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from footfall._load.control import Control, ControlTarget, control_target
from footfall._load.endpoints.endpoints_check import target_service_of
from footfall._load.http.wire_format import TransportOptions
from footfall._records.load_generator import TimeSummary
from tests.load.authority import Authority
from tests.load.small import day_of, small_model, trace_of
from tests.load.web_server import WebServer


def target_of(toml: str, arrivals_per_s: float) -> ControlTarget | None:
    """Give what the control asks of an own service."""
    info = trace_of(small_model(), day_of([(0.1, "query", "web")]), 1).info
    return control_target(target_service_of(toml, "own.toml", info), arrivals_per_s)


PLAIN = '[[operation]]\nfor = "*.*"\nstep = [{ path = "/a/{customer}" }, { name = "b", path = "/b?x=1" }]\n'


def test_the_reference_service_is_asked_for_its_health_five_times_a_second() -> None:
    """It costs no slot and no account there."""
    assert control_target(None, 0.1) == ControlTarget("/health", 0.2)


def test_an_own_service_is_asked_for_its_first_plain_get_and_seldom() -> None:
    """One control request for a hundred arrivals, so that a small service does not feel it."""
    target = target_of(PLAIN, 10)
    assert target == ControlTarget("/b?x=1", 10.0, "b")
    busy = target_of(PLAIN, 1000)
    assert busy is not None
    assert busy.every_s == pytest.approx(0.2)


@pytest.mark.parametrize(
    "step",
    [
        '{ method = "POST", path = "/a" }',
        '{ path = "/a/{customer}" }',
        '{ path = "/a", headers = { X-Of = "b" } }',
        '{ path = "/a", until = { json = { state = "done" } } }',
    ],
)
def test_what_not_everybody_may_send_is_no_control(step: str) -> None:
    """A write, a customer's own path, a header, a request that waits for a state."""
    assert target_of(f'[[operation]]\nfor = "*.*"\nstep = [{step}]\n', 100) is None


class Health(BaseHTTPRequestHandler):
    """Answers /health, and closes the connection of everybody else."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:  # noqa: D102  the library's name
        if self.path == "/health":
            self.send_response(204)
            self.end_headers()
        else:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize(("path", "answers"), [("/health", True), ("/closed", False)])
def test_the_control_says_how_often_it_asked_and_how_long_it_took(path: str, answers: bool) -> None:  # noqa: FBT001  pytest names it
    """Every request either has an answer and a time, or has failed."""
    server = WebServer(Health)
    with server.running():
        control = Control(server.host, ControlTarget(path, 0.1))
        control.start()
        until_s = time.monotonic() + 30
        seen = TimeSummary(n=1, p50_s=0.5)
        time.sleep(0.5)
        record = control.end(seen)
    assert time.monotonic() < until_s
    assert record is not None
    assert record.method_and_path == f"GET {path}"
    assert record.sent == record.failed + record.answered.n
    assert (record.answered.n > 0) is answers or record.sent == 0
    assert record.failed == (0 if answers else record.sent)
    assert record.same_in_run == seen
    assert record.sent == 0 or record.cpu_10ms.n > 0
    assert record.cpu_10ms.n == 0 or (record.cpu_10ms.p50_s or 0.0) >= 0.009
    assert record.sent < 3 or record.woken_late.n > 0


@pytest.mark.parametrize(
    ("options", "answers"),
    [
        (lambda ca: TransportOptions(ca_pem=ca.pem), True),
        (lambda _: TransportOptions(insecure=True, connections="request"), True),
        (lambda _: TransportOptions(), False),
    ],
)
def test_the_control_trusts_the_certificates_that_the_run_trusts(
    authority: Authority, options: Callable[[Authority], TransportOptions], *, answers: bool
) -> None:
    """A certificate of a CA of one's own, none checked, and the system's alone."""
    server = WebServer(Health, tls=authority.context)
    with server.running():
        control = Control(server.host, ControlTarget("/health", 0.02), options(authority))
        control.start()
        time.sleep(0.5)
        record = control.end(TimeSummary())
    assert record is not None
    assert record.sent == record.failed + record.answered.n
    assert record.sent == 0 or (record.answered.n > 0) is answers


def test_a_control_that_cannot_start_or_was_not_started_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run goes on without it."""
    control = Control("http://127.0.0.1:9", ControlTarget("/health", 1.0))
    assert control.end(TimeSummary()) is None
    monkeypatch.setattr("sys.executable", str(Path("/nowhere/python")))
    control.start()
    assert control.end(TimeSummary()) is None
