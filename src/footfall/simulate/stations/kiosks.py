"""Self-service terminals: a few machines a site, which break down and are repaired."""

from itertools import count

from footfall.records.outcomes import Outcome
from footfall.simulate.customer import Customer
from footfall.simulate.decide.customer import PATIENCE
from footfall.simulate.decide.machines import machine_uniform, starts_down
from footfall.simulate.engine import Body, Script
from footfall.simulate.spec.channel import Channel
from footfall.simulate.spec.station import Kiosks
from footfall.simulate.stations.base import HeldStation, Place
from footfall.simulate.stations.queue import Line


class KioskStation(HeldStation):
    """All kiosk places; each has its own machines and its own line."""

    def __init__(self, channel: Channel, spec: Kiosks, place: Place) -> None:
        """Open the places, some machines under repair as they are in the long run."""
        super().__init__(channel, place)
        self._spec = spec
        self._place = place
        self._patience = place.sampler.seconds(spec.patience, PATIENCE)
        machines = int(spec.machines)
        self.lines = [Line(self.env, machines) for _ in range(int(channel.sites))]
        self._broken_in_use = [0] * len(self.lines)
        for site in range(len(self.lines)) if spec.up.mean_s else ():
            for machine in range(machines):
                Script(self.env, self._life(site, machine)).resume()

    def serve(self, customer: Customer) -> Body:
        """Wait for a machine and use it; with none in order at this place, it is an error."""
        line = self.lines[customer.site]
        if self.out:
            customer.cause = "outage"
            return Outcome.ERROR
        if not self.channel.open_at(self._place.clock.day_s(customer.due_s)):
            customer.cause = "closed"
            return Outcome.CLOSED
        if line.servers == 0:
            customer.cause = "out_of_order"
            return Outcome.ERROR
        if not line.take() and not (yield from line.wait(customer, self._patience(customer))):
            customer.cause = "patience"
            return Outcome.ABANDONED
        line.begun_s.append(self.env.now)
        outcome = yield from self.held(customer, self.steps[customer.operation])
        line.ended_s.append(self.env.now)
        if self._broken_in_use[customer.site]:
            self._broken_in_use[customer.site] -= 1
            if outcome is Outcome.SERVED:
                customer.cause = "breakdown"
                outcome = Outcome.ERROR
        line.release()
        return outcome

    def _life(self, site: int, machine: int) -> Body:
        """Run one machine: up, broken, repaired, up again, to the end of the day."""
        spec, line = self._spec, self.lines[site]
        name, seed = self.channel.name, self._place.machines_seed
        is_down = starts_down(self.channel, seed, site, machine)
        for turn in count(1):
            if not is_down:
                yield spec.up.at(machine_uniform(name, seed, site, machine, 2 * turn))
            if self.env.now >= self._place.until_s:
                return
            # With every machine of the place in use, the one that breaks has a customer before it:
            # their visit fails at its end.
            if not is_down and line.busy >= line.servers > 0:
                self._broken_in_use[site] += 1
            line.staff(line.servers - 1)
            yield spec.repair.at(machine_uniform(name, seed, site, machine, 2 * turn + 1))
            line.staff(line.servers + 1)
            is_down = False
