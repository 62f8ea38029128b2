"""The ASGI door: find the route, run it, send its answer."""

import logging
from collections.abc import Iterable

from footfall.service.api_errors import ApiError, api_error
from footfall.service.http_messages import Answer, HttpRequest, Receive, Scope, Send, send_answer
from footfall.service.routes import Bound, Route

_logger = logging.getLogger(__name__)
_SEGMENTS_MAX = 8
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_Found = tuple[Bound, tuple[str, ...]]


class Router:
    """All routes, found by method and path in constant time."""

    def __init__(self, routes: Iterable[Route]) -> None:
        """Sort the routes into those with a fixed path and those with parameters."""
        self._fixed: dict[tuple[str, str], _Found] = {}
        self._open: dict[tuple[str, int, str, str], list[tuple[tuple[str, ...], Bound]]] = {}
        self._methods: set[str] = set()
        for route in routes:
            self._add(route.method, route.path, route.run)

    def add(self, route: Route) -> None:
        """Add one more route."""
        self._add(route.method, route.path, route.run)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever goes wrong is logged and answered without a traceback."""
        answer: Answer
        more: list[tuple[bytes, bytes]] = []
        try:
            run, parameters = self._route(scope["method"], scope["path"], more)
            call = HttpRequest(scope, receive, parameters)
            if scope["method"] in _WITH_BODY:
                await call.read_body()
            answer = await run(call)
        except ApiError as refused:
            answer = refused.status, {"code": refused.code, "detail": refused.detail}
            if refused.retry_after_s is not None:
                more.append((b"retry-after", b"%d" % refused.retry_after_s))
        except Exception:
            _logger.exception("%s %s failed", scope["method"], scope["path"])
            failed = api_error("internal")
            answer = failed.status, {"code": failed.code, "detail": failed.detail}
        await send_answer(send, answer, more)

    def _add(self, method: str, path: str, run: Bound) -> None:
        self._methods.add(method)
        if "{" not in path:
            self._fixed[method, path] = run, ()
            return
        pattern = tuple(path.split("/"))
        key = (method, len(pattern), pattern[1], pattern[2])
        self._open.setdefault(key, []).append((pattern, run))

    def _route(self, method: str, path: str, more: list[tuple[bytes, bytes]]) -> _Found:
        """Find the route; where the path takes other methods, add them to the headers of the refusal."""
        found = self._find(method, path)
        if found is not None:
            return found
        allowed = sorted(other for other in self._methods if self._find(other, path))
        if not allowed:
            raise api_error("not_found", "There is no such route.")
        more.append((b"allow", ", ".join(allowed).encode()))
        raise api_error("wrong_method")

    def _find(self, method: str, path: str) -> _Found | None:
        found = self._fixed.get((method, path))
        if found is not None:
            return found
        if "\x00" in path:
            raise api_error("bad_request", "A path holds no zero byte.")
        parts = path.split("/", _SEGMENTS_MAX)
        if len(parts) > 3:  # noqa: PLR2004  /channel/thing/parameter
            for pattern, run in self._open.get((method, len(parts), parts[1], parts[2]), ()):
                values = _match(pattern, parts)
                if values is not None:
                    return run, values
        return None


def _match(pattern: tuple[str, ...], parts: list[str]) -> tuple[str, ...] | None:
    """Values of a pattern's parameters, if the path is of that pattern."""
    values = []
    for wanted, given in zip(pattern, parts, strict=True):
        if wanted.startswith("{"):
            values.append(given)
        elif wanted != given:
            return None
    return tuple(values)
