"""The ledger: accounts, PINs, numbers, orders and messages, each executed once."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import NamedTuple

from footfall.behaviour import customer_rules
from footfall.model.population import Accounts
from footfall.service.api_errors import api_error
from footfall.service.database import REVENUE, VOUCHERS, DatabaseConnection
from footfall.service.settings import PLANS, RECHARGE_FEN, ROAMING, VOUCHER

# ── The pool of telephone numbers that all channels sell from: each is sold once

_FREE = """SELECT number FROM numbers
WHERE sold_to IS NULL AND number >= :first AND reserved_until_s <= :now_s ORDER BY number LIMIT :most"""
_BOUNDS = "SELECT MIN(number), MAX(number) FROM numbers"
_STATE = "SELECT reserved_by, reserved_until_s, sold_to FROM numbers WHERE number = :number"
_RESERVE = """UPDATE numbers SET reserved_by = :subscriber, reserved_until_s = :until_s
WHERE number = :number AND sold_to IS NULL AND (reserved_by = :subscriber OR reserved_until_s <= :now_s)"""
_HOLD = """UPDATE numbers SET reserved_until_s = :until_s
WHERE number = :number AND reserved_by = :subscriber AND reserved_until_s < :until_s"""
_RELEASE = """UPDATE numbers SET reserved_by = NULL, reserved_until_s = 0
WHERE number = :number AND reserved_by = :subscriber AND sold_to IS NULL"""
_SELL = """UPDATE numbers SET sold_to = :subscriber
WHERE number = :number AND reserved_by = :subscriber AND sold_to IS NULL"""


def bounds(handle: DatabaseConnection) -> tuple[int, int]:
    """First and last number of the pool."""
    row = handle.row(_BOUNDS)
    return (int(row[0]), int(row[1])) if row else (0, 0)


def free(handle: DatabaseConnection, first: str, most: int, now_s: float) -> list[str]:
    """Numbers that can be reserved, from `first` on, and from the pool's start when too few follow."""
    found = handle.rows(_FREE, first=first, most=most, now_s=now_s)
    if len(found) < most:
        found += handle.rows(_FREE, first="", most=most - len(found), now_s=now_s)
    return list(dict.fromkeys(number for (number,) in found))


def reserve(handle: DatabaseConnection, number: str, subscriber: int, now_s: float, until_s: float) -> None:
    """Keep a number for a subscriber until a time.

    Raises:
        RefusalError: it is sold, or kept for somebody else, or not of the pool.
    """
    row = handle.row(_STATE, number=number)
    if row is None:
        raise api_error("not_found", "The pool has no such number.")
    by, kept_until_s, sold_to = row
    if sold_to is not None or (by != subscriber and kept_until_s > now_s):
        raise api_error("number_taken")
    changed = handle.change(_RESERVE, number=number, subscriber=subscriber, now_s=now_s, until_s=until_s)
    if changed != 1:
        raise api_error("number_taken")


def release(handle: DatabaseConnection, number: str, subscriber: int) -> None:
    """Give a reserved number back; one that is not theirs is left alone."""
    handle.change(_RELEASE, number=number, subscriber=subscriber)


def check_reserved(handle: DatabaseConnection, number: str, subscriber: int, now_s: float) -> None:
    """See that a number is kept for this subscriber and not sold.

    Raises:
        RefusalError: it is not.
    """
    row = handle.row(_STATE, number=number)
    if row is None:
        raise api_error("unknown_item")
    by, kept_until_s, sold_to = row
    if sold_to is not None or by != subscriber or kept_until_s <= now_s:
        raise api_error("number_taken")


def hold_until(handle: DatabaseConnection, number: str, subscriber: int, until_s: float) -> None:
    """Make a reservation last at least until a time: that of the second confirmation."""
    handle.change(_HOLD, number=number, subscriber=subscriber, until_s=until_s)


def sell(handle: DatabaseConnection, number: str, subscriber: int) -> None:
    """Sell a number that is kept for this subscriber.

    Raises:
        RefusalError: it is not; the whole transaction is then rolled back.
    """
    if handle.change(_SELL, number=number, subscriber=subscriber) != 1:
        raise api_error("number_taken")


# ── Orders: placed once for each idempotency key, executed once, paid in the same transaction

DONE, PENDING, CANCELLED, EXPIRED = "done", "pending", "cancelled", "expired"

