"""Every route of the service, in one table; the door and the OpenAPI document are made from it."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from footfall.model.channel import Verb
from footfall.model.station_specs import CallCentre, Counters, Kiosks, MessageGateway
from footfall.service import control_handlers, handlers, sms_handlers
from footfall.service.api_errors import api_error
from footfall.service.channel_handler import ChannelHandler
from footfall.service.http_messages import Answer, HttpRequest
from footfall.service.service_state import ServiceState

Handler = Callable[[ChannelHandler, HttpRequest], Awaitable[Answer]]
Bound = Callable[[HttpRequest], Awaitable[Answer]]

HEADERS = {
    "token": "Authorization",
    "visit": "X-Visit",
    "key": "Idempotency-Key",
    "control": "X-Control-Token",
    "gateway": "X-Gateway-Key",
}


_NEEDED = {"token": "no_session", "visit": "bad_request", "key": "bad_request"}
"""By header: the code of the refusal where it is missing; the others guard themselves."""
OPERATOR = "operator"
"""Tag of the routes that belong to no channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A route that every channel of some kind has; its path follows the channel's name."""

    method: str
    path: str
    handler: Handler
    answers: dict[int, str]
    """By HTTP status: the schema of the body, empty where there is none."""
    verb: Verb | None = None
    """What it costs; None: it is no turn."""
    may_fail: bool = True
    """Whether the operator's faults strike here; a turn of several pages has one that can fail."""
    body: str = ""
    """Schema of the body; empty: none."""
    query: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route as it is served."""

    method: str
    path: str
    """With its parameters in braces, each a whole segment."""
    run: Bound
    summary: str
    tag: str
    answers: dict[int, str]
    body: str = ""
    query: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()


_TURNS = (
    Kind(
        method="POST",
        path="/login",
        handler=handlers.log_in,
        verb=Verb.LOGIN,
        body="Login",
        answers={200: "Session"},
    ),
    Kind(
        method="POST",
        path="/logout",
        handler=handlers.log_out,
        verb=Verb.LOGOUT,
        headers=("token",),
        answers={204: ""},
    ),
    Kind(
        method="GET",
        path="/pages/{page}",
        handler=handlers.show_page,
        verb=Verb.BROWSE,
        answers={200: "Page"},
    ),
    Kind(
        method="GET",
        path="/account",
        handler=handlers.show_account,
        verb=Verb.QUERY,
        headers=("token",),
        answers={200: "Account"},
    ),
    Kind(
        method="GET",
        path="/account/bill",
        handler=handlers.show_bill,
        verb=Verb.QUERY,
        may_fail=False,
        headers=("token",),
        answers={200: "Bill"},
    ),
    Kind(
        method="GET",
        path="/account/usage",
        handler=handlers.show_usage,
        verb=Verb.QUERY,
        may_fail=False,
        headers=("token",),
        answers={200: "Usage"},
    ),
    Kind(
        method="POST",
        path="/orders",
        handler=handlers.place_order,
        verb=Verb.ORDER,
        body="Wish",
        headers=("token", "key"),
        answers={200: "Order", 201: "Order", 202: "Order"},
    ),
    Kind(
        method="GET",
        path="/orders/{order}",
        handler=handlers.show_order,
        verb=Verb.QUERY,
        headers=("token",),
        answers={200: "Order"},
    ),
    Kind(
        method="POST",
        path="/orders/{order}/confirm",
        handler=handlers.confirm_order,
        verb=Verb.CONFIRM,
        headers=("token",),
        answers={200: "Order"},
    ),
    Kind(
        method="GET",
        path="/numbers",
        handler=handlers.show_numbers,
        verb=Verb.BROWSE,
        query=("limit",),
        answers={200: "Numbers"},
    ),
    Kind(
        method="POST",
        path="/numbers/{number}/reserve",
        handler=handlers.reserve_number,
        verb=Verb.BROWSE,
        headers=("token",),
        answers={200: "Reservation"},
    ),
    Kind(
        method="POST",
        path="/numbers/{number}/release",
        handler=handlers.release_number,
        verb=Verb.BROWSE,
        headers=("token",),
        answers={204: ""},
    ),
)
_VISITS = (
    Kind(
        method="POST", path="/visits", handler=handlers.open_visit, body="VisitWish", answers={201: "Visit"}
    ),
    Kind(method="DELETE", path="/visits/{visit}", handler=handlers.close_visit, answers={204: ""}),
)
_AGENT = Kind(
    method="POST",
    path="/visits/{visit}/agent",
    handler=handlers.fetch_agent,
    body="Patience",
    answers={200: "Waited"},
)
_MESSAGES = (
    Kind(
        method="POST",
        path="/messages",
        handler=sms_handlers.send_message,
        body="Message",
        headers=("gateway",),
        answers={202: "Accepted"},
    ),
    Kind(
        method="GET",
        path="/answers/{msisdn}",
        handler=sms_handlers.show_answers,
        query=("after", "wait_s"),
        headers=("gateway",),
        answers={200: "Answers"},
    ),
)


def routes(operator: ServiceState) -> Iterator[Route]:
    """All routes of the operator's channels, and those of the operator itself."""
    for desk in operator.desks.values():
        station = desk.channel.station
        held = isinstance(station, Counters | Kiosks | CallCentre)
        if isinstance(station, MessageGateway):
            kinds: tuple[Kind, ...] = _MESSAGES
        else:
            kinds = (
                _TURNS + (_VISITS if held else ()) + ((_AGENT,) if isinstance(station, CallCentre) else ())
            )
        for kind in kinds:
            yield _route(desk, kind, needs_visit=held and kind.verb is not None)
    yield from _own(operator)


