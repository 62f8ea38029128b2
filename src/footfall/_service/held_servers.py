"""Halls and kiosks of the reference service: a visit holds its server from start to end."""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import inf

from footfall._behaviour.capacity_rules import (
    displayed_wait_s,
    machine_uniform,
    servers_at,
    starts_down,
    visit_s_mean,
)
from footfall._model.channel import Channel
from footfall._model.numbers import whole
from footfall._model.station_specs import CallCentre, Counters, Kiosks
from footfall._service.http_messages import HttpRequest, api_error
from footfall._service.sessions import LedgerSession
from footfall._service.settings import RunClock, ServiceSettings
from footfall._service.waiting_line import ServiceWindow, WaitingLine, no_deadline, wait_for_server

# ── Who is on duty


def on_duty(channel: Channel, day_s: float) -> int:
    """Return the servers of one site at a second of the day: clerks, machines, or agents."""
    station = channel.station
    if isinstance(station, Counters):
        return servers_at(station.clerks, station.clerks_factor, day_s)
    if isinstance(station, CallCentre):
        return servers_at(station.agents, station.agents_factor, day_s)
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
        self.queues = [WaitingLine(servers) for _ in range(int(channel.sites))]
        self.visits = Visits(settings.now_s)
        station = channel.station
        self._room = whole(station.room) if isinstance(station, Counters) else _WAITING_MAX
        self._is_staffed = isinstance(station, Counters)
        self._visit_s = visit_s_mean(channel)
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
            if displayed_wait_s(queue.waiting, queue.servers, self._visit_s) > balk_wait_s:
                raise api_error("long_queue")
            await wait_for_server(queue, request, patience_s)
        return self.visits.start(site)

    def close(self, visit: HeldVisit) -> None:
        """End a visit; the next customer is called at once."""
        if self.visits.end(visit):
            self.queues[visit.site].release()

    async def enter(self, request: HttpRequest) -> ServiceWindow:
        """Check that the request belongs to a visit in progress; it has no deadline.

        Raises:
            ApiError: it does not, or the machine broke down.
        """
        visit = self.visits.find(request.header(HEADER))
        if visit.is_broken:
            raise api_error("breakdown")
        return no_deadline()

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
            down = {k for k in machines if starts_down(self._channel, self._seed, site, k)}
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
        u = machine_uniform(self._channel.name, self._seed, site, machine, 2 * cycle + is_down)
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
