"""One database connection that speaks plain SQL with named parameters, in either dialect."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.engine import Dialect

Row = tuple[Any, ...]


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

    def reconnect(self) -> None:
        """Take a new connection in place of one that is broken."""
        self._pooled.invalidate()
        self._connect()

    def close(self) -> None:
        """Give the connection up."""
        self._pooled.close()

    def _connect(self) -> None:
        self._pooled = self._engine.raw_connection()
        driver: Any = self._pooled.driver_connection
        self._driver = driver
        # SQLite's driver takes the texts as they are.
        self._run: Callable[[str, dict[str, Any]], Any]
        self._run = driver.execute if self._is_sqlite else self._translate_and_run

    def _translate_and_run(self, sql: str, values: dict[str, Any]) -> Any:  # noqa: ANN401  the driver's cursor
        return self._driver.execute(_translated(sql, self._engine.dialect), values)


@lru_cache(maxsize=256)
def _translated(sql: str, dialect: Dialect) -> str:
    return str(text(sql).compile(dialect=dialect))
