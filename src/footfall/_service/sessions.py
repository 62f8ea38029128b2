"""Login sessions, and the audit of the ledger's invariants."""

import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from footfall._behaviour.capacity_rules import NO_SESSION, has_lapsed
from footfall._service.database import REVENUE, VOUCHERS, Database, DatabaseConnection
from footfall._service.http_messages import ApiError, api_error

# ── Sessions: looked up in memory, and stored in the database to survive a restart

_TOKEN_BYTES = 24
_INSERT = "INSERT INTO sessions (token_hash, subscriber, channel) VALUES (:token_hash, :subscriber, :channel)"
_DELETE = "DELETE FROM sessions WHERE token_hash = :token_hash"
_ALL = "SELECT token_hash, subscriber FROM sessions WHERE channel = :channel"


@dataclass(slots=True)
class LedgerSession:
    """A subscriber logged in on one channel."""

    token_hash: bytes
    subscriber: int
    last_s: float
    """Time of the latest request."""


class Sessions:
    """Open sessions of one channel, longest idle first."""

    def __init__(self, database: Database, channel: str, now_s: Callable[[], float], idle_s: float) -> None:
        """Start with none; a session expires after `idle_s` seconds without use."""
        self._database = database
        self._channel = channel
        self._now_s = now_s
        self._idle_s = idle_s
        self._open: OrderedDict[bytes, LedgerSession] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of open sessions."""
        return len(self._open)

    async def load(self) -> None:
        """Restore the sessions that an earlier process left open; their idle time starts again."""
        rows = await self._database.read(partial(_all, channel=self._channel))
        for token_hash, subscriber in rows:
            self._open[token_hash] = LedgerSession(token_hash, subscriber, self._now_s())

    async def start(self, subscriber: int) -> tuple[str, LedgerSession]:
        """Open a session; return its token, of which only the hash is stored."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        session = LedgerSession(_hash(token), subscriber, self._now_s())
        await self._database.write(partial(_insert, session=session, channel=self._channel))
        self._open[session.token_hash] = session
        return token, session

    def find(self, authorization: str) -> LedgerSession:
        """Return the session of an Authorization header and mark it as used.

        Raises:
            ApiError: there is no such session, or it has expired.
        """
        kind, _, token = authorization.partition(" ")
        wanted = _hash(token)
        session = self._open.get(wanted)
        # The lookup is by hash, so its timing reveals nothing; the comparison is a second safeguard.
        if kind != "Bearer" or session is None or not hmac.compare_digest(wanted, session.token_hash):
            raise api_error(NO_SESSION)
        now_s = self._now_s()
        if has_lapsed(session.last_s, now_s, self._idle_s):
            raise api_error(NO_SESSION)
        session.last_s = now_s
        self._open.move_to_end(wanted)
        return session

    async def end(self, session: LedgerSession) -> None:
        """Close a session; its token is invalid at once.

        Raises:
            ApiError: the database cannot be reached; the session stays open.
        """
        if self._open.pop(session.token_hash, None) is None:
            return
        try:
            await self._database.write(partial(_delete, token_hash=session.token_hash))
        except ApiError:
            # Otherwise it would be open again after the next start.
            self._open[session.token_hash] = session
            self._open.move_to_end(session.token_hash, last=False)
            raise

    def idle(self) -> Iterator[LedgerSession]:
        """Yield the sessions that have expired but were not ended."""
        now_s = self._now_s()
        for session in list(self._open.values()):
            if not has_lapsed(session.last_s, now_s, self._idle_s):
                return
            yield session


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _insert(connection: DatabaseConnection, session: LedgerSession, channel: str) -> None:
    connection.change(_INSERT, token_hash=session.token_hash, subscriber=session.subscriber, channel=channel)


def _delete(connection: DatabaseConnection, token_hash: bytes) -> None:
    connection.change(_DELETE, token_hash=token_hash)


def _all(connection: DatabaseConnection, channel: str) -> list[tuple[bytes, int]]:
    return [
        (bytes(token_hash), subscriber) for token_hash, subscriber in connection.rows(_ALL, channel=channel)
    ]


# ── The invariants of the ledger, computed from the tables alone

_TOTALS = "SELECT COALESCE(SUM(balance_fen), 0), COALESCE(SUM(opening_fen), 0) FROM subscribers"
_ISSUED = f"SELECT COALESCE(SUM(amount_fen), 0) FROM entries WHERE from_account = {VOUCHERS}"  # noqa: S608  a constant
_TAKEN = f"SELECT COALESCE(SUM(amount_fen), 0) FROM entries WHERE to_account = {REVENUE}"  # noqa: S608  a constant
_WRONG_ACCOUNTS = """SELECT COUNT(*) FROM subscribers s
LEFT JOIN (SELECT to_account a, SUM(amount_fen) fen FROM entries GROUP BY to_account) i ON i.a = s.id
LEFT JOIN (SELECT from_account a, SUM(amount_fen) fen FROM entries GROUP BY from_account) o ON o.a = s.id
WHERE s.balance_fen <> s.opening_fen + COALESCE(i.fen, 0) - COALESCE(o.fen, 0)"""
_IN_DEBT = "SELECT COUNT(*) FROM subscribers WHERE balance_fen < 0"
_SOLD = "SELECT COUNT(*) FROM numbers WHERE sold_to IS NOT NULL"
_SOLD_ORDERS = "SELECT COUNT(*) FROM orders WHERE operation = 'purchase' AND state = 'done'"
_SOLD_TWICE = """SELECT COUNT(*) FROM (SELECT item FROM orders
WHERE operation = 'purchase' AND state = 'done' GROUP BY item HAVING COUNT(*) > 1) twice"""
_ORDERS = "SELECT state, COUNT(*) FROM orders GROUP BY state"
_PAID_TWICE = """SELECT COUNT(*) FROM (SELECT order_id FROM entries
GROUP BY order_id, to_account HAVING COUNT(*) > 1) twice"""


def audit(connection: DatabaseConnection) -> dict[str, Any]:
    """Count money, numbers and orders, and violations of the invariants (0 and true in a sound ledger)."""

    def one(sql: str) -> int:
        row = connection.row(sql)
        return int(row[0]) if row else 0

    balance, opening = connection.row(_TOTALS) or (0, 0)
    issued, taken = one(_ISSUED), one(_TAKEN)
    wrong_accounts = one(_WRONG_ACCOUNTS)
    return {
        "opening_fen_total": int(opening),
        "balance_fen_total": int(balance),
        "issued_fen": issued,
        "taken_fen": taken,
        "conserved": int(opening) + issued - taken == int(balance) and wrong_accounts == 0,
        "accounts_off": wrong_accounts,
        "accounts_in_debt": one(_IN_DEBT),
        "numbers_sold": one(_SOLD),
        "numbers_sold_twice": one(_SOLD_TWICE),
        "numbers_sold_without_order": one(_SOLD) - one(_SOLD_ORDERS),
        "orders_executed_twice": one(_PAID_TWICE),
        "orders": {state: int(count) for state, count in connection.rows(_ORDERS)},
    }
