"""Halls: tickets, clerks by half hour, a room, balking on the display, patience, closing time."""

from functools import partial
from itertools import count

from footfall.records.outcomes import Outcome
from footfall.simulate.customer import Customer
from footfall.simulate.decide.customer import BALK, PATIENCE
from footfall.simulate.decide.staff import Roster, visit_s_mean
from footfall.simulate.engine import Body, after
from footfall.simulate.spec.channel import Channel
from footfall.simulate.spec.station import Counters
from footfall.simulate.stations.base import HeldStation, Place
from footfall.simulate.stations.queue import Line
from footfall.simulate.stations.ranked import Ranked, standing


class CounterStation(HeldStation):
    """All halls of one kind; each site is a line of its own."""

    def __init__(self, channel: Channel, spec: Counters, place: Place) -> None:
        """Open the sites with the clerks of the first half hour and plan the changes of staff."""
        super().__init__(channel, place)
        self._room = int(spec.room)
        self._patience = place.sampler.seconds(spec.patience, PATIENCE)
        self._balk_wait = place.sampler.seconds(spec.balk_wait, BALK)
        self._visit_s = visit_s_mean(channel)
        self._day_s = place.clock.day_s
        order = standing(place.segments, place.operations, spec.priority, {}) if spec.priority else None
        self.lines = [
            Line(self.env, 0, Ranked(self.env, order, count()) if order else None)
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
            if self._displayed_wait_s(line) > self._balk_wait(customer):
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

    def _displayed_wait_s(self, line: Line) -> float:
        """Wait that a customer reads off the display: people ahead, by clerks, at the usual pace."""
        return (line.waiting + 1) * self._visit_s / max(line.servers, 1)


def _staff(lines: list[Line], clerks: int) -> None:
    for line in lines:
        line.staff(clerks)
