"""An errand's requests as Locust's: counted in its statistics, and as hits of our own."""

import json
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


class LocustWire:
    """The line of one customer."""

    def __init__(
        self, client: FastHttpSession, clock: Clock, book: Book, arrival: Arrival, *, keeps_hits: bool = True
    ) -> None:
        """Send with this client; `keeps_hits` is whether a sample has this customer's requests."""
        self._keeps_hits = keeps_hits
        self._client = client
        # An answer that says no is an answer, too: else its body, however long, is read before we see it.
        agent: Any = client.client
        agent.valid_response_codes = _EVERY_STATUS
        self._clock = clock
        self._book = book
        self._arrival = arrival

    def now_s(self) -> float:
        """Seconds on the clock of play."""
        return self._clock.now_s()

    def sleep(self, seconds: float) -> None:
        """Let the other customers go on for so long."""
        gevent.sleep(max(seconds, 0.0))

    def send(self, request: Request, attempt: int) -> Answer:
        """Send a request, wait for its answer, note the hit; no answer is an answer with a problem."""
        sent_s = self.now_s()
        timeout = Timeout.start_new(request.timeout_s)
        try:
            answer, outcome = self._exchange(request, timeout)
        except Timeout as passed:
            if passed is not timeout:
                raise
            answer, outcome = Answer(0, problem=NO_ANSWER), Outcome.TIMEOUT
        finally:
            timeout.close()
        self._note(request, attempt, sent_s, answer, outcome)
        return answer

    def _exchange(self, request: Request, timeout: Timeout) -> tuple[Answer, Outcome]:
        body: Any = request.payload  # bytes, which Locust takes but does not name
        with self._client.request(
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

    def _note(self, request: Request, attempt: int, sent_s: float, answer: Answer, outcome: Outcome) -> None:
        if not self._keeps_hits:
            self._book.hit(None)
            return
        self._book.hit(
            (
                self._arrival.customer,
                request.channel,
                self._arrival.operation,
                attempt,
                request.step,
                sent_s,
                self.now_s(),
                answer.status,
                outcome.value,
            )
        )


def _read(response: ResponseContextManager, bytes_most: int | None) -> Answer:
    error: Any = response.request_meta["exception"]
    if error is not None and not isinstance(error, LocustBadStatusCode):
        return Answer(0, problem=_problem(error))
    if bytes_most is not None:
        return read_limited(response, bytes_most)
    try:
        data = json.loads(response.content or b"{}")
    except ValueError:
        data = {}
    return Answer(response.status_code, data if isinstance(data, dict) else {})


def _problem(error: BaseException) -> str:
    if isinstance(error, Timeout | TimeoutError):
        return NO_ANSWER
    return UNREACHABLE if isinstance(error, ConnectionRefusedError) else CONNECTION_LOST