_BEFORE = """SELECT s.balance_fen, s.under_contract,
o.id, o.operation, o.item, o.amount_fen, o.state, o.expires_at_s
FROM subscribers s LEFT JOIN orders o ON o.subscriber = s.id AND o.idempotency_key = :key
WHERE s.id = :subscriber"""
_ORDER_BY_ID = """SELECT id, operation, item, amount_fen, state, expires_at_s FROM orders
WHERE id = :order AND subscriber = :subscriber AND channel = :channel"""
_LAST_PENDING = """SELECT id, operation, item, amount_fen, state, expires_at_s FROM orders
WHERE subscriber = :subscriber AND channel = :channel AND state = 'pending' ORDER BY id DESC LIMIT 1"""
_HELD = "SELECT balance_fen, under_contract FROM subscribers WHERE id = :subscriber"
_INSERT = """INSERT INTO orders
(subscriber, idempotency_key, channel, operation, item, amount_fen, state, placed_at_s, expires_at_s)
VALUES (:subscriber, :key, :channel, :operation, :item, :amount_fen, :state, :now_s, :expires_at_s)"""
_ORDER_STATE = "UPDATE orders SET state = :state WHERE id = :order AND state = 'pending'"
_ENTRY = """INSERT INTO entries (order_id, from_account, to_account, amount_fen)
VALUES (:order, :giver, :taker, :amount_fen)"""
_CHANGE = {
    "transact": """UPDATE subscribers SET balance_fen = balance_fen + :fen, plan = :item
WHERE id = :subscriber""",
    "roaming": """UPDATE subscribers SET balance_fen = balance_fen + :fen, roaming = 1
WHERE id = :subscriber""",
}
_MOVE = "UPDATE subscribers SET balance_fen = balance_fen + :fen WHERE id = :subscriber"


class OrderRequest(NamedTuple):
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
        raise api_error("unknown_item")
    if operation == "purchase" or (operation == "transact" and item in PLANS):
        return 0
    if operation == "roaming" and item == ROAMING:
        return 0
    raise api_error("unknown_item")


def place(handle: DatabaseConnection, rules: Rules, wish: OrderRequest, now_s: float) -> Order:
    """Execute a wish, or keep it for its second confirmation; the same key again gives the same order.

    Raises:
        RefusalError: the business refuses it, or the key belongs to another order.
    """
    before = handle.row(_BEFORE, subscriber=wish.subscriber, key=wish.key)
    if before is None:
        raise api_error("not_found")
    balance_fen, under_contract, *known = before
    if known[0] is not None:
        if known[1:4] != [wish.operation, wish.item, wish.amount_fen]:
            raise api_error("key_reused")
        return Order(*known)
    _refuse(rules, wish, balance_fen, under_contract)
    confirm_s = rules.confirm_s.get(wish.operation)
    if wish.operation == "purchase":
        check_reserved(handle, wish.item, wish.subscriber, now_s)
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
        hold_until(handle, wish.item, wish.subscriber, expires_at_s)
    return placed


def confirm(
    handle: DatabaseConnection, rules: Rules, wish: OrderRequest, order: Order, now_s: float
) -> Order:
    """Execute an order that waits for its confirmation; one that is done stays done.

    Raises:
        RefusalError: it is cancelled or expired, or the business refuses it by now.
    """
    state = order.at(now_s)
    if state == DONE:
        return order
    if state != PENDING:
        raise api_error(state)
    held = handle.row(_HELD, subscriber=wish.subscriber) or (0, 0)
    _refuse(rules, wish, *held)
    if order.operation == "purchase":
        check_reserved(handle, order.item, wish.subscriber, now_s)
    if handle.change(_ORDER_STATE, order=order.id, state=DONE) != 1:
        msg = f"order {order.id} changed beside this service"
        raise RuntimeError(msg)
    _execute(handle, rules, wish, order.id)
    return Order(order.id, order.operation, order.item, order.amount_fen, DONE, None)


def find(handle: DatabaseConnection, subscriber: int, channel: str, order: int) -> Order:
    """Order of this subscriber on this channel.

    Raises:
        RefusalError: there is none, or it is somebody else's.
    """
    row = handle.row(_ORDER_BY_ID, order=order, subscriber=subscriber, channel=channel)
    if row is None:
        raise api_error("not_found", "This account has no such order on this channel.")
    return Order(*row)


