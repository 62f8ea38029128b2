"""Requests to the reference service's interface, straight on Locust's own HTTP library.

A session of Locust's (`FastHttpSession`) with its cookies, redirects and URLs taken apart costs as much
again as the request itself. This interface needs none of them, so that two arrivals fit where one did.
"""

import time
from typing import Any
from urllib.parse import urlsplit

from gevent.timeout import Timeout
from geventhttpclient.client import HTTPClientPool
from locust.contrib.fasthttp import FAILURE_EXCEPTIONS
from locust.env import Environment
from locust.exception import CatchResponseError

from footfall.load.errands.answers import Answer
from footfall.load.errands.wire import Request
from footfall.load.play.wire import PlayWire, Side, json_answer, problem_of
from footfall.records.outcomes import Outcome


class Line:
    """The way to the host, shared by all customers: its connections are kept and used again."""

    def __init__(self, environment: Environment, host: str, pool: HTTPClientPool) -> None:
        """Connect to nobody yet."""
        self.client = pool.get_client(host)
        self.host = host.rstrip("/")
        self.path = urlsplit(host).path.rstrip("/")
        self.fire: Any = environment.events.request.fire


class DirectWire(PlayWire):
    """Requests of which the path, a few headers and a JSON body are all."""

    def __init__(self, line: Line, side: Side) -> None:
        """Send on this line."""
        super().__init__(side)
        self._line = line

    def exchange(self, request: Request, timeout: Timeout) -> tuple[Answer, Outcome]:
        """Send, read the answer to its end, and fire Locust's `request` event."""
        line, target = self._line, request.target
        start_time, began_s = time.time(), time.perf_counter()
        response, content = None, b""
        try:
            response = line.client.request(
                request.method, line.path + target, request.payload or b"", request.sent_headers
            )
            content = response.read()
            answer = json_answer(response.status_code, content)
        except FAILURE_EXCEPTIONS as error:
            answer = Answer(0, problem=problem_of(error))
        took_s = time.perf_counter() - began_s
        timeout.close()
        outcome, cause = request.judge(answer)
        line.fire(
            request_type=request.method,
            name=f"{request.channel} {request.step}",
            response_time=took_s * 1000,
            response_length=len(content),
            response=response,
            context={},
            exception=None if outcome is Outcome.SERVED else CatchResponseError(cause),
            start_time=start_time,
            url=line.host + target,
        )
        return answer, outcome
