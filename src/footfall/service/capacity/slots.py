"""The station of web, WAP and agents' channel: slots, an accept queue, a deadline."""

import asyncio

from footfall.service.capacity.line import Line
from footfall.service.refusals import refusal
from footfall.service.web.wire import Call
from footfall.simulate.spec.station import RequestServer


class Slots:
    """Requests in work at once, those that wait, and how long an answer may take."""

    def __init__(self, spec: RequestServer) -> None:
        """Start with all slots free."""
        self.line = Line(int(spec.slots))
        self._accept_queue = int(spec.accept_queue)
        self._deadline_s = float(spec.deadline_s)

    async def enter(self, _call: Call) -> float:
        """Take a slot; give the seconds that are left until the deadline.

        Raises:
            RefusalError: the queue is full, or the deadline passed in it.
        """
        if self.line.take():
            return self._deadline_s
        if self.line.waiting >= self._accept_queue:
            raise refusal("throttled")
        loop = asyncio.get_running_loop()
        since_s = loop.time()
        if not await self.line.wait(self._deadline_s):
            raise refusal("deadline")
        return max(self._deadline_s - (loop.time() - since_s), 0.0)

    def leave(self) -> None:
        """Give the slot back."""
        self.line.release()

    def begin_stop(self) -> None:
        """Send away whoever waits."""
        self.line.send_away()
