"""The hotline: a line must be free, the IVR helps most callers, the others wait for an agent."""

from functools import partial

from footfall.records.outcomes import Outcome
from footfall.simulate.customer import Customer
from footfall.simulate.decide.customer import AGENT, PATIENCE, TALK, WRAP_UP, wants_agent
from footfall.simulate.decide.staff import servers_at, staff_changes
from footfall.simulate.engine import Body, after
from footfall.simulate.spec.channel import Channel
from footfall.simulate.spec.station import CallCentre
from footfall.simulate.stations.base import HeldStation, Place, Step
from footfall.simulate.stations.queue import Line


class CallCentreStation(HeldStation):
    """Trunk lines, an IVR that is never short of ports beyond them, and agents by half hour."""

    def __init__(self, channel: Channel, spec: CallCentre, place: Place) -> None:
        """Put the agents of the first half hour on duty and plan the changes of staff."""
        super().__init__(channel, place)
        self._free_lines = int(spec.lines)
        self._names = place.operations
        self._agent_u = place.sampler.uniform(AGENT)
        self._patience = place.sampler.seconds(spec.patience, PATIENCE)
        self._talk = place.sampler.seconds(spec.talk, TALK)
        self._wrap_up = place.sampler.seconds(spec.wrap_up, WRAP_UP)
        # The caller's own time for the agent's turns lies in the talk.
        self._unhurried = [[step._replace(human=None) for step in steps[1:]] for steps in self.steps]
        factor = float(spec.agents_factor)
        self.agents = Line(self.env, servers_at(spec.agents, factor, 0.0))
        self.lines = (self.agents,)
        for at_s, agents in staff_changes(spec.agents, factor, place.until_s):
            after(self.env, at_s, partial(self.agents.staff, agents))

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
            outcome = yield from self._with_agent(customer, steps)
        else:
            outcome = yield from self.held(customer, steps)
        self._free_lines += 1
        return outcome

    def _with_agent(self, customer: Customer, steps: list[Step]) -> Body:
        """Go through the first turn in the IVR, then wait, talk, and let the agent do the rest."""
        outcome = yield from self.held(customer, steps[:1])
        if outcome is not Outcome.SERVED:
            return outcome
        agents = self.agents
        if not agents.take() and not (yield from agents.wait(customer, self._patience(customer))):
            customer.cause = "patience"
            return Outcome.ABANDONED
        agents.begun_s.append(self.env.now)
        talk_s = self._talk(customer)
        customer.human_s += talk_s
        yield talk_s
        outcome = yield from self.held(customer, self._unhurried[customer.operation])
        wrap_up_s = self._wrap_up(customer)
        agents.ended_s.append(self.env.now + wrap_up_s)
        after(self.env, wrap_up_s, agents.release)
        return outcome
