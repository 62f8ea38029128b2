"""The database of the ledger: tables, one connection, operations of one moment in one commit."""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Engine,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect

from footfall.service.api_errors import ApiError, api_error

# ── One database connection that speaks plain SQL with named parameters, in either dialect

_logger = logging.getLogger(__name__)
Row = tuple[Any, ...]
_RETRY_AFTER_S = 0.5
"""So long, requests are refused without a try: each may take seconds, and all others wait behind it."""


class DatabaseConnection:
    """The driver's own connection; SQLAlchemy translates each text once.

    A statement through SQLAlchemy's execution costs ten times as much as through the driver
    (measured: 52 µs against 5 µs), and an order needs several.
    """

    def __init__(self, engine: Engine) -> None:
        """Connect.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database does not answer.
        """
        self._engine = engine
        self._pooled: Any = None
        self._retry_at_s = 0.0
        self.reconnections = 0
        self._is_sqlite = engine.dialect.name == "sqlite"
        self.changes = 0
        """Statements that may have changed something, ever."""
        self._connect()

    def row(self, sql: str, **values: Any) -> Row | None:  # noqa: ANN401  any SQL value
        """Give the first row that a query finds, if any."""
        found: Row | None = self._run(sql, values).fetchone()
        return found

    def rows(self, sql: str, **values: Any) -> list[Row]:  # noqa: ANN401  any SQL value
        """Give all rows that a query finds."""
        found: list[Row] = self._run(sql, values).fetchall()
        return found

    def change(self, sql: str, **values: Any) -> int:  # noqa: ANN401  any SQL value
        """Run a statement that changes rows; give how many it changed."""
        self.changes += 1
        changed: int = self._run(sql, values).rowcount
        return changed

    def insert(self, sql: str, **values: Any) -> int | None:  # noqa: ANN401  any SQL value
        """Run an INSERT; give the new row's `id`, None when a conflict left nothing to insert."""
        self.changes += 1
        if self._is_sqlite:
            # RETURNING would double the time of the statement.
            cursor = self._run(sql, values)
            return int(cursor.lastrowid) if cursor.rowcount else None
        found = self._run(f"{sql} RETURNING id", values).fetchone()
        return int(found[0]) if found else None

    def command(self, sql: str) -> None:
        """Begin, commit or roll back."""
        self._driver.execute(sql)

    @property
    def is_broken(self) -> bool:
        """Whether the connection has been lost; a file has none to lose."""
        return self._pooled is None or (
            not self._is_sqlite and bool(self._driver.closed or self._driver.broken)
        )

    def ensure(self) -> None:
        """Take a new connection in place of one that is lost, trying at most twice a second.

        Raises:
            RefusalError: the database cannot be reached.
        """
        if not self.is_broken:
            return
        if time.monotonic() < self._retry_at_s:
            raise api_error("no_database")
        pooled, self._pooled = self._pooled, None
        try:
            if pooled is not None:
                pooled.invalidate()
            self._connect()
        except Exception as error:
            self._retry_at_s = time.monotonic() + _RETRY_AFTER_S
            if pooled is not None:
                # Once for each time that it is lost. The driver names host and user, never the password.
                _logger.error("the database cannot be reached: %s", str(error).partition("\n")[0])  # noqa: TRY400  no traceback: what the user needs is the reason
            raise api_error("no_database") from error
        self.reconnections += 1
        _logger.warning("the database is connected again")

    def close(self) -> None:
        """Give the connection up."""
        if self._pooled is not None:
            self._pooled.close()

    def _connect(self) -> None:
        pooled: Any = self._engine.raw_connection()
        driver: Any = pooled.driver_connection
        self._pooled = pooled
        self._driver = driver
        # SQLite's driver takes the texts as they are.
        self._run: Callable[[str, dict[str, Any]], Any]
        self._run = driver.execute if self._is_sqlite else self._translate_and_run

    def _translate_and_run(self, sql: str, values: dict[str, Any]) -> Any:  # noqa: ANN401  the driver's cursor
        return self._driver.execute(_translated(sql, self._engine.dialect), values)


@lru_cache(maxsize=256)
def _translated(sql: str, dialect: Dialect) -> str:
    return str(text(sql).compile(dialect=dialect))


