"""One database connection that speaks plain SQL with named parameters, in either dialect."""

import logging
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.engine import Dialect

from footfall.service.refusals import refusal

_logger = logging.getLogger(__name__)
Row = tuple[Any, ...]
_RETRY_AFTER_S = 0.5
"""So long, requests are refused without a try: each may take seconds, and all others wait behind it."""


class Handle:
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
            raise refusal("no_database")
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
            raise refusal("no_database") from error
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
