"""Answers of the SMS channel: kept, waited for by long polls, or posted to a callback."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from footfall.service.channels.callback import post
from footfall.service.ledger.messages import Reply
from footfall.service.refusals import refusal

_POLLS_MAX = 20_000
_CALLBACKS_AT_ONCE = 64


class Inbox:
    """Who waits for answers to which subscriber."""

    def __init__(self) -> None:
        """Start with nobody waiting."""
        self._polls: defaultdict[int, set[asyncio.Future[Reply | None]]] = defaultdict(set)
        self._last: dict[int, tuple[int | None, Reply]] = {}
        """Newest answer to a subscriber, behind the number of the one before it, where that is known."""
        self._waiting = 0
        self._is_stopping = False
        self._posts: set[asyncio.Task[None]] = set()
        self._turnstile = asyncio.Semaphore(_CALLBACKS_AT_ONCE)
        self.callbacks_failed = 0

    @contextmanager
    def poll(self, subscriber: int, seconds: float) -> "Iterator[asyncio.Future[Reply | None]]":
        """Give the next answer to a subscriber from now on, None after so many seconds.

        Raises:
            RefusalError: too many wait already.
        """
        if self._waiting >= _POLLS_MAX:
            raise refusal("throttled")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Reply | None] = loop.create_future()
        timer = loop.call_later(0 if self._is_stopping else seconds, _wake, future)
        polls = self._polls[subscriber]
        polls.add(future)
        self._waiting += 1
        try:
            yield future
        finally:
            timer.cancel()
            self._waiting -= 1
            polls.discard(future)
            if not polls:
                self._polls.pop(subscriber, None)

    def since(self, subscriber: int, n: int) -> list[Reply] | None:
        """Give the answers after number `n` if it is known without the ledger which they are."""
        before, reply = self._last.get(subscriber, (None, None))
        if reply is None:
            return None
        if n >= reply.n:
            return []
        return [reply] if before is not None and n >= before else None

    def deliver(self, subscriber: int, reply: Reply, callback: str | None = None) -> None:
        """Wake whoever waits for answers to this subscriber, and post the answer if it was asked for."""
        _, last = self._last.get(subscriber, (None, None))
        self._last[subscriber] = (last.n if last else None), reply
        for future in self._polls.get(subscriber, ()):
            _wake(future, reply)
        if callback is not None:
            task = asyncio.get_running_loop().create_task(self._post(callback, reply))
            self._posts.add(task)
            task.add_done_callback(self._posts.discard)

    def begin_stop(self) -> None:
        """Wake everybody, and let nobody wait any more."""
        self._is_stopping = True
        for polls in list(self._polls.values()):
            for future in polls:
                _wake(future)

    async def stop(self) -> None:
        """Wait for the answers that are being posted."""
        await asyncio.gather(*self._posts)

    async def _post(self, callback: str, reply: Reply) -> None:
        async with self._turnstile:
            if not await post(callback, reply.data()):
                self.callbacks_failed += 1


def _wake(future: "asyncio.Future[Reply | None]", reply: Reply | None = None) -> None:
    if not future.done():
        future.set_result(reply)
