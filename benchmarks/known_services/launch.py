"""Start a service of known capacity on a free port, and end it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

from benchmarks.known_services.event_simulation import ServiceNumbers, knee_per_s, unloaded_p95_s

HERE = Path(__file__).parent
STARTS_WITHIN_S = 20.0
GUNICORN_WORKERS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownService:
    """A service, how it is started, and what is known of it."""

    name: str
    numbers: ServiceNumbers | None
    """None: it does no work, so only the generator limits the load."""
    flag: str = ""
    """What `footfall capacity` should call it."""
    is_gunicorn: bool = False

    def start_command(self, port: int) -> list[str]:
        """Return the command that serves `GET /work` and `GET /health` on this port of the loopback.

        Raises:
            FileNotFoundError: the program is not installed.
        """
        if self.is_gunicorn:
            if find_spec("gunicorn") is None:
                raise FileNotFoundError("gunicorn")
            address = f"127.0.0.1:{port}"
            sync = ["-w", str(GUNICORN_WORKERS), "-k", "sync", "--backlog", "2048", "--log-level", "error"]
            return [sys.executable, "-m", "gunicorn", "-b", address, *sync, "gunicorn_app:app"]
        node = shutil.which("node")
        if node is None:
            raise FileNotFoundError("node")
        numbers = asdict(self.numbers) if self.numbers else {"mean_s": 0}
        return [node, "service.js", json.dumps(numbers | {"port": port})]

    def truth(self) -> dict[str, float]:
        """Return knee and plateau per second and the limit of the p95 in seconds; empty without work."""
        if self.numbers is None:
            return {}
        limit_s = 4 * unloaded_p95_s(self.numbers)
        knee = knee_per_s(self.numbers, limit_s)
        return {"knee_per_s": knee, "plateau_per_s": self.numbers.plateau_per_s, "p95_s_most": limit_s}


SERVICES: tuple[KnownService, ...] = (
    KnownService(
        name="gunicorn_sync",
        numbers=ServiceNumbers(slots=GUNICORN_WORKERS, mean_s=0.05, cv=0.7, law="lognormal"),
        is_gunicorn=True,
    ),
    KnownService(name="node_slots", numbers=ServiceNumbers(slots=6, mean_s=0.06, cv=0.5)),
    KnownService(
        name="node_deadline",
        numbers=ServiceNumbers(slots=6, mean_s=0.05, cv=0.5, deadline_s=0.3),
        flag="deadline",
    ),
    KnownService(
        name="node_pool_timeout",
        numbers=ServiceNumbers(slots=5, mean_s=0.06, cv=1.0, law="lognormal", queue_timeout_s=0.15),
        flag="connection pool",
    ),
    KnownService(
        name="node_queues",
        numbers=ServiceNumbers(slots=4, queues=4, mean_s=0.04, law="exponential", cv=1.0),
        flag="separate queues",
    ),
    KnownService(
        name="node_bounded_queue",
        numbers=ServiceNumbers(slots=2, mean_s=0.03, cv=0.4, law="uniform", queue_most=6),
        flag="bounded queue",
    ),
    KnownService(
        name="node_retrying_gateway",
        numbers=ServiceNumbers(slots=4, mean_s=0.04, cv=0.5, retries=3, retry_timeout_s=0.25),
        flag="does not recover",
    ),
    KnownService(name="node_no_work", numbers=None),
)


@contextmanager
def running(service: KnownService) -> Iterator[str]:
    """Start a service and give its address; it is ended with all that it started.

    Raises:
        FileNotFoundError: the program is not installed.
        TimeoutError: it does not listen in time.
    """
    port = _free_port()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            service.start_command(port), cwd=HERE, stdout=log, stderr=log, start_new_session=True
        )
        try:
            _wait_until_it_listens(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=STARTS_WITHIN_S)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait_until_it_listens(port: int, process: "subprocess.Popen[bytes]") -> None:
    ends = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < ends and process.poll() is None:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"no service listens on port {port}")
