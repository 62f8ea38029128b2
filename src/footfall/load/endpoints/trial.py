"""Try an endpoints file out: one errand for each mapping, by the client of a run, each answer shown."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import gevent

from footfall.load.endpoints.look import look
from footfall.load.endpoints.own_service import OwnService
from footfall.load.endpoints.request import LOGIN, OwnRequest
from footfall.load.endpoints.spec import Step
from footfall.load.endpoints.words import names_a_secret, secret_texts
from footfall.load.errands.answers import Answer, Ending
from footfall.load.errands.attempt import Attempt, Customer
from footfall.load.errands.hidden import blotted
from footfall.load.errands.person import Person
from footfall.load.errands.wire import Request
from footfall.load.transport.client import Client
from footfall.load.transport.session import Session
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


def trials(service: OwnService, model: Model, client: Client, seed: int) -> Iterator[Trial]:
    """Try one errand for each mapping: the first operation of the model that it fits, by account 0."""
    tried: set[int] = set()
    for channel in model.channels:
        for operation in channel.dialogues:
            errand = service.endpoints.errand_of(channel.name, operation)
            if errand is not None and id(errand) not in tried:
                tried.add(id(errand))
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
                yield _try(service, channel, arrival, client, seed)


def idle(service: OwnService, model: Model) -> list[str]:
    """Give the patterns of mappings that no operation of the model gets to: misspelt, or behind another."""
    pairs = [(channel.name, name) for channel in model.channels for name in channel.dialogues]
    used = {id(service.endpoints.errand_of(*pair)) for pair in pairs}
    return [", ".join(errand.patterns) for errand in service.endpoints.errand if id(errand) not in used]


class _TrialWire:
    """Sends each request as a run does, and keeps what comes back."""

    def __init__(self, client: Client) -> None:
        self._session = Session(client)
        self._zero_s = time.perf_counter()
        self.tried: list[Tried] = []

    def now_s(self) -> float:
        return time.perf_counter() - self._zero_s

    def sleep(self, seconds: float) -> None:
        gevent.sleep(max(seconds, 0.0))

    def send(self, request: Request, attempt: int) -> Answer:  # noqa: ARG002  the wire's signature
        sent_s = self.now_s()
        answer = self._session.exchange(request).answer
        took_s = self.now_s() - sent_s
        ending = request.judge(answer)
        shown = "" if request.step == LOGIN else _shown(request, answer)
        self.tried.append(Tried(request.step, request.method, answer.status, took_s, ending, shown))
        return answer

    def close(self) -> None:
        self._session.close()


def _shown(request: Request, answer: Answer) -> str:
    hidden = set(request.hidden)
    if isinstance(request, OwnRequest) and isinstance(request.call, Step):
        # What this very step saves under the name of a secret.
        hidden |= {
            text
            for name, path in request.call.save.items()
            if names_a_secret(name)
            for text in secret_texts(look(answer.document, path))
        }
    # Blotted before it is cut, so that no half of a secret is left at the end.
    text = " ".join(blotted(answer.text[: SHOWN_MOST * 4], hidden)[:SHOWN_MOST].split())
    return "".join(each if each.isprintable() else " " for each in text)


def _try(service: OwnService, channel: Channel, arrival: Arrival, client: Client, seed: int) -> Trial:
    key, wire = keyed.customer_key(keyed.run_key(seed, 0), 0), _TrialWire(client)
    # The key of an order differs from trial to trial, else the second would be a repetition.
    run = f"trial-{time.time_ns():x}"
    customer = Customer(arrival=arrival, key=key, person=Person(seed, 0, key), wire=wire, run=run)
    try:
        ending = service.serve(Attempt(customer, channel, 1, 0.0))
    finally:
        wire.close()
    return Trial(channel.name, arrival.operation, ending, tuple(wire.tried))
