"""Orders: placed once for each idempotency key, executed once, paid in the same transaction."""

from dataclasses import dataclass
from typing import NamedTuple

from footfall.service.catalogue import PLANS, RECHARGE_FEN, ROAMING, VOUCHER
from footfall.service.ledger import numbers
from footfall.service.ledger.handle import Handle
from footfall.service.ledger.schema import REVENUE, VOUCHERS
from footfall.service.refusals import refusal
from footfall.simulate.decide import account
from footfall.simulate.spec.people import Accounts

DONE, PENDING, CANCELLED, EXPIRED = "done", "pending", "cancelled", "expired"

_BEFORE = """SELECT s.balance_fen, s.under_contract,
o.id, o.operation, o.item, o.amount_fen, o.state, o.expires_at_s
FROM subscribers s LEFT JOIN orders o ON o.subscriber = s.id AND o.idempotency_key = :key
WHERE s.id = :subscriber"""
_BY_ID = """SELECT id, operation, item, amount_fen, state, expires_at_s FROM orders
WHERE id = :order AND subscriber = :subscriber AND channel = :channel"""
_LAST_PENDING = """SELECT id, operation, item, amount_fen, state, expires_at_s FROM orders
WHERE subscriber = :subscriber AND channel = :channel AND state = 'pending' ORDER BY id DESC LIMIT 1"""
_HELD = "SELECT balance_fen, under_contract FROM subscribers WHERE id = :subscriber"
_INSERT = """INSERT INTO orders
(subscriber, idempotency_key, channel, operation, item, amount_fen, state, placed_at_s, expires_at_s)
VALUES (:subscriber, :key, :channel, :operation, :item, :amount_fen, :state, :now_s, :expires_at_s)"""
_STATE = "UPDATE orders SET state = :state WHERE id = :order AND state = 'pending'"
_ENTRY = """INSERT INTO entries (order_id, from_account, to_account, amount_fen)
VALUES (:order, :giver, :taker, :amount_fen)"""
_CHANGE = {
    "transact": """UPDATE subscribers SET balance_fen = balance_fen + :fen, plan = :item
WHERE id = :subscriber""",
    "roaming": """UPDATE subscribers SET balance_fen = balance_fen + :fen, roaming = 1
WHERE id = :subscriber""",
}
_MOVE = "UPDATE subscribers SET balance_fen = balance_fen + :fen WHERE id = :subscriber"


