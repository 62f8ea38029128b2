"""One customer's errand: visit, and after a failure retry, switch or give up as the model says."""

from collections.abc import Callable
from itertools import count

from footfall.load.errands.answers import Ending
from footfall.load.errands.attempt import Attempt, Customer, Order
from footfall.records.outcomes import Outcome
from footfall.simulate.decide import keyed
from footfall.simulate.decide.chooser import Chooser
from footfall.simulate.decide.customer import CHOICE, FOLLOW, FOLLOW_DELAY, out_of_reach
from footfall.simulate.decide.follow_up import Action, Decision, after
from footfall.simulate.spec.model import Model

Serve = Callable[[Attempt, Order | None], Ending]
Note = Callable[[Attempt, float, Ending], None]
"""Called with every visit that ended: the attempt, when (seconds of play), and how."""
CUT_OFF = "cut_off"
"""Cause of a visit that was not over when the run ended; its outcome is `unfinished`."""
GENERATOR_ERROR = "generator_error"
"""Cause of a visit that an error of our own broke off; its outcome is `unfinished`."""
_UNKNOWN = {Outcome.TIMEOUT, Outcome.ERROR}
"""After these nobody knows whether an order was executed."""


class Errands:
    """The errands of one play: the model as played, how visits are served and noted."""

    def __init__(self, model: Model, serve: Serve, note: Note) -> None:
        """Take the model as it is played."""
        self._model = model
        self._serve = serve
        self._note = note
        self._chooser = Chooser(model)
        self._segments = {segment.name: number for number, segment in enumerate(model.segments)}
        self._operations = {name: number for number, name in enumerate(model.operations)}

    def run(self, customer: Customer) -> None:
        """Play one errand to its end."""
        arrival, wire = customer.arrival, customer.wire
        channel: str | None = arrival.channel
        due_s = arrival.due_s
        tried: frozenset[str] = frozenset()
        unsettled: Order | None = None
        for number in count(1):
            if channel is None:
                return
            attempt = Attempt(customer, self._model.channel(channel), number, due_s)
            ended_s, outcome = self._visit(attempt, unsettled)
            decision = self._decide(customer, number, outcome)
            if decision.action in {Action.DONE, Action.GIVE_UP}:
                return
            due_s = ended_s + decision.delay_s
            wire.sleep(due_s - wire.now_s())
            unsettled = _unsettled(attempt, outcome, unsettled)
            if decision.action is Action.SWITCH:
                tried, unsettled = tried | {channel}, None
                channel = self._choose_other(customer, tried, number)

    def _visit(self, attempt: Attempt, unsettled: Order | None) -> tuple[float, Outcome]:
        """Serve one attempt and note it, also when the customer is cut off in the middle."""
        ending: Ending = (Outcome.UNFINISHED, CUT_OFF)
        try:
            ending = self._serve(attempt, unsettled)
        except Exception:
            ending = (Outcome.UNFINISHED, GENERATOR_ERROR)
            raise
        finally:
            ended_s = attempt.customer.wire.now_s()
            self._note(attempt, ended_s, ending)
        return ended_s, ending[0]

    def _decide(self, customer: Customer, number: int, outcome: Outcome) -> Decision:
        u = keyed.uniform(customer.key, FOLLOW, number)
        u_delay = keyed.uniform(customer.key, FOLLOW_DELAY, number)
        return after(self._model.follow_ups, outcome, number, u, u_delay)

    def _choose_other(self, customer: Customer, tried: frozenset[str], number: int) -> str | None:
        arrival = customer.arrival
        segment = self._segments[arrival.segment]
        excluded = out_of_reach(self._model.segments[segment], customer.key) | tried
        u = keyed.uniform(customer.key, CHOICE, number)
        operation = self._operations[arrival.operation]
        return self._chooser.choose(segment, operation, customer.wire.now_s(), excluded, u)


def _unsettled(attempt: Attempt, outcome: Outcome, before: Order | None) -> Order | None:
    """Give the order of whose fate nobody knows after an attempt, if any.

    An attempt that did not come to the order leaves the one before as it was.
    """
    if attempt.open_order is None:
        return before
    return attempt.open_order if outcome in _UNKNOWN else None
