"""The line between an errand and the world: requests out, answers in, and a clock."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from footfall.load.errands.answers import SERVED, Answer, Ending, ending_of

ANSWER_S_MAX = 30.0
"""A request without a wait of its own that is not answered so long is given up (`timeout`)."""
ANSWER_BYTES_MOST = 1024 * 1024
_TOKEN = re.compile(r"[!-~]{1,8192}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, and what its answer must be for the errand to go on."""

    channel: str
    method: str
    path: str
    """Below the channel: `/orders`."""
    is_right: Callable[[Answer], bool]
    name: str = ""
    """Path without identifiers, for statistics; empty: the path itself."""
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = ANSWER_S_MAX
    """Of the whole exchange: connecting, sending, and the last byte of the answer."""
    answer_bytes_most: int = ANSWER_BYTES_MOST
    """A longer body is given up, also one that unpacks to more."""
    keeps_text: bool = False
    """Whether the answer keeps text, headers and JSON of any kind, and not a JSON object alone."""
    hidden: frozenset[str] = field(default=frozenset(), repr=False)
    """Secrets that the service may repeat: they must not get into any cause."""
    keeps_cookies: bool = False
    """Whether cookies of the customer's earlier answers go with it."""

    @property
    def step(self) -> str:
        """Name of the request among those of its channel."""
        return f"{self.method} {self.name or self.path}"

    @property
    def target(self) -> str:
        """Path below the host."""
        return f"/{self.channel}{self.path}"

    @property
    def shown(self) -> str:
        """The path as it may be shown: without values that could be secret."""
        return self.target

    @property
    def payload(self) -> bytes | None:
        """The body as it is sent."""
        return None if self.body is None else json.dumps(self.body).encode()

    @property
    def sent_headers(self) -> Mapping[str, str]:
        """All headers as they are sent."""
        return {"Content-Type": "application/json", **self.headers}

    def judge(self, answer: Answer) -> Ending:
        """Give `SERVED` for the right answer, else how the visit ends."""
        return SERVED if self.is_right(answer) else ending_of(answer, self.hidden)


class Wire(Protocol):
    """What an errand is played on: Locust in a run, a script in a test."""

    def now_s(self) -> float:
        """Seconds on the clock of play."""

    def sleep(self, seconds: float) -> None:
        """Let time pass."""

    def send(self, request: Request, attempt: int) -> Answer:
        """Send a request, wait for its answer, note the hit."""


def status_is(*statuses: int) -> Callable[[Answer], bool]:
    """Give the check that the answer has one of these statuses."""
    return lambda answer: answer.status in statuses


def has(status: int, name: str) -> Callable[[Answer], bool]:
    """Give the check that the answer has a status, and something under a name."""
    return lambda answer: answer.status == status and answer.data.get(name, "") not in ("", None)


def has_token(status: int, name: str) -> Callable[[Answer], bool]:
    """Give the check that the answer has a status, and a text that can go into paths and headers."""
    return lambda answer: answer.status == status and is_token(answer.data.get(name))


def is_token(value: object) -> bool:
    """Whether a value is a text of visible ASCII, not empty, of a reasonable length."""
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None