class Wish(NamedTuple):
    """What a subscriber wants, on which channel, under which key."""

    subscriber: int
    channel: str
    key: str
    operation: str
    item: str
    amount_fen: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the model says of orders on one channel."""

    accounts: Accounts
    confirm_s: dict[str, float]
    """By operation: seconds within which it must be confirmed; absent: no second confirmation."""


class Order(NamedTuple):
    """An order as it stands."""

    id: int
    operation: str
    item: str
    amount_fen: int
    state: str
    expires_at_s: float | None
    is_new: bool = False

    def at(self, now_s: float) -> str:
        """State at a time: one that waited too long is expired."""
        late = self.state == PENDING and self.expires_at_s is not None and now_s > self.expires_at_s
        return EXPIRED if late else self.state


def check(operation: str, item: str, amount_fen: object) -> int:
    """Amount of a wish that can be had at all, in fen; 0 but for a recharge.

    Raises:
        RefusalError: there is no such thing to order.
    """
    if operation == "recharge":
        known = item == VOUCHER and isinstance(amount_fen, int) and amount_fen in RECHARGE_FEN
        if known and isinstance(amount_fen, int):
            return int(amount_fen)
        raise refusal("unknown_item")
    if operation == "purchase" or (operation == "transact" and item in PLANS):
        return 0
    if operation == "roaming" and item == ROAMING:
        return 0
    raise refusal("unknown_item")


def place(handle: Handle, rules: Rules, wish: Wish, now_s: float) -> Order:
    """Execute a wish, or keep it for its second confirmation; the same key again gives the same order.

    Raises:
        RefusalError: the business refuses it, or the key belongs to another order.
    """
    before = handle.row(_BEFORE, subscriber=wish.subscriber, key=wish.key)
    if before is None:
        raise refusal("not_found")
    balance_fen, under_contract, *known = before
    if known[0] is not None:
        if known[1:4] != [wish.operation, wish.item, wish.amount_fen]:
            raise refusal("key_reused")
        return Order(*known)
    _refuse(rules, wish, balance_fen, under_contract)
    confirm_s = rules.confirm_s.get(wish.operation)
    if wish.operation == "purchase":
        numbers.check_reserved(handle, wish.item, wish.subscriber, now_s)
    expires_at_s = None if confirm_s is None else now_s + confirm_s
    state = DONE if expires_at_s is None else PENDING
    order = handle.insert(
        _INSERT,
        subscriber=wish.subscriber,
        key=wish.key,
        channel=wish.channel,
        operation=wish.operation,
        item=wish.item,
        amount_fen=wish.amount_fen,
        state=state,
        now_s=now_s,
        expires_at_s=expires_at_s,
    )
    placed = Order(order or 0, wish.operation, wish.item, wish.amount_fen, state, expires_at_s, is_new=True)
    if expires_at_s is None:
        _execute(handle, rules, wish, placed.id)
    elif wish.operation == "purchase":
        numbers.hold_until(handle, wish.item, wish.subscriber, expires_at_s)
    return placed


def confirm(handle: Handle, rules: Rules, wish: Wish, order: Order, now_s: float) -> Order:
    """Execute an order that waits for its confirmation; one that is done stays done.

    Raises:
        RefusalError: it is cancelled or expired, or the business refuses it by now.
    """
    state = order.at(now_s)
    if state == DONE:
        return order
    if state != PENDING:
        raise refusal(state)
    held = handle.row(_HELD, subscriber=wish.subscriber) or (0, 0)
    _refuse(rules, wish, *held)
    if order.operation == "purchase":
        numbers.check_reserved(handle, order.item, wish.subscriber, now_s)
    if handle.change(_STATE, order=order.id, state=DONE) != 1:
        msg = f"order {order.id} changed beside this service"
        raise RuntimeError(msg)
    _execute(handle, rules, wish, order.id)
    return Order(order.id, order.operation, order.item, order.amount_fen, DONE, None)


def find(handle: Handle, subscriber: int, channel: str, order: int) -> Order:
    """Order of this subscriber on this channel.

    Raises:
        RefusalError: there is none, or it is somebody else's.
    """
    row = handle.row(_BY_ID, order=order, subscriber=subscriber, channel=channel)
    if row is None:
        raise refusal("not_found", "This account has no such order on this channel.")
    return Order(*row)


def last_pending(handle: Handle, subscriber: int, channel: str) -> Order:
    """Newest order of this subscriber that waits for its confirmation on this channel.

    Raises:
        RefusalError: there is none.
    """
    row = handle.row(_LAST_PENDING, subscriber=subscriber, channel=channel)
    if row is None:
        raise refusal("nothing_pending")
    return Order(*row)


def cancel(handle: Handle, order: Order) -> None:
    """Give an order up that waits for its confirmation."""
    handle.change(_STATE, order=order.id, state=CANCELLED)


def wish_of(order: Order, subscriber: int, channel: str) -> Wish:
    """Wish that an order was placed for."""
    return Wish(
        subscriber=subscriber,
        channel=channel,
        key="",
        operation=order.operation,
        item=order.item,
        amount_fen=order.amount_fen,
    )


def _refuse(rules: Rules, wish: Wish, balance_fen: int, under_contract: int) -> None:
    held = account.Account(balance_fen=balance_fen, under_contract=bool(under_contract))
    cause = account.refusal(rules.accounts, wish.operation, held)
    if cause is not None:
        raise refusal(cause)


def _execute(handle: Handle, rules: Rules, wish: Wish, order: int) -> None:
    """Move the money, each movement with its entry, and give what was ordered."""
    price_fen = account.price_fen(rules.accounts, wish.operation)
    fen = wish.amount_fen - price_fen
    if wish.amount_fen:
        _enter(handle, order, VOUCHERS, wish.subscriber, wish.amount_fen)
    if price_fen:
        _enter(handle, order, wish.subscriber, REVENUE, price_fen)
    if wish.operation == "purchase":
        numbers.sell(handle, wish.item, wish.subscriber)
    change = _CHANGE.get(wish.operation)
    if change is None:
        handle.change(_MOVE, subscriber=wish.subscriber, fen=fen)
    elif wish.operation == "transact":
        handle.change(change, subscriber=wish.subscriber, fen=fen, item=wish.item)
    else:
        handle.change(change, subscriber=wish.subscriber, fen=fen)


def _enter(handle: Handle, order: int, giver: int, taker: int, amount_fen: int) -> None:  # a double entry
    handle.change(_ENTRY, order=order, giver=giver, taker=taker, amount_fen=amount_fen)
