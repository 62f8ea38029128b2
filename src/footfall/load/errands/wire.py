"""The line between an errand and the world: requests out, answers in, and a clock."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from footfall.load.errands.answers import SERVED, Answer, Ending, ending_of

ANSWER_S_MAX = 30.0
"""A request without a wait of its own that is not answered so long is given up (`timeout`)."""


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
    answer_bytes_most: int | None = None
    """A longer answer is given up; text and headers are kept. None: read to its end, as JSON alone."""

    @property
    def step(self) -> str:
        """Name of the request among those of its channel."""
        return f"{self.method} {self.name or self.path}"

    @property
    def target(self) -> str:
        """Path below the host."""
        return f"/{self.channel}{self.path}"

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
        return SERVED if self.is_right(answer) else ending_of(answer)


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


def has_text(status: int, name: str) -> Callable[[Answer], bool]:
    """Give the check that the answer has a status and a non-empty text of that name."""
    return lambda answer: answer.status == status and bool(str(answer.data.get(name, "")))