def _route(desk: ChannelHandler, kind: Kind, *, needs_visit: bool) -> Route:
    headers = kind.headers + (("visit",) if needs_visit else ())
    return Route(
        method=kind.method,
        path=f"/{desk.channel.name}{kind.path}",
        run=_with_headers(_bound(desk, kind), headers),
        summary=_first_line(kind.handler),
        tag=desk.channel.name,
        answers=kind.answers,
        body=kind.body,
        query=kind.query,
        headers=headers,
    )


def _bound(desk: ChannelHandler, kind: Kind) -> Bound:
    handler, verb, may_fail = kind.handler, kind.verb, kind.may_fail
    if verb is None:
        return lambda call: handler(desk, call)
    return lambda call: desk.turn(verb, call, handler, may_fail=may_fail)


def _with_headers(run: Bound, headers: tuple[str, ...]) -> Bound:
    """Ask for the headers that a route needs before anything else; whether they are right is seen later."""
    needed = [(HEADERS[name].lower().encode(), name) for name in headers if name in _NEEDED]
    if not needed:
        return run

    async def run_with_headers(call: HttpRequest) -> Answer:
        for key, name in needed:
            if not call.header(key):
                raise api_error(_NEEDED[name], f"The header {HEADERS[name]} is missing.")
        return await run(call)

    return run_with_headers


def _own(operator: ServiceState) -> Iterator[Route]:
    def bind(handler: Callable[[ServiceState, HttpRequest], Awaitable[Answer]]) -> Bound:
        return lambda call: handler(operator, call)

    own = (
        ("GET", "/health", control_handlers.show_health, "Health", ""),
        ("POST", "/control/play", control_handlers.start_play, "Play", "Play"),
        ("GET", "/control/ledger", control_handlers.show_ledger, "Ledger", ""),
        ("GET", "/control/counts", control_handlers.show_counts, "Counts", ""),
    )
    for method, path, handler, answer, body in own:
        yield Route(
            method=method,
            path=path,
            run=bind(handler),
            summary=_first_line(handler),
            tag=OPERATOR,
            answers={200: answer},
            body=body,
            headers=() if path == "/health" else ("control",),
        )


def _first_line(handler: Callable[..., object]) -> str:
    return (handler.__doc__ or "").splitlines()[0]
