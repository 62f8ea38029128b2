"""An errand's requests: sent by our own client, counted in Locust's statistics, and as hits of our own."""

import time
from dataclasses import dataclass
from typing import Any, Protocol

import gevent
from locust.exception import CatchResponseError

from footfall.load.account import Book
from footfall.load.errands.answers import Answer
from footfall.load.errands.wire import Request
from footfall.load.transport.session import Exchange, Session
from footfall.records.outcomes import Outcome
from footfall.records.rows import Arrival


class Clock(Protocol):
    """Whoever knows what second of play it is."""

    def now_s(self) -> float:
        """Seconds on the clock of play."""


@dataclass(frozen=True, slots=True)
class Side:
    """What a customer's wire has on this side."""

    clock: Clock
    book: Book
    arrival: Arrival
    fire: Any
    """Locust's `request` event."""
    keeps_hits: bool = True
    """Whether a sample has this customer's requests."""


class PlayWire:
    """The line of one customer."""

    def __init__(self, session: Session, side: Side) -> None:
        """Send by this session, and note what is sent on this side."""
        self._session = session
        self._side = side

    def now_s(self) -> float:
        """Seconds on the clock of play."""
        return self._side.clock.now_s()

    def sleep(self, seconds: float) -> None:
        """Let the other customers go on for so long."""
        gevent.sleep(max(seconds, 0.0))

    def send(self, request: Request, attempt: int) -> Answer:
        """Send a request, wait for its answer, note the hit; no answer is an answer with a problem."""
        began, asked_at, asked_s = time.time(), time.perf_counter(), self.now_s()
        done = self._session.exchange(request)
        took_s = time.perf_counter() - asked_at
        outcome, cause = request.judge(done.answer)
        self._side.fire(
            request_type=request.method,
            name=f"{request.channel} {request.step}",
            response_time=took_s * 1000,
            response_length=0 if done.reply is None else done.reply.size,
            response=done.reply,
            context={},
            exception=None if outcome is Outcome.SERVED else CatchResponseError(cause),
            start_time=began,
            url=request.shown,
        )
        sent_s = None if done.sent_at is None else asked_s + done.sent_at - asked_at
        self._note((request, attempt), (asked_s, sent_s, asked_s + took_s), done, outcome)
        return done.answer

    def _note(
        self,
        asked: tuple[Request, int],
        times_s: tuple[float, float | None, float],
        done: Exchange,
        outcome: Outcome,
    ) -> None:
        side, (request, attempt), (asked_s, sent_s, ended_s) = self._side, asked, times_s
        own_s = None if sent_s is None else sent_s - asked_s - done.connect_s
        if not side.keeps_hits:
            side.book.hit(None, own_s)
            return
        row = (
            *(side.arrival.customer, request.channel, side.arrival.operation, attempt, request.step),
            *(asked_s, done.connect_s, sent_s, ended_s, done.answer.status, outcome.value),
        )
        side.book.hit(row, own_s)
