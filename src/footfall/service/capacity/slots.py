"""The station of web, WAP and agents' channel: a rate limit, slots, an accept queue, a deadline."""

import asyncio
from math import ceil, inf

from footfall.service.capacity.line import Line
from footfall.service.refusals import refusal
from footfall.service.web.wire import Call
from footfall.simulate.decide.rate_limit import LeakyBucket
from footfall.simulate.spec.station import RequestServer


class Slots:
    """Requests in work at once, those that wait, and how long an answer may take."""

    def __init__(self, spec: RequestServer) -> None:
        """Start with all slots free."""
        self.line = Line(int(spec.slots))
        self._accept_queue = int(spec.accept_queue)
        self._deadline_s = float(spec.deadline_s)
        self._queue_timeout_s = float(spec.queue_timeout_s) or inf
        self._bucket = LeakyBucket(spec.rate_limit) if spec.rate_limit.requests_per_s else None

    async def enter(self, _call: Call) -> float:
        """Take a slot; give the seconds that are left until the deadline.

        Raises:
            RefusalError: the rate is exceeded, the queue is full, or the wait or the deadline is over.
        """
        left_s = self._deadline_s
        if self._bucket is not None:
            left_s -= await self._held_back(self._bucket, left_s)
        if self.line.take():
            return left_s
        if self.line.waiting >= self._accept_queue:
            raise refusal("throttled")
        loop = asyncio.get_running_loop()
        since_s = loop.time()
        if not await self.line.wait(min(left_s, self._queue_timeout_s)):
            raise refusal("deadline" if left_s <= self._queue_timeout_s else "queue_timeout")
        return max(left_s - (loop.time() - since_s), 0.0)

    @staticmethod
    async def _held_back(bucket: LeakyBucket, deadline_s: float) -> float:
        """Wait until the rate has room; give the seconds that took."""
        loop = asyncio.get_running_loop()
        since_s = loop.time()
        delay_s = bucket.enter(since_s)
        if delay_s is None:
            raise refusal("rate_limit", retry_after_s=ceil(bucket.room_in_s(since_s)))
        if delay_s > deadline_s:
            await asyncio.sleep(deadline_s)
            raise refusal("deadline")
        if not delay_s:
            return 0.0
        await asyncio.sleep(delay_s)
        return loop.time() - since_s

    def leave(self) -> None:
        """Give the slot back."""
        self.line.release()

    def begin_stop(self) -> None:
        """Send away whoever waits."""
        self.line.send_away()
