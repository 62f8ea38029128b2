"""One visit under way: the customer's luck, the clock, and what has been noted so far."""

from dataclasses import dataclass

from footfall.load.errands.answers import Answer, Ending
from footfall.load.errands.person import Person
from footfall.load.errands.wire import Request, Wire
from footfall.records.outcomes import Outcome
from footfall.records.rows import Arrival
from footfall.simulate.decide import keyed
from footfall.simulate.decide.customer import nearest_site
from footfall.simulate.spec.channel import Channel


class VisitOverError(Exception):
    """The visit cannot go on; carries its ending."""

    def __init__(self, outcome: Outcome, cause: str) -> None:
        """Keep outcome and cause."""
        super().__init__(cause)
        self.ending: Ending = (outcome, cause)


@dataclass(slots=True)
class Order:
    """An order placed under a key; kept while nobody knows whether it was executed."""

    key: str
    item: str
    number: str = ""
    """The service's number of it."""


@dataclass(frozen=True, slots=True)
class Customer:
    """One arrival on its wire, the same through all attempts."""

    arrival: Arrival
    key: int
    """Of the customer's own random numbers."""
    person: Person
    wire: Wire
    run: str
    """Sets this play's idempotency keys and message ids apart from those of another one."""


class Attempt:
    """One attempt at one channel; mutable, since it is walked through."""

    def __init__(self, customer: Customer, channel: Channel, number: int, due_s: float) -> None:
        """Begin at the present second of play; `number` counts the errand's attempts from 1."""
        self.customer = customer
        self.channel = channel
        self.number = number
        self.site = nearest_site(channel, customer.key) if channel.sites > 1 else 0
        self.due_s = due_s
        self.started_s = max(customer.wire.now_s(), due_s)
        self.served_s: float | None = None
        self.human_s = 0.0
        self.wait_s = 0.0
        self.open_order: Order | None = None

    def u(self, purpose: str, turn: int = 0) -> float:
        """Give the customer's uniform number for a purpose in this attempt."""
        return keyed.uniform(self.customer.key, purpose, self.number, turn)

    def be_human(self, seconds: float) -> None:
        """Let the customer read, talk or type; what really passed is noted."""
        if seconds > 0:
            wire = self.customer.wire
            since_s = wire.now_s()
            wire.sleep(seconds)
            self.human_s += wire.now_s() - since_s

    def ask(self, request: Request, *, notes_service: bool = True) -> Answer:
        """Send a request and give its answer.

        Raises:
            VisitOverError: it is not the right one.
        """
        if notes_service:
            self.note_service()
        answer = self.customer.wire.send(request, self.number)
        outcome, cause = request.judge(answer)
        if outcome is not Outcome.SERVED:
            raise VisitOverError(outcome, cause)
        return answer

    def note_service(self) -> None:
        """Note that service begins now, unless it began before."""
        if self.served_s is None:
            self.served_s = self.customer.wire.now_s()

    def row(self, ended_s: float, ending: Ending) -> tuple[object, ...]:
        """Give the visit as a row, in the order of `VISITS`."""
        arrival = self.customer.arrival
        outcome, cause = ending
        return (
            arrival.customer,
            arrival.subscriber,
            arrival.segment,
            arrival.operation,
            self.channel.name,
            self.site,
            self.number,
            self.due_s,
            self.started_s,
            self.served_s,
            ended_s,
            self.human_s,
            outcome.value,
            cause,
            self.wait_s,
        )
