"""Traces on disk, the running service, and Locust in a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from footfall._load.start_locust import LOCUSTFILE
from footfall._service.server import Service
from footfall._service.settings import ServiceSettings
from footfall._workload.trace import Trace, write_trace
from tests.load.authority import Authority, authority_in
from tests.load.small import SEED, SUBSCRIBERS, everywhere, small_model, trace_of
from tests.load.web_server import HEALTH, WebServer

START_S_MAX = 30
TOKEN = "control-token"


@dataclass
class Given:
    """A trace on disk."""

    folder: Path
    trace: Trace


@pytest.fixture
def trace(tmp_path: Path) -> Given:
    """A hundred customers of the small model within four seconds, everywhere and for everything."""
    model = small_model()
    made = trace_of(model, everywhere(100, 4, model), 4)
    write_trace(tmp_path / "trace", made)
    return Given(tmp_path / "trace", made)


@contextmanager
def serving(folder: Path, trace: Trace) -> Iterator[str]:
    """Run the reference service for a trace; gives its address."""
    ready = threading.Event()
    settings = ServiceSettings(
        model=trace.played,
        seed=SEED,
        database=str(folder / "service.sqlite"),
        subscribers=SUBSCRIBERS,
        port=0,
        numbers=500,
        control_token=TOKEN,
        on_ready=lambda _port: ready.set(),
    )
    service = Service(settings)
    thread = threading.Thread(target=service.run, daemon=True)
    thread.start()
    try:
        assert ready.wait(START_S_MAX)
        yield f"http://127.0.0.1:{service.port}"
    finally:
        service.stop()
        thread.join(START_S_MAX)


@pytest.fixture
def host(tmp_path: Path, trace: Given) -> Iterator[str]:
    """Address of the reference service, made for the trace."""
    with serving(tmp_path, trace.trace) as address:
        yield address


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Give a CA of our own, and what a server of it needs."""
    return authority_in(tmp_path_factory.mktemp("ca"))


@dataclass
class Locust:
    """A Locust of its own process."""

    process: subprocess.Popen[str]
    words: list[str] = field(default_factory=list)

    def stop(self, by: signal.Signals) -> int:
        """Send a signal and wait for the end; gives the exit code."""
        self.process.send_signal(by)
        return self.end()

    def end(self) -> int:
        """Wait for the end; gives the exit code, and keeps what it said."""
        out, _ = self.process.communicate(timeout=60)
        self.words = out.splitlines()
        return self.process.returncode

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds."""
        give_up_s = time.monotonic() + START_S_MAX
        while not holds():
            assert self.process.poll() is None, self.end() or "\n".join(self.words)
            assert time.monotonic() < give_up_s, "it never held"
            time.sleep(0.05)


Start = Callable[..., Locust]


@pytest.fixture
def locust(tmp_path: Path) -> Iterator[Start]:
    """Start Locust with our locustfile and these arguments, in an empty folder."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, locustfile: Path = LOCUSTFILE, cwd: Path = tmp_path) -> Locust:
        process = subprocess.Popen(
            [sys.executable, "-m", "locust", "-f", str(locustfile), *arguments],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={name: value for name, value in os.environ.items() if not name.startswith("LOCUST")},
        )
        started.append(process)
        return Locust(process)

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


Serve = Callable[[Trace], AbstractContextManager[str]]
Stall = Callable[[float], AbstractContextManager[str]]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """Run the reference service for a trace of the test's own."""
    return lambda trace: serving(tmp_path, trace)


@contextmanager
def stalling(stalls_s: float) -> Iterator[str]:
    """Run a service that does nothing but answer every request so many seconds late, all at once."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path == "/health":
                self.answer(200, HEALTH)
            else:
                time.sleep(stalls_s)
                self.answer(200)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            time.sleep(stalls_s)
            self.answer(503)

        def answer(self, status: int, body: bytes = b'{"code": "throttled"}') -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = WebServer(Handler)
    with server.running():
        yield server.host


@pytest.fixture
def stall() -> Stall:
    """Run a service that answers late."""
    return stalling


@pytest.fixture
def free_port() -> int:
    """Return a port on which no server listens."""
    return another_port()


def another_port() -> int:
    """Give one more of them."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
