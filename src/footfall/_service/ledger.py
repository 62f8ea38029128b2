"""The ledger: accounts, PINs, telephone numbers, orders and messages, each executed exactly once."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import NamedTuple

from footfall._behaviour import customer_rules
from footfall._model.population import Accounts
from footfall._service.database import REVENUE, VOUCHERS, DatabaseConnection
from footfall._service.http_messages import api_error
from footfall._service.settings import PLANS, RECHARGE_FEN, ROAMING, VOUCHER

# ── The pool of telephone numbers shared by all channels: each is sold once

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


def bounds(connection: DatabaseConnection) -> tuple[int, int]:
    """Return the first and last number of the pool."""
    row = connection.row(_BOUNDS)
    return (int(row[0]), int(row[1])) if row else (0, 0)


def free(connection: DatabaseConnection, first: str, most: int, now_s: float) -> list[str]:
    """Return available numbers from `first` on, continuing at the pool's start if too few follow."""
    found = connection.rows(_FREE, first=first, most=most, now_s=now_s)
    if len(found) < most:
        found += connection.rows(_FREE, first="", most=most - len(found), now_s=now_s)
    return list(dict.fromkeys(number for (number,) in found))


def reserve(
    connection: DatabaseConnection, number: str, subscriber: int, now_s: float, until_s: float
) -> None:
    """Reserve a number for a subscriber until a given time.

    Raises:
        ApiError: it is sold, reserved for another subscriber, or not in the pool.
    """
    row = connection.row(_STATE, number=number)
    if row is None:
        raise api_error("not_found", "The pool has no such number.")
    by, kept_until_s, sold_to = row
    if sold_to is not None or (by != subscriber and kept_until_s > now_s):
        raise api_error("number_taken")
    changed = connection.change(_RESERVE, number=number, subscriber=subscriber, now_s=now_s, until_s=until_s)
    if changed != 1:
        raise api_error("number_taken")


def release(connection: DatabaseConnection, number: str, subscriber: int) -> None:
    """Release a subscriber's reservation; a number not reserved for them is left unchanged."""
    connection.change(_RELEASE, number=number, subscriber=subscriber)


def _check_reserved(connection: DatabaseConnection, number: str, subscriber: int, now_s: float) -> None:
    """Check that a number is reserved for this subscriber and not sold.

    Raises:
        ApiError: it is not.
    """
    row = connection.row(_STATE, number=number)
    if row is None:
        raise api_error("unknown_item")
    by, kept_until_s, sold_to = row
    if sold_to is not None or by != subscriber or kept_until_s <= now_s:
        raise api_error("number_taken")


def _hold_until(connection: DatabaseConnection, number: str, subscriber: int, until_s: float) -> None:
    """Extend a reservation to at least the time limit of the second confirmation."""
    connection.change(_HOLD, number=number, subscriber=subscriber, until_s=until_s)


def sell(connection: DatabaseConnection, number: str, subscriber: int) -> None:
    """Sell a number that is reserved for this subscriber.

    Raises:
        ApiError: it is not; the whole transaction is then rolled back.
    """
    if connection.change(_SELL, number=number, subscriber=subscriber) != 1:
        raise api_error("number_taken")


# ── Orders: placed once per idempotency key, executed once, paid in the same transaction

DONE, PENDING, _CANCELLED, EXPIRED = "done", "pending", "cancelled", "expired"

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
    """An order as requested: subscriber, channel, idempotency key, item."""

    subscriber: int
    channel: str
    key: str
    operation: str
    item: str
    amount_fen: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The model's rules for orders on one channel."""

    accounts: Accounts
    confirm_s: dict[str, float]
    """By operation: time limit of the second confirmation; absent: none is needed."""


class Order(NamedTuple):
    """An order in its present state."""

    id: int
    operation: str
    item: str
    amount_fen: int
    state: str
    expires_at_s: float | None
    is_new: bool = False

    def at(self, now_s: float) -> str:
        """Return the state at a given time: an order pending for too long is expired."""
        late = self.state == PENDING and self.expires_at_s is not None and now_s > self.expires_at_s
        return EXPIRED if late else self.state


