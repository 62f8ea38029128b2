"""What the reference service handles on one core, by channel, next to a bare ASGI route in the same run.

Both servers run in processes of their own under the same uvicorn settings. The client is raw sockets in
this process: 32 kept connections, one request at a time on each. Delays are off, all else is real: every
login, order, confirmation and message is a committed transaction of SQLite with synchronous=FULL. The
figure is requests per second of the server's own processor time, whatever else the machine does. The
bare route answers a constant; it is asked just before each script with requests of the same size.

Run it by `python benchmarks/bench_service.py [--seconds 1] [--rounds 5] [--json]`.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import cast

import psutil
import uvloop

from benchmarks.service_scripts import (
    HEAD_END,
    READING,
    SCRIPTS,
    SEED,
    Script,
    bare_get,
    bare_post,
)

CONNECTIONS = 32
LEAST_RATIO = 0.25
"""What the service must handle, as a share of the bare route, for each script."""
WARM_UP_S = 0.3


class Customer(asyncio.Protocol):
    """One connection that goes through a script."""

    def __init__(self, script: Script) -> None:
        """Begin the script when the connection is there."""
        self._script = script
        self._buffer = b""
        self.requests = 0
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        # uvloop's own kind of transport derives from none of asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(next(self._script))

    def data_received(self, data: bytes) -> None:
        """Take the answer, send the next request."""
        self._buffer += data
        end = self._buffer.find(HEAD_END)
        if end < 0:
            return
        head = self._buffer[:end].lower()
        length = int(head.split(b"content-length: ", 1)[1].split(b"\r\n", 1)[0])
        whole = end + len(HEAD_END) + length
        if len(self._buffer) < whole:
            return
        answer = int(head[9:12]), self._buffer[end + len(HEAD_END) :]
        self._buffer = b""
        self.requests += 1
        try:
            self._transport.write(self._script.send(answer))
        except Exception as error:  # noqa: BLE001  handed to the measurement
            self.ended.set_exception(error)

    def connection_lost(self, exc: Exception | None) -> None:
        """Say so."""
        if not self.ended.done():
            self.ended.set_exception(exc or ConnectionError("closed by the server"))


async def play(port: int, script: Callable[[int], Script], seconds: float, pid: int) -> tuple[int, float]:
    """Requests answered, and processor seconds that the server spent on them."""
    loop = asyncio.get_running_loop()
    connecting = [
        loop.create_connection(partial(_customer, script, n), "127.0.0.1", port) for n in range(CONNECTIONS)
    ]
    pairs = await asyncio.gather(*connecting)
    customers = [customer for _, customer in pairs]
    server = psutil.Process(pid)
    await _wait(customers, WARM_UP_S)
    before, before_s = sum(customer.requests for customer in customers), _cpu_s(server)
    await _wait(customers, seconds)
    spent_s = _cpu_s(server) - before_s
    requests = sum(customer.requests for customer in customers) - before
    for transport, customer in pairs:
        transport.abort()
        customer.ended.cancel()
    return requests, spent_s


def _customer(script: Callable[[int], Script], number: int) -> Customer:
    return Customer(script(number))


async def _wait(customers: list[Customer], seconds: float) -> None:
    done, _ = await asyncio.wait([customer.ended for customer in customers], timeout=seconds)
    for one in done:
        one.result()


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def serve_bare() -> None:
    """Serve one route that does nothing, under the settings of the service."""
    from starlette.types import Receive, Scope, Send

    from footfall._service.server import serve_app

    body = b'{"status":"ok"}'
    headers = [(b"content-length", b"%d" % len(body)), (b"content-type", b"application/json")]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if scope["method"] == "POST":
                await receive()
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body})

    serve_app(app, "127.0.0.1", 0, lambda port: print(port, flush=True))


def serve_service(database: str) -> None:
    """Serve the reference service with room for all and without delays."""
    from footfall._model.changes import set_number
    from footfall._service.server import serve
    from footfall._service.settings import ServiceSettings
    from models.guangxi import MODEL

    model = MODEL
    roomy = {
        "accounts.balance_yuan_mean": 1e6,
        "sms.messages_per_s": 1e6,
        "hotline.lines": 1000,
        "hotline.agents": 1000,
        "own_hall.clerks": 2,
        "partner_hall.clerks": 2,
        "kiosk.up.mean_s": 1e12,
    }
    for path, value in roomy.items():
        model = set_number(model, path, value)
    channels = tuple(channel.model_copy(update={"opening": None}) for channel in model.channels)
    serve(
        ServiceSettings(
            model=model.model_copy(update={"channels": channels}),
            seed=SEED,
            database=database,
            subscribers=2000,
            port=0,
            delays=False,
            # Each measurement ends in the middle of visits: their clerks are wanted by the next.
            visit_idle_s=2.0,
            on_ready=lambda port: print(port, flush=True),
        )
    )


@contextmanager
def server(*arguments: str) -> Iterator[tuple[int, int]]:
    """Run a server in a process of its own; gives its port and process id."""
    command = [sys.executable, __file__, "--serve", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        try:
            yield int(child.stdout.readline()), child.pid
        finally:
            child.terminate()


def measure(seconds: float, rounds: int) -> dict[str, dict[str, float]]:
    """Requests per processor second of each script, and of the bare route just before it; medians."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        bare_server = stack.enter_context(server("bare"))
        service = stack.enter_context(server(str(Path(folder) / "ledger.db")))
        rates: dict[str, list[float]] = {name: [] for name in SCRIPTS}
        bare_rates: dict[str, list[float]] = {name: [] for name in SCRIPTS}
        for _ in range(rounds):
            for name, script in SCRIPTS.items():
                bare = bare_get if name in READING else bare_post
                before = rate(bare_server, bare, seconds / 2)
                rates[name].append(rate(service, script, seconds))
                after = rate(bare_server, bare, seconds / 2)
                bare_rates[name].append((before + after) / 2)
    return {
        name: {
            "requests_per_cpu_s": median(rates[name]),
            "bare_requests_per_cpu_s": median(bare_rates[name]),
            "ratio_to_bare": median(
                one / other for one, other in zip(rates[name], bare_rates[name], strict=True)
            ),
        }
        for name in SCRIPTS
    }


def rate(served: tuple[int, int], script: Callable[[int], Script], seconds: float) -> float:
    """Requests per processor second of a server while customers go through a script."""
    port, pid = served
    requests, spent_s = uvloop.run(play(port, script, seconds, pid))
    return requests / spent_s


def main() -> int:
    """Measure and print; 1 when a script falls short of a quarter of the bare route."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve_bare() if arguments.serve == "bare" else serve_service(arguments.serve)
        return 0
    found = measure(arguments.seconds, arguments.rounds)
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        print(f"{'requests per CPU-second':<24}{'service':>10}{'bare route':>12}{'ratio':>8}")
        for name, row in found.items():
            rates = f"{row['requests_per_cpu_s']:>10,.0f}{row['bare_requests_per_cpu_s']:>12,.0f}"
            print(f"{name:<24}{rates}{row['ratio_to_bare']:>8.2f}")
    short = [name for name, row in found.items() if row["ratio_to_bare"] < LEAST_RATIO]
    print(f"below {LEAST_RATIO}: {', '.join(short) or 'none'}", file=sys.stderr)
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
