"""One customer's journey: choose a channel, visit it, and after a failure retry, switch or give up.

This is the only text of that loop, and it does no input or output. A host visits and waits in its own way
and asks what comes next:

    while journey.action < Action.DONE:
        if journey.action is Action.VISIT:
            journeys.end_visit(journey, visit(journey.channel))
        else:
            wait(journey.delay_s)
            journeys.end_wait(journey, now_s())

The hosts are the simulated day (`_simulate/day.py`, SimPy) and the load test (`_load/visit.py`,
gevent). A journey's state is seven whole numbers and a delay, so that it can as well be a row of an array;
`end_visit` and `end_wait` set it, by rules over plain numbers (`action_after`, `place_of`).
All random numbers are keyed by the customer (`keyed`): hosts that see the same outcomes decide alike.
"""

from footfall._behaviour import keyed
from footfall._behaviour.choice import NO_CHANNEL, Chooser
from footfall._behaviour.customer_rules import CHOICE, FOLLOW, FOLLOW_DELAY, Action, after, out_of_reach
from footfall._model.model import Model
from footfall._records.rows import Outcome


class Journey:
    """Where one customer stands; mutable, because a day makes a million of them."""

    __slots__ = ("action", "attempt", "channel", "delay_s", "key", "operation", "segment", "tried")

    def __init__(self, key: int, segment: int, operation: int, channel: int) -> None:
        """Begin with the visit of the first choice; positions are those of the model's own lists."""
        self.key = key
        """Of the customer's own random numbers."""
        self.segment = segment
        self.operation = operation
        self.channel = channel
        """Of the visit under way, the next one, or the last one."""
        self.attempt = 1
        """Number of that visit."""
        self.tried = 0
        """Channels that the customer switched away from: one bit for each position."""
        self.action = Action.VISIT
        """What comes next."""
        self.delay_s = 0.0
        """How long the customer waits before they retry or switch."""


class Journeys:
    """The rules of a model's journeys."""

    def __init__(self, model: Model) -> None:
        """Take the rules of a model, as it is simulated or run."""
        self._segments = model.segments
        self._follow_ups = model.follow_ups
        self._chooser = Chooser(model)
        self._bit = {channel.name: 1 << k for k, channel in enumerate(model.channels)}

    def end_visit(self, journey: Journey, outcome: Outcome) -> Action:
        """Decide what follows a visit that ended with an outcome."""
        if outcome is Outcome.SERVED:
            journey.action = Action.DONE
            return Action.DONE
        key, attempt = journey.key, journey.attempt
        u = keyed.uniform(key, FOLLOW, attempt)
        decision = after(self._follow_ups, outcome, attempt, u, keyed.uniform(key, FOLLOW_DELAY, attempt))
        journey.action, journey.delay_s = decision.action, decision.delay_s
        return decision.action

    def end_wait(self, journey: Journey, at_s: float) -> None:
        """Begin the next visit at a second of the run; without a channel to switch to, give up."""
        if journey.action is Action.SWITCH:
            journey.tried |= 1 << journey.channel
            channel = self._choose(journey, at_s)
            if channel == NO_CHANNEL:
                journey.action = Action.GIVE_UP
                return
            journey.channel = channel
        journey.attempt += 1
        journey.action = Action.VISIT

    def _choose(self, journey: Journey, at_s: float) -> int:
        """Give the position of the channel that the customer switches to; `NO_CHANNEL` when none is left."""
        key, segment = journey.key, journey.segment
        excluded = journey.tried
        for name in out_of_reach(self._segments[segment], key):
            excluded |= self._bit[name]
        u = keyed.uniform(key, CHOICE, journey.attempt)
        return self._chooser.choose(segment, journey.operation, at_s, excluded, u)
