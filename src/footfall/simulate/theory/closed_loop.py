"""A fixed number of users who think between requests, and how throughput bends with their number."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt
from typing import Any

import numpy as np
from scipy.optimize import least_squares


@dataclass(frozen=True, slots=True)
class ClosedLoop:
    """What mean value analysis gives for a number of users."""

    throughput: float
    response_mean: float
    queue_means: tuple[float, ...]
    """Requests at each resource, those in service counted."""


@dataclass(frozen=True, slots=True)
class Scalability:
    """The universal scalability law X(N) = γ N / (1 + α (N - 1) + β N (N - 1)) (Gunther 2007)."""

    contention: float
    """α: the part that is done one after another."""
    coherence: float
    """β: the cost of agreeing, for each pair."""
    rate: float
    """γ: throughput of one user alone."""

    def throughput(self, users: float) -> float:
        """Throughput at so many users."""
        return self.rate * users / (1 + self.contention * (users - 1) + self.coherence * users * (users - 1))

    @property
    def peak_users(self) -> float:
        """Users at which the throughput is greatest: sqrt((1 - α)/β); infinite without coherence cost."""
        return sqrt((1 - self.contention) / self.coherence) if self.coherence > 0 else inf


def closed_loop(users: int, think_s: float, demands_s: Sequence[float]) -> ClosedLoop:
    """Throughput and response of so many users, by exact mean value analysis (Reiser and Lavenberg 1980).

    R_i = D_i (1 + Q_i(n-1)), X = n/(Z + sum R), Q_i = X R_i.
    `demands_s` are the service times of a request at each resource that serves one at a time.

    Raises:
        ValueError: there is no user, or a time is negative.
    """
    if users < 1 or think_s < 0 or not demands_s or min(demands_s) < 0:
        msg = "at least one user and one resource, and times that are not negative"
        raise ValueError(msg)
    queues = [0.0] * len(demands_s)
    throughput = response = 0.0
    for n in range(1, users + 1):
        responses = [demand * (1 + queue) for demand, queue in zip(demands_s, queues, strict=True)]
        response = sum(responses)
        throughput = n / (think_s + response)
        queues = [throughput * one for one in responses]
    return ClosedLoop(throughput, response, tuple(queues))


def knee_users(think_s: float, demands_s: Sequence[float]) -> float:
    """Users at which the busiest resource saturates: (Z + sum D)/max D (Denning and Buzen 1978)."""
    return (think_s + sum(demands_s)) / max(demands_s)


def fit_scalability(users: Sequence[float], throughputs: Sequence[float]) -> Scalability:
    """Fit the universal scalability law by least squares, α and β not negative.

    Raises:
        ValueError: fewer than three points.
    """
    if len(users) != len(throughputs) or len(users) < 3:  # noqa: PLR2004  one for each coefficient
        msg = f"{len(users)} numbers of users and {len(throughputs)} throughputs; three or more of each"
        raise ValueError(msg)
    n, x = np.asarray(users, dtype=float), np.asarray(throughputs, dtype=float)
    scale = float(np.max(x / n))

    def misses(found: Any) -> Any:  # noqa: ANN401  scipy's arrays
        contention, coherence, rate = found
        return scale * rate * n / (1 + contention * (n - 1) + coherence * n * (n - 1)) - x

    best = least_squares(
        misses, (0.01, 1e-4, 1.0), bounds=([0, 0, 0], [1, inf, inf]), x_scale=(0.01, 1e-4, 1.0), xtol=1e-14
    )
    contention, coherence, rate = (float(value) for value in best.x)
    return Scalability(contention, coherence, scale * rate)
