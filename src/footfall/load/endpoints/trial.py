"""Try an endpoints file out: one errand for each of its mappings, without Locust, each answer shown."""

import http.client
import http.cookiejar
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field

from footfall.load.endpoints.own_service import OwnService
from footfall.load.endpoints.request import LOGIN, OwnRequest
from footfall.load.endpoints.spec import ANSWER_BYTES_MOST
from footfall.load.errands.answers import CONNECTION_LOST, NO_ANSWER, UNREACHABLE, Answer, Ending
from footfall.load.errands.attempt import Attempt, Customer
from footfall.load.errands.body import limited_answer
from footfall.load.errands.person import Person
from footfall.load.errands.wire import Request
from footfall.records.rows import Arrival
from footfall.simulate.decide import keyed
from footfall.simulate.spec.channel import Channel
from footfall.simulate.spec.model import Model

SHOWN_MOST = 300
"""Letters of an answer that are shown."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One request that was sent, and what came back."""

    step: str
    method: str
    status: int
    took_s: float
    ending: Ending
    body: str
    """The beginning of the answer, without the file's secrets; empty for a login, whose answer is one."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One errand that was tried."""

    channel: str
    operation: str
    ending: Ending
    steps: tuple[Tried, ...]


def trials(service: OwnService, model: Model, host: str, seed: int) -> Iterator[Trial]:
    """Try one errand for each mapping: the first operation of the model that it fits, by account 0."""
    tried: set[int] = set()
    for channel in model.channels:
        for operation in channel.dialogues:
            errand = service.endpoints.errand_of(channel.name, operation)
            if errand is not None and id(errand) not in tried:
                tried.add(id(errand))
                yield _try(service, model, channel, operation, _TrialWire(host, seed))


def idle(service: OwnService, model: Model) -> list[str]:
    """Give the patterns of mappings that no operation of the model gets to: misspelt, or behind another."""
    pairs = [(channel.name, name) for channel in model.channels for name in channel.dialogues]
    used = {id(service.endpoints.errand_of(*pair)) for pair in pairs}
    return [", ".join(errand.patterns) for errand in service.endpoints.errand if id(errand) not in used]


@dataclass
class _TrialWire:
    """Sends each request on a connection of its own and keeps what comes back."""

    host: str
    seed: int
    tried: list[Tried] = field(default_factory=list)

    def __post_init__(self) -> None:
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        # Neither a proxy nor a redirect leads elsewhere: requests go to the host that was named.
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect(), cookies).open
        self._zero_s = time.perf_counter()

    def now_s(self) -> float:
        return time.perf_counter() - self._zero_s

    def sleep(self, seconds: float) -> None:
        time.sleep(max(seconds, 0.0))

    def send(self, request: Request, attempt: int) -> Answer:  # noqa: ARG002  the wire's signature
        sent_s = self.now_s()
        answer = self._exchange(request)
        ending = request.judge(answer)
        shown = "" if request.step == LOGIN else _shown(request, answer)
        took_s = self.now_s() - sent_s
        self.tried.append(Tried(request.step, request.method, answer.status, took_s, ending, shown))
        return answer

    def _exchange(self, request: Request) -> Answer:
        made = urllib.request.Request(  # noqa: S310  the host's scheme was checked
            self.host.rstrip("/") + request.target,
            data=request.payload,
            headers=dict(request.sent_headers),
            method=request.method,
        )
        try:
            with self._open(made, timeout=request.timeout_s) as response:
                return _read(response, request.answer_bytes_most or ANSWER_BYTES_MOST)
        except urllib.error.HTTPError as error:
            with error:
                return _read(error, request.answer_bytes_most or ANSWER_BYTES_MOST)
        except TimeoutError:
            return Answer(0, problem=NO_ANSWER)
        except urllib.error.URLError as error:
            late = isinstance(error.reason, TimeoutError)
            return Answer(0, problem=NO_ANSWER if late else UNREACHABLE)
        except (OSError, http.client.HTTPException):
            return Answer(0, problem=CONNECTION_LOST)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Answers 300 to 399 are answers like others."""

    def redirect_request(self, *_: object) -> None:
        return None


def _shown(request: Request, answer: Answer) -> str:
    text = answer.text
    for secret in request.hidden if isinstance(request, OwnRequest) else ():
        text = text.replace(secret, "***")
    return " ".join(text[:SHOWN_MOST].split())


def _read(response: http.client.HTTPResponse | urllib.error.HTTPError, bytes_most: int) -> Answer:
    status, headers = int(response.status or 0), dict(response.headers.items())
    return limited_answer(status, response.read(bytes_most + 1), headers, bytes_most)


def _try(service: OwnService, model: Model, channel: Channel, operation: str, wire: _TrialWire) -> Trial:
    key = keyed.customer_key(keyed.run_key(wire.seed, 0), 0)
    arrival = Arrival(
        arrival=0,
        due_s=0.0,
        at_s=0.0,
        customer=0,
        subscriber=0,
        segment=model.segments[0].name,
        operation=operation,
        channel=channel.name,
    )
    # The key of an order differs from trial to trial, else the second would be a repetition.
    run = f"trial-{time.time_ns():x}"
    customer = Customer(arrival=arrival, key=key, person=Person(wire.seed, 0, key), wire=wire, run=run)
    ending = service.serve(Attempt(customer, channel, 1, 0.0))
    return Trial(channel.name, operation, ending, tuple(wire.tried))