# ── The database behind the event loop: operations one after another, those of one moment in one commit

T = TypeVar("T")
Operation = Callable[[DatabaseConnection], T]
"""A function of the database alone: it may run twice, the first run being rolled back."""
_Waiting = tuple[Operation[Any], "asyncio.Future[Any]"]


class Database:
    """One connection, used by one operation at a time, so that no two orders can interleave.

    Operations that come in while the event loop is busy share the next commit (group commit), and
    nobody is answered before that commit. SQLite works inside the loop: a commit with
    synchronous=FULL took 0.09 ms, less than the way to a thread and back. PostgreSQL, which may be
    far away, works in a thread.
    """

    def __init__(self, engine: Engine) -> None:
        """Connect.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database does not answer.
        """
        self._engine = engine
        self._handle = DatabaseConnection(engine)
        self._waiting: list[_Waiting] = []
        self._is_planned = False
        inline = engine.dialect.name == "sqlite"
        self._thread = None if inline else ThreadPoolExecutor(1, thread_name_prefix="footfall-ledger")
        self._drain_task: asyncio.Task[None] | None = None

    @property
    def reconnections(self) -> int:
        """How many times the database has come back after it could not be reached."""
        return self._handle.reconnections

    async def read(self, operation: Operation[T]) -> T:
        """Run an operation that changes nothing; again, if the connection broke under it.

        Raises:
            RefusalError: the operation refused, or the database cannot be reached.
        """
        if self._thread is None:
            return operation(self._handle)
        return await asyncio.get_running_loop().run_in_executor(self._thread, _read, self._handle, operation)

    async def is_reachable(self, within_s: float) -> bool:
        """Whether the database answers within so many seconds."""
        try:
            async with asyncio.timeout(within_s):
                await self.read(lambda handle: handle.row("SELECT 1"))
        except (ApiError, TimeoutError):
            return False
        return True

    async def write(self, operation: Operation[T]) -> T:
        """Run an operation and return its value once it is committed.

        Raises:
            RefusalError: the operation refused, or the database cannot be reached: nothing of it was kept.
                Only after `commit_unknown`, when the connection broke during the commit, it may have been.
        """
        return await self.submit(operation)

    def submit(self, operation: Operation[T]) -> "asyncio.Future[T]":
        """Plan an operation; the future has its value, or its refusal, once it is committed."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._waiting.append((operation, future))
        if not self._is_planned:
            self._is_planned = True
            loop.call_soon(self._flush)
        return future

    def close(self) -> None:
        """End the thread and the connection; what was answered has been committed."""
        if self._thread is not None:
            self._thread.shutdown()
        self._handle.close()
        self._engine.dispose()

    def _flush(self) -> None:
        self._is_planned = False
        if self._thread is None:
            batch, self._waiting = self._waiting, []
            _deliver(batch, _commit(self._handle, [operation for operation, _ in batch]))
        elif self._drain_task is None:
            self._drain_task = asyncio.get_running_loop().create_task(self._drain(self._thread))

    async def _drain(self, thread: ThreadPoolExecutor) -> None:
        """Commit batch after batch in the thread until nobody waits."""
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                operations = [operation for operation, _ in batch]
                results: list[Any]
                try:
                    results = await loop.run_in_executor(thread, _commit, self._handle, operations)
                except Exception as error:  # noqa: BLE001  each that waits must hear of it
                    results = [error] * len(batch)
                _deliver(batch, results)
        finally:
            self._drain_task = None


def _read(handle: DatabaseConnection, operation: Operation[T]) -> T:
    handle.ensure()
    try:
        return operation(handle)
    except Exception:
        if not handle.is_broken:
            raise
    # It changes nothing, so that once more is the same.
    handle.ensure()
    try:
        return operation(handle)
    except Exception as error:
        if handle.is_broken:
            raise api_error("no_database") from error
        raise


def _commit(handle: DatabaseConnection, operations: list[Operation[Any]]) -> list[Any]:
    """Run operations in one transaction; give the value or the exception of each.

    If the connection breaks before the commit, nothing was kept and all run once more on a new one.
    """
    for is_last in (False, True):
        is_committing = False
        try:
            handle.ensure()
            handle.command("BEGIN")
            results = [_attempt(handle, operation) for operation in operations]
            is_committing = True
            handle.command("COMMIT")
        except Exception as error:  # noqa: BLE001  whatever it is belongs to the operation, not to the loop
            if not handle.is_broken:
                return _one_by_one(handle, operations, error)
            if is_committing:
                return [api_error("commit_unknown")] * len(operations)
            if is_last:
                return [api_error("no_database")] * len(operations)
        else:
            return results
    raise AssertionError("unreachable")


def _one_by_one(handle: DatabaseConnection, operations: list[Operation[Any]], error: Exception) -> list[Any]:
    """One of them broke the transaction: each gets one of its own."""
    with suppress(Exception):  # a connection that breaks here is made anew by whoever comes next
        handle.command("ROLLBACK")
    if len(operations) == 1:
        return [error]
    return [result for operation in operations for result in _commit(handle, [operation])]


def _attempt(handle: DatabaseConnection, operation: Operation[Any]) -> Any:  # noqa: ANN401  the operation's value
    before = handle.changes
    try:
        return operation(handle)
    except ApiError as refused:
        if handle.changes != before:
            raise
        return refused


def _deliver(batch: list[_Waiting], results: list[Any]) -> None:
    for (_, future), result in zip(batch, results, strict=True):
        if future.done():
            continue
        if isinstance(result, BaseException):
            future.set_exception(result)
        else:
            future.set_result(result)


# ── Tables of the ledger, alike in SQLite and PostgreSQL

VERSION = "1"
"""Raised whenever a table changes: a database of another version is refused."""
VOUCHERS = -1
"""Account in `entries` from which recharges come: money from outside."""
REVENUE = -2
"""Account in `entries` to which prices go."""

_KEY = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only where the key is plain INTEGER."""

