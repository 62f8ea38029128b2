"""Halls and kiosks of the reference service: a server is held for a whole visit."""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import inf

from footfall.behaviour.capacity_rules import machine_uniform, servers_at, starts_down, visit_s_mean
from footfall.model.channel import Channel
from footfall.model.numbers import whole
from footfall.model.station_specs import CallCentre, Counters, Kiosks
from footfall.service.api_errors import api_error
from footfall.service.http_messages import HttpRequest
from footfall.service.sessions import LedgerSession
from footfall.service.settings import PlayClock, ServiceSettings
from footfall.service.waiting_line import ServiceTurn, WaitingLine, no_deadline, wait_for_server

# ── Who is on duty


def on_duty(channel: Channel, day_s: float) -> int:
    """Servers of one place at a second of the day: clerks, machines, or agents."""
    station = channel.station
    if isinstance(station, Counters):
        return servers_at(station.clerks, station.clerks_factor, day_s)
    if isinstance(station, CallCentre):
        return servers_at(station.agents, station.agents_factor, day_s)
    return int(station.machines) if isinstance(station, Kiosks) else 0


# ── Visits: who holds a clerk, a machine or a line, and since when they asked for nothing

HEADER = b"x-visit"
_ID_BYTES = 12


@dataclass(slots=True)
class HeldVisit:
    """One customer who holds a server."""

    id: str
    site: int
    last_s: float
    """Time of the latest request."""
    has_agent: bool = False
    seeks_agent: bool = False
    is_broken: bool = False
    """The machine before the customer broke down."""
    sessions: list[LedgerSession] = field(default_factory=list)
    """Logged in during the visit; they end with it."""


class Visits:
    """Visits under way on one channel, the longest idle first."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        """Start with none."""
        self._now_s = now_s
        self._open: OrderedDict[str, HeldVisit] = OrderedDict()
        self.taken_back = 0
        """Visits that were never ended by their customer."""

    def __len__(self) -> int:
        """Give the number of visits under way."""
        return len(self._open)

    def start(self, site: int) -> HeldVisit:
        """Begin a visit at a site."""
        visit = HeldVisit(secrets.token_hex(_ID_BYTES), site, self._now_s())
        self._open[visit.id] = visit
        return visit

    def find(self, number: str) -> HeldVisit:
        """Visit of this id, now active.

        Raises:
            RefusalError: there is none.
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
        """Whether a visit is still under way."""
        return visit.id in self._open

    def at_site(self, site: int) -> HeldVisit | None:
        """Give some visit under way at a site whose machine is in order."""
        return next((v for v in self._open.values() if v.site == site and not v.is_broken), None)

    def idle(self, seconds: float) -> Iterator[HeldVisit]:
        """Visits that asked for nothing for longer than that; counted as taken back."""
        before_s = self._now_s() - seconds
        for visit in list(self._open.values()):
            if visit.last_s > before_s:
                return
            self.taken_back += 1
            yield visit


# ── The station of halls and kiosks: a clerk or a machine is held for the whole visit

_WAITING_MAX = 10_000
"""Visits that may wait on one channel, whatever the model says."""


