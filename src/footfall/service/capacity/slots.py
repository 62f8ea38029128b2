"""The station of web, WAP and agents' channel: a rate limit, slots, an accept queue, a deadline."""

import asyncio
import time
from math import ceil, inf

from footfall.service.capacity.line import Line
from footfall.service.capacity.turn import Turn, sleep_until
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

    async def enter(self, _call: Call) -> Turn:
        """Take a slot.

        Raises:
            RefusalError: the rate is exceeded, the queue is full, or the wait or the deadline is over.
        """
        now_s = time.monotonic()
        deadline_s = now_s + self._deadline_s
        if self._bucket is not None:
            now_s = await self._held_back(self._bucket, now_s, deadline_s)
        line = self.line
        if line.take():
            return Turn(now_s, deadline_s)
        if line.waiting >= self._accept_queue:
            raise refusal("throttled")
        left_s = deadline_s - now_s
        ticket = line.join(min(left_s, self._queue_timeout_s))
        try:
            granted = await ticket.granted
        except asyncio.CancelledError:
            line.abandon(ticket)
            raise
        if not granted:
            raise refusal("deadline" if left_s <= self._queue_timeout_s else "queue_timeout")
        return Turn(ticket.granted_s, deadline_s)

    @staticmethod
    async def _held_back(bucket: LeakyBucket, now_s: float, deadline_s: float) -> float:
        """Wait until the rate has room; give the second at which it had."""
        delay_s = bucket.enter(now_s)
        if delay_s is None:
            raise refusal("rate_limit", retry_after_s=ceil(bucket.room_in_s(now_s)))
        if now_s + delay_s > deadline_s:
            await sleep_until(deadline_s)
            raise refusal("deadline")
        await sleep_until(now_s + delay_s)
        return now_s + delay_s

    def leave(self, ended_s: float) -> None:
        """Give the slot back, which was free at `ended_s`."""
        self.line.release(ended_s)

    def begin_stop(self) -> None:
        """Send away whoever waits."""
        self.line.send_away()
