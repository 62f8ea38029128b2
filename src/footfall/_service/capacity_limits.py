"""Capacity of request servers, the message gateway and the hotline of the reference service."""

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import ceil, inf

from footfall._behaviour import capacity_rules
from footfall._model.channel import Channel
from footfall._model.numbers import whole
from footfall._model.station_specs import CallCentre, Counters, Kiosks, MessageGateway, RequestServer
from footfall._service import waiting_line
from footfall._service.fault_injection import FaultInjector
from footfall._service.http_messages import HttpRequest, api_error
from footfall._service.sessions import LedgerSession
from footfall._service.settings import RunClock, ServiceSettings

# ── Who is on duty


def on_duty(channel: Channel, day_s: float) -> int:
    """Return the servers of one site at a second of the day: clerks, machines, or agents."""
    station = channel.station
    if isinstance(station, Counters):
        return capacity_rules.servers_at(station.clerks, station.clerks_factor, day_s)
    if isinstance(station, CallCentre):
        return capacity_rules.servers_at(station.agents, station.agents_factor, day_s)
    return int(station.machines) if isinstance(station, Kiosks) else 0


# ── Visits: which customer holds a clerk, a machine or a line, and since when they have been idle

HEADER = b"x-visit"
_ID_BYTES = 12


@dataclass(slots=True)
class HeldVisit:
    """One customer holding a server."""

    id: str
    site: int
    last_s: float
    """Time of the latest request."""
    has_agent: bool = False
    is_waiting_for_agent: bool = False
    is_broken: bool = False
    """The customer's machine broke down."""
    sessions: list[LedgerSession] = field(default_factory=list)
    """Sessions opened during the visit, which end with it."""


