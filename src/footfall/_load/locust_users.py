"""Locust users for the arrivals of a trace, and how their requests are sent and recorded."""

import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

import gevent
from locust import User, task
from locust.exception import CatchResponseError, StopUser

from footfall._load.http.session import Exchange, HttpSession
from footfall._load.responses import Ending, Response
from footfall._load.results import ResultSink
from footfall._load.telemetry.span_ids import HEADER, traceparent
from footfall._load.visit import CUT_OFF, GENERATOR_ERROR, RequestSpec
from footfall._model.channel import Channel
from footfall._model.station_specs import CallCentre, Counters, Kiosks, MessageGateway
from footfall._records.errors import BadInputError
from footfall._records.rows import Arrival, Hit, Outcome

# ── Locust's users: one instance is one arrival, started when it is due


class Runner(Protocol):
    """Runs the arrival of a user."""

    def run(self, user: User, arrival: Arrival) -> None:
        """Run the journey of an arrival's customer to its end."""


class ModelUser(User):
    """A customer who behaves as the model says; after a failure they may switch to another channel."""

    abstract = True
    arrival: Arrival | None = None
    arrival_runner: Runner | None = None

    def on_stop(self) -> None:
        """Drop the task set, which refers to this user: otherwise both wait for the cyclic collector."""
        self._taskset_instance = None

    @task
    def journey(self) -> None:
        """Run the customer's journey once, then stop.

        Raises:
            StopUser: always; this is how a Locust user stops.
        """
        if self.arrival_runner is not None and self.arrival is not None:
            self.arrival_runner.run(self, self.arrival)
        raise StopUser


class WebUser(ModelUser):
    """A channel of requests only: browse, log in, query, order, confirm, log out."""


class SmsUser(ModelUser):
    """Short messages: one is sent, its answer is read, and `Y` confirms where required."""


class HotlineUser(ModelUser):
    """Hotline: a line, the IVR, and an agent if the caller needs one."""


class KioskUser(ModelUser):
    """Self-service terminal: wait for a machine, then use it."""


class CounterUser(ModelUser):
    """Service hall: take a ticket, wait for a clerk, who works the terminal."""


USERS: tuple[type[ModelUser], ...] = (
    WebUser,
    SmsUser,
    HotlineUser,
    KioskUser,
    CounterUser,
)
_BY_STATION: tuple[tuple[type, type[ModelUser]], ...] = (
    (MessageGateway, SmsUser),
    (CallCentre, HotlineUser),
    (Kiosks, KioskUser),
    (Counters, CounterUser),
)


def user_of(channel: Channel) -> type[ModelUser]:
    """Return the user class of a channel, by its station and never by its name."""
    for station, user in _BY_STATION:
        if isinstance(channel.station, station):
            return user
    return WebUser


def check_users(classes: Iterable[type[User]], driven: Collection[type[User]]) -> None:
    """Check that every user class of the locustfile serves a channel: a trace starts no others.

    Raises:
        BadInputError: one does not.
    """
    others = sorted(
        each.__name__ for each in classes if not issubclass(each, ModelUser) and each not in driven
    )
    if others:
        problem = f"user class {others[0]} serves no channel, so the trace would never start it"
        expected = (
            f'drive({others[0]}, channel="…") for a channel of the model, or a locustfile without this class'
        )
        raise BadInputError("-f", problem, expected)


# ── Requests: sent by Footfall's client, recorded in Locust's statistics and as hits


class Clock(Protocol):
    """The clock of a run."""

    def now_s(self) -> float:
        """Seconds on the run's clock."""


@dataclass(frozen=True, slots=True)
class RequestContext:
    """What the requests of one arrival are recorded with."""

    clock: Clock
    results: ResultSink
    arrival: Arrival
    fire: Any
    """Locust's `request` event."""
    keeps_hits: bool = True
    """Whether the sample includes this customer's requests."""
    traced_run: str = ""
    """The exported run, to whose spans the service may link its own; empty: it is not exported."""


class _Asked(NamedTuple):
    """A request and when it began."""

    request: RequestSpec
    attempt: int
    second: float
    """On the run's clock."""
    at: float
    """`perf_counter`."""
    began: float
    """Seconds since 1970."""


class LocustTransport:
    """Transport of one customer."""

    def __init__(self, session: HttpSession | None, context: RequestContext) -> None:
        """Send by this session and record requests in this context.

        The session is None if own Locust users serve all channels: they send their requests themselves.
        """
        self._session = session
        self._context = context
        self._sent: dict[int, int] = {}
        """Requests of each attempt, if they are traced."""

    def now_s(self) -> float:
        """Seconds on the run's clock."""
        return self._context.clock.now_s()

    def sleep(self, seconds: float) -> None:
        """Wait, while other customers continue."""
        gevent.sleep(max(seconds, 0.0))

    def send(self, request: RequestSpec, attempt: int) -> Response:
        """Send a request, wait for its response, record the hit; without a response, `problem` says why.

        A request during which the customer is cut off is recorded as `unfinished`.
        """
        assert self._session is not None  # noqa: S101  otherwise no channel sends by it
        if self._context.traced_run and self._context.keeps_hits:
            request = self._traced(request, attempt)
        asked = _Asked(request, attempt, self.now_s(), time.perf_counter(), time.time())
        done, took_s = Exchange(), None
        ending: Ending = (Outcome.UNFINISHED, CUT_OFF)
        try:
            self._session.exchange(request, done)
            took_s = time.perf_counter() - asked.at
            ending = request.judge(done.answer)
        except Exception:
            ending = (Outcome.UNFINISHED, GENERATOR_ERROR)
            raise
        finally:
            self._note(asked, took_s or time.perf_counter() - asked.at, done, ending)
        return done.answer

    def _traced(self, request: RequestSpec, attempt: int) -> RequestSpec:
        """Add the header by which the service's own spans become part of the request's."""
        context, number = self._context, self._sent.get(attempt, 0)
        self._sent[attempt] = number + 1
        if any(name.lower() == HEADER for name in request.headers):
            return request
        header = traceparent(context.traced_run, context.arrival.customer, attempt, number)
        return replace(request, headers={**request.headers, HEADER: header})

    def _note(self, asked: _Asked, took_s: float, done: Exchange, ending: Ending) -> None:
        """Report a request that has ended to Locust, and record it."""
        context, request, (outcome, cause) = self._context, asked.request, ending
        context.fire(
            request_type=request.method,
            name=f"{request.channel} {request.step}",
            response_time=took_s * 1000,
            response_length=0 if done.reply is None else done.reply.size,
            response=done.reply,
            context={},
            exception=None if outcome is Outcome.SERVED else CatchResponseError(cause),
            start_time=asked.began,
            url=request.shown,
        )
        sent_s = None if done.sent_at is None else asked.second + done.sent_at - asked.at
        # By position: keywords would take four times as long.
        hit = Hit(
            context.arrival.customer,
            request.channel,
            context.arrival.operation,
            asked.attempt,
            request.step,
            asked.second,
            done.connect_s,
            sent_s,
            asked.second + took_s,
            done.answer.status,
            outcome.value,
        )
        context.results.hit(hit, is_kept=context.keeps_hits)
