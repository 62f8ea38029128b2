"""A service that does nothing but write down when each request came; in a process of its own."""

import asyncio
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import uvloop

Stamps = list[tuple[float, str]]
"""When a request came, seconds on the machine's monotonic clock, and what it asked for."""
PAGE = "/web/pages/home"
_STAMPS, _HEALTH = "/stamps", "/health"
_END = b"\r\n\r\n"
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
_OK = b'{"status":"ok","seed":7,"subscribers":50}'
"""`/health` must name the seed and accounts of the trace (those of `tests.load.small`)."""
_ANSWER = _HEAD % len(_OK) + _OK
_TAKE_S_MOST = 30.0
_BACKLOG = 4096
"""Clients that connect during a stall wait here; else the kernel would refuse them for another second."""


class Stall(NamedTuple):
    """The service stands still once."""

    after_s: float
    """Since the first request."""
    for_s: float


class Stamping(asyncio.Protocol):
    """One connection; requests have no body."""

    def __init__(self, stamps: Stamps, stall: Stall | None) -> None:
        """Write into this list; the first request of all sets the stall's clock."""
        self._stamps = stamps
        self._stall = stall
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Stamp every whole request, and answer it."""
        came_s = time.monotonic()
        *heads, self._rest = (self._rest + data).split(_END)
        write = self._transport.write  # type: ignore[attr-defined]  # uvloop's derives from none of asyncio's
        for head in heads:
            target = head.split(b" ", 2)[1].decode()
            if target == _STAMPS:
                body = json.dumps(self._stamps).encode()
                self._stamps.clear()
                write(_HEAD % len(body) + body)
                continue
            if target != _HEALTH:
                if self._stall and not self._stamps:
                    # The whole service stands still, as in a long collection of garbage.
                    asyncio.get_running_loop().call_later(self._stall.after_s, time.sleep, self._stall.for_s)
                self._stamps.append((came_s, target))
            write(_ANSWER)


async def _serve(stall: Stall | None) -> None:
    stamps: Stamps = []
    server = await asyncio.get_running_loop().create_server(
        lambda: Stamping(stamps, stall), "127.0.0.1", 0, backlog=_BACKLOG
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def stamping_server(core: int | None, stall: Stall | None = None) -> Iterator[int]:
    """Run the service on one core, if one is named, with a stall, if there is to be one; gives its port."""
    words = [sys.executable, str(Path(__file__)), *map(str, stall or ())]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        try:
            port = int(child.stdout.readline())
            if core is not None:
                os.sched_setaffinity(child.pid, {core})
            yield port
        finally:
            child.terminate()


def take_stamps(port: int) -> Stamps:
    """Take what has been written down since the last time."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TAKE_S_MOST)
    try:
        connection.request("GET", _STAMPS)
        return [(came_s, target) for came_s, target in json.loads(connection.getresponse().read())]
    finally:
        connection.close()


if __name__ == "__main__":
    uvloop.run(_serve(Stall(*map(float, sys.argv[1:])) if sys.argv[1:] else None))
