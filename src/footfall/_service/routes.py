"""All routes of the service in one table, from which the router and the OpenAPI document are built."""

import hmac
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version

from footfall._model.channel import Verb
from footfall._model.station_specs import CallCentre, Counters, Kiosks, MessageGateway
from footfall._service import handlers, sms_handlers
from footfall._service.channel_handler import ChannelHandler
from footfall._service.http_messages import HttpRequest, HttpResponse, api_error
from footfall._service.schemas import INTERFACE
from footfall._service.service_state import ServiceState
from footfall._service.sessions import audit

# ── All routes of the service in one table, from which the router and the OpenAPI document are built

_Endpoint = Callable[[ChannelHandler, HttpRequest], Awaitable[HttpResponse]]
Bound = Callable[[HttpRequest], Awaitable[HttpResponse]]

HEADERS = {
    "token": "Authorization",
    "visit": "X-Visit",
    "key": "Idempotency-Key",
    "control": "X-Control-Token",
    "gateway": "X-Gateway-Key",
}


_NEEDED = {"token": "no_session", "visit": "bad_request", "key": "bad_request"}
"""By header: the error code if it is missing; endpoints check the other headers themselves."""
OPERATOR = "operator"
"""Tag of the routes that belong to no channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _RouteSpec:
    """A route shared by all channels of a kind; its path is prefixed with the channel's name."""

    method: str
    path: str
    endpoint: _Endpoint
    responses: dict[int, str]
    """By HTTP status: the schema of the body, empty if there is none."""
    verb: Verb | None = None
    """Verb that sets the request's cost; None: the request is not a step."""
    may_fail: bool = True
    """Whether faults are injected here; of a step of several pages only one can fail."""
    body: str = ""
    """Schema of the request body; empty: none."""
    query: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route as served."""

    method: str
    path: str
    """Path with parameters in braces, each a whole segment."""
    run: Bound
    summary: str
    tag: str
    responses: dict[int, str]
    body: str = ""
    query: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()


_STEPS = (
    _RouteSpec(
        method="POST",
        path="/login",
        endpoint=handlers.log_in,
        verb=Verb.LOGIN,
        body="Login",
        responses={200: "Session"},
    ),
    _RouteSpec(
        method="POST",
        path="/logout",
        endpoint=handlers.log_out,
        verb=Verb.LOGOUT,
        headers=("token",),
        responses={204: ""},
    ),
    _RouteSpec(
        method="GET",
        path="/pages/{page}",
        endpoint=handlers.show_page,
        verb=Verb.BROWSE,
        responses={200: "Page"},
    ),
    _RouteSpec(
        method="GET",
        path="/account",
        endpoint=handlers.show_account,
        verb=Verb.QUERY,
        headers=("token",),
        responses={200: "Account"},
    ),
    _RouteSpec(
        method="GET",
        path="/account/bill",
        endpoint=handlers.show_bill,
        verb=Verb.QUERY,
        may_fail=False,
        headers=("token",),
        responses={200: "Bill"},
    ),
    _RouteSpec(
        method="GET",
        path="/account/usage",
        endpoint=handlers.show_usage,
        verb=Verb.QUERY,
        may_fail=False,
        headers=("token",),
        responses={200: "Usage"},
    ),
    _RouteSpec(
        method="POST",
        path="/orders",
        endpoint=handlers.place_order,
        verb=Verb.ORDER,
        body="OrderRequest",
        headers=("token", "key"),
        responses={200: "Order", 201: "Order", 202: "Order"},
    ),
    _RouteSpec(
        method="GET",
        path="/orders/{order}",
        endpoint=handlers.show_order,
        verb=Verb.QUERY,
        headers=("token",),
        responses={200: "Order"},
    ),
    _RouteSpec(
        method="POST",
        path="/orders/{order}/confirm",
        endpoint=handlers.confirm_order,
        verb=Verb.CONFIRM,
        headers=("token",),
        responses={200: "Order"},
    ),
    _RouteSpec(
        method="GET",
        path="/numbers",
        endpoint=handlers.show_numbers,
        verb=Verb.BROWSE,
        query=("limit",),
        responses={200: "Numbers"},
    ),
    _RouteSpec(
        method="POST",
        path="/numbers/{number}/reserve",
        endpoint=handlers.reserve_number,
        verb=Verb.BROWSE,
        headers=("token",),
        responses={200: "Reservation"},
    ),
    _RouteSpec(
        method="POST",
        path="/numbers/{number}/release",
        endpoint=handlers.release_number,
        verb=Verb.BROWSE,
        headers=("token",),
        responses={204: ""},
    ),
)
_VISITS = (
    _RouteSpec(
        method="POST",
        path="/visits",
        endpoint=handlers.open_visit,
        body="VisitRequest",
        responses={201: "Visit"},
    ),
    _RouteSpec(method="DELETE", path="/visits/{visit}", endpoint=handlers.close_visit, responses={204: ""}),
)
_AGENT = _RouteSpec(
    method="POST",
    path="/visits/{visit}/agent",
    endpoint=handlers.fetch_agent,
    body="Patience",
    responses={200: "Waited"},
)
_MESSAGES = (
    _RouteSpec(
        method="POST",
        path="/messages",
        endpoint=sms_handlers.send_message,
        body="Message",
        headers=("gateway",),
        responses={202: "Accepted"},
    ),
    _RouteSpec(
        method="GET",
        path="/answers/{msisdn}",
        endpoint=sms_handlers.show_answers,
        query=("after", "wait_s"),
        headers=("gateway",),
        responses={200: "Answers"},
    ),
)


def routes(state: ServiceState) -> Iterator[Route]:
    """Yield all routes: those of the channels and those of the service itself."""
    for handler in state.handlers.values():
        station = handler.channel.station
        held = isinstance(station, Counters | Kiosks | CallCentre)
        if isinstance(station, MessageGateway):
            kinds: tuple[_RouteSpec, ...] = _MESSAGES
        else:
            kinds = (
                _STEPS + (_VISITS if held else ()) + ((_AGENT,) if isinstance(station, CallCentre) else ())
            )
        for kind in kinds:
            yield _route(handler, kind, needs_visit=held and kind.verb is not None)
    yield from _own(state)


def _route(handler: ChannelHandler, kind: _RouteSpec, *, needs_visit: bool) -> Route:
    headers = kind.headers + (("visit",) if needs_visit else ())
    return Route(
        method=kind.method,
        path=f"/{handler.channel.name}{kind.path}",
        run=_with_headers(_bound(handler, kind), headers),
        summary=_first_line(kind.endpoint),
        tag=handler.channel.name,
        responses=kind.responses,
        body=kind.body,
        query=kind.query,
        headers=headers,
    )


def _bound(handler: ChannelHandler, kind: _RouteSpec) -> Bound:
    endpoint, verb, may_fail = kind.endpoint, kind.verb, kind.may_fail
    if verb is None:
        return lambda request: endpoint(handler, request)
    return lambda request: handler.serve(verb, request, endpoint, may_fail=may_fail)


def _with_headers(run: Bound, headers: tuple[str, ...]) -> Bound:
    """Check first that the headers a route needs are present; their values are checked later."""
    needed = [(HEADERS[name].lower().encode(), name) for name in headers if name in _NEEDED]
    if not needed:
        return run

    async def run_with_headers(request: HttpRequest) -> HttpResponse:
        for key, name in needed:
            if not request.header(key):
                raise api_error(_NEEDED[name], f"The header {HEADERS[name]} is missing.")
        return await run(request)

    return run_with_headers


def _own(state: ServiceState) -> Iterator[Route]:
    def bind(endpoint: Callable[[ServiceState, HttpRequest], Awaitable[HttpResponse]]) -> Bound:
        return lambda request: endpoint(state, request)

    own = (
        ("GET", "/health", show_health, "Health", ""),
        ("POST", "/control/play", start_run, "Play", "Play"),
        ("GET", "/control/ledger", show_ledger, "Ledger", ""),
        ("GET", "/control/counts", show_counts, "Counts", ""),
    )
    for method, path, endpoint, response, body in own:
        yield Route(
            method=method,
            path=path,
            run=bind(endpoint),
            summary=_first_line(endpoint),
            tag=OPERATOR,
            responses={200: response},
            body=body,
            headers=() if path == "/health" else ("control",),
        )


def _first_line(endpoint: Callable[..., object]) -> str:
    return (endpoint.__doc__ or "").splitlines()[0]


# ── Endpoints for operations staff: health, the run clock, counts, and the audit of the ledger

_STARTS_IN_S_MAX = 86_400.0
_HEALTH_S_MOST = 2.0


async def show_health(state: ServiceState, _request: HttpRequest) -> HttpResponse:
    """Report health and identity of the service; 503 while its database is unreachable."""
    settings = state.settings
    is_well = await state.database.is_reachable(_HEALTH_S_MOST)
    problem = {} if is_well else {"code": "no_database", "detail": "The database cannot be reached."}
    return 200 if is_well else 503, problem | {
        "status": "ok" if is_well else "unhealthy",
        "interface": INTERFACE,
        "model": settings.model.name,
        "channels": list(state.handlers),
        "subscribers": settings.subscribers,
        "seed": settings.seed,
        "version": version("footfall"),
    }


async def start_run(state: ServiceState, request: HttpRequest) -> HttpResponse:
    """Set second 0 of the run clock."""
    _check_token(state, request)
    starts_in_s = request.number("starts_in_s", -_STARTS_IN_S_MAX, _STARTS_IN_S_MAX)
    state.start_run(starts_in_s)
    return 200, {"starts_in_s": starts_in_s}


async def show_ledger(state: ServiceState, request: HttpRequest) -> HttpResponse:
    """Audit the ledger."""
    _check_token(state, request)
    return 200, await state.database.read(audit)


async def show_counts(state: ServiceState, request: HttpRequest) -> HttpResponse:
    """Show the current counts of each channel."""
    _check_token(state, request)
    return 200, state.counts()


def _check_token(state: ServiceState, request: HttpRequest) -> None:
    wanted = state.settings.control_token
    if not wanted:
        raise api_error("not_found")
    if not hmac.compare_digest(request.header(b"x-control-token").encode(), wanted.encode()):
        raise api_error("wrong_token")
