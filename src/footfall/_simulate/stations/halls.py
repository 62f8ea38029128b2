"""Halls and kiosks: servers that are held for a whole visit."""

from functools import partial
from itertools import count

from footfall._behaviour.capacity_rules import (
    Roster,
    displayed_wait_s,
    machine_uniform,
    starts_down,
    visit_s_mean,
)
from footfall._behaviour.customer_rules import BALK, PATIENCE
from footfall._model.channel import Channel
from footfall._model.numbers import whole
from footfall._model.station_specs import Counters, Kiosks
from footfall._records.rows import Outcome
from footfall._simulate.customer_state import Customer
from footfall._simulate.engine import Body, Script, after
from footfall._simulate.stations.queues import HallQueue, PriorityQueue, standing
from footfall._simulate.stations.station import HeldStation, SimContext

# ── Halls: tickets, clerks by half hour, a room, balking on the display, patience, closing time


class CounterStation(HeldStation):
    """All halls of one kind; each site is a line of its own."""

    def __init__(self, channel: Channel, spec: Counters, place: SimContext) -> None:
        """Open the sites with the clerks of the first half hour and plan the changes of staff."""
        super().__init__(channel, place)
        self._room = whole(spec.room)
        self._patience = place.sampler.seconds(spec.patience, PATIENCE)
        self._balk_wait = place.sampler.seconds(spec.balk_wait, BALK)
        self._visit_s = visit_s_mean(channel)
        self._day_s = place.clock.day_s
        order = standing(place.segments, place.operations, spec.priority, {}) if spec.priority else None
        self.lines = [
            HallQueue(self.env, 0, PriorityQueue(self.env, order, count()) if order else None)
            for _ in range(int(channel.sites))
        ]
        # Rounded at random, every site has a roster of its own; else they share one.
        sharing = [[line] for line in self.lines] if spec.rounding == "random" else [self.lines]
        for k, lines in enumerate(sharing):
            name = f"{channel.name}.{k}"
            roster = Roster(
                spec.clerks, float(spec.clerks_factor), spec.rounding, place.run, name, place.clock
            )
            _staff(lines, roster.at(0.0))
            for change in roster.changes(place.until_s):
                # After closing, the clerks of the last open half hour stay until the hall is empty.
                if channel.open_at(change.day_s):
                    after(self.env, change.at_s, partial(_staff, lines, change.servers))

    def serve(self, customer: Customer) -> Body:
        """Take a ticket, wait to be called, talk to the clerk."""
        line = self.lines[customer.site]
        if self.out:
            customer.cause = "outage"
            return Outcome.ERROR
        if not self.channel.open_at(self._day_s(customer.due_s)):
            customer.cause = "closed"
            return Outcome.CLOSED
        if not line.take():
            if line.waiting >= self._room:
                customer.cause = "no_room"
                return Outcome.BLOCKED
            if displayed_wait_s(line.waiting, line.servers, self._visit_s) > self._balk_wait(customer):
                customer.cause = "long_queue"
                return Outcome.BALKED
            if not (yield from line.wait(customer, self._patience(customer))):
                customer.cause = "patience"
                return Outcome.ABANDONED
        line.begun_s.append(self.env.now)
        outcome = yield from self.held(customer, self.steps[customer.operation])
        line.ended_s.append(self.env.now)
        line.release()
        return outcome


def _staff(lines: list[HallQueue], clerks: int) -> None:
    for line in lines:
        line.staff(clerks)


# ── Self-service terminals: a few machines a site, which break down and are repaired


class KioskStation(HeldStation):
    """All kiosk places; each has its own machines and its own line."""

    def __init__(self, channel: Channel, spec: Kiosks, place: SimContext) -> None:
        """Open the places, some machines under repair as they are in the long run."""
        super().__init__(channel, place)
        self._spec = spec
        self._place = place
        self._patience = place.sampler.seconds(spec.patience, PATIENCE)
        machines = int(spec.machines)
        self.lines = [HallQueue(self.env, machines) for _ in range(int(channel.sites))]
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