class Visits:
    """Visits in progress on one channel, longest idle first."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        """Start with none."""
        self._now_s = now_s
        self._open: OrderedDict[str, HeldVisit] = OrderedDict()
        self.reclaimed = 0
        """Visits ended by the service because they were idle for too long."""

    def __len__(self) -> int:
        """Return the number of visits in progress."""
        return len(self._open)

    def start(self, site: int) -> HeldVisit:
        """Start a visit at a site."""
        visit = HeldVisit(secrets.token_hex(_ID_BYTES), site, self._now_s())
        self._open[visit.id] = visit
        return visit

    def find(self, number: str) -> HeldVisit:
        """Return the visit with this id and mark it as active.

        Raises:
            ApiError: there is none.
        """
        visit = self._open.get(number)
        if visit is None:
            raise api_error("no_visit")
        visit.last_s = self._now_s()
        self._open.move_to_end(number)
        return visit

    def end(self, visit: HeldVisit) -> bool:
        """End a visit; False when it already was."""
        return self._open.pop(visit.id, None) is not None

    def has(self, visit: HeldVisit) -> bool:
        """Return whether a visit is still in progress."""
        return visit.id in self._open

    def at_site(self, site: int) -> HeldVisit | None:
        """Return any visit at a site whose machine works, None if there is none."""
        return next((v for v in self._open.values() if v.site == site and not v.is_broken), None)

    def idle(self, seconds: float) -> Iterator[HeldVisit]:
        """Yield the visits without a request for longer than this; they count as reclaimed."""
        before_s = self._now_s() - seconds
        for visit in list(self._open.values()):
            if visit.last_s > before_s:
                return
            self.reclaimed += 1
            yield visit


# ── Capacity of halls and kiosks

_WAITING_MAX = 10_000
"""Largest queue of one site of kiosks."""


class HeldServers:
    """All sites of a channel, each with its own servers and queue."""

    def __init__(self, channel: Channel, settings: ServiceSettings, clock: RunClock) -> None:
        """Open all sites with the servers of this time of day."""
        self._channel = channel
        self._clock = clock
        servers = on_duty(channel, clock.day_s())
        self.queues = [waiting_line.WaitingLine(servers) for _ in range(int(channel.sites))]
        self.visits = Visits(settings.now_s)
        station = channel.station
        self._room = whole(station.room) if isinstance(station, Counters) else _WAITING_MAX
        self._is_staffed = isinstance(station, Counters)
        self._visit_s = capacity_rules.visit_s_mean(channel)
        self._idle_s = settings.visit_idle_s

    async def open(
        self, request: HttpRequest, site: int, patience_s: float, balk_wait_s: float = inf
    ) -> HeldVisit:
        """Wait for a server of a site and start a visit.

        Raises:
            ApiError: closed, no such site, all machines out of order, queue full, displayed wait
                longer than `balk_wait_s`, or no server within the patience.
        """
        if not self._channel.open_at(self._clock.day_s()):
            raise api_error("closed")
        if not 0 <= site < len(self.queues):
            raise api_error("unknown_site")
        queue = self.queues[site]
        if queue.servers == 0 and not self._is_staffed:
            raise api_error("out_of_order")
        if not queue.take():
            if queue.waiting >= self._room:
                raise api_error("no_room")
            if capacity_rules.displayed_wait_s(queue.waiting, queue.servers, self._visit_s) > balk_wait_s:
                raise api_error("long_queue")
            await waiting_line.wait_for_server(queue, request, patience_s)
        return self.visits.start(site)

    def close(self, visit: HeldVisit) -> None:
        """End a visit; the next customer is called at once."""
        if self.visits.end(visit):
            self.queues[visit.site].release()

    async def enter(self, request: HttpRequest) -> waiting_line.ServiceWindow:
        """Check that the request belongs to a visit in progress; it has no deadline.

        Raises:
            ApiError: it does not, or the machine broke down.
        """
        visit = self.visits.find(request.header(HEADER))
        if visit.is_broken:
            raise api_error("breakdown")
        return waiting_line.no_deadline()

    def leave(self, ended_s: float) -> None:
        """Do nothing: the server is released at the end of the visit."""

    def begin_stop(self) -> None:
        """Dismiss all waiting customers."""
        for queue in self.queues:
            queue.dismiss_all()

    def tick(self) -> list[HeldVisit]:
        """Update the number of staff; end and return the idle visits."""
        day_s = self._clock.day_s()
        # After closing, the clerks of the last open half hour stay until the hall is empty.
        if self._is_staffed and self._channel.open_at(day_s):
            servers = on_duty(self._channel, day_s)
            for queue in self.queues:
                if queue.servers != servers:
                    queue.set_servers(servers)
        idle = list(self.visits.idle(self._idle_s))
        for visit in idle:
            self.close(visit)
        return idle


# ── Breakdowns and repairs of kiosks, drawn as in the simulated day


class Machines:
    """Up and down times of all machines of a channel."""

    def __init__(self, channel: Channel, seed: int, held: HeldServers) -> None:
        """Prepare the machines; `start` begins their up and down times."""
        self._channel = channel
        self._seed = seed
        self._held = held
        self._timers: dict[tuple[int, int], asyncio.TimerHandle] = {}

    def start(self) -> None:
        """Reset every machine to its state at opening."""
        station = self._channel.station
        if not isinstance(station, Kiosks) or not station.up.mean_s:
            return
        self.stop()
        for site, queue in enumerate(self._held.queues):
            machines = range(int(station.machines))
            down = {k for k in machines if capacity_rules.starts_down(self._channel, self._seed, site, k)}
            queue.set_servers(len(machines) - len(down))
            for machine in machines:
                self._plan(site, machine, cycle=1, is_down=machine in down)

    def stop(self) -> None:
        """Keep every machine in its present state."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _plan(self, site: int, machine: int, cycle: int, *, is_down: bool) -> None:
        """Schedule the next change of one machine: draw 2k is its k-th up time, 2k + 1 its repair."""
        station = self._channel.station
        if not isinstance(station, Kiosks):
            return
        u = capacity_rules.machine_uniform(self._channel.name, self._seed, site, machine, 2 * cycle + is_down)
        seconds = (station.repair if is_down else station.up).at(u)
        on_change = self._repaired if is_down else self._breaks
        loop = asyncio.get_running_loop()
        self._timers[site, machine] = loop.call_later(seconds, on_change, site, machine, cycle)

    def _breaks(self, site: int, machine: int, cycle: int) -> None:
        queue = self._held.queues[site]
        if queue.busy >= queue.servers > 0:
            # All are in use, so the one that breaks is serving a customer.
            visit = self._held.visits.at_site(site)
            if visit is not None:
                visit.is_broken = True
        queue.set_servers(queue.servers - 1)
        self._plan(site, machine, cycle, is_down=True)

    def _repaired(self, site: int, machine: int, cycle: int) -> None:
        queue = self._held.queues[site]
        queue.set_servers(queue.servers + 1)
        self._plan(site, machine, cycle + 1, is_down=False)


# ── Request servers (web, WAP, agents' channel): rate limit, slots, accept queue, deadline


