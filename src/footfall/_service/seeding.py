"""Open the database of a service: create and fill it, or check that it is the right one."""

import hashlib
import json
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from footfall._behaviour import customer_rules, keyed
from footfall._records.errors import BadInputError
from footfall._service import database as schema
from footfall._service.ledger import new_pepper, pin_hash
from footfall._service.settings import FIRST_PLAN, ServiceSettings

# ── Fill an empty database: accounts as in the model, with invented names, and the number pool

_BATCH = 2000
_POOL = 400
"""Faker generates this many family names, given names and addresses, which the accounts combine:
a hundred times faster than one Faker name per account."""
_FIRST_NUMBER = 18_900_000_000
_NAMES = -4
"""Replication number reserved for the draws of names."""


def fingerprint(settings: ServiceSettings) -> str:
    """Return the SHA-256 of everything that determines the content of an unused database."""
    accounts = {
        key: value
        for key, value in settings.model.accounts.model_dump(mode="json").items()
        if key != "subscribers"
    }
    text = json.dumps(
        [schema.VERSION, accounts, settings.seed, settings.subscribers, settings.numbers], sort_keys=True
    )
    return hashlib.sha256(text.encode()).hexdigest()


def fill(connection: Connection, settings: ServiceSettings) -> None:
    """Insert all accounts and numbers; progress is reported every two thousand accounts."""
    pepper = new_pepper()
    connection.execute(
        schema.meta.insert(),
        [
            {"key": "fingerprint", "value": fingerprint(settings)},
            {"key": "pepper", "value": pepper.hex()},
        ],
    )
    names = _Names(settings.seed)
    total = settings.subscribers
    for first in range(0, total, _BATCH):
        batch = range(first, min(first + _BATCH, total))
        rows = [_subscriber(settings, names, pepper, number) for number in batch]
        connection.execute(schema.subscribers.insert(), rows)
        if settings.on_progress is not None:
            settings.on_progress(batch.stop, total)
    pool = [
        {"number": str(_FIRST_NUMBER + k), "reserved_by": None, "reserved_until_s": 0.0, "sold_to": None}
        for k in range(settings.numbers)
    ]
    connection.execute(schema.numbers.insert(), pool)


class _Names:
    """Names and addresses from Faker's zh_CN locale, reproducible by seed and version of Faker."""

    def __init__(self, seed: int) -> None:
        # Takes half a second to import, and is needed only to fill a database.
        from faker import Faker

        faker = Faker("zh_CN")
        faker.seed_instance(seed)
        self._run = keyed.run_key(seed, _NAMES)
        self._family = [faker.last_name() for _ in range(_POOL)]
        self._given = [faker.first_name() for _ in range(_POOL)]
        self._streets = [faker.address() for _ in range(_POOL)]

    def of(self, number: int) -> tuple[str, str]:
        """Return name and address of an account."""
        key = keyed.customer_key(self._run, number)
        family, given, street = (
            int(keyed.uniform(key, purpose) * _POOL) for purpose in ("family", "given", "street")
        )
        return self._family[family] + self._given[given], self._streets[street]


def _subscriber(settings: ServiceSettings, names: _Names, pepper: bytes, number: int) -> dict[str, Any]:
    opening = customer_rules.account(settings.model.accounts, settings.seed, number)
    name, address = names.of(number)
    return {
        "id": number,
        "msisdn": customer_rules.msisdn(number),
        "name": name,
        "address": address,
        "pin_hash": pin_hash(pepper, number, customer_rules.pin(settings.seed, number)),
        "balance_fen": opening.balance_fen,
        "opening_fen": opening.balance_fen,
        "plan": FIRST_PLAN,
        "under_contract": int(opening.under_contract),
        "roaming": 0,
    }


# ── Open the database

_KINDS = ("sqlite", "postgresql")
_SQLITE_SETTINGS = (
    "journal_mode=WAL",
    # Committed data survives a power loss; NORMAL would survive only a killed process.
    "synchronous=FULL",
    "busy_timeout=2000",
    "foreign_keys=ON",
    # 64 MiB: order keys arrive unsorted, and the default of 2 MiB holds too few of their index pages.
    "cache_size=-65536",
)

_CONNECT_S_MOST = 5
_SILENT_MS_MOST = 10_000
"""A server that acknowledges nothing for this long is lost; the operating system would wait many minutes."""


def open_engine(settings: ServiceSettings) -> Engine:
    """Connect to the database and check that it holds the accounts of these settings; fill an empty one.

    Filling is one transaction, so a database is filled completely or not at all.

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
            "--database", "not a valid URL", "a path, sqlite:///path or postgresql+psycopg://user@host/name"
        ) from None
    if url.get_backend_name() not in _KINDS or url.database == ":memory:":
        raise BadInputError(
            f"--database {url.drivername}",
            "this kind of database is not supported",
            "SQLite in a file, or PostgreSQL",
        )
    return url


def _connect_args(url: URL) -> dict[str, Any]:
    # The service's only connection is opened here and used by the server's thread.
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
                "the model, seed and subscribers it was created with, or a new database",
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
