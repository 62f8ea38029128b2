"""The database: tables, one connection, and group commit of concurrent operations."""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from typing import Any, TypeVar

import sqlalchemy as sa
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

    def __init__(self, engine: sa.Engine) -> None:
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
    return str(sa.text(sql).compile(dialect=dialect))


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

    def __init__(self, engine: sa.Engine) -> None:
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

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""SQLite autoincrements a key only if it is a plain INTEGER."""

metadata = sa.MetaData()

meta = sa.Table(
    "meta", metadata, sa.Column("key", sa.String(32), primary_key=True), sa.Column("value", sa.Text)
)

subscribers = sa.Table(
    "subscribers",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("msisdn", sa.String(11), nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("pin_hash", sa.LargeBinary, nullable=False),
    sa.Column("balance_fen", sa.BigInteger, nullable=False),
    sa.Column("opening_fen", sa.BigInteger, nullable=False),
    sa.Column("plan", sa.String(16), nullable=False),
    sa.Column("under_contract", sa.SmallInteger, nullable=False),
    sa.Column("roaming", sa.SmallInteger, nullable=False),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("token_hash", sa.LargeBinary, primary_key=True),
    sa.Column("subscriber", sa.ForeignKey("subscribers.id"), nullable=False),
    sa.Column("channel", sa.String(64), nullable=False),
)

orders = sa.Table(
    "orders",
    metadata,
    sa.Column("id", _KEY, primary_key=True),
    sa.Column("subscriber", sa.ForeignKey("subscribers.id"), nullable=False),
    sa.Column("idempotency_key", sa.String(64), nullable=False),
    sa.Column("channel", sa.String(64), nullable=False),
    sa.Column("operation", sa.String(64), nullable=False),
    sa.Column("item", sa.String(64), nullable=False),
    sa.Column("amount_fen", sa.BigInteger, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("placed_at_s", sa.Double, nullable=False),
    sa.Column("expires_at_s", sa.Double),
    sa.UniqueConstraint("subscriber", "idempotency_key"),
)

entries = sa.Table(
    "entries",
    metadata,
    sa.Column("id", _KEY, primary_key=True),
    sa.Column("order_id", sa.ForeignKey("orders.id"), nullable=False),
    sa.Column("from_account", sa.Integer, nullable=False),
    sa.Column("to_account", sa.Integer, nullable=False),
    sa.Column("amount_fen", sa.BigInteger, nullable=False),
)

numbers = sa.Table(
    "numbers",
    metadata,
    sa.Column("number", sa.String(11), primary_key=True),
    sa.Column("reserved_by", sa.Integer),
    sa.Column("reserved_until_s", sa.Double, nullable=False),
    sa.Column("sold_to", sa.Integer),
    sa.Index(
        "numbers_unsold",
        "number",
        sqlite_where=sa.text("sold_to IS NULL"),
        postgresql_where=sa.text("sold_to IS NULL"),
    ),
)

messages = sa.Table(
    "messages",
    metadata,
    sa.Column("id", _KEY, primary_key=True),
    sa.Column("subscriber", sa.ForeignKey("subscribers.id"), nullable=False),
    sa.Column("client_id", sa.String(64), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("callback", sa.Text),
    sa.Column("handled", sa.SmallInteger, nullable=False),
    sa.UniqueConstraint("subscriber", "client_id"),
)

answers = sa.Table(
    "answers",
    metadata,
    sa.Column("id", _KEY, primary_key=True),
    sa.Column("subscriber", sa.ForeignKey("subscribers.id"), nullable=False),
    sa.Column("to_id", sa.String(64)),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("code", sa.String(64), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Index("answers_by_subscriber", "subscriber", "id"),
)
