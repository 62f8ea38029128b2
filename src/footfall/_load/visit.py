"""A customer's journey over real channels: its attempts, their requests, and the visits that are recorded."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any, Protocol

from footfall._behaviour import keyed
from footfall._behaviour.client_guards import DEADLINE, OPEN_CIRCUIT, ClientGuard, backoff_u, is_guarded
from footfall._behaviour.customer_rules import Action, nearest_site
from footfall._behaviour.journey import Journey, Journeys
from footfall._load.identity import Identity
from footfall._load.responses import NO_ANSWER, SERVED, Ending, Response, ending_of
from footfall._model.channel import Channel
from footfall._model.model import Model
from footfall._model.station_specs import RequestServer
from footfall._records.rows import Arrival, Outcome, Visit

# ── Requests, responses, and the transport between a visit and the service

ANSWER_S_MAX = 30.0
"""Default time limit of a request; after it the visit ends with `timeout`."""
ANSWER_BYTES_MOST = 1024 * 1024
_TOKEN = re.compile(r"[!-~]{1,8192}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSpec:
    """One request, and which response lets the visit continue."""

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
    """Of the whole exchange, from connecting to the last byte of the response."""
    answer_bytes_most: int = ANSWER_BYTES_MOST
    """A body that is longer, compressed or not, is an error."""
    keeps_text: bool = False
    """Whether the response keeps text, headers and any JSON, rather than only a JSON object."""
    hidden: frozenset[str] = field(default=frozenset(), repr=False)
    """Secrets that the service may repeat; no cause may contain them."""
    keeps_cookies: bool = False
    """Whether cookies from the customer's earlier responses are sent."""

    @property
    def step(self) -> str:
        """Name of the request in hits and statistics."""
        return f"{self.method} {self.name or self.path}"

    @property
    def target(self) -> str:
        """Path below the host."""
        return f"/{self.channel}{self.path}"

    @property
    def shown(self) -> str:
        """The path without values that could be secret."""
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
        """Return `SERVED` for a success, otherwise how the visit ends."""
        return SERVED if self.is_right(answer) else ending_of(answer, self.hidden)


class Transport(Protocol):
    """Sends a customer's requests: by Locust in a run, by a script in a test."""

    def now_s(self) -> float:
        """Seconds on the run's clock."""

    def sleep(self, seconds: float) -> None:
        """Wait, while other customers continue."""

    def send(self, request: RequestSpec, attempt: int) -> Response:
        """Send a request, wait for its response, record the hit."""


def status_is(*statuses: int) -> Callable[[Response], bool]:
    """Return a check that the response has one of these statuses."""
    return lambda answer: answer.status in statuses


def has(status: int, name: str) -> Callable[[Response], bool]:
    """Return a check that the response has a status and a value under a name."""
    return lambda answer: answer.status == status and answer.data.get(name, "") not in ("", None)


def has_token(status: int, name: str) -> Callable[[Response], bool]:
    """Return a check that the response has a status and a text that paths and headers can hold."""
    return lambda answer: answer.status == status and is_token(answer.data.get(name))


def is_token(value: object) -> bool:
    """Whether a value is a text of 1 to 8,192 visible ASCII characters."""
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None


# ── One attempt under way: the customer, their random numbers, and what has been recorded so far


class VisitOverError(Exception):
    """The visit cannot continue; carries how it ends."""

    def __init__(self, outcome: Outcome, cause: str) -> None:
        """Take outcome and cause."""
        super().__init__(cause)
        self.ending: Ending = (outcome, cause)


@dataclass(slots=True)
class OrderOutcome:
    """An order placed under an idempotency key, while it is unknown whether it was executed."""

    key: str
    item: str
    number: str = ""
    """Number that the service gave it."""


@dataclass(frozen=True, slots=True)
class RunCustomer:
    """One arrival with its identity and its transport, the same for all attempts."""

    arrival: Arrival
    key: int
    """Key of the customer's random numbers."""
    identity: Identity
    transport: Transport
    run: str
    """Distinguishes idempotency keys and message ids of this run from those of other runs."""


