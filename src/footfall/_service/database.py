"""The database: tables, one connection, and group commit of concurrent operations."""

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

from footfall._service.http_messages import ApiError, api_error

# ── One database connection: plain SQL with named parameters, in either dialect

_logger = logging.getLogger(__name__)
Row = tuple[Any, ...]
_RETRY_AFTER_S = 0.5
"""Time between reconnection attempts: each may take seconds while all other requests wait."""


class DatabaseConnection:
    """The driver's own connection; SQLAlchemy translates each statement once.

    Executing a statement through SQLAlchemy costs ten times as much as through the driver
    (measured: 52 µs against 5 µs), and an order needs several.
    """

    def __init__(self, engine: Engine) -> None:
        """Connect.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database does not respond.
        """
        self._engine = engine
        self._pooled: Any = None
        self._retry_at_s = 0.0
        self.reconnections = 0
        self._is_sqlite = engine.dialect.name == "sqlite"
        self.changes = 0
        """Total number of statements that may have changed something."""
        self._connect()

    def row(self, sql: str, **values: Any) -> Row | None:  # noqa: ANN401  any SQL value
        """Return the first row of a query, if any."""
        found: Row | None = self._run(sql, values).fetchone()
        return found

    def rows(self, sql: str, **values: Any) -> list[Row]:  # noqa: ANN401  any SQL value
        """Return all rows of a query."""
        found: list[Row] = self._run(sql, values).fetchall()
        return found

    def change(self, sql: str, **values: Any) -> int:  # noqa: ANN401  any SQL value
        """Run a statement that changes rows; return how many it changed."""
        self.changes += 1
        changed: int = self._run(sql, values).rowcount
        return changed

    def insert(self, sql: str, **values: Any) -> int | None:  # noqa: ANN401  any SQL value
        """Run an INSERT; return the new row's `id`, None if a conflict prevented it."""
        self.changes += 1
        if self._is_sqlite:
            # RETURNING would take twice the time.
            cursor = self._run(sql, values)
            return int(cursor.lastrowid) if cursor.rowcount else None
        found = self._run(f"{sql} RETURNING id", values).fetchone()
        return int(found[0]) if found else None

    def command(self, sql: str) -> None:
        """Begin, commit or roll back."""
        self._driver.execute(sql)

    @property
    def is_broken(self) -> bool:
        """Whether the connection has been lost; that of a file never is."""
        return self._pooled is None or (
            not self._is_sqlite and bool(self._driver.closed or self._driver.broken)
        )

    def ensure(self) -> None:
        """Replace a lost connection, trying at most twice a second.

        Raises:
            ApiError: the database cannot be reached.
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
                # Logged once per loss. The driver names host and user, never the password.
                _logger.error("the database cannot be reached: %s", str(error).partition("\n")[0])  # noqa: TRY400  no traceback: what the user needs is the reason
            raise api_error("no_database") from error
        self.reconnections += 1
        _logger.warning("reconnected to the database")

    def close(self) -> None:
        """Close the connection."""
        if self._pooled is not None:
            self._pooled.close()

    def _connect(self) -> None:
        pooled: Any = self._engine.raw_connection()
        driver: Any = pooled.driver_connection
        self._pooled = pooled
        self._driver = driver
        # SQLite's driver accepts the statements as they are.
        self._run: Callable[[str, dict[str, Any]], Any]
        self._run = driver.execute if self._is_sqlite else self._translate_and_run

    def _translate_and_run(self, sql: str, values: dict[str, Any]) -> Any:  # noqa: ANN401  the driver's cursor
        return self._driver.execute(_translated(sql, self._engine.dialect), values)


@lru_cache(maxsize=256)
def _translated(sql: str, dialect: Dialect) -> str:
    return str(text(sql).compile(dialect=dialect))


# ── The database behind the event loop: operations run one after another, with group commit

T = TypeVar("T")
Operation = Callable[[DatabaseConnection], T]
"""A function of the database alone: it may run twice, the first run rolled back."""
_Waiting = tuple[Operation[Any], "asyncio.Future[Any]"]


class Database:
    """One connection, used by one operation at a time, so that no two orders can interleave.

    Operations that arrive while the event loop is busy share the next commit (group commit), and
    no response is sent before that commit. SQLite runs inside the loop: a commit with
    synchronous=FULL took 0.09 ms, less than switching to a thread and back. PostgreSQL, which may
    be remote, runs in a thread.
    """

    def __init__(self, engine: Engine) -> None:
        """Connect.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database does not respond.
        """
        self._engine = engine
        self._connection = DatabaseConnection(engine)
        self._waiting: list[_Waiting] = []
        self._is_planned = False
        inline = engine.dialect.name == "sqlite"
        self._thread = None if inline else ThreadPoolExecutor(1, thread_name_prefix="footfall-ledger")
        self._drain_task: asyncio.Task[None] | None = None

    @property
    def reconnections(self) -> int:
        """Number of reconnections after the database was unreachable."""
        return self._connection.reconnections

    async def read(self, operation: Operation[T]) -> T:
        """Run a read-only operation; retry once if the connection broke meanwhile.

        Raises:
            ApiError: the operation failed with it, or the database cannot be reached.
        """
        if self._thread is None:
            return operation(self._connection)
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, _read, self._connection, operation
        )

    async def is_reachable(self, within_s: float) -> bool:
        """Return whether the database responds within this many seconds."""
        try:
            async with asyncio.timeout(within_s):
                await self.read(lambda connection: connection.row("SELECT 1"))
        except (ApiError, TimeoutError):
            return False
        return True

    async def write(self, operation: Operation[T]) -> T:
        """Run an operation and return its value once it is committed.

        Raises:
            ApiError: the operation failed with it, or the database cannot be reached; nothing was saved.
                Only after `commit_unknown`, when the connection broke during the commit, it may have been.
        """
        return await self.submit(operation)

    def submit(self, operation: Operation[T]) -> "asyncio.Future[T]":
        """Queue an operation; the future gets its value or error once it is committed."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._waiting.append((operation, future))
        if not self._is_planned:
            self._is_planned = True
            loop.call_soon(self._flush)
        return future

    def close(self) -> None:
        """Stop the thread and close the connection; everything acknowledged has been committed."""
        if self._thread is not None:
            self._thread.shutdown()
        self._connection.close()
        self._engine.dispose()

    def _flush(self) -> None:
        self._is_planned = False
        if self._thread is None:
            batch, self._waiting = self._waiting, []
            _deliver(batch, _commit(self._connection, [operation for operation, _ in batch]))
        elif self._drain_task is None:
            self._drain_task = asyncio.get_running_loop().create_task(self._drain(self._thread))

    async def _drain(self, thread: ThreadPoolExecutor) -> None:
        """Commit batch after batch in the thread until none is waiting."""
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                operations = [operation for operation, _ in batch]
                results: list[Any]
                try:
                    results = await loop.run_in_executor(thread, _commit, self._connection, operations)
                except Exception as error:  # noqa: BLE001  every waiting operation must receive it
                    results = [error] * len(batch)
                _deliver(batch, results)
        finally:
            self._drain_task = None


