"""The reference service: its router and application, HTTP within bounds, and the port that it serves."""

import asyncio
import errno
import gc
import logging
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from footfall._records.errors import BadInputError
from footfall._service.http_messages import ApiError, HttpRequest, HttpResponse, api_error, send_response
from footfall._service.openapi import document
from footfall._service.routes import OPERATOR, Bound, Route, routes
from footfall._service.seeding import open_engine
from footfall._service.service_state import ServiceState
from footfall._service.settings import ServiceSettings

# ── The ASGI router: find the route, run it, send its response

_logger = logging.getLogger(__name__)
_SEGMENTS_MAX = 8
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_Found = tuple[Bound, tuple[str, ...]]


class Router:
    """All routes, looked up by method and path in constant time."""

    def __init__(self, routes: Iterable[Route]) -> None:
        """Index the routes: those with a fixed path and those with parameters."""
        self._fixed: dict[tuple[str, str], _Found] = {}
        self._with_parameters: dict[tuple[str, int, str, str], list[tuple[tuple[str, ...], Bound]]] = {}
        self._methods: set[str] = set()
        for route in routes:
            self._add(route.method, route.path, route.run)

    def add(self, route: Route) -> None:
        """Add a route."""
        self._add(route.method, route.path, route.run)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to one request; any failure is logged and reported without a traceback."""
        response: HttpResponse
        extra_headers: list[tuple[bytes, bytes]] = []
        try:
            run, parameters = self._route(scope["method"], scope["path"], extra_headers)
            request = HttpRequest(scope, receive, parameters)
            if scope["method"] in _WITH_BODY:
                await request.read_body()
            response = await run(request)
        except ApiError as error:
            response = error.status, {"code": error.code, "detail": error.detail}
            if error.retry_after_s is not None:
                extra_headers.append((b"retry-after", b"%d" % error.retry_after_s))
        except Exception:
            _logger.exception("%s %s failed", scope["method"], scope["path"])
            failed = api_error("internal")
            response = failed.status, {"code": failed.code, "detail": failed.detail}
        await send_response(send, response, extra_headers)

    def _add(self, method: str, path: str, run: Bound) -> None:
        self._methods.add(method)
        if "{" not in path:
            self._fixed[method, path] = run, ()
            return
        pattern = tuple(path.split("/"))
        key = (method, len(pattern), pattern[1], pattern[2])
        self._with_parameters.setdefault(key, []).append((pattern, run))

    def _route(self, method: str, path: str, extra_headers: list[tuple[bytes, bytes]]) -> _Found:
        """Find the route; if the path has other methods, list them in the error's Allow header."""
        found = self._find(method, path)
        if found is not None:
            return found
        allowed = sorted(other for other in self._methods if self._find(other, path))
        if not allowed:
            raise api_error("not_found", "There is no such route.")
        extra_headers.append((b"allow", ", ".join(allowed).encode()))
        raise api_error("wrong_method")

    def _find(self, method: str, path: str) -> _Found | None:
        found = self._fixed.get((method, path))
        if found is not None:
            return found
        if "\x00" in path:
            raise api_error("bad_request", "A path must not contain a zero byte.")
        parts = path.split("/", _SEGMENTS_MAX)
        if len(parts) > 3:  # noqa: PLR2004  /channel/thing/parameter
            for pattern, run in self._with_parameters.get((method, len(parts), parts[1], parts[2]), ()):
                values = _match(pattern, parts)
                if values is not None:
                    return run, values
        return None


def _match(pattern: tuple[str, ...], parts: list[str]) -> tuple[str, ...] | None:
    """Return the values of a pattern's parameters, None if the path does not match."""
    values = []
    for expected, given in zip(pattern, parts, strict=True):
        if expected.startswith("{"):
            values.append(given)
        elif expected != given:
            return None
    return tuple(values)


# ── The service as an ASGI application


def build_app(settings: ServiceSettings) -> Starlette:
    """Build the application, its database open and filled; `app.state.service` is its `ServiceState`.

    Raises:
        BadInputError: the database cannot be opened, or holds other accounts.
    """
    state = ServiceState(settings, open_engine(settings))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await state.start()
        app.requests = _build_router(state)
        try:
            yield
        finally:
            await state.stop()

    app = _App(lifespan=lifespan)
    app.state.service = state
    return app


