"""The database behind the event loop: operations one after another, those of one moment in one commit."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from sqlalchemy import Engine

from footfall.service.ledger.handle import Handle
from footfall.service.refusals import RefusalError, refusal

T = TypeVar("T")
Operation = Callable[[Handle], T]
"""A function of the database alone: it may run twice, the first run being rolled back."""
_Waiting = tuple[Operation[Any], "asyncio.Future[Any]"]


class Store:
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
        self._handle = Handle(engine)
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
        except (RefusalError, TimeoutError):
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


def _read(handle: Handle, operation: Operation[T]) -> T:
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
            raise refusal("no_database") from error
        raise


def _commit(handle: Handle, operations: list[Operation[Any]]) -> list[Any]:
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
                return [refusal("commit_unknown")] * len(operations)
            if is_last:
                return [refusal("no_database")] * len(operations)
        else:
            return results
    raise AssertionError("unreachable")


def _one_by_one(handle: Handle, operations: list[Operation[Any]], error: Exception) -> list[Any]:
    """One of them broke the transaction: each gets one of its own."""
    with suppress(Exception):  # a connection that breaks here is made anew by whoever comes next
        handle.command("ROLLBACK")
    if len(operations) == 1:
        return [error]
    return [result for operation in operations for result in _commit(handle, [operation])]


def _attempt(handle: Handle, operation: Operation[Any]) -> Any:  # noqa: ANN401  the operation's value
    before = handle.changes
    try:
        return operation(handle)
    except RefusalError as refused:
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