class HeldServers:
    """All places of a channel; each has its own servers and its own line."""

    def __init__(self, channel: Channel, settings: ServiceSettings, clock: PlayClock) -> None:
        """Open all places with the servers of this time of day."""
        self._channel = channel
        self._clock = clock
        servers = on_duty(channel, clock.day_s())
        self.lines = [WaitingLine(servers) for _ in range(int(channel.sites))]
        self.visits = Visits(settings.now_s)
        station = channel.station
        self._room = whole(station.room) if isinstance(station, Counters) else _WAITING_MAX
        self._is_staffed = isinstance(station, Counters)
        self._visit_s = visit_s_mean(channel)
        self._idle_s = settings.visit_idle_s

    async def open(
        self, call: HttpRequest, site: int, patience_s: float, balk_wait_s: float = inf
    ) -> HeldVisit:
        """Wait for a server of a place and begin a visit.

        Raises:
            RefusalError: closed, no such place, nothing in order, no room, a display that puts the
                customer off, or no server within the patience.
        """
        if not self._channel.open_at(self._clock.day_s()):
            raise api_error("closed")
        if not 0 <= site < len(self.lines):
            raise api_error("unknown_site")
        line = self.lines[site]
        if line.servers == 0 and not self._is_staffed:
            raise api_error("out_of_order")
        if not line.take():
            if line.waiting >= self._room:
                raise api_error("no_room")
            if (line.waiting + 1) * self._visit_s / max(line.servers, 1) > balk_wait_s:
                raise api_error("long_queue")
            await wait_for_server(line, call, patience_s)
        return self.visits.start(site)

    def close(self, visit: HeldVisit) -> None:
        """End a visit; the next customer is called at once."""
        if self.visits.end(visit):
            self.lines[visit.site].release()

    async def enter(self, call: HttpRequest) -> ServiceTurn:
        """See that the request belongs to a visit; the server held has no deadline.

        Raises:
            RefusalError: it does not, or the machine broke down.
        """
        visit = self.visits.find(call.header(HEADER))
        if visit.is_broken:
            raise api_error("breakdown")
        return no_deadline()

    def leave(self, ended_s: float) -> None:
        """Keep the server: it is given back at the end of the visit."""

    def begin_stop(self) -> None:
        """Send away whoever waits."""
        for line in self.lines:
            line.send_away()

    def tick(self) -> list[HeldVisit]:
        """Bring the staff up to date; end and give the visits that were forgotten."""
        day_s = self._clock.day_s()
        # After closing, the clerks of the last open half hour stay until the hall is empty.
        if self._is_staffed and self._channel.open_at(day_s):
            servers = on_duty(self._channel, day_s)
            for line in self.lines:
                if line.servers != servers:
                    line.staff(servers)
        forgotten = list(self.visits.idle(self._idle_s))
        for visit in forgotten:
            self.close(visit)
        return forgotten


# ── Kiosks that break down and are repaired, at the same turns as in the simulated day


class Machines:
    """The lives of all machines of a channel, from one moment on."""

    def __init__(self, channel: Channel, seed: int, held: HeldServers) -> None:
        """Know them; `start` sets them going."""
        self._channel = channel
        self._seed = seed
        self._held = held
        self._timers: dict[tuple[int, int], asyncio.TimerHandle] = {}

    def start(self) -> None:
        """Put every machine in the state in which the doors open, whatever it was before."""
        station = self._channel.station
        if not isinstance(station, Kiosks) or not station.up.mean_s:
            return
        self.stop()
        for site, line in enumerate(self._held.lines):
            machines = range(int(station.machines))
            down = {k for k in machines if starts_down(self._channel, self._seed, site, k)}
            line.staff(len(machines) - len(down))
            for machine in machines:
                self._plan(site, machine, turn=1, is_down=machine in down)

    def stop(self) -> None:
        """Leave every machine as it is."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _plan(self, site: int, machine: int, turn: int, *, is_down: bool) -> None:
        """Plan the next change of one machine: draw 2k is its k-th time up, 2k + 1 its repair."""
        station = self._channel.station
        if not isinstance(station, Kiosks):
            return
        u = machine_uniform(self._channel.name, self._seed, site, machine, 2 * turn + is_down)
        seconds = (station.repair if is_down else station.up).at(u)
        change = self._repaired if is_down else self._breaks
        loop = asyncio.get_running_loop()
        self._timers[site, machine] = loop.call_later(seconds, change, site, machine, turn)

    def _breaks(self, site: int, machine: int, turn: int) -> None:
        line = self._held.lines[site]
        if line.busy >= line.servers > 0:
            # All are in use, so the one that breaks has a customer before it.
            visit = self._held.visits.at_site(site)
            if visit is not None:
                visit.is_broken = True
        line.staff(line.servers - 1)
        self._plan(site, machine, turn, is_down=True)

    def _repaired(self, site: int, machine: int, turn: int) -> None:
        line = self._held.lines[site]
        line.staff(line.servers + 1)
        self._plan(site, machine, turn + 1, is_down=False)
