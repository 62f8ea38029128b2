"""Intervals of percentiles and means of response times that are correlated by queues."""

import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from footfall._stats import LONGEST_EPISODE
from footfall._stats.episodes import (
    EPISODES_LEAST,
    Episodes,
    Flags,
    bad_share_bounds,
    episodes_of,
    least_number,
    most_of_few,
    scaled,
    spectral_effect,
    visits_to_decide,
)
from footfall._stats.intervals import Interval, student_t, wilson_at

PASS_LEAST, MEAN_PASS_LEAST, _FAIL_LEAST = 50.0, 200.0, 50.0
"""Independent visits that the times must be worth before a percentile or a mean is said to be below its
limit, or above it: with fewer, the correlation due to queues cannot be estimated from the run."""

_TAIL = 0.025
_MEAN_TAIL = 0.01
"""For the upper bound of a mean, whose design effect is less sure than that of a share."""
_LENGTH_FACTOR = 1.5
"""How much longer than the times of a run say, in episodes of (D + 1) / 2 visits, slow ones may be."""
_SEEN_FACTOR = 3.0
"""The same of the fewer than five episodes beyond the limit that were seen."""
_COSINES = 16
_RARE = 0.0501
_POWER_Z = 1.2816
_GOLDEN = (math.sqrt(5) - 1) / 2
_SLACK = 1.25
"""By how much a design effect may come out larger in the next run."""

Values = NDArray[np.float64]
Customers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow:
    """Number of response times beyond a limit, and how much information they carry."""

    seen: Episodes
    """Visits beyond the limit, with the design effect for saying that the limit is broken."""
    effect: float
    """Design effect for saying that it is kept: what the times remember, taken double less one."""
    episodes: float
    """Effective episodes beyond the sample's own quantile: how often the run met what makes visits slow."""
    allowed: float
    """Share of visits that may be beyond the limit, 0..1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Correlation of times in their order, independent of any limit."""

    quantile: float
    around: Episodes
    """Visits beyond the sample's own quantile."""
    effect: float
    """Design effect of the normal scores of all times."""


def memory_of(times_s: Values, quantile: float, customers: Customers | None = None) -> Memory:
    """Read how long the queue remembers.

    A run may meet no long queue by chance, and then its visits beyond a limit say nothing of one. So the
    memory is read from the visits beyond the sample's own quantile, and from all times: their normal scores
    (A. H. Blom, 1958) without a straight line.
    """
    ranks = _ranks(times_s)
    around = episodes_of(ranks > math.ceil(round(quantile * len(times_s), 9)), customers)
    return Memory(quantile=quantile, around=around, effect=spectral_effect(_scores(ranks)))


def slow_of(slow: Flags, memory: Memory, customers: Customers | None = None) -> Slow:
    """Count the visits beyond a limit, in their order, with design effects.

    In a run that met no long queue the times show about half of the true memory, so it is doubled.
    """
    n, allowed = len(slow), 1 - memory.quantile
    seen = episodes_of(slow, customers, least_effect=memory.around.effect)
    effect = max(seen.effect, 2 * memory.effect - 1)
    episodes = min(float(memory.around.episodes), 2 * n * allowed / (effect + 1))
    return Slow(seen=seen, effect=effect, episodes=episodes, allowed=allowed)


def slow_share_bounds(slow: Slow, longest: float = LONGEST_EPISODE) -> Interval:
    """95 % bounds of the share of visits beyond the limit; 0 or 1 if there is too little information."""
    return Interval(slow_share_least(slow, longest), slow_share_most(slow, longest))


def slow_share_least(slow: Slow, longest: float = LONGEST_EPISODE) -> float:
    """Lower 97.5 % bound of the share of visits beyond the limit; 0 if there is too little information."""
    seen = slow.seen
    # However long a queue remembers, all visits are slow in no more runs than visits may be.
    is_outright = seen.bad == seen.visits and slow.allowed <= _RARE
    is_enough = is_outright or seen.visits / seen.effect >= _FAIL_LEAST
    return bad_share_bounds(seen, longest).low if is_enough else 0.0


def tells_a_share(slow: Slow) -> bool:
    """Return whether there are enough effective visits for an upper bound of the share of slow ones."""
    return slow.seen.visits / slow.effect >= PASS_LEAST and slow.episodes >= EPISODES_LEAST


def slow_share_most(slow: Slow, longest: float = LONGEST_EPISODE) -> float:
    """Upper 97.5 % bound of the share of visits beyond the limit; 1 if there is too little information.

    With five effective episodes beyond the limit, it is Wilson's. With fewer it is that of `most_of_few`:
    Wilson's normal approximation would demand more than necessary of a run without slow visits. The length is
    one and a half times that estimated from the times; error rates were measured with it.
    """
    if not tells_a_share(slow):
        return 1.0
    seen, worth = slow.seen, slow.seen.visits / slow.effect
    if seen.effective >= EPISODES_LEAST:
        return wilson_at(seen.share, worth, student_t(slow.episodes - 1)).high
    remembered, met = (slow.effect + 1) / 2, _SEEN_FACTOR * seen.length_mean
    return most_of_few(seen, max(longest, _LENGTH_FACTOR * remembered, met))


