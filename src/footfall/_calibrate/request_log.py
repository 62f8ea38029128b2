"""The requests of one measured run or load step at one station, as arrays."""

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class RequestLog:
    """All requests of a run at one station, sorted by `sent_s`; the arrays have one element a request."""

    run: str
    """Id of the run or step, as in its manifest."""
    kinds: tuple[str, ...]
    """Names of the kinds of requests, such as `web.recharge/POST /login`."""
    kind: Integers
    """Index in `kinds`."""
    sent_s: Floats
    """Second of the run at which it was sent."""
    ended_s: Floats
    """Second at which its response had been read, or it was given up."""
    status: Integers
    """HTTP status; 0: no response."""
    is_success: NDArray[np.bool_]
    """Whether the response lets the visit continue."""
    is_answered: NDArray[np.bool_]
    """False: cut off by the end of the run, so when it would have ended is unknown."""
    length_s: float
    """Requests were offered from second 0 to this one; later ends belong to the drain time."""
    causes: tuple[str, ...] = ()
    """Why requests failed, as their responses say."""
    cause: Integers | None = None
    """Index in `causes`; -1: it did not fail. None: responses gave no reasons, so a status stands for one."""

    def first(self, number: int) -> "RequestLog":
        """Return its first requests, as if the run had ended with them."""
        if self.requests <= number:
            return self
        return replace(
            self,
            kind=self.kind[:number],
            sent_s=self.sent_s[:number],
            ended_s=self.ended_s[:number],
            status=self.status[:number],
            is_success=self.is_success[:number],
            is_answered=self.is_answered[:number],
            cause=None if self.cause is None else self.cause[:number],
            length_s=min(self.length_s, float(self.sent_s[number - 1])),
        )

    @property
    def requests(self) -> int:
        """Number of requests."""
        return len(self.sent_s)

    @property
    def response_s(self) -> Floats:
        """Seconds from sending each request to its end."""
        return self.ended_s - self.sent_s

    @property
    def failed(self) -> NDArray[np.bool_]:
        """Which requests were answered, and failed."""
        failed: NDArray[np.bool_] = ~self.is_success & self.is_answered
        return failed

    @property
    def offered_per_s(self) -> float:
        """Requests sent per second of the run's length."""
        return float(np.count_nonzero(self.sent_s < self.length_s)) / self.length_s
