"""Endpoints of all channels but SMS: login, account, orders, pages, visits."""

from functools import partial
from math import inf
from random import Random

from footfall._service import ledger
from footfall._service.capacity_limits import HEADER, HeldServers, HeldVisit, HotlineCapacity
from footfall._service.channel_handler import ChannelHandler
from footfall._service.database import DatabaseConnection
from footfall._service.http_messages import TEXT_MAX, HttpRequest, HttpResponse, api_error, integer
from footfall._service.ledger import Order, OrderRequest
from footfall._service.sessions import LedgerSession
from footfall._service.settings import PAGES

# ── Log in, look at one's account, log out

_AUTHORIZATION = b"authorization"


async def log_in(handler: ChannelHandler, request: HttpRequest) -> HttpResponse:
    """Open a session for the number and PIN in the body."""
    read = partial(
        ledger.log_in, pepper=handler.pepper, msisdn=request.text("msisdn"), pin=request.text("pin")
    )
    subscriber, name = await handler.database.read(read)
    token, session = await handler.sessions.start(subscriber)
    if isinstance(handler.station, HeldServers | HotlineCapacity):
        # The next customer at the machine must not find the session open.
        handler.station.visits.find(request.header(HEADER)).sessions.append(session)
    return 200, {"token": token, "name": name}


async def log_out(handler: ChannelHandler, request: HttpRequest) -> HttpResponse:
    """Close the session."""
    await handler.sessions.end(_session_of(handler, request))
    return 204, None


async def show_account(handler: ChannelHandler, request: HttpRequest) -> HttpResponse:
    """Show the account."""
    holder = await handler.database.read(
        partial(ledger.holder, subscriber=_session_of(handler, request).subscriber)
    )
    return 200, {
        "msisdn": holder.msisdn,
        "name": holder.name,
        "balance_fen": holder.balance_fen,
        "plan": holder.plan,
        "under_contract": holder.under_contract,
        "roaming": holder.roaming,
        "address": holder.address,
    }


async def show_bill(handler: ChannelHandler, request: HttpRequest) -> HttpResponse:
    """Show the last twenty transactions."""
    bill = await handler.database.read(
        partial(ledger.bill, subscriber=_session_of(handler, request).subscriber)
    )
    return 200, {"entries": bill}


async def show_usage(handler: ChannelHandler, request: HttpRequest) -> HttpResponse:
    """Show the plan and the orders by state."""
    session = _session_of(handler, request)

    def read(connection: DatabaseConnection) -> HttpResponse:
        holder = ledger.holder(connection, session.subscriber)
        return 200, {"plan": holder.plan, "orders": ledger.usage(connection, session.subscriber)}

    return await handler.database.read(read)


def _session_of(handler: ChannelHandler, request: HttpRequest) -> LedgerSession:
    """Return the session of the request's token.

    Raises:
        ApiError: there is none.
    """
    return handler.sessions.find(request.header(_AUTHORIZATION))


# ── Place an order, show it, confirm it

_KEY = b"idempotency-key"
_ID_DIGITS_MAX = 18


async def place_order(handler: ChannelHandler, request: HttpRequest) -> HttpResponse:
    """Execute an order, or store it until it is confirmed, once per Idempotency-Key."""
    subscriber = _session_of(handler, request).subscriber
    key = request.header(_KEY)
    if not 0 < len(key) <= TEXT_MAX:
        raise api_error("bad_request", f"Idempotency-Key must have 1 to {TEXT_MAX} characters.")
    operation, item = request.text("operation"), request.text("item")
    amount_fen = ledger.check(operation, item, _amount_fen(request))
    if operation not in handler.channel.dialogues:
        raise api_error("not_offered")
    order_request = OrderRequest(
        subscriber=subscriber,
        channel=handler.channel.name,
        key=key,
        operation=operation,
        item=item,
        amount_fen=amount_fen,
    )
    now_s = handler.settings.now_s()
    order = await handler.database.write(
        partial(ledger.place, rules=handler.rules, request=order_request, now_s=now_s)
    )
    return _status(order), _shown(order, now_s)


async def show_order(handler: ChannelHandler, request: HttpRequest) -> HttpResponse:
    """Show one of the subscriber's orders on this channel."""
    subscriber = _session_of(handler, request).subscriber
    read = partial(ledger.find, subscriber=subscriber, channel=handler.channel.name, order=_number(request))
    return 200, _shown(await handler.database.read(read), handler.settings.now_s())


async def confirm_order(handler: ChannelHandler, request: HttpRequest) -> HttpResponse:
    """Execute an order that is waiting for its second confirmation."""
    subscriber = _session_of(handler, request).subscriber
    number, channel, now_s = _number(request), handler.channel.name, handler.settings.now_s()

    def write(connection: DatabaseConnection) -> Order:
        order = ledger.find(connection, subscriber, channel, number)
        return ledger.confirm(
            connection, handler.rules, ledger.request_of(order, subscriber, channel), order, now_s
        )

    return 200, _shown(await handler.database.write(write), now_s)


