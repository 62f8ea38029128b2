"""An errand's requests as Locust's: counted in its statistics, and as hits of our own."""

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Protocol

import gevent
from gevent.timeout import Timeout
from locust.contrib.fasthttp import FastHttpSession, LocustBadStatusCode, ResponseContextManager

from footfall.load.account import Book
from footfall.load.errands.answers import CONNECTION_LOST, NO_ANSWER, UNREACHABLE, Answer
from footfall.load.errands.wire import Request
from footfall.load.play.body import read_limited
from footfall.records.outcomes import Outcome
from footfall.records.rows import Arrival

_EVERY_STATUS = frozenset(range(100, 600))


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
    keeps_hits: bool = True
    """Whether a sample has this customer's requests."""


class PlayWire(ABC):
    """The line of one customer; how a request goes over it is another's business."""

    def __init__(self, side: Side) -> None:
        """Note what is sent, on this side."""
        self._side = side
        self._connect_s = 0.0
        self._sent_s: float | None = None

    def now_s(self) -> float:
        """Seconds on the clock of play."""
        return self._side.clock.now_s()

    def sleep(self, seconds: float) -> None:
        """Let the other customers go on for so long."""
        gevent.sleep(max(seconds, 0.0))

    def send(self, request: Request, attempt: int) -> Answer:
        """Send a request, wait for its answer, note the hit; no answer is an answer with a problem."""
        asked_s, self._connect_s, self._sent_s = self.now_s(), 0.0, None
        timeout = Timeout.start_new(request.timeout_s)
        try:
            answer, outcome = self.exchange(request, timeout)
        except Timeout as passed:
            if passed is not timeout:
                raise
            answer, outcome = Answer(0, problem=NO_ANSWER), Outcome.TIMEOUT
        finally:
            timeout.close()
        self._note(request, attempt, asked_s, answer, outcome)
        return answer

    def note_sent(self, connect_s: float = 0.0) -> None:
        """Note that the last byte of the request is on its way; `connect_s` went into a new connection."""
        self._connect_s, self._sent_s = connect_s, self.now_s()

    @abstractmethod
    def exchange(self, request: Request, timeout: Timeout) -> tuple[Answer, Outcome]:
        """Send a request, close its timeout with the answer, tell Locust how it went."""

    def _note(self, request: Request, attempt: int, asked_s: float, answer: Answer, outcome: Outcome) -> None:
        side, sent_s, connect_s = self._side, self._sent_s, self._connect_s
        own_s = None if sent_s is None else sent_s - asked_s - connect_s
        if not side.keeps_hits:
            side.book.hit(None, own_s)
            return
        row = (
            *(side.arrival.customer, request.channel, side.arrival.operation, attempt, request.step),
            *(asked_s, connect_s, sent_s, side.clock.now_s(), answer.status, outcome.value),
        )
        side.book.hit(row, own_s)


class SessionWire(PlayWire):
    """Requests by a session of Locust's own, with cookies and compression: for services that nobody knows."""

    def __init__(self, session: FastHttpSession, side: Side) -> None:
        """Send with this session."""
        super().__init__(side)
        self._session = session
        # An answer that says no is an answer, too: else its body, however long, is read before we see it.
        agent: Any = session.client
        agent.valid_response_codes = _EVERY_STATUS

    def exchange(self, request: Request, timeout: Timeout) -> tuple[Answer, Outcome]:
        """Send by `FastHttpSession.request`."""
        body: Any = request.payload  # bytes, which Locust takes but does not name
        with self._session.request(
            request.method,
            request.target,
            name=f"{request.channel} {request.step}",
            data=body,
            headers=dict(request.sent_headers),
            catch_response=True,
            # Load goes to the host that was named, and nowhere else.
            allow_redirects=False,
            # Whoever limits an answer reads it here, while the request's own bound still holds.
            stream=request.answer_bytes_most is not None,
        ) as response:
            answer = _read(response, request.answer_bytes_most)
            timeout.close()
            outcome, cause = request.judge(answer)
            if outcome is Outcome.SERVED:
                response.success()
            else:
                response.failure(cause)
        return answer, outcome


def json_answer(status: int, content: bytes) -> Answer:
    """Give an answer of the reference service's kind: a JSON object, or nothing that counts."""
    try:
        data = json.loads(content.decode() or "{}")
    except ValueError:
        data = {}
    return Answer(status, data if isinstance(data, dict) else {})


def problem_of(error: BaseException) -> str:
    """Say in a word why there is no answer."""
    # The library wraps what it might have tried again, our own timeout too.
    error = getattr(error, "original", None) or error
    if isinstance(error, Timeout | TimeoutError):
        return NO_ANSWER
    return UNREACHABLE if isinstance(error, ConnectionRefusedError) else CONNECTION_LOST


def _read(response: ResponseContextManager, bytes_most: int | None) -> Answer:
    error: Any = response.request_meta["exception"]
    if error is not None and not isinstance(error, LocustBadStatusCode):
        return Answer(0, problem=problem_of(error))
    if bytes_most is not None:
        return read_limited(response, bytes_most)
    return json_answer(response.status_code, response.content or b"")
