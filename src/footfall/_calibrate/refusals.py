"""What decides a refusal: a bound on the requests inside, a rate limit, or chance."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from footfall._calibrate.request_log import Floats, Integers

Truths = NDArray[np.bool_]
_BURSTS = (0, 1, 2, 3, 5, 8, 12, 18, 27, 40, 60, 90, 135, 200, 400, 1000)
_REPLAYED_MOST = 6000
"""Requests of each run, for time's sake."""
_EDGE = 1e-6
_MISREAD_MOST = 0.5
"""A limit explains refusals if it misreads fewer than this share of them."""


@dataclass(frozen=True, eq=False)
class Offered:
    """Requests of one run as they came to the limit: those refused and those admitted."""

    sent_s: Floats
    inside: Floats
    """Admitted requests inside at its arrival."""
    refused: Truths
    cause: Integers
    """Why it failed: index in the causes of the logs; -1: it did not."""

    def of_cause(self, cause: int) -> "Offered":
        """Return those refused by one cause, and those admitted."""
        return self._kept(~self.refused | (self.cause == cause))

    def without(self, causes: Collection[int]) -> "Offered":
        """Return the requests but those refused by these causes."""
        return self._kept(~(self.refused & np.isin(self.cause, list(causes)))) if causes else self

    def _kept(self, rows: Truths) -> "Offered":
        return Offered(self.sent_s[rows], self.inside[rows], self.refused[rows], self.cause[rows])


@dataclass(frozen=True, slots=True)
class RefusalRule:
    """The limit that misreads fewest requests."""

    name: str
    """`bound`, `bucket` or `chance`."""
    refusals: int
    misread: int
    bound: float = np.inf
    """Of the requests inside: one more is refused."""
    bound_low: float = np.inf
    bound_high: float = np.inf
    rate_per_s: float = np.inf
    rate_low_per_s: float = np.inf
    rate_high_per_s: float = np.inf
    burst: int = 0
    burst_low: int = 0
    burst_high: int = 0


def refusal_rule(runs: Sequence[Offered]) -> RefusalRule:
    """Find what decides the refusals of a station: the rule that misreads fewest requests.

    A bound refuses a request that finds so many inside; a leaky bucket one that would make its level more
    than burst + 1 (Turner 1986), where the level follows from the admissions that were seen.
    """
    refusals = int(sum(run.refused.sum() for run in runs))
    bound = _bound(runs, refusals)
    bucket = _bucket(runs, refusals)
    best = min((bound, bucket), key=lambda rule: rule.misread)
    return best if best.misread < _MISREAD_MOST * refusals else RefusalRule("chance", refusals, refusals)


def _bound(runs: Sequence[Offered], refusals: int) -> RefusalRule:
    inside = np.concatenate([run.inside for run in runs]).astype(np.int64)
    refused = np.concatenate([run.refused for run in runs])
    most = int(inside.max()) + 2
    refused_at = np.bincount(inside[refused], minlength=most).cumsum()
    admitted_at = np.bincount(inside[~refused], minlength=most).cumsum()
    # Refused below the bound, or admitted at it or above.
    at = np.arange(1, most)
    misread = refused_at[at - 1] + (admitted_at[-1] - admitted_at[at - 1])
    best = int(misread.argmin())
    near = at[misread <= misread[best] + _slack(int(misread[best]))]
    return RefusalRule(
        "bound",
        refusals,
        int(misread[best]),
        bound=float(at[best]),
        bound_low=float(near.min()),
        bound_high=float(near.max()),
    )


def _bucket(runs: Sequence[Offered], refusals: int) -> RefusalRule:
    """Replay leaky buckets of many rates and bursts, and of the best ones more closely."""
    start = _admitted_rate(runs)
    rates, bursts = start * np.geomspace(0.6, 1.7, 41), np.array(_BURSTS, np.float64)
    for close in (0.03, 0.004):
        tried = _replayed(runs, rates, bursts)
        rate, burst = tried.best()
        rates = rate * np.linspace(1 - close, 1 + close, 31)
        bursts = _between(burst)
    tried = _replayed(runs, rates, bursts)
    rate, burst = tried.best()
    near = tried.score <= tried.score.min() + _slack(int(tried.misread.min())) / 2
    step = rate * 0.004 / 15
    return RefusalRule(
        "bucket",
        refusals,
        int(tried.misread.min()),
        rate_per_s=rate,
        rate_low_per_s=float(tried.rate[near].min()) - step,
        rate_high_per_s=float(tried.rate[near].max()) + step,
        burst=int(burst),
        burst_low=int(tried.burst[near].min()),
        burst_high=int(tried.burst[near].max()),
    )


@dataclass(frozen=True, eq=False)
class _Tried:
    """Buckets that were replayed: misreads, and these plus what their levels had to be corrected by."""

    rate: Floats
    burst: Floats
    misread: Floats
    score: Floats

    def best(self) -> tuple[float, float]:
        """Rate and burst of the lowest score: of equal ones the middle rate of the smallest burst."""
        least = np.flatnonzero(self.score <= self.score.min() + 1e-9)
        least = least[self.burst[least] == self.burst[least].min()]
        at = least[np.argsort(self.rate[least])[len(least) // 2]]
        return float(self.rate[at]), float(self.burst[at])


def _replayed(runs: Sequence[Offered], rates: Floats, bursts: Floats) -> _Tried:
    """Replay every pair of rate and burst.

    A refusal shows that the level was above the burst, an admission that it was not: the level is corrected
    to that, for other clients may fill the bucket unseen. Both count: that it was misread, and by how much.
    """
    rate, burst = (grid.ravel() for grid in np.meshgrid(rates, bursts))
    misread, corrected = np.zeros(len(rate)), np.zeros(len(rate))
    for run in runs:
        if not run.refused.any():
            continue
        level, last_s = np.zeros(len(rate)), float(run.sent_s[0])
        for sent_s, refused in zip(
            run.sent_s[:_REPLAYED_MOST].tolist(), run.refused[:_REPLAYED_MOST].tolist(), strict=True
        ):
            level = np.maximum(level - rate * (sent_s - last_s), 0.0)
            last_s = sent_s
            wrong = burst - level if refused else level - burst
            # At the very edge either is right: times are not known to the last digit.
            misread += wrong > _EDGE
            correction = np.maximum(wrong, 0.0)
            corrected += correction
            level = level + correction if refused else level - correction + 1.0
    return _Tried(rate, burst, misread, misread + corrected)


def _between(burst: float) -> Floats:
    """All bursts between the tried neighbours of one, at most about thirty of them."""
    low = max((one for one in _BURSTS if one < burst), default=0)
    high = min((one for one in _BURSTS if one > burst), default=2 * int(burst))
    found: Floats = np.unique(np.round(np.linspace(low, high, min(high - low + 1, 31))))
    return found


def _admitted_rate(runs: Sequence[Offered]) -> float:
    """Admissions per second over the spells in which most refusals were: between the first and the last."""
    admitted, length_s = 0, 0.0
    for run in runs:
        if run.refused.sum() < 2:  # noqa: PLR2004 - a spell has a beginning and an end
            continue
        first, last = np.flatnonzero(run.refused)[[0, -1]]
        admitted += int((~run.refused[first : last + 1]).sum())
        length_s += float(run.sent_s[last] - run.sent_s[first])
    return max(admitted, 1) / length_s if length_s > 0 else 1.0


def _slack(misread: int) -> int:
    """Rules with so many more misreads may still be the true one: noise of the clocks decides these."""
    return int(2 * np.sqrt(misread))