def _amount_fen(request: HttpRequest) -> int | None:
    given = request.body.get("amount_fen")
    amount_fen = None if given is None else integer(given)
    if given is not None and amount_fen is None:
        raise api_error("bad_request", "amount_fen must be an integer number of fen.")
    return amount_fen


def _number(request: HttpRequest) -> int:
    text = request.parameters[0]
    if not (text.isascii() and text.isdigit() and len(text) <= _ID_DIGITS_MAX):
        raise api_error("not_found")
    return int(text)


def _status(order: Order) -> int:
    if not order.is_new:
        return 200
    return 202 if order.state == ledger.PENDING else 201


def _shown(order: Order, now_s: float) -> dict[str, object]:
    state = order.at(now_s)
    shown: dict[str, object] = {"order": order.id, "state": state}
    if state == ledger.PENDING and order.expires_at_s is not None:
        shown["expires_s"] = order.expires_at_s - now_s
    return shown


# ── Pages that need no login, and the pool of numbers

_NUMBERS_MAX = 20
_SHUFFLE = Random()  # noqa: S311  spreads customers over the pool; nothing secret, nothing to repeat


async def show_page(handler: ChannelHandler, request: HttpRequest) -> HttpResponse:
    """Show a page by name."""
    name = request.parameters[0]
    if name == "numbers":
        return await show_numbers(handler, request)
    page = PAGES.get(name)
    if page is None:
        raise api_error("not_found", "There is no such page.")
    return 200, page


async def show_numbers(handler: ChannelHandler, request: HttpRequest) -> HttpResponse:
    """Show some available numbers, starting at a random one of the pool."""
    most = int(request.query_number("limit", _NUMBERS_MAX, 1, _NUMBERS_MAX))
    now_s = handler.settings.now_s()

    def read(connection: DatabaseConnection) -> list[str]:
        first, last = ledger.bounds(connection)
        return ledger.free(connection, str(_SHUFFLE.randint(first, last)), most, now_s)

    return 200, {"numbers": await handler.database.read(read)}


async def reserve_number(handler: ChannelHandler, request: HttpRequest) -> HttpResponse:
    """Reserve a number for the subscriber."""
    subscriber = _session_of(handler, request).subscriber
    now_s, seconds = handler.settings.now_s(), handler.settings.reservation_s
    await handler.database.write(
        partial(
            ledger.reserve,
            number=request.parameters[0],
            subscriber=subscriber,
            now_s=now_s,
            until_s=now_s + seconds,
        )
    )
    return 200, {"expires_s": seconds}


async def release_number(handler: ChannelHandler, request: HttpRequest) -> HttpResponse:
    """Release a reserved number."""
    subscriber = _session_of(handler, request).subscriber
    await handler.database.write(partial(ledger.release, number=request.parameters[0], subscriber=subscriber))
    return 204, None


# ── Visits: take a clerk, a machine, a line or an agent, and release it

PATIENCE_S_MAX = 600.0


async def open_visit(handler: ChannelHandler, request: HttpRequest) -> HttpResponse:
    """Wait for a server of a site, for at most the customer's patience."""
    handler.check_outage()
    station = _held(handler)
    site = request.integer("site")
    if site < 0:
        raise api_error("unknown_site")
    patience_s = request.number("patience_s", 0, PATIENCE_S_MAX)
    balk_wait_s = request.number("balk_wait_s", 0, inf) if "balk_wait_s" in request.body else inf
    since_s = handler.settings.now_s()
    visit = await station.open(request, site, patience_s, balk_wait_s)
    return 201, {"visit": visit.id, "waited_s": max(handler.settings.now_s() - since_s, 0.0)}


async def fetch_agent(handler: ChannelHandler, request: HttpRequest) -> HttpResponse:
    """Wait for an agent, who stays on the line until the end of the call."""
    handler.check_outage()
    station = _held(handler)
    if not isinstance(station, HotlineCapacity):
        raise api_error("not_found")
    patience_s = request.number("patience_s", 0, PATIENCE_S_MAX)
    since_s = handler.settings.now_s()
    await station.fetch_agent(request, station.visits.find(request.parameters[0]), patience_s)
    return 200, {"waited_s": max(handler.settings.now_s() - since_s, 0.0)}


async def close_visit(handler: ChannelHandler, request: HttpRequest) -> HttpResponse:
    """End a visit and release its server, even during an outage."""
    station = _held(handler)
    await end_visit(handler, station.visits.find(request.parameters[0]))
    return 204, None


async def end_visit(handler: ChannelHandler, visit: HeldVisit) -> None:
    """End a visit and the sessions that were opened in it."""
    _held(handler).close(visit)
    for session in visit.sessions:
        await handler.sessions.end(session)


def _held(handler: ChannelHandler) -> HeldServers | HotlineCapacity:
    if not isinstance(handler.station, HeldServers | HotlineCapacity):
        raise api_error("not_found")
    return handler.station
