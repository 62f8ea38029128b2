"""Kiosks that break down and are repaired, at the same turns as in the simulated day."""

import asyncio

from footfall.service.capacity.held import Held
from footfall.simulate.decide.machines import machine_uniform, starts_down
from footfall.simulate.spec.channel import Channel
from footfall.simulate.spec.station import Kiosks


class Machines:
    """The lives of all machines of a channel, from one moment on."""

    def __init__(self, channel: Channel, seed: int, held: Held) -> None:
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