def last_pending(handle: DatabaseConnection, subscriber: int, channel: str) -> Order:
    """Newest order of this subscriber that waits for its confirmation on this channel.

    Raises:
        RefusalError: there is none.
    """
    row = handle.row(_LAST_PENDING, subscriber=subscriber, channel=channel)
    if row is None:
        raise api_error("nothing_pending")
    return Order(*row)


def cancel(handle: DatabaseConnection, order: Order) -> None:
    """Give an order up that waits for its confirmation."""
    handle.change(_ORDER_STATE, order=order.id, state=CANCELLED)


def wish_of(order: Order, subscriber: int, channel: str) -> OrderRequest:
    """Wish that an order was placed for."""
    return OrderRequest(
        subscriber=subscriber,
        channel=channel,
        key="",
        operation=order.operation,
        item=order.item,
        amount_fen=order.amount_fen,
    )


def _refuse(rules: Rules, wish: OrderRequest, balance_fen: int, under_contract: int) -> None:
    held = customer_rules.SubscriberAccount(balance_fen=balance_fen, under_contract=bool(under_contract))
    cause = customer_rules.refusal(rules.accounts, wish.operation, held)
    if cause is not None:
        raise api_error(cause)


def _execute(handle: DatabaseConnection, rules: Rules, wish: OrderRequest, order: int) -> None:
    """Move the money, each movement with its entry, and give what was ordered."""
    price_fen = customer_rules.price_fen(rules.accounts, wish.operation)
    fen = wish.amount_fen - price_fen
    if wish.amount_fen:
        _enter(handle, order, VOUCHERS, wish.subscriber, wish.amount_fen)
    if price_fen:
        _enter(handle, order, wish.subscriber, REVENUE, price_fen)
    if wish.operation == "purchase":
        sell(handle, wish.item, wish.subscriber)
    change = _CHANGE.get(wish.operation)
    if change is None:
        handle.change(_MOVE, subscriber=wish.subscriber, fen=fen)
    elif wish.operation == "transact":
        handle.change(change, subscriber=wish.subscriber, fen=fen, item=wish.item)
    else:
        handle.change(change, subscriber=wish.subscriber, fen=fen)


def _enter(
    handle: DatabaseConnection, order: int, giver: int, taker: int, amount_fen: int
) -> None:  # a double entry
    handle.change(_ENTRY, order=order, giver=giver, taker=taker, amount_fen=amount_fen)


# ── Short messages in and answers out: each message is kept before it is accepted and handled once

_ACCEPT = """INSERT INTO messages (subscriber, client_id, text, callback, handled)
VALUES (:subscriber, :client_id, :text, :callback, 0)
ON CONFLICT (subscriber, client_id) DO NOTHING"""
_HANDLED = "UPDATE messages SET handled = 1 WHERE id = :message AND handled = 0"
_WAITING = """SELECT id, subscriber, client_id, text, callback FROM messages
WHERE handled = 0 ORDER BY id LIMIT 100000"""
_ANSWER = """INSERT INTO answers (subscriber, to_id, status, code, text)
VALUES (:subscriber, :to_id, :status, :code, :text)"""
_AFTER = """SELECT id, to_id, status, code, text FROM answers
WHERE subscriber = :subscriber AND id > :after ORDER BY id LIMIT 100"""


class Message(NamedTuple):
    """One message from a subscriber."""

    id: int
    subscriber: int
    client_id: str
    text: str
    callback: str | None


class Reply(NamedTuple):
    """One message to a subscriber."""

    n: int
    to_id: str | None
    status: int
    """HTTP status that the same answer has on the other channels."""
    code: str
    text: str

    def data(self) -> dict[str, object]:
        """Give it as it goes over the wire."""
        return {"n": self.n, "to_id": self.to_id, "status": self.status, "code": self.code, "text": self.text}


def accept(
    handle: DatabaseConnection, subscriber: int, client_id: str, text: str, callback: str | None
) -> int | None:
    """Keep a message; None when one with this client's id was accepted before."""
    return handle.insert(_ACCEPT, subscriber=subscriber, client_id=client_id, text=text, callback=callback)


def take(handle: DatabaseConnection, message: Message) -> bool:
    """Mark a message as handled; False when it already was."""
    return handle.change(_HANDLED, message=message.id) == 1


def waiting(handle: DatabaseConnection) -> list[Message]:
    """Messages that were accepted and never handled: a former process ended first."""
    return [Message(*row) for row in handle.rows(_WAITING)]