class ConcurrencyLimit:
    """Limits concurrent requests, waiting requests, and the time until a response.

    A client gives up at the deadline. With `stale_work` `cut` its request is answered and ends at that
    moment; `served` works it off as if nothing had happened; `dropped` skips it when its turn comes, and
    ends what was begun in time. Whether the client has really closed its connection plays no part.
    """

    def __init__(self, spec: RequestServer, run: int = 0, name: str = "") -> None:
        """Start with all slots free; stalls are those of a replication's key and a channel's name."""
        self.line = waiting_line.WaitingLine(int(spec.slots))
        self._stalls = (spec.stalls, run, name) if spec.stalls.length_s else None
        self._plan: capacity_rules.StallPlan | None = None
        self._next_stall: asyncio.TimerHandle | None = None
        self._accept_queue = whole(spec.accept_queue)
        self._deadline_s = float(spec.deadline_s)
        self._queue_timeout_s = float(spec.queue_timeout_s) or inf
        self._stale_work = spec.stale_work
        self._bucket = capacity_rules.LeakyBucket(spec.rate_limit) if spec.rate_limit.requests_per_s else None

    def start_run(self, seconds: float) -> None:
        """Set second 0 of the run, in seconds from now, by which stalls come."""
        if self._stalls is None:
            return
        self.stop()
        self._plan = capacity_rules.StallPlan(*self._stalls, zero_s=time.monotonic() + seconds)
        self._await_stall(iter(self._plan))

    def stop(self) -> None:
        """End a stall, and plan no other."""
        if self._next_stall is not None:
            self._next_stall.cancel()
        if self.line.is_still:
            self.line.go_on(time.monotonic())
        self._plan = None

    def _await_stall(self, stalls: Iterator[tuple[float, float]]) -> None:
        begins_s, ends_s = next(stalls)
        self._next_stall = _call_at(begins_s, self._stall, ends_s, stalls)

    def _stall(self, ends_s: float, stalls: Iterator[tuple[float, float]]) -> None:
        self.line.is_still = True
        self._next_stall = _call_at(ends_s, self._go_on, ends_s, stalls)

    def _go_on(self, at_s: float, stalls: Iterator[tuple[float, float]]) -> None:
        self.line.go_on(at_s)
        self._await_stall(stalls)

    async def enter(self, _request: HttpRequest) -> waiting_line.ServiceWindow:
        """Take a slot.

        Raises:
            ApiError: the rate limit is exceeded, the queue is full, or the wait or the deadline has expired.
        """
        now_s = time.monotonic()
        deadline_s = now_s + self._deadline_s
        if self._bucket is not None:
            now_s = await self._wait_for_rate(self._bucket, now_s, deadline_s)
        line = self.line
        is_cut = self._stale_work == "cut"
        work_until_s = deadline_s if is_cut else inf
        if line.take():
            return waiting_line.ServiceWindow(now_s, work_until_s, self._plan)
        # While the server stands still, free slots are places to wait.
        free = max(line.servers - line.busy, 0) if line.is_still else 0
        if line.waiting >= self._accept_queue + free:
            raise api_error("throttled")
        left_s = deadline_s - now_s if is_cut else inf
        ticket = line.join(
            min(left_s, self._queue_timeout_s), deadline_s if self._stale_work == "dropped" else inf
        )
        try:
            granted = await ticket.granted
        except asyncio.CancelledError:
            line.abandon(ticket)
            raise
        if not granted:
            is_late = left_s <= self._queue_timeout_s or ticket.granted_s >= ticket.stale_from_s
            raise api_error("deadline" if is_late else "queue_timeout")
        return waiting_line.ServiceWindow(ticket.granted_s, work_until_s, self._plan)

    @staticmethod
    async def _wait_for_rate(bucket: capacity_rules.LeakyBucket, now_s: float, deadline_s: float) -> float:
        """Wait until the rate limit admits the request; return when it did."""
        delay_s = bucket.enter(now_s)
        if delay_s is None:
            raise api_error("rate_limit", retry_after_s=ceil(bucket.room_in_s(now_s)))
        if now_s + delay_s > deadline_s:
            await waiting_line.sleep_until(deadline_s)
            raise api_error("deadline")
        await waiting_line.sleep_until(now_s + delay_s)
        return now_s + delay_s

    def leave(self, ended_s: float) -> None:
        """Release the slot, free since `ended_s`."""
        self.line.release(ended_s)

    def begin_stop(self) -> None:
        """Dismiss all waiting requests."""
        self.line.dismiss_all()


def _call_at(at_s: float, callback: Callable[..., None], *arguments: object) -> asyncio.TimerHandle:
    """Call at a time of the monotonic clock."""
    return asyncio.get_running_loop().call_later(max(at_s - time.monotonic(), 0.0), callback, *arguments)


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
        self.agents = waiting_line.WaitingLine(on_duty(channel, clock.day_s()))
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
                await waiting_line.wait_for_server(self.agents, request, patience_s)
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

    async def enter(self, request: HttpRequest) -> waiting_line.ServiceWindow:
        """Check that the request belongs to a call in progress; it has no deadline.

        Raises:
            ApiError: it does not.
        """
        self.visits.find(request.header(HEADER))
        return waiting_line.no_deadline()

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