def check(operation: str, item: str, amount_fen: object) -> int:
    """Check that an item exists; return its amount in fen, 0 except for a recharge.

    Raises:
        ApiError: there is no such item to order.
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


def place(connection: DatabaseConnection, rules: Rules, request: OrderRequest, now_s: float) -> Order:
    """Execute an order, or store it until its second confirmation; a repeated key returns the same order.

    Raises:
        ApiError: a business rule rejects it, or the key belongs to another order.
    """
    before = connection.row(_BEFORE, subscriber=request.subscriber, key=request.key)
    if before is None:
        raise api_error("not_found")
    balance_fen, under_contract, *known = before
    if known[0] is not None:
        if known[1:4] != [request.operation, request.item, request.amount_fen]:
            raise api_error("key_reused")
        return Order(*known)
    _refuse(rules, request, balance_fen, under_contract)
    confirm_s = rules.confirm_s.get(request.operation)
    if request.operation == "purchase":
        _check_reserved(connection, request.item, request.subscriber, now_s)
    expires_at_s = None if confirm_s is None else now_s + confirm_s
    state = DONE if expires_at_s is None else PENDING
    order = connection.insert(
        _INSERT,
        subscriber=request.subscriber,
        key=request.key,
        channel=request.channel,
        operation=request.operation,
        item=request.item,
        amount_fen=request.amount_fen,
        state=state,
        now_s=now_s,
        expires_at_s=expires_at_s,
    )
    placed = Order(
        order or 0, request.operation, request.item, request.amount_fen, state, expires_at_s, is_new=True
    )
    if expires_at_s is None:
        _execute(connection, rules, request, placed.id)
    elif request.operation == "purchase":
        _hold_until(connection, request.item, request.subscriber, expires_at_s)
    return placed


def confirm(
    connection: DatabaseConnection, rules: Rules, request: OrderRequest, order: Order, now_s: float
) -> Order:
    """Execute a pending order; one that is done stays done.

    Raises:
        ApiError: it is cancelled or expired, or a business rule now rejects it.
    """
    state = order.at(now_s)
    if state == DONE:
        return order
    if state != PENDING:
        raise api_error(state)
    held = connection.row(_HELD, subscriber=request.subscriber) or (0, 0)
    _refuse(rules, request, *held)
    if order.operation == "purchase":
        _check_reserved(connection, order.item, request.subscriber, now_s)
    if connection.change(_ORDER_STATE, order=order.id, state=DONE) != 1:
        msg = f"order {order.id} was changed by another process"
        raise RuntimeError(msg)
    _execute(connection, rules, request, order.id)
    return Order(order.id, order.operation, order.item, order.amount_fen, DONE, None)


def find(connection: DatabaseConnection, subscriber: int, channel: str, order: int) -> Order:
    """Return an order of this subscriber on this channel.

    Raises:
        ApiError: there is none, or it is another subscriber's.
    """
    row = connection.row(_ORDER_BY_ID, order=order, subscriber=subscriber, channel=channel)
    if row is None:
        raise api_error("not_found", "This account has no such order on this channel.")
    return Order(*row)


def last_pending(connection: DatabaseConnection, subscriber: int, channel: str) -> Order:
    """Return the newest pending order of this subscriber on this channel.

    Raises:
        ApiError: there is none.
    """
    row = connection.row(_LAST_PENDING, subscriber=subscriber, channel=channel)
    if row is None:
        raise api_error("nothing_pending")
    return Order(*row)


def cancel(connection: DatabaseConnection, order: Order) -> None:
    """Cancel a pending order."""
    connection.change(_ORDER_STATE, order=order.id, state=_CANCELLED)


def request_of(order: Order, subscriber: int, channel: str) -> OrderRequest:
    """Return the request that an order was placed for."""
    return OrderRequest(
        subscriber=subscriber,
        channel=channel,
        key="",
        operation=order.operation,
        item=order.item,
        amount_fen=order.amount_fen,
    )


def _refuse(rules: Rules, request: OrderRequest, balance_fen: int, under_contract: int) -> None:
    held = customer_rules.SubscriberAccount(balance_fen=balance_fen, under_contract=bool(under_contract))
    cause = customer_rules.refusal(rules.accounts, request.operation, held)
    if cause is not None:
        raise api_error(cause)


def _execute(connection: DatabaseConnection, rules: Rules, request: OrderRequest, order: int) -> None:
    """Move the money, with an entry for each transfer, and deliver what was ordered."""
    price_fen = customer_rules.price_fen(rules.accounts, request.operation)
    fen = request.amount_fen - price_fen
    if request.amount_fen:
        _enter(connection, order, VOUCHERS, request.subscriber, request.amount_fen)
    if price_fen:
        _enter(connection, order, request.subscriber, REVENUE, price_fen)
    if request.operation == "purchase":
        sell(connection, request.item, request.subscriber)
    change = _CHANGE.get(request.operation)
    if change is None:
        connection.change(_MOVE, subscriber=request.subscriber, fen=fen)
    elif request.operation == "transact":
        connection.change(change, subscriber=request.subscriber, fen=fen, item=request.item)
    else:
        connection.change(change, subscriber=request.subscriber, fen=fen)


def _enter(
    connection: DatabaseConnection, order: int, giver: int, taker: int, amount_fen: int
) -> None:  # a double entry
    connection.change(_ENTRY, order=order, giver=giver, taker=taker, amount_fen=amount_fen)


# ── Short messages and replies: each message is stored before it is accepted, and handled once

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
    """HTTP status of the same response on the other channels."""
    code: str
    text: str

    def data(self) -> dict[str, object]:
        """Return the reply as JSON data."""
        return {"n": self.n, "to_id": self.to_id, "status": self.status, "code": self.code, "text": self.text}


def accept(
    connection: DatabaseConnection, subscriber: int, client_id: str, text: str, callback: str | None
) -> int | None:
    """Store a message and return its id; None if one with this client id was accepted before."""
    return connection.insert(
        _ACCEPT, subscriber=subscriber, client_id=client_id, text=text, callback=callback
    )


def take(connection: DatabaseConnection, message: Message) -> bool:
    """Mark a message as handled; return False if it already was."""
    return connection.change(_HANDLED, message=message.id) == 1


def waiting(connection: DatabaseConnection) -> list[Message]:
    """Return the messages that an earlier process accepted but did not handle."""
    return [Message(*row) for row in connection.rows(_WAITING)]


def answer(
    connection: DatabaseConnection, subscriber: int, to_id: str | None, content: tuple[int, str, str]
) -> Reply:
    """Store a reply: status, code, text."""
    status, code, text = content
    n = connection.insert(_ANSWER, subscriber=subscriber, to_id=to_id, status=status, code=code, text=text)
    return Reply(n or 0, to_id, status, code, text)


def after(connection: DatabaseConnection, subscriber: int, n: int) -> list[Reply]:
    """Return up to a hundred replies to a subscriber after reply `n`, oldest first."""
    return [Reply(*row) for row in connection.rows(_AFTER, subscriber=subscriber, after=n)]


# ── PINs: stored as keyed hashes, compared in constant time

_BYTES = 16


def new_pepper() -> bytes:
    """Generate the secret key of all PIN hashes in one database."""
    return secrets.token_bytes(_BYTES)


def pin_hash(pepper: bytes, subscriber: int, pin: str) -> bytes:
    """Return the keyed BLAKE2b hash of a PIN, salted with the account.

    Deliberately cheap: no hash protects six digits once the database is stolen, and a reference service
    should spend its time on the ledger.
    """
    salt = subscriber.to_bytes(_BYTES, "big")
    return hashlib.blake2b(pin.encode(), key=pepper, salt=salt, digest_size=_BYTES).digest()


def is_right(pepper: bytes, subscriber: int, pin: str, kept: bytes) -> bool:
    """Return whether the PIN is that of the account, in constant time."""
    return hmac.compare_digest(pin_hash(pepper, subscriber, pin), bytes(kept))


# ── Accounts: their holders, balances and orders

_BY_MSISDN = "SELECT id, name, pin_hash FROM subscribers WHERE msisdn = :msisdn"
_BY_ID = """SELECT msisdn, name, balance_fen, plan, under_contract, roaming, address
FROM subscribers WHERE id = :subscriber"""
_BILL = """SELECT o.operation, o.item, e.amount_fen, e.to_account FROM entries e
JOIN orders o ON o.id = e.order_id WHERE o.subscriber = :subscriber ORDER BY e.id DESC LIMIT 20"""
_USAGE = "SELECT state, COUNT(*) FROM orders WHERE subscriber = :subscriber GROUP BY state"
_NO_HASH = bytes(16)


@dataclass(frozen=True, slots=True)
class Holder:
    """One account in its present state."""

    msisdn: str
    name: str
    balance_fen: int
    plan: str
    under_contract: bool
    roaming: bool
    address: str


def log_in(connection: DatabaseConnection, pepper: bytes, msisdn: str, pin: str) -> tuple[int, str]:
    """Return id and name of the account of this telephone number and PIN.

    Raises:
        ApiError: they do not belong together, or there is no such number.
    """
    row = connection.row(_BY_MSISDN, msisdn=msisdn)
    # An unknown number takes as long as a wrong PIN and gives the same error.
    subscriber, name, kept = row or (0, "", _NO_HASH)
    if not is_right(pepper, subscriber, pin, kept) or row is None:
        raise api_error("wrong_pin")
    return subscriber, name


def subscriber_of(connection: DatabaseConnection, msisdn: str) -> int:
    """Return the account id of a telephone number.

    Raises:
        ApiError: there is none.
    """
    row = connection.row(_BY_MSISDN, msisdn=msisdn)
    if row is None:
        raise api_error("not_found", "No subscriber has this number.")
    return int(row[0])


def holder(connection: DatabaseConnection, subscriber: int) -> Holder:
    """Return the account of a subscriber in its present state.

    Raises:
        ApiError: there is none.
    """
    row = connection.row(_BY_ID, subscriber=subscriber)
    if row is None:
        raise api_error("not_found")
    msisdn, name, balance_fen, plan, under_contract, roaming, address = row
    return Holder(msisdn, name, balance_fen, plan, bool(under_contract), bool(roaming), address)


def bill(connection: DatabaseConnection, subscriber: int) -> list[dict[str, object]]:
    """Return the last twenty transfers; recharges are positive."""
    return [
        {"operation": operation, "item": item, "amount_fen": amount if to == subscriber else -amount}
        for operation, item, amount, to in connection.rows(_BILL, subscriber=subscriber)
    ]


def usage(connection: DatabaseConnection, subscriber: int) -> dict[str, int]:
    """Return the number of orders by state."""
    return dict(connection.rows(_USAGE, subscriber=subscriber))
