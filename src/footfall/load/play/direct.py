"""Requests to the reference service's interface, straight on the connections of Locust's own HTTP library.

A session of Locust's (`FastHttpSession`) with its cookies, redirects and URLs taken apart costs as much
again as the request itself, and the library's headers of any shape a sixth of the rest. This interface needs
none of them, so that two arrivals fit where one did.
"""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from gevent.timeout import Timeout
from geventhttpclient.connectionpool import ConnectionPool
from geventhttpclient.response import HTTPConnectionClosed, HTTPSocketPoolResponse
from locust.contrib.fasthttp import FAILURE_EXCEPTIONS
from locust.env import Environment
from locust.exception import CatchResponseError

from footfall.load.errands.answers import Answer
from footfall.load.errands.wire import Request
from footfall.load.play.connections import connections_to
from footfall.load.play.wire import PlayWire, Side, json_answer, problem_of
from footfall.records.outcomes import Outcome

_HARMLESS = frozenset({"GET", "HEAD"})
_CLOSED = (HTTPConnectionClosed, ConnectionResetError, BrokenPipeError)


class Line:
    """The way to the host, shared by all customers: its connections are kept and used again."""

    def __init__(self, environment: Environment, host: str) -> None:
        """Connect to nobody yet."""
        parts = urlsplit(host)
        self._connections: ConnectionPool = connections_to(host)
        self._path = parts.path.rstrip("/")
        self._host_header = f"Host: {parts.netloc.rpartition('@')[2]}"
        self.host = host.rstrip("/")
        self.fire: Any = environment.events.request.fire

    def ask(self, request: Request, on_sent: Callable[[], None]) -> HTTPSocketPoolResponse:
        """Send a request, say that it is sent, and read the head of the answer.

        A GET is sent once more, as browsers do it, where the connection is closed without a byte: a kept one
        may just have been.

        Raises:
            OSError: the host cannot be reached, or the connection broke.
            ValueError: something in the request cannot be sent.
        """
        message = self._message(request)
        try:
            return self._ask(request.method, message, on_sent)
        except _CLOSED:
            if request.method not in _HARMLESS:
                raise
            return self._ask(request.method, message, on_sent)

    def _ask(self, method: str, message: bytes, on_sent: Callable[[], None]) -> HTTPSocketPoolResponse:
        connection = self._connections.get_socket()
        try:
            connection.sendall(message)
        except BaseException:
            self._connections.release_socket(connection)
            raise
        on_sent()
        return HTTPSocketPoolResponse(connection, self._connections, method=method)

    def _message(self, request: Request) -> bytes:
        payload = request.payload or b""
        lines = [f"{request.method} {self._path}{request.target} HTTP/1.1", self._host_header]
        lines += [f"{name}: {value}" for name, value in request.sent_headers.items()]
        if request.method not in _HARMLESS:
            lines.append(f"Content-Length: {len(payload)}")
        head = "\r\n".join(lines)
        if not head.isascii() or len(head.splitlines()) != len(lines):
            # What a service once told us goes into paths and headers.
            msg = f"cannot be sent: {request.method} {request.target!r}"
            raise ValueError(msg)
        return f"{head}\r\n\r\n".encode("ascii") + payload


class DirectWire(PlayWire):
    """Requests of which the path, a few headers and a JSON body are all."""

    def __init__(self, line: Line, side: Side) -> None:
        """Send on this line."""
        super().__init__(side)
        self._line = line

    def exchange(self, request: Request, timeout: Timeout) -> tuple[Answer, Outcome]:
        """Send, read the answer to its end, and fire Locust's `request` event."""
        line = self._line
        start_time, began_s = time.time(), time.perf_counter()
        response, content = None, b""
        try:
            response = line.ask(request, self.note_sent)
            content = response.read()
            answer = json_answer(response.status_code, content)
        except FAILURE_EXCEPTIONS as error:
            answer = Answer(0, problem=problem_of(error))
        took_s = time.perf_counter() - began_s
        timeout.close()
        outcome, cause = request.judge(answer)
        line.fire(
            request_type=request.method,
            name=f"{request.channel} {request.step}",
            response_time=took_s * 1000,
            response_length=len(content),
            response=response,
            context={},
            exception=None if outcome is Outcome.SERVED else CatchResponseError(cause),
            start_time=start_time,
            url=line.host + request.target,
        )
        return answer, outcome
