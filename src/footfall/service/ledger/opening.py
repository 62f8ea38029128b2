"""Open the ledger of a service: make it and fill it, or find that it is the right one."""

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from footfall.records.errors import BadInputError
from footfall.service.ledger import schema
from footfall.service.ledger.seeding import fill, fingerprint
from footfall.service.settings import ServiceSettings

_KINDS = ("sqlite", "postgresql")
_SQLITE_SETTINGS = (
    "journal_mode=WAL",
    # What was answered outlives a loss of power; a killed process alone would outlive NORMAL too.
    "synchronous=FULL",
    "busy_timeout=2000",
    "foreign_keys=ON",
    # 64 MiB: the keys of orders come in no order, and the default of 2 MiB holds too few of their pages.
    "cache_size=-65536",
)

_CONNECT_S_MOST = 5
_SILENT_MS_MOST = 10_000
"""A server that acknowledges nothing for so long is lost; the operating system would wait many minutes."""


def open_engine(settings: ServiceSettings) -> Engine:
    """Connect to the database and see that it holds the accounts of these settings; an empty one is filled.

    All of it is one transaction, so a database is filled wholly or not at all.

    Raises:
        BadInputError: it cannot be opened, belongs to another program, or holds other accounts.
    """
    url = _url(settings.database)
    shown = url.render_as_string(hide_password=True) if "://" in settings.database else settings.database
    where = f"--database {shown}"
    try:
        engine = create_engine(url, isolation_level="AUTOCOMMIT", connect_args=_connect_args(url))
        if url.get_backend_name() == "sqlite":
            event.listen(engine, "connect", _prepare_sqlite)
        _prepare(engine, settings, where)
    except (SQLAlchemyError, ImportError, OSError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise BadInputError(where, f"cannot be opened ({reason})", "a path or a URL of a database") from error
    return engine


def _url(database: str) -> URL:
    if "://" not in database:
        return URL.create("sqlite", database=str(Path(database).absolute()))
    try:
        url = make_url(database)
    except SQLAlchemyError:
        raise BadInputError(
            "--database", "is no URL", "a path, sqlite:///path or postgresql+psycopg://user@host/name"
        ) from None
    if url.get_backend_name() not in _KINDS or url.database == ":memory:":
        raise BadInputError(
            f"--database {url.drivername}", "this kind is not supported", "SQLite in a file, or PostgreSQL"
        )
    return url


def _connect_args(url: URL) -> dict[str, Any]:
    # The one connection of the service is made here and used by the server's thread.
    if url.get_backend_name() == "sqlite":
        return {"check_same_thread": False}
    return {"connect_timeout": _CONNECT_S_MOST, "tcp_user_timeout": _SILENT_MS_MOST}


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401  the driver's connection
    connection.isolation_level = None
    for setting in _SQLITE_SETTINGS:
        connection.execute(f"PRAGMA {setting}").fetchall()


def _prepare(engine: Engine, settings: ServiceSettings, where: str) -> None:
    try:
        with engine.connect() as connection:
            _check_or_fill(connection, settings, where)
    except BaseException:
        engine.dispose()
        raise


def _check_or_fill(connection: Connection, settings: ServiceSettings, where: str) -> None:
    known = inspect(connection).get_table_names()
    if known and schema.meta.name not in known:
        raise BadInputError(where, "belongs to another program", "an empty database, or one of this service")
    if known:
        query = select(schema.meta.c.value).where(schema.meta.c.key == "fingerprint")
        if connection.execute(query).scalar() != fingerprint(settings):
            raise BadInputError(
                where,
                "holds other accounts",
                "the model, seed and subscribers it was made with, or a new database",
            )
        return
    connection.exec_driver_sql("BEGIN")
    try:
        schema.metadata.create_all(connection)
        fill(connection, settings)
    except BaseException:
        connection.exec_driver_sql("ROLLBACK")
        raise
    connection.exec_driver_sql("COMMIT")