class Attempt:
    """One attempt at one channel while it lasts; mutable."""

    def __init__(
        self,
        customer: RunCustomer,
        channel: Channel,
        number: int,
        due_s: float,
        guard: ClientGuard | None = None,
    ) -> None:
        """Begin now, on the run's clock; `number` counts the journey's attempts from 1.

        `guard` is that of the channel's clients, if they give up, try again or hold back on their own.
        """
        self.customer = customer
        self.channel = channel
        self.number = number
        self.site = nearest_site(channel, customer.key) if channel.sites > 1 else 0
        self.due_s = due_s
        self.started_s = max(customer.transport.now_s(), due_s)
        self.served_s: float | None = None
        self.human_s = 0.0
        self.wait_s = 0.0
        self.open_order: OrderOutcome | None = None
        self.request_number = 0
        """Of the step and page that is requested (`customer_rules.request_number`): keys the pauses."""
        self._guard = guard

    def u(self, purpose: str, step: int = 0) -> float:
        """Return the customer's uniform random number for a purpose in this attempt."""
        return keyed.uniform(self.customer.key, purpose, self.number, step)

    def think(self, seconds: float) -> None:
        """Wait while the customer reads, talks or types; the time that really passed is recorded."""
        if seconds > 0:
            transport = self.customer.transport
            since_s = transport.now_s()
            transport.sleep(seconds)
            self.human_s += transport.now_s() - since_s

    def ask(self, request: RequestSpec, *, starts_service: bool = True) -> Response:
        """Send a request and return its response.

        Raises:
            VisitOverError: the response is not a success.
        """
        answer, (outcome, cause) = self.exchange(request, starts_service=starts_service)
        if outcome is not Outcome.SERVED:
            raise VisitOverError(outcome, cause)
        return answer

    def exchange(self, request: RequestSpec, *, starts_service: bool = True) -> tuple[Response, Ending]:
        """Send a request, again as often as the policy of the channel's clients allows.

        Returns the last response, and what it means. Each try is a hit; a request that meets an open circuit
        is not sent.
        """
        guard, transport = self._guard, self.customer.transport
        if guard is None:
            return self._try(request, starts_service=starts_service)
        retries = 0
        guard.begin()
        while (period := guard.enter(transport.now_s())) is not None:
            outcome = Outcome.ERROR
            try:
                answer, ending = self._try(request, starts_service=starts_service, until_s=guard.deadline_s)
                outcome = ending[0]
            finally:
                guard.note(period, transport.now_s(), outcome)
            if not guard.tries_again(retries, outcome):
                return answer, ending
            retries += 1
            u = backoff_u(self.customer.key, self.number, self.request_number, retries)
            transport.sleep(guard.pause_s(retries, u))
        return Response(0, problem=OPEN_CIRCUIT), (Outcome.THROTTLED, OPEN_CIRCUIT)

    def _try(
        self, request: RequestSpec, *, starts_service: bool, until_s: float = inf
    ) -> tuple[Response, Ending]:
        """Send a request once; its client gives up after `until_s`."""
        if starts_service:
            self.start_service()
        gives_up = until_s < request.timeout_s
        if gives_up:
            request = replace(request, timeout_s=until_s)
        answer = self.customer.transport.send(request, self.number)
        ending = request.judge(answer)
        if gives_up and answer.problem == NO_ANSWER:
            ending = (Outcome.TIMEOUT, DEADLINE)
        return answer, ending

    def start_service(self) -> None:
        """Record that service begins now, unless it began before."""
        if self.served_s is None:
            self.served_s = self.customer.transport.now_s()

    def visit(self, ended_s: float, ending: Ending) -> Visit:
        """Return the row of this attempt, as it ended."""
        arrival = self.customer.arrival
        outcome, cause = ending
        # By position: keywords would take four times as long.
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


Serve = Callable[[Attempt, OrderOutcome | None], Ending]
CUT_OFF = "cut_off"
"""Cause of a visit that was not over when the run ended; its outcome is `unfinished`."""
GENERATOR_ERROR = "generator_error"
"""Cause of a visit that an error of the generator broke off; its outcome is `unfinished`."""
_UNKNOWN = {Outcome.TIMEOUT, Outcome.ERROR}
"""After these it is unknown whether an order was executed."""


class JourneyRunner:
    """Runs the journeys of one run's customers: serves their visits, waits between them, records them."""

    def __init__(
        self,
        model: Model,
        serve: Serve,
        note: Callable[[Visit], None],
        *,
        processes: int = 1,
        count: Callable[[str], None] = lambda _name: None,
    ) -> None:
        """Take the run's model; `note` is called with every visit that ended.

        `processes` is how many load-generating processes share the run; `count` is that of `ClientGuard`.
        """
        self._serve = serve
        self._guards = {
            channel.name: ClientGuard(channel.station, processes, count)
            for channel in model.channels
            if isinstance(channel.station, RequestServer) and is_guarded(channel.station)
        }
        self._note = note
        self._journeys = Journeys(model)
        self._channels = model.channels
        self._channel_numbers = {channel.name: number for number, channel in enumerate(model.channels)}
        self._segments = {segment.name: number for number, segment in enumerate(model.segments)}
        self._operations = {name: number for number, name in enumerate(model.operations)}

    def run(self, customer: RunCustomer) -> None:
        """Run one customer's journey to its end."""
        journey, journeys, transport = self._begin(customer), self._journeys, customer.transport
        due_s = ended_s = customer.arrival.due_s
        unsettled: OrderOutcome | None = None
        while journey.action < Action.DONE:
            if journey.action is Action.VISIT:
                channel = self._channels[journey.channel]
                guard = self._guards.get(channel.name)
                attempt = Attempt(customer, channel, journey.attempt, due_s, guard)
                ended_s, outcome = self._visit(attempt, unsettled)
                stays = journeys.end_visit(journey, outcome) is Action.RETRY
                unsettled = _unsettled(attempt, outcome, unsettled) if stays else None
            else:
                due_s = ended_s + journey.delay_s
                transport.sleep(due_s - transport.now_s())
                journeys.end_wait(journey, transport.now_s())

    def _begin(self, customer: RunCustomer) -> Journey:
        arrival = customer.arrival
        segment, operation = self._segments[arrival.segment], self._operations[arrival.operation]
        return Journey(customer.key, segment, operation, self._channel_numbers[arrival.channel])

    def _visit(self, attempt: Attempt, unsettled: OrderOutcome | None) -> tuple[float, Outcome]:
        """Serve one attempt and record its visit, even if the customer is cut off during it."""
        ending: Ending = (Outcome.UNFINISHED, CUT_OFF)
        try:
            ending = self._serve(attempt, unsettled)
        except Exception:
            ending = (Outcome.UNFINISHED, GENERATOR_ERROR)
            raise
        finally:
            visit = attempt.visit(attempt.customer.transport.now_s(), ending)
            self._note(visit)
        return visit.ended_s, ending[0]


def _unsettled(attempt: Attempt, outcome: Outcome, before: OrderOutcome | None) -> OrderOutcome | None:
    """Return the order of which it is unknown after an attempt whether it was executed, if any.

    An attempt that did not reach the order leaves the previous one unsettled.
    """
    if attempt.open_order is None:
        return before
    return attempt.open_order if outcome in _UNKNOWN else None