def answer(
    handle: DatabaseConnection, subscriber: int, to_id: str | None, said: tuple[int, str, str]
) -> Reply:
    """Keep an answer: status, code, text."""
    status, code, text = said
    n = handle.insert(_ANSWER, subscriber=subscriber, to_id=to_id, status=status, code=code, text=text)
    return Reply(n or 0, to_id, status, code, text)


def after(handle: DatabaseConnection, subscriber: int, n: int) -> list[Reply]:
    """Up to a hundred answers to a subscriber that came after answer `n`, oldest first."""
    return [Reply(*row) for row in handle.rows(_AFTER, subscriber=subscriber, after=n)]


# ── PINs: kept as keyed hashes, compared in constant time

_BYTES = 16


def new_pepper() -> bytes:
    """Make the secret that keys all PIN hashes of one database."""
    return secrets.token_bytes(_BYTES)


def pin_hash(pepper: bytes, subscriber: int, pin: str) -> bytes:
    """Keyed BLAKE2b of a PIN, salted with the account.

    Cheap on purpose: six digits resist no hash once the database is lost, and a reference service
    should spend its time on the ledger.
    """
    salt = subscriber.to_bytes(_BYTES, "big")
    return hashlib.blake2b(pin.encode(), key=pepper, salt=salt, digest_size=_BYTES).digest()


def is_right(pepper: bytes, subscriber: int, pin: str, kept: bytes) -> bool:
    """Whether the PIN is that of the account, in constant time."""
    return hmac.compare_digest(pin_hash(pepper, subscriber, pin), bytes(kept))


# ── Accounts: who has a number, what they hold, what they have ordered

_BY_MSISDN = "SELECT id, name, pin_hash FROM subscribers WHERE msisdn = :msisdn"
_BY_ID = """SELECT msisdn, name, balance_fen, plan, under_contract, roaming, address
FROM subscribers WHERE id = :subscriber"""
_BILL = """SELECT o.operation, o.item, e.amount_fen, e.to_account FROM entries e
JOIN orders o ON o.id = e.order_id WHERE o.subscriber = :subscriber ORDER BY e.id DESC LIMIT 20"""
_USAGE = "SELECT state, COUNT(*) FROM orders WHERE subscriber = :subscriber GROUP BY state"
_NO_HASH = bytes(16)


@dataclass(frozen=True, slots=True)
class Holder:
    """One account as it stands."""

    msisdn: str
    name: str
    balance_fen: int
    plan: str
    under_contract: bool
    roaming: bool
    address: str


def log_in(handle: DatabaseConnection, pepper: bytes, msisdn: str, pin: str) -> tuple[int, str]:
    """Number and name of the account that this telephone number and PIN open.

    Raises:
        RefusalError: they do not belong together, or there is no such number.
    """
    row = handle.row(_BY_MSISDN, msisdn=msisdn)
    # An unknown number takes as long as a wrong PIN, and says the same.
    subscriber, name, kept = row or (0, "", _NO_HASH)
    if not is_right(pepper, subscriber, pin, kept) or row is None:
        raise api_error("wrong_pin")
    return subscriber, name


def subscriber_of(handle: DatabaseConnection, msisdn: str) -> int:
    """Number of the account of a telephone number.

    Raises:
        RefusalError: there is none.
    """
    row = handle.row(_BY_MSISDN, msisdn=msisdn)
    if row is None:
        raise api_error("not_found", "No subscriber has this number.")
    return int(row[0])


def holder(handle: DatabaseConnection, subscriber: int) -> Holder:
    """Account `subscriber` as it stands.

    Raises:
        RefusalError: there is none.
    """
    row = handle.row(_BY_ID, subscriber=subscriber)
    if row is None:
        raise api_error("not_found")
    msisdn, name, balance_fen, plan, under_contract, roaming, address = row
    return Holder(msisdn, name, balance_fen, plan, bool(under_contract), bool(roaming), address)


def bill(handle: DatabaseConnection, subscriber: int) -> list[dict[str, object]]:
    """Last twenty movements of money; recharges are positive."""
    return [
        {"operation": operation, "item": item, "amount_fen": amount if to == subscriber else -amount}
        for operation, item, amount, to in handle.rows(_BILL, subscriber=subscriber)
    ]


def usage(handle: DatabaseConnection, subscriber: int) -> dict[str, int]:
    """Orders by state."""
    return dict(handle.rows(_USAGE, subscriber=subscriber))
