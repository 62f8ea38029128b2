"""What customers ask of all channels but SMS: log in, look, order, hold a server."""

from functools import partial
from math import inf
from random import Random

from footfall.service import ledger
from footfall.service.api_errors import api_error
from footfall.service.capacity_limits import HotlineCapacity
from footfall.service.channel_handler import ChannelHandler
from footfall.service.database import DatabaseConnection
from footfall.service.held_servers import HEADER, HeldServers, HeldVisit
from footfall.service.http_messages import TEXT_MAX, Answer, HttpRequest, whole
from footfall.service.ledger import Order, OrderRequest
from footfall.service.sessions import LedgerSession
from footfall.service.settings import PAGES

# ── Log in, look at one's account, log out

_AUTHORIZATION = b"authorization"


async def log_in(desk: ChannelHandler, call: HttpRequest) -> Answer:
    """Open a session for the number and PIN in the body."""
    read = partial(ledger.log_in, pepper=desk.pepper, msisdn=call.text("msisdn"), pin=call.text("pin"))
    subscriber, name = await desk.store.read(read)
    token, session = await desk.sessions.start(subscriber)
    if isinstance(desk.station, HeldServers | HotlineCapacity):
        # Whoever comes to the machine next must not find it logged in.
        desk.station.visits.find(call.header(HEADER)).sessions.append(session)
    return 200, {"token": token, "name": name}


async def log_out(desk: ChannelHandler, call: HttpRequest) -> Answer:
    """Close the session."""
    await desk.sessions.end(session_of(desk, call))
    return 204, None


async def show_account(desk: ChannelHandler, call: HttpRequest) -> Answer:
    """Show what the account holds."""
    holder = await desk.store.read(partial(ledger.holder, subscriber=session_of(desk, call).subscriber))
    return 200, {
        "msisdn": holder.msisdn,
        "name": holder.name,
        "balance_fen": holder.balance_fen,
        "plan": holder.plan,
        "under_contract": holder.under_contract,
        "roaming": holder.roaming,
        "address": holder.address,
    }


async def show_bill(desk: ChannelHandler, call: HttpRequest) -> Answer:
    """Show the last twenty movements of money."""
    bill = await desk.store.read(partial(ledger.bill, subscriber=session_of(desk, call).subscriber))
    return 200, {"entries": bill}


async def show_usage(desk: ChannelHandler, call: HttpRequest) -> Answer:
    """Show the plan and the orders by state."""
    session = session_of(desk, call)

    def read(handle: DatabaseConnection) -> Answer:
        holder = ledger.holder(handle, session.subscriber)
        return 200, {"plan": holder.plan, "orders": ledger.usage(handle, session.subscriber)}

    return await desk.store.read(read)


def session_of(desk: ChannelHandler, call: HttpRequest) -> LedgerSession:
    """Session that the request's token belongs to.

    Raises:
        RefusalError: none.
    """
    return desk.sessions.find(call.header(_AUTHORIZATION))


# ── Place an order, look at it, confirm it

_KEY = b"idempotency-key"
_ID_DIGITS_MAX = 18


async def place_order(desk: ChannelHandler, call: HttpRequest) -> Answer:
    """Execute an order, or keep it for its confirmation, once for each Idempotency-Key."""
    subscriber = session_of(desk, call).subscriber
    key = call.header(_KEY)
    if not 0 < len(key) <= TEXT_MAX:
        raise api_error("bad_request", f"Idempotency-Key has 1 to {TEXT_MAX} characters.")
    operation, item = call.text("operation"), call.text("item")
    amount_fen = ledger.check(operation, item, _amount_fen(call))
    if operation not in desk.channel.dialogues:
        raise api_error("not_offered")
    wish = OrderRequest(
        subscriber=subscriber,
        channel=desk.channel.name,
        key=key,
        operation=operation,
        item=item,
        amount_fen=amount_fen,
    )
    now_s = desk.settings.now_s()
    order = await desk.store.write(partial(ledger.place, rules=desk.rules, wish=wish, now_s=now_s))
    return _status(order), _shown(order, now_s)


async def show_order(desk: ChannelHandler, call: HttpRequest) -> Answer:
    """Show one of the subscriber's orders on this channel."""
    subscriber = session_of(desk, call).subscriber
    read = partial(ledger.find, subscriber=subscriber, channel=desk.channel.name, order=_number(call))
    return 200, _shown(await desk.store.read(read), desk.settings.now_s())


