"""Web, WAP, agents' channel: slots for requests, an accept queue before them, a deadline."""

from collections.abc import Sequence

from footfall.records.outcomes import Outcome
from footfall.simulate.customer import Customer
from footfall.simulate.engine import Body
from footfall.simulate.sampler import Draw
from footfall.simulate.spec.channel import Channel
from footfall.simulate.spec.station import RequestServer
from footfall.simulate.stations.base import Place, Station
from footfall.simulate.stations.queue import Line

MANY_FREE = 8


class RequestServerStation(Station):
    """A pool of workers that serves pages one by one; between pages the customer holds nothing."""

    def __init__(self, channel: Channel, spec: RequestServer, place: Place) -> None:
        """Start with all slots free."""
        super().__init__(channel, place)
        self.slots = Line(self.env, int(spec.slots))
        self.lines = (self.slots,)
        self._accept_queue = int(spec.accept_queue)
        self._deadline_s = float(spec.deadline_s)

    def serve(self, customer: Customer) -> Body:
        """Go through the pages of the session."""
        return self.dialogue(customer, self.steps_of(customer))

    def begin(self, customer: Customer, service_s: float) -> float | None:
        """Take a free slot, if there is one and the page is quick enough."""
        slots = self.slots
        if service_s > self._deadline_s or not slots.take():
            return None
        now_s = self.env.now
        slots.begun_s.append(now_s)
        slots.ended_s.append(now_s + service_s)
        if customer.served_s < 0:
            customer.served_s = now_s
        return service_s

    def begin_turn(self, customer: Customer, services: Sequence[Draw]) -> float | None:
        """Take a slot for all pages of a turn, while many are free.

        A queued request would see a difference only if they all filled up within the turn's fraction
        of a second. Where an outage may cut in, pages stay single.
        """
        slots = self.slots
        if self._has_outages or slots.servers - slots.busy < MANY_FREE:
            return None
        times_s = [service(customer) for service in services]
        if max(times_s) > self._deadline_s:
            return None
        slots.take()
        now_s, whole_s = self.env.now, sum(times_s)
        slots.begun_s.append(now_s)
        slots.ended_s.append(now_s + whole_s)
        if customer.served_s < 0:
            customer.served_s = now_s
        return whole_s

    def end(self) -> None:
        """Give the slot back."""
        self.slots.release()

    def wait_and_serve(self, customer: Customer, service_s: float) -> Body:
        """Wait for a slot and be served, within the deadline."""
        slots = self.slots
        left_s = self._deadline_s
        if not slots.take():
            if slots.waiting >= self._accept_queue:
                customer.cause = "throttled"
                return Outcome.THROTTLED
            before_s = customer.wait_s
            if not (yield from slots.wait(customer, left_s)):
                customer.cause = "deadline"
                return Outcome.TIMEOUT
            left_s -= customer.wait_s - before_s
        now_s, held_s = self.env.now, min(service_s, left_s)
        slots.begun_s.append(now_s)
        slots.ended_s.append(now_s + held_s)
        if customer.served_s < 0:
            customer.served_s = now_s
        yield held_s
        slots.release()
        if service_s > left_s:
            customer.cause = "deadline"
            return Outcome.TIMEOUT
        return None
