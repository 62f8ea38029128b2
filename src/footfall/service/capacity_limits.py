"""Request slots, the message gateway and the hotline of the reference service."""

import asyncio
import time
from collections.abc import Callable
from math import ceil, inf

from footfall.behaviour.capacity_rules import LeakyBucket
from footfall.model.channel import Channel
from footfall.model.numbers import whole
from footfall.model.station_specs import CallCentre, MessageGateway, RequestServer
from footfall.service.api_errors import api_error
from footfall.service.fault_injection import FaultInjector
from footfall.service.held_servers import HEADER, HeldVisit, Visits, on_duty
from footfall.service.http_messages import HttpRequest
from footfall.service.settings import PlayClock, ServiceSettings
from footfall.service.waiting_line import ServiceTurn, WaitingLine, no_deadline, sleep_until, wait_for_server

# ── The station of web, WAP and agents' channel: a rate limit, slots, an accept queue, a deadline


class ConcurrencyLimit:
    """Requests in work at once, those that wait, and how long an answer may take."""

    def __init__(self, spec: RequestServer) -> None:
        """Start with all slots free."""
        self.line = WaitingLine(int(spec.slots))
        self._accept_queue = whole(spec.accept_queue)
        self._deadline_s = float(spec.deadline_s)
        self._queue_timeout_s = float(spec.queue_timeout_s) or inf
        self._bucket = LeakyBucket(spec.rate_limit) if spec.rate_limit.requests_per_s else None

    async def enter(self, _call: HttpRequest) -> ServiceTurn:
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
            return ServiceTurn(now_s, deadline_s)
        if line.waiting >= self._accept_queue:
            raise api_error("throttled")
        left_s = deadline_s - now_s
        ticket = line.join(min(left_s, self._queue_timeout_s))
        try:
            granted = await ticket.granted
        except asyncio.CancelledError:
            line.abandon(ticket)
            raise
        if not granted:
            raise api_error("deadline" if left_s <= self._queue_timeout_s else "queue_timeout")
        return ServiceTurn(ticket.granted_s, deadline_s)

    @staticmethod
    async def _held_back(bucket: LeakyBucket, now_s: float, deadline_s: float) -> float:
        """Wait until the rate has room; give the second at which it had."""
        delay_s = bucket.enter(now_s)
        if delay_s is None:
            raise api_error("rate_limit", retry_after_s=ceil(bucket.room_in_s(now_s)))
        if now_s + delay_s > deadline_s:
            await sleep_until(deadline_s)
            raise api_error("deadline")
        await sleep_until(now_s + delay_s)
        return now_s + delay_s

    def leave(self, ended_s: float) -> None:
        """Give the slot back, which was free at `ended_s`."""
        self.line.release(ended_s)

    def begin_stop(self) -> None:
        """Send away whoever waits."""
        self.line.send_away()


# ── The station of SMS: messages are let through one by one at the gateway's rate, few may wait


class MessageRateLimit:
    """A D/1 queue of messages; its backlog is one number: when the last one is through."""

    def __init__(self, spec: MessageGateway, time_s: Callable[[], float]) -> None:
        """Start with an empty queue."""
        self._time_s = time_s
        self._s_per_message = 1.0 / float(spec.messages_per_s)
        # A millionth of a message more, against the rounding of sums.
        self._most_backlog_s = (float(spec.queue) + 1e-6) * self._s_per_message
        self._free_at_s = 0.0
        self.dropped = 0
        """Messages to customers for which there was no room."""

    def enter(self) -> float | None:
        """Seconds until the gateway has let a message through that comes now; None: no room."""
        now_s = self._time_s()
        starts_s = max(now_s, self._free_at_s)
        # One message is being let through and takes at most one turn; `queue` others may wait behind it.
        if starts_s - now_s > self._most_backlog_s:
            return None
        self._free_at_s = starts_s + self._s_per_message
        return self._free_at_s - now_s


# ── The station of a hotline: lines that are never waited for, and agents behind them who are


class HotlineCapacity:
    """Calls in progress, in the IVR or with an agent."""

    def __init__(
        self, channel: Channel, settings: ServiceSettings, clock: PlayClock, luck: FaultInjector
    ) -> None:
        """Put the agents of this time of day on duty, all lines free."""
        if not isinstance(channel.station, CallCentre):
            raise TypeError(channel.station.kind)
        self._channel = channel
        self._clock = clock
        self._luck = luck
        self._lines = whole(channel.station.lines)
        self._idle_s = settings.visit_idle_s
        self.agents = WaitingLine(on_duty(channel, clock.day_s()))
        self.visits = Visits(settings.now_s)

    async def open(
        self, _call: HttpRequest, site: int, _patience_s: float, _balk_wait_s: float = inf
    ) -> HeldVisit:
        """Take a line.

        Raises:
            RefusalError: closed, or no line is free.
        """
        if not self._channel.open_at(self._clock.day_s()):
            raise api_error("closed")
        if len(self.visits) >= self._lines:
            raise api_error("no_line")
        return self.visits.start(site)

    async def fetch_agent(self, call: HttpRequest, visit: HeldVisit, patience_s: float) -> None:
        """Wait for an agent, who then stays to the end of the visit.

        Raises:
            RefusalError: patience ended first, or the call asks for an agent already.
        """
        if visit.has_agent:
            return
        if visit.seeks_agent:
            raise api_error("bad_request", "This call waits for an agent already.")
        if not self.agents.take():
            visit.seeks_agent = True
            try:
                await wait_for_server(self.agents, call, patience_s)
            finally:
                visit.seeks_agent = False
        visit.has_agent = True
        if not self.visits.has(visit):
            # The caller hung up on another connection while this one waited.
            self._wrap_up(visit)
            raise api_error("no_visit")

    def close(self, visit: HeldVisit) -> None:
        """End a call: its line is free at once, its agent after the wrap-up."""
        if self.visits.end(visit) and visit.has_agent:
            self._wrap_up(visit)

    async def enter(self, call: HttpRequest) -> ServiceTurn:
        """See that the request belongs to a call; the line held has no deadline.

        Raises:
            RefusalError: it does not.
        """
        self.visits.find(call.header(HEADER))
        return no_deadline()

    def leave(self, ended_s: float) -> None:
        """Keep the line: it is given back at the end of the call."""

    def begin_stop(self) -> None:
        """Send away whoever waits for an agent."""
        self.agents.send_away()

    def tick(self) -> list[HeldVisit]:
        """Bring the agents up to date; end and give the calls that were forgotten."""
        agents = on_duty(self._channel, self._clock.day_s())
        if agents != self.agents.servers:
            self.agents.staff(agents)
        forgotten = list(self.visits.idle(self._idle_s))
        for visit in forgotten:
            self.close(visit)
        return forgotten

    def _wrap_up(self, visit: HeldVisit) -> None:
        visit.has_agent = False
        asyncio.get_running_loop().call_later(self._luck.wrap_up_s(), self.agents.release)
