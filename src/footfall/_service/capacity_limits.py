"""Capacity of request servers, the message gateway and the hotline of the reference service."""

import asyncio
import time
from collections.abc import Callable
from math import ceil, inf

from footfall._behaviour.capacity_rules import LeakyBucket
from footfall._model.channel import Channel
from footfall._model.numbers import whole
from footfall._model.station_specs import CallCentre, MessageGateway, RequestServer
from footfall._service.fault_injection import FaultInjector
from footfall._service.held_servers import HEADER, HeldVisit, Visits, on_duty
from footfall._service.http_messages import HttpRequest, api_error
from footfall._service.settings import RunClock, ServiceSettings
from footfall._service.waiting_line import (
    ServiceWindow,
    WaitingLine,
    no_deadline,
    sleep_until,
    wait_for_server,
)

# ── Request servers (web, WAP, agents' channel): rate limit, slots, accept queue, deadline


class ConcurrencyLimit:
    """Limits concurrent requests, waiting requests, and the time until a response."""

    def __init__(self, spec: RequestServer) -> None:
        """Start with all slots free."""
        self.line = WaitingLine(int(spec.slots))
        self._accept_queue = whole(spec.accept_queue)
        self._deadline_s = float(spec.deadline_s)
        self._queue_timeout_s = float(spec.queue_timeout_s) or inf
        self._bucket = LeakyBucket(spec.rate_limit) if spec.rate_limit.requests_per_s else None

    async def enter(self, _request: HttpRequest) -> ServiceWindow:
        """Take a slot.

        Raises:
            ApiError: the rate limit is exceeded, the queue is full, or the wait or the deadline has expired.
        """
        now_s = time.monotonic()
        deadline_s = now_s + self._deadline_s
        if self._bucket is not None:
            now_s = await self._wait_for_rate(self._bucket, now_s, deadline_s)
        line = self.line
        if line.take():
            return ServiceWindow(now_s, deadline_s)
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
        return ServiceWindow(ticket.granted_s, deadline_s)

    @staticmethod
    async def _wait_for_rate(bucket: LeakyBucket, now_s: float, deadline_s: float) -> float:
        """Wait until the rate limit admits the request; return when it did."""
        delay_s = bucket.enter(now_s)
        if delay_s is None:
            raise api_error("rate_limit", retry_after_s=ceil(bucket.room_in_s(now_s)))
        if now_s + delay_s > deadline_s:
            await sleep_until(deadline_s)
            raise api_error("deadline")
        await sleep_until(now_s + delay_s)
        return now_s + delay_s

    def leave(self, ended_s: float) -> None:
        """Release the slot, free since `ended_s`."""
        self.line.release(ended_s)

    def begin_stop(self) -> None:
        """Dismiss all waiting requests."""
        self.line.dismiss_all()


# ── SMS: messages pass one by one at the gateway's rate, with a short queue


class MessageRateLimit:
    """A queue with deterministic service; its state is one number: when the last message has passed."""

    def __init__(self, spec: MessageGateway, time_s: Callable[[], float]) -> None:
        """Start with an empty queue."""
        self._time_s = time_s
        self._s_per_message = 1.0 / float(spec.messages_per_s)
        # A millionth of a message as tolerance for rounding.
        self._most_backlog_s = (float(spec.queue) + 1e-6) * self._s_per_message
        self._free_at_s = 0.0
        self.dropped = 0
        """Messages to customers dropped because the queue was full."""

    def enter(self) -> float | None:
        """Return the seconds until a message that arrives now has passed; None: the queue is full."""
        now_s = self._time_s()
        starts_s = max(now_s, self._free_at_s)
        # One message is passing, which takes at most one interval; `queue` others may wait behind it.
        if starts_s - now_s > self._most_backlog_s:
            return None
        self._free_at_s = starts_s + self._s_per_message
        return self._free_at_s - now_s


# ── Hotline: lines without a queue, and a queue for agents


class HotlineCapacity:
    """Calls in progress, in the IVR or with an agent."""

    def __init__(
        self, channel: Channel, settings: ServiceSettings, clock: RunClock, injector: FaultInjector
    ) -> None:
        """Start with the agents of this time of day and all lines free."""
        if not isinstance(channel.station, CallCentre):
            raise TypeError(channel.station.kind)
        self._channel = channel
        self._clock = clock
        self._injector = injector
        self._lines = whole(channel.station.lines)
        self._idle_s = settings.visit_idle_s
        self.agents = WaitingLine(on_duty(channel, clock.day_s()))
        self.visits = Visits(settings.now_s)

    async def open(
        self, _request: HttpRequest, site: int, _patience_s: float, _balk_wait_s: float = inf
    ) -> HeldVisit:
        """Take a line.

        Raises:
            ApiError: closed, or no line is free.
        """
        if not self._channel.open_at(self._clock.day_s()):
            raise api_error("closed")
        if len(self.visits) >= self._lines:
            raise api_error("no_line")
        return self.visits.start(site)

    async def fetch_agent(self, request: HttpRequest, visit: HeldVisit, patience_s: float) -> None:
        """Wait for an agent, who then stays until the end of the visit.

        Raises:
            ApiError: patience ran out first, or the call is already waiting for an agent.
        """
        if visit.has_agent:
            return
        if visit.is_waiting_for_agent:
            raise api_error("bad_request", "This call is already waiting for an agent.")
        if not self.agents.take():
            visit.is_waiting_for_agent = True
            try:
                await wait_for_server(self.agents, request, patience_s)
            finally:
                visit.is_waiting_for_agent = False
        visit.has_agent = True
        if not self.visits.has(visit):
            # The caller hung up on another connection while this one waited.
            self._wrap_up(visit)
            raise api_error("no_visit")

    def close(self, visit: HeldVisit) -> None:
        """End a call: its line is free at once, its agent after wrap-up."""
        if self.visits.end(visit) and visit.has_agent:
            self._wrap_up(visit)

    async def enter(self, request: HttpRequest) -> ServiceWindow:
        """Check that the request belongs to a call in progress; it has no deadline.

        Raises:
            ApiError: it does not.
        """
        self.visits.find(request.header(HEADER))
        return no_deadline()

    def leave(self, ended_s: float) -> None:
        """Do nothing: the line is released at the end of the call."""

    def begin_stop(self) -> None:
        """Dismiss all callers waiting for an agent."""
        self.agents.dismiss_all()

    def tick(self) -> list[HeldVisit]:
        """Update the number of agents; end and return the idle calls."""
        agents = on_duty(self._channel, self._clock.day_s())
        if agents != self.agents.servers:
            self.agents.set_servers(agents)
        idle = list(self.visits.idle(self._idle_s))
        for visit in idle:
            self.close(visit)
        return idle

    def _wrap_up(self, visit: HeldVisit) -> None:
        visit.has_agent = False
        asyncio.get_running_loop().call_later(self._injector.wrap_up_s(), self.agents.release)