def _read(connection: DatabaseConnection, operation: Operation[T]) -> T:
    connection.ensure()
    try:
        return operation(connection)
    except Exception:
        if not connection.is_broken:
            raise
    # The operation is read-only, so it is safe to repeat.
    connection.ensure()
    try:
        return operation(connection)
    except Exception as error:
        if connection.is_broken:
            raise api_error("no_database") from error
        raise


def _commit(connection: DatabaseConnection, operations: list[Operation[Any]]) -> list[Any]:
    """Run operations in one transaction; return the value or the exception of each.

    If the connection breaks before the commit, nothing was saved and all are run again on a new one.
    """
    for is_last in (False, True):
        is_committing = False
        try:
            connection.ensure()
            connection.command("BEGIN")
            results = [_attempt(connection, operation) for operation in operations]
            is_committing = True
            connection.command("COMMIT")
        except Exception as error:  # noqa: BLE001  any exception belongs to the operation, not to the event loop
            if not connection.is_broken:
                return _one_by_one(connection, operations, error)
            if is_committing:
                return [api_error("commit_unknown")] * len(operations)
            if is_last:
                return [api_error("no_database")] * len(operations)
        else:
            return results
    raise AssertionError("unreachable")


def _one_by_one(
    connection: DatabaseConnection, operations: list[Operation[Any]], error: Exception
) -> list[Any]:
    """Run each operation in its own transaction after one of them broke the shared one."""
    with suppress(Exception):  # a connection that breaks here is replaced by the next operation
        connection.command("ROLLBACK")
    if len(operations) == 1:
        return [error]
    return [result for operation in operations for result in _commit(connection, [operation])]


def _attempt(connection: DatabaseConnection, operation: Operation[Any]) -> Any:  # noqa: ANN401  the operation's value
    before = connection.changes
    try:
        return operation(connection)
    except ApiError as error:
        if connection.changes != before:
            raise
        return error


def _deliver(batch: list[_Waiting], results: list[Any]) -> None:
    for (_, future), result in zip(batch, results, strict=True):
        if future.done():
            continue
        if isinstance(result, BaseException):
            future.set_exception(result)
        else:
            future.set_result(result)


# ── Tables, the same in SQLite and PostgreSQL

VERSION = "1"
"""Increased with every change of a table: a database of another version is rejected."""
VOUCHERS = -1
"""Account in `entries` that recharges are taken from: money from outside."""
REVENUE = -2
"""Account in `entries` that prices are paid to."""

_KEY = BigInteger().with_variant(Integer, "sqlite")
"""SQLite autoincrements a key only if it is a plain INTEGER."""

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
