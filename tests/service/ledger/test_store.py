"""Operations that share a commit do not share their fate."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from footfall._service.database import Database, DatabaseConnection
from footfall._service.http_messages import ApiError, api_error
from footfall._service.seeding import open_engine
from tests.service.running import MakeSettings

PLAN = "SELECT plan FROM subscribers WHERE id = :id"
CHANGE = "UPDATE subscribers SET plan = :plan WHERE id = :id"


Work = Callable[[Database], Awaitable[object]]
Run = Callable[[Work], Any]


@pytest.fixture
def run(
    settings: MakeSettings, database: str
) -> Iterator[Callable[[Callable[[Database], Awaitable[Any]]], Any]]:
    """Run a coroutine function on a store of each kind of database."""
    stores: list[Database] = []

    def in_loop(work: Work) -> object:
        async def whole() -> object:
            stores.append(Database(open_engine(settings(database=database))))
            return await work(stores[-1])

        return asyncio.run(whole())

    yield in_loop
    for store in stores:
        store.close()


def change(number: int, plan: str, error: Exception | None = None) -> Callable[[DatabaseConnection], str]:
    """Give an operation that changes a plan and then fails, if it is to."""

    def operation(handle: DatabaseConnection) -> str:
        handle.change(CHANGE, id=number, plan=plan)
        if error is not None:
            raise error
        return plan

    return operation


def plan(number: int) -> Callable[[DatabaseConnection], Any]:
    """Give an operation that reads a plan."""
    return lambda handle: (handle.row(PLAN, id=number) or ("",))[0]


def test_what_fails_takes_nothing_else_with_it(run: Run) -> None:
    """Of operations in one batch, those that failed leave no trace and the others are kept."""

    async def work(database: Database) -> list[Any]:
        results = await asyncio.gather(
            database.write(change(1, "A")),
            database.write(change(2, "B", RuntimeError("broken"))),
            database.write(change(3, "C", api_error("expired"))),
            database.write(change(4, "D")),
            return_exceptions=True,
        )
        return [*results, *[await database.read(plan(n)) for n in (1, 2, 3, 4)]]

    first, second, third, fourth, *plans = run(work)
    assert (first, fourth) == ("A", "D")
    assert isinstance(second, RuntimeError)
    assert isinstance(third, ApiError)
    assert plans == ["A", "P38", "P38", "D"]


def test_an_sql_error_ends_its_operation_alone(run: Run) -> None:
    """A statement that the database refuses leaves the connection usable."""

    async def work(database: Database) -> tuple[object, object]:
        wrong = database.write(lambda handle: handle.change("UPDATE nothing SET x = 1"))
        right = database.write(change(1, "A"))
        results = await asyncio.gather(wrong, right, return_exceptions=True)
        return results, await database.read(plan(1))

    (wrong, right), kept = run(work)
    assert isinstance(wrong, Exception)
    assert (right, kept) == ("A", "A")


def test_operations_run_one_after_another_in_the_order_they_came(run: Run) -> None:
    """Hundreds of increments at once lose none."""

    def append(number: int) -> Callable[[DatabaseConnection], str]:
        def operation(handle: DatabaseConnection) -> str:
            before = str((handle.row("SELECT address FROM subscribers WHERE id = 1") or ("",))[0])
            after = f"{before} {number}"
            handle.change("UPDATE subscribers SET address = :after WHERE id = 1", after=after)
            return after

        return operation

    async def work(database: Database) -> str:
        await database.write(lambda handle: handle.change("UPDATE subscribers SET address = '' WHERE id = 1"))
        return max(await asyncio.gather(*[database.write(append(k)) for k in range(300)]), key=len)

    assert run(work).split() == [str(k) for k in range(300)]


def test_a_writer_that_gave_up_does_not_stop_the_others(run: Run) -> None:
    """An operation whose asker was cancelled is run all the same, and so are those behind it."""

    async def work(database: Database) -> tuple[object, object]:
        impatient = asyncio.ensure_future(database.write(change(1, "A")))
        await asyncio.sleep(0)
        impatient.cancel()
        return await database.write(change(2, "B")), await database.read(plan(1))

    assert run(work) == ("B", "A")
