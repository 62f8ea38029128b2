"""One visit to a real channel: its clock, its transport, and what is recorded."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from footfall._behaviour import keyed
from footfall._behaviour.customer_rules import nearest_site
from footfall._load.identity import Identity
from footfall._load.responses import SERVED, Ending, Response, ending_of
from footfall._model.channel import Channel
from footfall._records.rows import Arrival, Outcome, Visit

# ── The line between an errand and the world: requests out, answers in, and a clock

ANSWER_S_MAX = 30.0
"""A request without a wait of its own that is not answered so long is given up (`timeout`)."""
ANSWER_BYTES_MOST = 1024 * 1024
_TOKEN = re.compile(r"[!-~]{1,8192}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSpec:
    """One request, and what its answer must be for the errand to go on."""

    channel: str
    method: str
    path: str
    """Below the channel: `/orders`."""
    is_right: Callable[[Response], bool]
    name: str = ""
    """Path without identifiers, for statistics; empty: the path itself."""
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = ANSWER_S_MAX
    """Of the whole exchange: connecting, sending, and the last byte of the answer."""
    answer_bytes_most: int = ANSWER_BYTES_MOST
    """A longer body is given up, also one that unpacks to more."""
    keeps_text: bool = False
    """Whether the answer keeps text, headers and JSON of any kind, and not a JSON object alone."""
    hidden: frozenset[str] = field(default=frozenset(), repr=False)
    """Secrets that the service may repeat: they must not get into any cause."""
    keeps_cookies: bool = False
    """Whether cookies of the customer's earlier answers go with it."""

    @property
    def step(self) -> str:
        """Name of the request among those of its channel."""
        return f"{self.method} {self.name or self.path}"

    @property
    def target(self) -> str:
        """Path below the host."""
        return f"/{self.channel}{self.path}"

    @property
    def shown(self) -> str:
        """The path as it may be shown: without values that could be secret."""
        return self.target

    @property
    def payload(self) -> bytes | None:
        """The body as it is sent."""
        return None if self.body is None else json.dumps(self.body).encode()

    @property
    def sent_headers(self) -> Mapping[str, str]:
        """All headers as they are sent."""
        return {"Content-Type": "application/json", **self.headers}

    def judge(self, answer: Response) -> Ending:
        """Give `SERVED` for the right answer, else how the visit ends."""
        return SERVED if self.is_right(answer) else ending_of(answer, self.hidden)


class Transport(Protocol):
    """What an errand is played on: Locust in a run, a script in a test."""

    def now_s(self) -> float:
        """Seconds on the clock of play."""

    def sleep(self, seconds: float) -> None:
        """Let time pass."""

    def send(self, request: RequestSpec, attempt: int) -> Response:
        """Send a request, wait for its answer, note the hit."""


def status_is(*statuses: int) -> Callable[[Response], bool]:
    """Give the check that the answer has one of these statuses."""
    return lambda answer: answer.status in statuses


def has(status: int, name: str) -> Callable[[Response], bool]:
    """Give the check that the answer has a status, and something under a name."""
    return lambda answer: answer.status == status and answer.data.get(name, "") not in ("", None)


def has_token(status: int, name: str) -> Callable[[Response], bool]:
    """Give the check that the answer has a status, and a text that can go into paths and headers."""
    return lambda answer: answer.status == status and is_token(answer.data.get(name))


def is_token(value: object) -> bool:
    """Whether a value is a text of visible ASCII, not empty, of a reasonable length."""
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None


# ── One visit under way: the customer's luck, the clock, and what has been noted so far


class VisitOverError(Exception):
    """The visit cannot go on; carries its ending."""

    def __init__(self, outcome: Outcome, cause: str) -> None:
        """Keep outcome and cause."""
        super().__init__(cause)
        self.ending: Ending = (outcome, cause)


@dataclass(slots=True)
class OrderOutcome:
    """An order placed under a key; kept while nobody knows whether it was executed."""

    key: str
    item: str
    number: str = ""
    """The service's number of it."""


@dataclass(frozen=True, slots=True)
class RunCustomer:
    """One arrival on its wire, the same through all attempts."""

    arrival: Arrival
    key: int
    """Of the customer's own random numbers."""
    person: Identity
    wire: Transport
    run: str
    """Sets this play's idempotency keys and message ids apart from those of another one."""


class Attempt:
    """One attempt at one channel; mutable, since it is walked through."""

    def __init__(self, customer: RunCustomer, channel: Channel, number: int, due_s: float) -> None:
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
        self.open_order: OrderOutcome | None = None

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

    def ask(self, request: RequestSpec, *, notes_service: bool = True) -> Response:
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

    def visit(self, ended_s: float, ending: Ending) -> Visit:
        """Give the visit that this attempt was, as it ended."""
        arrival = self.customer.arrival
        outcome, cause = ending
        # By position: by name it would take four times as long.
        return Visit(
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
