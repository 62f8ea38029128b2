"""The station of halls and kiosks: a clerk or a machine is held for the whole visit."""

from math import inf

from footfall.service.capacity.line import Line
from footfall.service.capacity.staff import on_duty
from footfall.service.capacity.turn import Turn, no_deadline
from footfall.service.capacity.visits import HEADER, Visit, Visits
from footfall.service.capacity.waiting import wait_for_server
from footfall.service.clock import PlayClock
from footfall.service.refusals import refusal
from footfall.service.settings import ServiceSettings
from footfall.service.web.wire import Call
from footfall.simulate.decide.staff import visit_s_mean
from footfall.simulate.spec.channel import Channel
from footfall.simulate.spec.station import Counters

_WAITING_MAX = 10_000
"""Visits that may wait on one channel, whatever the model says."""


class Held:
    """All places of a channel; each has its own servers and its own line."""

    def __init__(self, channel: Channel, settings: ServiceSettings, clock: PlayClock) -> None:
        """Open all places with the servers of this time of day."""
        self._channel = channel
        self._clock = clock
        servers = on_duty(channel, clock.day_s())
        self.lines = [Line(servers) for _ in range(int(channel.sites))]
        self.visits = Visits(settings.now_s)
        station = channel.station
        self._room = int(station.room) if isinstance(station, Counters) else _WAITING_MAX
        self._is_staffed = isinstance(station, Counters)
        self._visit_s = visit_s_mean(channel)
        self._idle_s = settings.visit_idle_s

    async def open(self, call: Call, site: int, patience_s: float, balk_wait_s: float = inf) -> Visit:
        """Wait for a server of a place and begin a visit.

        Raises:
            RefusalError: closed, no such place, nothing in order, no room, a display that puts the
                customer off, or no server within the patience.
        """
        if not self._channel.open_at(self._clock.day_s()):
            raise refusal("closed")
        if not 0 <= site < len(self.lines):
            raise refusal("unknown_site")
        line = self.lines[site]
        if line.servers == 0 and not self._is_staffed:
            raise refusal("out_of_order")
        if not line.take():
            if line.waiting >= self._room:
                raise refusal("no_room")
            if (line.waiting + 1) * self._visit_s / max(line.servers, 1) > balk_wait_s:
                raise refusal("long_queue")
            await wait_for_server(line, call, patience_s)
        return self.visits.start(site)

    def close(self, visit: Visit) -> None:
        """End a visit; the next customer is called at once."""
        if self.visits.end(visit):
            self.lines[visit.site].release()

    async def enter(self, call: Call) -> Turn:
        """See that the request belongs to a visit; the server held has no deadline.

        Raises:
            RefusalError: it does not, or the machine broke down.
        """
        visit = self.visits.find(call.header(HEADER))
        if visit.is_broken:
            raise refusal("breakdown")
        return no_deadline()

    def leave(self, ended_s: float) -> None:
        """Keep the server: it is given back at the end of the visit."""

    def begin_stop(self) -> None:
        """Send away whoever waits."""
        for line in self.lines:
            line.send_away()

    def tick(self) -> list[Visit]:
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