metadata = MetaData()

meta = Table("meta", metadata, Column("key", String(32), primary_key=True), Column("value", Text))

subscribers = Table(
    "subscribers",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("msisdn", String(11), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("pin_hash", LargeBinary, nullable=False),
    Column("balance_fen", BigInteger, nullable=False),
    Column("opening_fen", BigInteger, nullable=False),
    Column("plan", String(16), nullable=False),
    Column("under_contract", SmallInteger, nullable=False),
    Column("roaming", SmallInteger, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("subscriber", ForeignKey("subscribers.id"), nullable=False),
    Column("channel", String(64), nullable=False),
)

orders = Table(
    "orders",
    metadata,
    Column("id", _KEY, primary_key=True),
    Column("subscriber", ForeignKey("subscribers.id"), nullable=False),
    Column("idempotency_key", String(64), nullable=False),
    Column("channel", String(64), nullable=False),
    Column("operation", String(64), nullable=False),
    Column("item", String(64), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("placed_at_s", Double, nullable=False),
    Column("expires_at_s", Double),
    UniqueConstraint("subscriber", "idempotency_key"),
)

entries = Table(
    "entries",
    metadata,
    Column("id", _KEY, primary_key=True),
    Column("order_id", ForeignKey("orders.id"), nullable=False),
    Column("from_account", Integer, nullable=False),
    Column("to_account", Integer, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
)

numbers = Table(
    "numbers",
    metadata,
    Column("number", String(11), primary_key=True),
    Column("reserved_by", Integer),
    Column("reserved_until_s", Double, nullable=False),
    Column("sold_to", Integer),
    Index(
        "numbers_unsold",
        "number",
        sqlite_where=text("sold_to IS NULL"),
        postgresql_where=text("sold_to IS NULL"),
    ),
)

messages = Table(
    "messages",
    metadata,
    Column("id", _KEY, primary_key=True),
    Column("subscriber", ForeignKey("subscribers.id"), nullable=False),
    Column("client_id", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("callback", Text),
    Column("handled", SmallInteger, nullable=False),
    UniqueConstraint("subscriber", "client_id"),
)

answers = Table(
    "answers",
    metadata,
    Column("id", _KEY, primary_key=True),
    Column("subscriber", ForeignKey("subscribers.id"), nullable=False),
    Column("to_id", String(64)),
    Column("status", Integer, nullable=False),
    Column("code", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Index("answers_by_subscriber", "subscriber", "id"),
)
