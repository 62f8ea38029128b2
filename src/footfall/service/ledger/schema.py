"""Tables of the ledger, alike in SQLite and PostgreSQL."""

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
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