async def confirm_order(desk: ChannelHandler, call: HttpRequest) -> Answer:
    """Execute an order that waits for its second confirmation."""
    subscriber = session_of(desk, call).subscriber
    number, channel, now_s = _number(call), desk.channel.name, desk.settings.now_s()

    def write(handle: DatabaseConnection) -> Order:
        order = ledger.find(handle, subscriber, channel, number)
        return ledger.confirm(handle, desk.rules, ledger.wish_of(order, subscriber, channel), order, now_s)

    return 200, _shown(await desk.store.write(write), now_s)


def _amount_fen(call: HttpRequest) -> int | None:
    given = call.body.get("amount_fen")
    amount_fen = None if given is None else whole(given)
    if given is not None and amount_fen is None:
        raise api_error("bad_request", "amount_fen is a whole number of fen.")
    return amount_fen


def _number(call: HttpRequest) -> int:
    text = call.parameters[0]
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

NUMBERS_MAX = 20
_SHUFFLE = Random()  # noqa: S311  spreads customers over the pool; nothing secret, nothing to repeat


async def show_page(desk: ChannelHandler, call: HttpRequest) -> Answer:
    """Show a page by its name."""
    name = call.parameters[0]
    if name == "numbers":
        return await show_numbers(desk, call)
    page = PAGES.get(name)
    if page is None:
        raise api_error("not_found", "There is no such page.")
    return 200, page


async def show_numbers(desk: ChannelHandler, call: HttpRequest) -> Answer:
    """Show some numbers that can be reserved, from a random place of the pool on."""
    most = int(call.query_number("limit", NUMBERS_MAX, 1, NUMBERS_MAX))
    now_s = desk.settings.now_s()

    def read(handle: DatabaseConnection) -> list[str]:
        first, last = ledger.bounds(handle)
        return ledger.free(handle, str(_SHUFFLE.randint(first, last)), most, now_s)

    return 200, {"numbers": await desk.store.read(read)}


async def reserve_number(desk: ChannelHandler, call: HttpRequest) -> Answer:
    """Keep a number for the subscriber for a while."""
    subscriber = session_of(desk, call).subscriber
    now_s, seconds = desk.settings.now_s(), desk.settings.reservation_s
    await desk.store.write(
        partial(
            ledger.reserve,
            number=call.parameters[0],
            subscriber=subscriber,
            now_s=now_s,
            until_s=now_s + seconds,
        )
    )
    return 200, {"expires_s": seconds}


async def release_number(desk: ChannelHandler, call: HttpRequest) -> Answer:
    """Give a reserved number back."""
    subscriber = session_of(desk, call).subscriber
    await desk.store.write(partial(ledger.release, number=call.parameters[0], subscriber=subscriber))
    return 204, None


# ── Get hold of a clerk, a machine or a line, of an agent, and let go again

PATIENCE_S_MAX = 600.0


async def open_visit(desk: ChannelHandler, call: HttpRequest) -> Answer:
    """Wait for a server of a site, at most as long as the customer's patience lasts."""
    desk.refuse_outage()
    station = _held(desk)
    site = call.whole("site")
    if site < 0:
        raise api_error("unknown_site")
    patience_s = call.number("patience_s", 0, PATIENCE_S_MAX)
    balk_wait_s = call.number("balk_wait_s", 0, inf) if "balk_wait_s" in call.body else inf
    since_s = desk.settings.now_s()
    visit = await station.open(call, site, patience_s, balk_wait_s)
    return 201, {"visit": visit.id, "waited_s": max(desk.settings.now_s() - since_s, 0.0)}


async def fetch_agent(desk: ChannelHandler, call: HttpRequest) -> Answer:
    """Wait for an agent, who stays on the line to the end of the call."""
    desk.refuse_outage()
    station = _held(desk)
    if not isinstance(station, HotlineCapacity):
        raise api_error("not_found")
    patience_s = call.number("patience_s", 0, PATIENCE_S_MAX)
    since_s = desk.settings.now_s()
    await station.fetch_agent(call, station.visits.find(call.parameters[0]), patience_s)
    return 200, {"waited_s": max(desk.settings.now_s() - since_s, 0.0)}


async def close_visit(desk: ChannelHandler, call: HttpRequest) -> Answer:
    """Let go of the server, also while the channel is down."""
    station = _held(desk)
    await end_visit(desk, station.visits.find(call.parameters[0]))
    return 204, None


async def end_visit(desk: ChannelHandler, visit: HeldVisit) -> None:
    """End a visit and the sessions that were opened in it."""
    _held(desk).close(visit)
    for session in visit.sessions:
        await desk.sessions.end(session)


def _held(desk: ChannelHandler) -> HeldServers | HotlineCapacity:
    if not isinstance(desk.station, HeldServers | HotlineCapacity):
        raise api_error("not_found")
    return desk.station
