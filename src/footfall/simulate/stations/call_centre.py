"""The hotline: a line must be free, the IVR helps most callers, the others wait for an agent."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from footfall.records.outcomes import Outcome
from footfall.simulate.customer import Customer
from footfall.simulate.decide.customer import AGENT, CALLBACK, PATIENCE, TALK, WRAP_UP, wants_agent
from footfall.simulate.decide.staff import call_s_mean, rosters, talk_with, times_of
from footfall.simulate.engine import Body, after
from footfall.simulate.laws.counts import Book
from footfall.simulate.sampler import Draw
from footfall.simulate.spec.agents import GENERALISTS
from footfall.simulate.spec.channel import Channel
from footfall.simulate.spec.station import CallCentre
from footfall.simulate.stations.base import HeldStation, Place, Step
from footfall.simulate.stations.books import Servers, waiting_and_service
from footfall.simulate.stations.pool import Group, Pool, Routing
from footfall.simulate.stations.ranked import standing


class CallCentreStation(HeldStation):
    """Trunk lines, an IVR that is never short of ports beyond them, and agents by half hour."""

    def __init__(self, channel: Channel, spec: CallCentre, place: Place) -> None:
        """Put the agents of the first half hour on duty and plan the changes of staff."""
        super().__init__(channel, place)
        names, seconds = place.operations, place.sampler.seconds
        if spec.redials == "as_before":
            seconds = _of_first_attempt(seconds)
        self._free_lines = int(spec.lines)
        self._names = names
        self._agent_u = place.sampler.uniform(AGENT)
        self._patience = [seconds(times_of(spec, name, "patience"), PATIENCE) for name in names]
        self._wrap_up = [seconds(times_of(spec, name, "wrap_up"), WRAP_UP) for name in names]
        # The caller's own time for the agent's turns lies in the talk.
        self._unhurried = [[step._replace(human=None) for step in steps[1:]] for steps in self.steps]
        self._callback = spec.callback
        self._callback_u = place.sampler.uniform(CALLBACK)
        self._call_s = [call_s_mean(channel, spec, name) for name in names]
        self.callbacks = 0
        skills = {group.name: [names.index(skill) for skill in group.skills] for group in spec.groups}
        skills[GENERALISTS] = list(range(len(names)))
        order = standing(place.segments, names, spec.priority, spec.credit_s)
        overflow_after_s = {group.name: float(group.overflow_after_s) for group in spec.groups}
        overflow_after_s[GENERALISTS] = float(spec.agents_overflow_after_s)
        routing = Routing(skills, len(names), order, spec.agent_choice, overflow_after_s)
        self.pool = Pool(self.env, routing)
        self._talks = {
            group: [seconds(talk_with(spec, name, operation), TALK) for operation in names]
            for name, group in self.pool.groups.items()
        }
        for name, roster in rosters(spec, channel.name, place.run, place.clock).items():
            group = self.pool.groups[name]
            self.pool.staff(group, roster.at(0.0))
            for change in roster.changes(place.until_s):
                after(self.env, change.at_s, partial(self.pool.staff, group, change.servers))

    def serve(self, customer: Customer) -> Body:
        """Call, be helped by the IVR, or after its first turn ask for an agent."""
        if self.out:
            customer.cause = "outage"
            return Outcome.ERROR
        if self._free_lines == 0:
            customer.cause = "no_line"
            return Outcome.BLOCKED
        self._free_lines -= 1
        steps = self.steps[customer.operation]
        if wants_agent(self.channel, self._names[customer.operation], self._agent_u(customer)):
            return (yield from self._with_agent(customer, steps))
        outcome = yield from self.held(customer, steps)
        self._free_lines += 1
        return outcome

    def books(self) -> tuple[Book, ...]:
        """Give both accounts of those who wait for agents, called back or not, and of the agents."""
        return waiting_and_service(self.pool.queues, self.shifts())

    def shifts(self) -> Sequence[Servers]:
        """Give the groups of agents."""
        return tuple(self.pool.groups.values())

    def _with_agent(self, customer: Customer, steps: list[Step]) -> Body:
        """Go through the first turn in the IVR, then wait, talk, and let the agent do the rest."""
        pool = self.pool
        outcome = yield from self.held(customer, steps[:1])
        if outcome is Outcome.SERVED:
            group = pool.take(customer)
            if group is None and self._callback and self._is_called_back(customer):
                self.callbacks += 1
                self._free_lines += 1
                group = yield from pool.wait_to_be_called(customer, float(self._callback.latest_s))
                return (yield from self._talk_to(group, customer))
            if group is None:
                group = yield from pool.wait(customer, self._patience[customer.operation](customer))
            if group is None:
                customer.cause = "patience"
                outcome = Outcome.ABANDONED
            else:
                outcome = yield from self._talk_to(group, customer)
        self._free_lines += 1
        return outcome

    def _talk_to(self, group: Group, customer: Customer) -> Body:
        """Talk to an agent, who then does the rest and wraps up."""
        group.begun_s.append(self.env.now)
        talk_s = self._talks[group][customer.operation](customer)
        customer.human_s += talk_s
        yield talk_s
        outcome = yield from self.held(customer, self._unhurried[customer.operation])
        wrap_up_s = self._wrap_up[customer.operation](customer)
        group.ended_s.append(self.env.now + wrap_up_s)
        after(self.env, wrap_up_s, partial(self.pool.release, group))
        return outcome

    def _is_called_back(self, customer: Customer) -> bool:
        """Whether a caller would wait long enough to be offered a call back, and accepts it."""
        spec = self._callback
        if spec is None:
            return False
        waiting, agents = self.pool.ahead(customer.operation)
        wait_s = (waiting + 1) * self._call_s[customer.operation] / agents if agents else float("inf")
        return wait_s > spec.offered_wait_s and self._callback_u(customer) < spec.accepted_share


def _of_first_attempt(seconds: Callable[..., Draw]) -> Callable[..., Draw]:
    """Give what makes draws that are the same at each attempt of a customer."""

    def made(*what: Any) -> Draw:  # noqa: ANN401  as the sampler's
        draw = seconds(*what)

        def kept(customer: Customer) -> float:
            attempt, customer.attempt = customer.attempt, 1
            found = draw(customer)
            customer.attempt = attempt
            return found

        return kept

    return made