class _App(Starlette):
    """Starlette's lifespan; requests bypass its routing, which takes longer than most of them do."""

    requests: Router

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self.requests(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def _build_router(state: ServiceState) -> Router:
    table = list(routes(state))

    async def show_document(_request: HttpRequest) -> HttpResponse:
        return 200, openapi

    own = Route(
        method="GET",
        path="/openapi.json",
        run=show_document,
        summary="Describe all routes.",
        tag=OPERATOR,
        responses={200: "Document"},
    )
    table.append(own)
    # Without a token the control routes do not exist; without a gateway key its header is not needed.
    has_control = bool(state.settings.control_token)
    unneeded = {"gateway"} if state.settings.gateway_key is None else set()
    listed = [
        replace(route, headers=tuple(name for name in route.headers if name not in unneeded))
        for route in table
        if has_control or "control" not in route.headers
    ]
    openapi = document(state.settings.model, listed)
    return Router(table)


# ── uvicorn's HTTP/1.1 protocol, with limits on the size and arrival time of a request

HEAD_BYTES_MOST = 64 * 1024
_HEADERS_MOST = 100
REQUEST_S_MOST = 30.0
"""From a request's first byte to its last."""
FIRST_S_MOST = 120.0
"""From a connection's beginning to its first byte."""
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class BoundedProtocol(HttpToolsProtocol):
    """One connection; without limits the parser would buffer a head of any length, for any time."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Accept a connection and start waiting for its first byte."""
        super().connection_made(transport)
        self._head_bytes = 0
        self._is_in_head = True
        self._late_at_s: float | None = self.loop.time() + FIRST_S_MOST

    def data_received(self, data: bytes) -> None:
        """Parse received data; a head that is too long closes the connection."""
        self._head_bytes += len(data)
        super().data_received(data)
        if self._is_in_head and self._head_bytes > HEAD_BYTES_MOST and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        """Start a request."""
        super().on_message_begin()
        self._is_in_head = True
        self._late_at_s = self.loop.time() + REQUEST_S_MOST

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header.

        Raises:
            ValueError: there are too many; the parser turns it into a 400.
        """
        if len(self.headers) >= _HEADERS_MOST:
            msg = "too many headers"
            raise ValueError(msg)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Finish the head."""
        self._is_in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Finish the request: any further delay is the service's own."""
        self._late_at_s, self._is_in_head, self._head_bytes = None, True, 0
        super().on_message_complete()

    def close_if_late(self, now_s: float) -> None:
        """Close the connection if its request is overdue; `now_s` is on the event loop's clock."""
        if self._late_at_s is not None and now_s > self._late_at_s:
            self.transport.close()


def _close_late(connections: Any, now_s: float) -> None:  # noqa: ANN401  uvicorn's set of protocols of any kind
    """Close all connections whose requests are overdue."""
    for each in list(connections):
        if isinstance(each, BoundedProtocol):
            each.close_if_late(now_s)


# ── Run the service: bind the port, open the database, serve until stopped

_BACKLOG = 2048
_KEEP_ALIVE_S = 120
"""Longer than clients pool their connections, so that none is closed during a request."""
_GRACE_S = 5
_LOOK_EVERY_TICKS = 10


class Service:
    """A service with its port bound and its database open; `run` serves until `stop`."""

    def __init__(self, settings: ServiceSettings) -> None:
        """Bind the port, then open the database.

        Raises:
            BadInputError: the port is in use, or the database cannot be opened; nothing was written.
        """
        self._socket = _bind(settings.host, settings.port)
        self.port: int = self._socket.getsockname()[1]
        try:
            app = build_app(settings)
        except BaseException:
            self._socket.close()
            raise
        self._state: ServiceState = app.state.service
        ready = settings.on_ready or (lambda _: None)
        self._server = _Server(app, self._state.begin_stop, lambda: ready(self.port))

    def run(self) -> None:
        """Serve until SIGINT, SIGTERM or `stop`; finish pending requests and close the database."""
        # Objects that exist now live until the end: exempt them from garbage collection.
        gc.collect()
        gc.freeze()
        try:
            self._server.run(sockets=[self._socket])
        finally:
            gc.unfreeze()
            self._socket.close()

    def stop(self) -> None:
        """Make `run` return soon; may be called from any thread."""
        self._server.should_exit = True

    def close(self) -> None:
        """Release port and database of a service that was never run."""
        self._socket.close()
        self._state.database.close()


def serve(settings: ServiceSettings) -> None:
    """Serve until SIGINT or SIGTERM.

    Raises:
        BadInputError: the port is in use, or the database cannot be opened; nothing was written.
    """
    Service(settings).run()


def serve_app(app: ASGIApp, host: str, port: int, on_ready: Callable[[int], None]) -> None:
    """Serve another application with the same server settings, as a baseline for benchmarks.

    Raises:
        BadInputError: the port is in use.
    """
    with _bind(host, port) as listener:
        real_port: int = listener.getsockname()[1]
        server = _Server(app, lambda: None, lambda: on_ready(real_port))
        server.run(sockets=[listener])


class _Server(uvicorn.Server):
    """uvicorn's server, with a callback when ready and dismissal of waiting customers on shutdown."""

    def __init__(self, app: ASGIApp, begin_stop: Callable[[], None], ready: Callable[[], None]) -> None:
        config = uvicorn.Config(
            app,
            http=BoundedProtocol,
            ws="none",
            lifespan="auto",
            access_log=False,
            log_level="warning",
            server_header=False,
            proxy_headers=False,
            backlog=_BACKLOG,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=_GRACE_S,
        )
        super().__init__(config)
        self._begin_stop = begin_stop
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._begin_stop()
        await super().shutdown(sockets)

    async def on_tick(self, counter: int) -> bool:
        """Close connections with overdue requests once a second (uvicorn ticks ten times a second)."""
        if counter % _LOOK_EVERY_TICKS == 0:
            _close_late(self.server_state.connections, asyncio.get_running_loop().time())
        return await super().on_tick(counter)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGINT and SIGTERM; uvicorn's version would re-raise them and kill the process."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _bind(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise BadInputError(f"--host {host}", "unknown host", "a name or address of this machine") from error
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise BadInputError(f"--port {port}", "in use", "a free port") from error
        problem = f"cannot be bound ({error.strerror})"
        raise BadInputError(f"--host {host} --port {port}", problem, "an address of this machine") from error
    listener.settimeout(0)
    return listener
