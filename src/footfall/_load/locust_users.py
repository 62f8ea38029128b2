"""Locust's users of a trace, and how their requests are sent and counted."""

import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import gevent
from locust import User, task
from locust.exception import CatchResponseError, StopUser

from footfall._load.http.session import Exchange, HttpSession
from footfall._load.journey_runner import CUT_OFF, GENERATOR_ERROR
from footfall._load.responses import Ending, Response
from footfall._load.results import ResultSink
from footfall._load.visit import RequestSpec
from footfall._model.channel import Channel
from footfall._model.station_specs import CallCentre, Counters, Kiosks, MessageGateway
from footfall._records.errors import BadInputError
from footfall._records.rows import Arrival, Hit, Outcome

# ── Locust's users: one instance is one arrival, started when it is due


class Runner(Protocol):
    """What a user's arrival is run by."""

    def run(self, user: User, arrival: Arrival) -> None:
        """Follow the customer of an arrival to the end of their journey."""


class ModelUser(User):
    """A customer who does at a channel what the model says; after a failure they may go on at another."""

    abstract = True
    arrival: Arrival | None = None
    arrival_runner: Runner | None = None

    def on_stop(self) -> None:
        """Let go of what runs the task, which holds on to us: else both wait for the cyclic collector."""
        self._taskset_instance = None

    @task
    def errand(self) -> None:
        """Follow the customer once, then leave.

        Raises:
            StopUser: always, which is how a Locust user leaves.
        """
        if self.arrival_runner is not None and self.arrival is not None:
            self.arrival_runner.run(self, self.arrival)
        raise StopUser


class WebUser(ModelUser):
    """A channel of requests alone: browse, log in, query, order, confirm, log out."""


class SmsUser(ModelUser):
    """Messages: a message out, an answer in, and a `Y` where it is asked for."""


class HotlineUser(ModelUser):
    """Hotline: a line, the IVR, and an agent for whoever needs one."""


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
    """Give the user class of a channel, by its station and never by its name."""
    for station, user in _BY_STATION:
        if isinstance(channel.station, station):
            return user
    return WebUser


def check_users(classes: Iterable[type[User]], driven: Collection[type[User]]) -> None:
    """See that every user class of the locustfile serves a channel: the trace starts no others.

    Raises:
        BadInputError: one does not.
    """
    others = sorted(
        each.__name__ for each in classes if not issubclass(each, ModelUser) and each not in driven
    )
    if others:
        problem = f"the user class {others[0]} serves no channel, so the trace would never start it"
        expected = f'drive({others[0]}, channel="…") for a channel of the model, or a locustfile without it'
        raise BadInputError("-f", problem, expected)


# ── An errand's requests: sent by our own client, counted in Locust's statistics, and as hits of our own


class Clock(Protocol):
    """Whoever knows what second of play it is."""

    def now_s(self) -> float:
        """Seconds on the clock of play."""


@dataclass(frozen=True, slots=True)
class RequestContext:
    """What a customer's wire has on this side."""

    clock: Clock
    book: ResultSink
    arrival: Arrival
    fire: Any
    """Locust's `request` event."""
    keeps_hits: bool = True
    """Whether a sample has this customer's requests."""


class _Asked(NamedTuple):
    """A request, and when it was asked."""

    request: RequestSpec
    attempt: int
    second: float
    """Of play."""
    at: float
    """`perf_counter`."""
    began: float
    """Seconds since 1970."""


class LocustTransport:
    """The line of one customer."""

    def __init__(self, session: HttpSession | None, side: RequestContext) -> None:
        """Send by this session, and note what is sent on this side.

        Without one, all channels are served by users of the user's own, which send for themselves.
        """
        self._session = session
        self._side = side

    def now_s(self) -> float:
        """Seconds on the clock of play."""
        return self._side.clock.now_s()

    def sleep(self, seconds: float) -> None:
        """Let the other customers go on for so long."""
        gevent.sleep(max(seconds, 0.0))

    def send(self, request: RequestSpec, attempt: int) -> Response:
        """Send a request, wait for its answer, note the hit; no answer is an answer with a problem.

        A request in whose middle the customer is cut off is noted, too: as `unfinished`.
        """
        assert self._session is not None  # noqa: S101  else no channel would send by us
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

    def _note(self, asked: _Asked, took_s: float, done: Exchange, ending: Ending) -> None:
        """Tell Locust of a request that has ended, and note it."""
        side, request, (outcome, cause) = self._side, asked.request, ending
        side.fire(
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
        # By position: by name it would take four times as long.
        hit = Hit(
            side.arrival.customer,
            request.channel,
            side.arrival.operation,
            asked.attempt,
            request.step,
            asked.second,
            done.connect_s,
            sent_s,
            asked.second + took_s,
            done.answer.status,
            outcome.value,
        )
        side.book.hit(hit, is_kept=side.keeps_hits)
