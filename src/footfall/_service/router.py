"""The ASGI router: find the route, run it, send its response."""

import logging
from collections.abc import Iterable

from footfall._service.http_messages import (
    ApiError,
    HttpRequest,
    HttpResponse,
    Receive,
    Scope,
    Send,
    api_error,
    send_response,
)
from footfall._service.routes import Bound, Route

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
