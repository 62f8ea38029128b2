"""Place an order, look at it, confirm it."""

from functools import partial

from footfall.service.channels.account import session_of
from footfall.service.desk import Desk
from footfall.service.ledger import orders
from footfall.service.ledger.handle import Handle
from footfall.service.ledger.orders import Order, Wish
from footfall.service.refusals import refusal
from footfall.service.web.wire import TEXT_MAX, Answer, Call, whole

_KEY = b"idempotency-key"
_ID_DIGITS_MAX = 18


async def place_order(desk: Desk, call: Call) -> Answer:
    """Execute an order, or keep it for its confirmation, once for each Idempotency-Key."""
    subscriber = session_of(desk, call).subscriber
    key = call.header(_KEY)
    if not 0 < len(key) <= TEXT_MAX:
        raise refusal("bad_request", f"Idempotency-Key has 1 to {TEXT_MAX} characters.")
    operation, item = call.text("operation"), call.text("item")
    amount_fen = orders.check(operation, item, _amount_fen(call))
    if operation not in desk.channel.dialogues:
        raise refusal("not_offered")
    wish = Wish(
        subscriber=subscriber,
        channel=desk.channel.name,
        key=key,
        operation=operation,
        item=item,
        amount_fen=amount_fen,
    )
    now_s = desk.settings.now_s()
    order = await desk.store.write(partial(orders.place, rules=desk.rules, wish=wish, now_s=now_s))
    return _status(order), _shown(order, now_s)


async def show_order(desk: Desk, call: Call) -> Answer:
    """Show one of the subscriber's orders on this channel."""
    subscriber = session_of(desk, call).subscriber
    read = partial(orders.find, subscriber=subscriber, channel=desk.channel.name, order=_number(call))
    return 200, _shown(await desk.store.read(read), desk.settings.now_s())


async def confirm_order(desk: Desk, call: Call) -> Answer:
    """Execute an order that waits for its second confirmation."""
    subscriber = session_of(desk, call).subscriber
    number, channel, now_s = _number(call), desk.channel.name, desk.settings.now_s()

    def write(handle: Handle) -> Order:
        order = orders.find(handle, subscriber, channel, number)
        return orders.confirm(handle, desk.rules, orders.wish_of(order, subscriber, channel), order, now_s)

    return 200, _shown(await desk.store.write(write), now_s)


def _amount_fen(call: Call) -> int | None:
    given = call.body.get("amount_fen")
    amount_fen = None if given is None else whole(given)
    if given is not None and amount_fen is None:
        raise refusal("bad_request", "amount_fen is a whole number of fen.")
    return amount_fen


def _number(call: Call) -> int:
    text = call.parameters[0]
    if not (text.isascii() and text.isdigit() and len(text) <= _ID_DIGITS_MAX):
        raise refusal("not_found")
    return int(text)


def _status(order: Order) -> int:
    if not order.is_new:
        return 200
    return 202 if order.state == orders.PENDING else 201


def _shown(order: Order, now_s: float) -> dict[str, object]:
    state = order.at(now_s)
    shown: dict[str, object] = {"order": order.id, "state": state}
    if state == orders.PENDING and order.expires_at_s is not None:
        shown["expires_s"] = order.expires_at_s - now_s
    return shown
