"""The load test as host of journeys: it visits real channels, waits on its own clock, notes each visit."""

from collections.abc import Callable

from footfall._behaviour.customer_rules import Action
from footfall._behaviour.journey import Journey, Journeys
from footfall._load.responses import Ending
from footfall._load.visit import Attempt, OrderOutcome, RunCustomer
from footfall._model.model import Model
from footfall._records.rows import Outcome, Visit

Serve = Callable[[Attempt, OrderOutcome | None], Ending]
CUT_OFF = "cut_off"
"""Cause of a visit that was not over when the run ended; its outcome is `unfinished`."""
GENERATOR_ERROR = "generator_error"
"""Cause of a visit that an error of our own broke off; its outcome is `unfinished`."""
_UNKNOWN = {Outcome.TIMEOUT, Outcome.ERROR}
"""After these it is unknown whether an order was executed."""


class JourneyRunner:
    """Follows customers of one run: the model as it is run, how visits are served and noted."""

    def __init__(self, model: Model, serve: Serve, note: Callable[[Visit], None]) -> None:
        """Take the model as it is run; `note` is called with every visit that ended."""
        self._serve = serve
        self._note = note
        self._journeys = Journeys(model)
        self._channels = model.channels
        self._channel_numbers = {channel.name: number for number, channel in enumerate(model.channels)}
        self._segments = {segment.name: number for number, segment in enumerate(model.segments)}
        self._operations = {name: number for number, name in enumerate(model.operations)}

    def run(self, customer: RunCustomer) -> None:
        """Host one customer's journey to its end."""
        journey, journeys, wire = self._begin(customer), self._journeys, customer.wire
        due_s = ended_s = customer.arrival.due_s
        unsettled: OrderOutcome | None = None
        while journey.action < Action.DONE:
            if journey.action is Action.VISIT:
                attempt = Attempt(customer, self._channels[journey.channel], journey.attempt, due_s)
                ended_s, outcome = self._visit(attempt, unsettled)
                stays = journeys.end_visit(journey, outcome) is Action.RETRY
                unsettled = _unsettled(attempt, outcome, unsettled) if stays else None
            else:
                due_s = ended_s + journey.delay_s
                wire.sleep(due_s - wire.now_s())
                journeys.end_wait(journey, wire.now_s())

    def _begin(self, customer: RunCustomer) -> Journey:
        arrival = customer.arrival
        segment, operation = self._segments[arrival.segment], self._operations[arrival.operation]
        return Journey(customer.key, segment, operation, self._channel_numbers[arrival.channel])

    def _visit(self, attempt: Attempt, unsettled: OrderOutcome | None) -> tuple[float, Outcome]:
        """Serve one attempt and note its visit, also when the customer is cut off in the middle."""
        ending: Ending = (Outcome.UNFINISHED, CUT_OFF)
        try:
            ending = self._serve(attempt, unsettled)
        except Exception:
            ending = (Outcome.UNFINISHED, GENERATOR_ERROR)
            raise
        finally:
            visit = attempt.visit(attempt.customer.wire.now_s(), ending)
            self._note(visit)
        return visit.ended_s, ending[0]


def _unsettled(attempt: Attempt, outcome: Outcome, before: OrderOutcome | None) -> OrderOutcome | None:
    """Give the order that may or may not have been executed after an attempt, if any.

    An attempt that did not come to the order leaves the one before as it was.
    """
    if attempt.open_order is None:
        return before
    return attempt.open_order if outcome in _UNKNOWN else None
