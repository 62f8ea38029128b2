"""The rows: an `Arrival` is due, a `Visit` is one attempt at one channel, a `Hit` one request."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

# ── Outcomes of a visit; only the first is a success


class Outcome(StrEnum):
    """The outcome of one attempt at one channel."""

    SERVED = "served"
    REJECTED = "rejected"
    """Rejected by a business rule: no funds, under contract, wrong PIN, unknown command."""
    ERROR = "error"
    """A technical fault of the channel or of a system behind it."""
    TIMEOUT = "timeout"
    """No response within the deadline."""
    THROTTLED = "throttled"
    """Rejected by a full queue or a rate limit."""
    BLOCKED = "blocked"
    """No free line or waiting place."""
    ABANDONED = "abandoned"
    """The customer waited and lost patience."""
    BALKED = "balked"
    """The customer saw the queue and did not join."""
    UNCONFIRMED = "unconfirmed"
    """The second confirmation did not come, or came too late."""
    CLOSED = "closed"
    """The channel was not open."""
    UNFINISHED = "unfinished"
    """Cut off by the end of the run; unknown, hence not a success."""


OUTCOMES: tuple[str, ...] = tuple(Outcome)

_TECHNICAL: frozenset[str] = frozenset({Outcome.ERROR, Outcome.TIMEOUT, Outcome.THROTTLED, Outcome.BLOCKED})
"""Outcomes caused by the service, not by business rules, patience or opening hours."""

ERRORS: frozenset[str] = _TECHNICAL | {Outcome.UNFINISHED}
"""Outcomes that `error(…)` counts: technical ones, and visits without a response."""

HEADER_NOT_SENDABLE = "header_not_sendable"
PATH_NOT_SENDABLE = "path_not_sendable"
BODY_NOT_SENDABLE = "body_not_sendable"
NOT_SENDABLE = (HEADER_NOT_SENDABLE, PATH_NOT_SENDABLE, BODY_NOT_SENDABLE)
"""Causes of visits whose next request cannot be sent by HTTP: it never reached the service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One arriving customer: a row of a trace, sorted by `due_s`."""

    arrival: int
    """Number of the row in its trace, from 0."""
    due_s: float
    """Seconds after the start of the run at which the first attempt is due."""
    at_s: float
    """Second of the simulated day."""
    customer: int
    """Key of the customer's random numbers."""
    subscriber: int
    """Number of the account used, from 0."""
    segment: str
    operation: str
    channel: str
    """First choice."""

    def __post_init__(self) -> None:
        """Check the values of the row.

        Raises:
            ValueError: a time or number is negative.
        """
        if min(self.arrival, self.due_s, self.at_s, self.customer, self.subscriber) < 0:
            msg = f"arrival {self.arrival}: negative number or time"
            raise ValueError(msg)


class Visit(NamedTuple):
    """One attempt of one customer at one channel, simulated or measured alike.

    A tuple in the order of its columns, since a load test makes one for each attempt; `tables.check_visits`
    holds whole tables to the rules of visits.
    """

    customer: int
    subscriber: int
    segment: str
    operation: str
    channel: str
    site: int
    """Site of the channel, from 0."""
    attempt: int
    """1 for the first attempt of the customer."""
    due_s: float
    """When the attempt was due."""
    started_s: float | None
    """When the attempt started (measured: when it was sent); None if it never did."""
    served_s: float | None
    """When service started; None if it never did."""
    ended_s: float
    human_s: float
    """Part of the time from due to ended that the customer spent reading, talking or typing."""
    outcome: str
    """One of `OUTCOMES`."""
    cause: str
    """Why it did not succeed; empty if served."""
    wait_s: float = 0.0
    """Part of the time from due to ended spent in queues for a clerk, machine, agent or slot.
    For measured visits it is known only if the service reports it (held channels); otherwise 0."""

    @property
    def response_s(self) -> float:
        """Seconds that the customer waited for the service, counted from the due time."""
        return self.ended_s - self.due_s - self.human_s


class Hit(NamedTuple):
    """One request inside a measured visit; a tuple in the order of its columns."""

    customer: int
    channel: str
    operation: str
    attempt: int
    step: str
    asked_s: float
    """When the customer was ready to send it."""
    connect_s: float
    """Part of the time from asked to sent for opening a connection, TLS included; 0: reused."""
    sent_s: float | None
    """When its last byte was handed to the system; None if it never was, or if that is not known."""
    ended_s: float
    """When its answer had been read, or it was given up."""
    status: int
    """HTTP status; 0 when there was no answer."""
    outcome: str
    """One of `OUTCOMES`; `unfinished`: the run ended, or the customer was cut off, before it was answered."""

    @property
    def own_s(self) -> float | None:
        """Seconds that the generator itself took: from asked to sent, less connecting; None: unknown."""
        return None if self.sent_s is None else self.sent_s - self.asked_s - self.connect_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Summary of the visits of one channel and operation, predicted or measured."""

    world: str
    """`predicted` or `measured`."""
    channel: str
    """`*` for all channels."""
    operation: str
    """`*` for all operations."""
    visits: int
    served: int
    success_share: float
    success_share_low: float
    success_share_high: float
    """Bounds of the 95 % interval."""
    target_share: float | None
    wait_s_mean: float | None
    """Mean of the visits' `wait_s`, over those that started; None if none did."""
    response_s_p50: float | None
    response_s_p95: float | None
    response_s_p99: float | None

    def __post_init__(self) -> None:
        """Check that the counts and the interval are possible.

        Raises:
            ValueError: more served than visits, or the share lies outside its interval.
        """
        inside = 0 <= self.success_share_low <= self.success_share <= self.success_share_high <= 1
        if not (0 <= self.served <= self.visits and inside):
            msg = f"measure {self.channel}.{self.operation}: impossible counts or interval"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replication:
    """Summary of the visits of one channel and operation in one replication of a prediction."""

    replication: int
    """From 0, which is that in `visits.parquet`."""
    channel: str
    """`*` for all channels."""
    operation: str
    """`*` for all operations."""
    visits: int
    served: int
    success_share: float
    wait_s_mean: float | None
    response_s_p50: float | None
    response_s_p95: float | None
    response_s_p99: float | None