def visits_to_decide_slow(slow: Slow, longest: float = LONGEST_EPISODE) -> int | None:
    """Number of visits that would decide in nine of ten runs like this one; None: no number."""
    seen, limit, q = slow.seen, slow.allowed, slow.seen.share
    if q > limit:
        needed = visits_to_decide(seen, limit, longest)
        return needed and max(needed, math.ceil(_FAIL_LEAST * seen.effect))
    effect = slow.effect if slow.effect == 1 else _SLACK * slow.effect
    # With no visit beyond the sample's own quantile, episodes cannot be estimated.
    met = slow.episodes or math.inf

    def passes(n: int) -> bool:
        error = _POWER_Z * math.sqrt(q * (1 - q) * effect / n)
        episodes = min(met * n / seen.visits, 2 * n * limit / (effect + 1))
        likes = [scaled(seen, n, max(q + step * error, 0.0)) for step in (-1, 0, 1)]
        larger = [Slow(seen=each, effect=effect, episodes=episodes, allowed=limit) for each in likes]
        return all(slow_share_bounds(each, longest).high <= limit for each in larger)

    return least_number(passes, seen.visits)


def visits_to_decide_mean(times_s: Values, limit_s: float) -> int | None:
    """Number of visits that would decide in nine of ten runs like this one; None: no number."""
    n, mean = len(times_s), float(times_s.mean())
    if mean == limit_s or n < 2:  # noqa: PLR2004 - one value has no spread
        return None
    below, above, spread, skewness = _moments(times_s)

    def decides(visits: int) -> bool:
        effect = _SLACK * (above if mean < limit_s else below)
        if visits / effect < (MEAN_PASS_LEAST if mean < limit_s else _FAIL_LEAST):
            return False
        t = _student(visits / (2 * effect) - 1, _MEAN_TAIL if mean < limit_s else _TAIL)
        room = (t + _POWER_Z) * spread * math.sqrt(effect / visits)
        if mean < limit_s:
            room += max(0.0, 3 * spread * skewness * (2 * t * t + 1) * effect / (6 * visits))
        return room < abs(limit_s - mean)

    return least_number(decides, n)


def mean_bounds(times_s: Values) -> Interval:
    """Bounds of a mean of times in their order, 1 % of error above, 2.5 % below; infinite of too few.

    mean + t s √(D/n) + 3 s g (2 t² + 1) D / 6n from above, g the skewness: Johnson's term, tripled because
    sums of dependent values stay skew for longer; mean - t s √(D/n) from below. D from above is twice the
    larger of the effects of the times and of their normal scores, hence at least 2: where many servers work
    and few visits wait, a run can look independent and is not. It is at least that of 16 cosines, too; n /
    (2 D) - 1 degrees of freedom. Sources: N. J. Johnson, JASA 73 (1978) 536-544; E. Lazarus, D. J. Lewis, J.
    H. Stock and M. W. Watson, Journal of Business and Economic Statistics 36 (2018) 541-559.
    """
    n = len(times_s)
    mean = float(times_s.mean())
    below, above, spread, skewness = _moments(times_s)
    low, high = -math.inf, math.inf
    if n / below >= _FAIL_LEAST:
        low = mean - _student(n / (2 * below) - 1, _TAIL) * spread * math.sqrt(below / n)
    if n / above >= MEAN_PASS_LEAST:
        t = _student(n / (2 * above) - 1, _MEAN_TAIL)
        high = mean + t * spread * math.sqrt(above / n)
        high += max(0.0, 3 * spread * skewness * (2 * t * t + 1) * above / (6 * n))
    return Interval(low, high)


def _moments(times_s: Values) -> tuple[float, float, float, float]:
    """Give the design effects from below and from above, the standard deviation and the skewness."""
    single = max(1.0, spectral_effect(times_s), spectral_effect(_scores(_ranks(times_s))))
    spread = float(times_s.std(ddof=1)) if len(times_s) > 1 else math.inf
    skewness = float((((times_s - times_s.mean()) / spread) ** 3).mean()) if spread > 0 else 0.0
    return single, max(2 * single, _cosine_effect(times_s)), spread, skewness


def _student(freedom: float, tail: float) -> float:
    return float(scipy.special.stdtrit(max(freedom, 1.0), 1 - tail))


def _ranks(values: Values) -> Values:
    """Return ranks from 1; ties are broken at random, reproducibly."""
    n = len(values)
    ranks = np.empty(n)
    ranks[np.lexsort((np.arange(n) * _GOLDEN % 1, values))] = np.arange(1, n + 1)
    return ranks


def _scores(ranks: Values) -> Values:
    """Return the detrended normal scores of ranks in the order of time."""
    n = len(ranks)
    scores = scipy.special.ndtri((ranks - 0.375) / (n + 0.25))
    line = np.linspace(-1, 1, n)
    return np.asarray(scores - line * (scores @ line) / (line @ line), dtype=np.float64)


def _cosine_effect(values: Values) -> float:
    """Design effect from the 16 slowest cosines: the mean square of their weights over the variance."""
    n = len(values)
    variance = float(values.var())
    if n <= _COSINES or variance <= 0:
        return 1.0
    middle = (np.arange(n) + 0.5) / n
    weights = [
        math.sqrt(2 / n) * float(values @ np.cos(math.pi * j * middle)) for j in range(1, _COSINES + 1)
    ]
    return float(np.mean(np.square(weights))) / variance
