"""Opening a ledger: filled once, taken up again, never mistaken for another."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from footfall._model.changes import set_number
from footfall._model.model import Model
from footfall._records.errors import BadInputError
from footfall._service import database as schema
from footfall._service.seeding import open_engine
from footfall._service.settings import ServiceSettings
from tests.service.running import MakeSettings


def people(settings: ServiceSettings) -> list[tuple[Any, ...]]:
    """Accounts in a ledger, without their hashed PINs."""
    engine = open_engine(settings)
    table = schema.subscribers.c
    columns = [column for column in table if column is not table.pin_hash]
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(select(*columns).order_by(table.id))]
    engine.dispose()
    return rows


def test_the_same_seed_makes_the_same_people(settings: MakeSettings, tmp_path: Path) -> None:
    """Names, numbers and balances repeat at a seed, and change with it."""
    first, again, other = (
        people(settings(database=str(tmp_path / name), seed=seed))
        for name, seed in (("a.db", 7), ("b.db", 7), ("c.db", 8))
    )
    assert first == again
    assert [row[1] for row in first] == [row[1] for row in other]
    assert first != other
    assert all(len(name) > 1 for _, _, name, *_ in first)


def test_a_ledger_is_filled_once(settings: MakeSettings, database: str) -> None:
    """The second opening finds the accounts and makes none."""
    told: list[tuple[int, int]] = []
    for _ in range(2):
        people(settings(database=database, on_progress=lambda done, total: told.append((done, total))))
    assert told == [(50, 50)]


@pytest.mark.parametrize("change", ["seed", "subscribers", "accounts"])
def test_a_ledger_of_other_accounts_is_refused(
    settings: MakeSettings, model: Model, database: str, change: str
) -> None:
    """A database made for another seed, number of accounts or model is not used."""
    people(settings(database=database))
    changes: dict[str, dict[str, object]] = {
        "seed": {"seed": 8},
        "subscribers": {"subscribers": 51},
        "accounts": {"model": set_number(model, "balance_yuan_mean", 55)},
    }
    with pytest.raises(BadInputError, match="holds other accounts"):
        open_engine(settings(database=database, **changes[change]))
    assert len(people(settings(database=database))) == 50


def test_the_number_of_accounts_a_model_advises_is_no_part_of_the_identity(
    settings: MakeSettings, model: Model
) -> None:
    """Only the accounts themselves decide, so the same ledger serves."""
    people(settings())
    assert len(people(settings(model=set_number(model, "accounts.subscribers", 99)))) == 50


def test_a_capacity_may_change_under_the_same_ledger(settings: MakeSettings, model: Model) -> None:
    """A what-if on slots needs no new database."""
    people(settings())
    assert len(people(settings(model=set_number(model, "web.slots", 1)))) == 50


def test_the_database_of_another_program_is_refused(settings: MakeSettings, tmp_path: Path) -> None:
    """A file with other tables is left as it is."""
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE precious (data TEXT)")
    connection.close()
    with pytest.raises(BadInputError, match="belongs to another program"):
        open_engine(settings(database=str(path)))


@pytest.mark.parametrize(
    ("database", "problem"),
    [
        ("nowhere/at/all.db", "cannot be opened"),
        ("mysql://user:hush@localhost/name", "cannot be opened|not supported"),
        ("sqlite:///:memory:", "not supported"),
        ("://", "not a valid URL"),
        ("postgresql+psycopg://user:hush@127.0.0.1:9/name", "cannot be opened"),
    ],
)
def test_a_database_that_cannot_be_opened_is_told_in_one_line(
    settings: MakeSettings, database: str, problem: str
) -> None:
    """No traceback, no password, and what was expected instead."""
    with pytest.raises(BadInputError, match=problem) as told:
        open_engine(settings(database=database))
    assert len(str(told.value).splitlines()) == 1
    assert "hush" not in str(told.value)


def test_a_file_that_is_no_database_is_told(settings: MakeSettings, tmp_path: Path) -> None:
    """A text file stays as it is."""
    path = tmp_path / "notes.txt"
    path.write_text("not a database\n" * 100)
    with pytest.raises(BadInputError, match="not a database"):
        open_engine(settings(database=str(path)))
    assert path.read_text() == "not a database\n" * 100


def test_a_filling_that_breaks_off_leaves_nothing(settings: MakeSettings) -> None:
    """Interrupted in the middle, the database is as empty as before, and can be filled."""

    def interrupt(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_engine(settings(on_progress=interrupt))
    assert len(people(settings())) == 50


def test_no_pin_is_kept_readable(settings: MakeSettings, tmp_path: Path) -> None:
    """The file holds hashes that differ from one database to the next."""
    kept = []
    for name in ("a.db", "b.db"):
        open_engine(settings(database=str(tmp_path / name))).dispose()
        with sqlite3.connect(tmp_path / name) as connection:
            kept.append(connection.execute("SELECT pin_hash FROM subscribers ORDER BY id").fetchall())
        connection.close()
    assert len(set(kept[0])) == 50
    assert kept[0] != kept[1]
