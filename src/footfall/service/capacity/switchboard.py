"""The station of a hotline: lines that are never waited for, and agents behind them who are."""

import asyncio
from math import inf

from footfall.service.capacity.line import Line
from footfall.service.capacity.luck import Luck
from footfall.service.capacity.staff import on_duty
from footfall.service.capacity.turn import Turn, no_deadline
from footfall.service.capacity.visits import HEADER, Visit, Visits
from footfall.service.capacity.waiting import wait_for_server
from footfall.service.clock import PlayClock
from footfall.service.refusals import refusal
from footfall.service.settings import ServiceSettings
from footfall.service.web.wire import Call
from footfall.simulate.spec.channel import Channel
from footfall.simulate.spec.station import CallCentre


class Switchboard:
    """Calls in progress, in the IVR or with an agent."""

    def __init__(self, channel: Channel, settings: ServiceSettings, clock: PlayClock, luck: Luck) -> None:
        """Put the agents of this time of day on duty, all lines free."""
        if not isinstance(channel.station, CallCentre):
            raise TypeError(channel.station.kind)
        self._channel = channel
        self._clock = clock
        self._luck = luck
        self._lines = int(channel.station.lines)
        self._idle_s = settings.visit_idle_s
        self.agents = Line(on_duty(channel, clock.day_s()))
        self.visits = Visits(settings.now_s)

    async def open(self, _call: Call, site: int, _patience_s: float, _balk_wait_s: float = inf) -> Visit:
        """Take a line.

        Raises:
            RefusalError: closed, or no line is free.
        """
        if not self._channel.open_at(self._clock.day_s()):
            raise refusal("closed")
        if len(self.visits) >= self._lines:
            raise refusal("no_line")
        return self.visits.start(site)

    async def fetch_agent(self, call: Call, visit: Visit, patience_s: float) -> None:
        """Wait for an agent, who then stays to the end of the visit.

        Raises:
            RefusalError: patience ended first, or the call asks for an agent already.
        """
        if visit.has_agent:
            return
        if visit.seeks_agent:
            raise refusal("bad_request", "This call waits for an agent already.")
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
            raise refusal("no_visit")

    def close(self, visit: Visit) -> None:
        """End a call: its line is free at once, its agent after the wrap-up."""
        if self.visits.end(visit) and visit.has_agent:
            self._wrap_up(visit)

    async def enter(self, call: Call) -> Turn:
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

    def tick(self) -> list[Visit]:
        """Bring the agents up to date; end and give the calls that were forgotten."""
        agents = on_duty(self._channel, self._clock.day_s())
        if agents != self.agents.servers:
            self.agents.staff(agents)
        forgotten = list(self.visits.idle(self._idle_s))
        for visit in forgotten:
            self.close(visit)
        return forgotten

    def _wrap_up(self, visit: Visit) -> None:
        visit.has_agent = False
        asyncio.get_running_loop().call_later(self._luck.wrap_up_s(), self.agents.release)
