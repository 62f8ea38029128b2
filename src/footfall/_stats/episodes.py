"""Intervals of shares of bad visits, and of their differences, where these occur in episodes, as in outages.

Consecutive bad visits carry less information than as many isolated ones. The design effect D measures this:
n visits carry as much information as n / D independent ones. An episode is a series of bad visits without a
good one in between.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from footfall._stats import LONGEST_EPISODE
from footfall._stats.intervals import Interval, student_t, wilson_at

# ── Intervals of a share

EPISODES_LEAST = 5.0
"""With fewer episodes in a run, their length is unknown."""

_TAIL = 0.025
_LEARNED_FACTOR = 3.0
"""A mean length estimated from fewer than five episodes may be too short by this factor."""
_Z = 1.96
_GROSS = 5.0
_OUTAGE_SHARE = 0.97
_HALVINGS = 50
_POWER_Z = 1.2816
_MOST_VISITS = 10**9
_VALUES_LEAST = 4

Flags = NDArray[np.bool_]
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Episodes:
    """Statistics of the bad visits in a series of visits in the order of time."""

    visits: int
    bad: int
    episodes: int
    effect: float = 1.0
    """Design effect D, at least 1."""
    longest: int = 0
    """Bad visits of the longest episode."""

    @property
    def share(self) -> float:
        """Share of bad visits, 0..1."""
        return self.bad / self.visits

    @property
    def length_mean(self) -> float:
        """Mean number of bad visits in an episode; 0 where there is none."""
        return self.bad / self.episodes if self.episodes else 0.0

    @property
    def effective(self) -> float:
        """Independent episodes that the bad visits are worth: at most those counted; 2b / (D + 1) by D."""
        return min(float(self.episodes), 2 * self.bad / (self.effect + 1))


def episodes_of(
    bad: Flags, customers: NDArray[np.int64] | None = None, least_effect: float = 1.0
) -> Episodes:
    """Return episodes and design effect of visits in the order of time; `customers` is whose each visit is.

    D is the largest of `least_effect`, of 2 (1-q) b/k - 1 (b bad visits in k episodes, their share q: exact
    for a Markov chain of two states), of the autoregressive estimate of `spectral_effect`, and of that
    between customers, Σ_c (Σ_i (y_i - q))² / (n q (1-q)) m/(m-1) over m customers. Sources: J. Klotz,
    Annals of Statistics 1 (1973) 373-379; J. N. K. Rao and A. J. Scott, Biometrics 48 (1992) 577-585.
    """
    n, b = len(bad), int(np.count_nonzero(bad))
    edges = np.flatnonzero(np.diff(bad.astype(np.int8), prepend=0, append=0))
    starts, longest = len(edges) // 2, int((edges[1::2] - edges[::2]).max(initial=0))
    if not 0 < b < n:
        return Episodes(visits=n, bad=b, episodes=starts, effect=max(1.0, least_effect), longest=longest)
    q = b / n
    effect = max(1.0, least_effect, 2 * (1 - q) * b / starts - 1, spectral_effect(bad.astype(np.float64)))
    if customers is not None:
        _, group = np.unique(customers, return_inverse=True)
        m = int(group.max()) + 1
        if 1 < m < n:
            sums = np.bincount(group, weights=bad - q, minlength=m)
            effect = max(effect, float(sums @ sums) / (n * q * (1 - q)) * m / (m - 1))
    return Episodes(visits=n, bad=b, episodes=starts, effect=effect, longest=longest)


def spectral_effect(values: Values) -> float:
    """Design effect of a mean: spectral density at frequency 0 over the variance, of an autoregressive fit.

    v / (1 - Σ φ)² of an AR(p) by Yule and Walker (solved by Levinson's and Durbin's recursion), p up to 10
    log10 n by Akaike's criterion; 1 for values without variance. Source: P. Heidelberger and P. D. Welch,
    Communications of the ACM 24 (1981) 233-245; H. Akaike, IEEE Transactions on Automatic Control 19 (1974)
    716-723.
    """
    n = len(values)
    if n < _VALUES_LEAST:
        return 1.0
    centred = values - values.mean()
    top = min(int(10 * math.log10(n)), n - 2)
    c = np.array([centred[: n - lag] @ centred[lag:] for lag in range(top + 1)])
    if c[0] <= 1e-12 * n * max(1.0, float(np.abs(values).max())) ** 2:
        return 1.0
    c /= c[0]
    phi: Values = np.zeros(0)
    v, best, effect = 1.0, 0.0, 1.0
    for p in range(1, top + 1):
        partial = (c[p] - float(phi @ c[p - 1 : 0 : -1])) / v if p > 1 else c[1]
        phi = np.append(phi - partial * phi[::-1], partial)
        v *= 1 - partial * partial
        if v < 1e-12:  # noqa: PLR2004 - nothing is left to explain
            break
        criterion = n * math.log(v) + 2 * p
        if criterion < best:
            best, effect = criterion, v / max(1e-3, 1 - float(phi.sum())) ** 2
    return float(effect)


def at_most(bad: int, expected: float, length: float) -> float:
    """P(B <= bad): bad visits of Poisson(expected / length) episodes, each geometric of that mean length.

    Source: G. Polya, Annales de l'Institut Henri Poincare 1 (1930) 117-161; Polya-Aeppli distribution.
    """
    rate = expected / length
    if rate <= 0:
        return 1.0
    low = max(1, math.floor(rate - 12 * math.sqrt(rate) - 30))
    k = np.arange(low, min(bad, math.ceil(rate + 12 * math.sqrt(rate) + 60)) + 1)
    none = math.exp(-rate)
    if not len(k):
        return none if low == 1 else 0.0
    weights = np.exp(k * math.log(rate) - rate - scipy.special.gammaln(k + 1))
    return min(1.0, none + float(weights @ scipy.special.nbdtr(bad - k, k, 1 / length)))


def bad_share_bounds(
    seen: Episodes, longest: float = LONGEST_EPISODE, *, against_limit: bool = True
) -> Interval:
    """95 % bounds of the share of bad visits, 2.5 % of error on either side.

    From five effective episodes on, Wilson's interval at n / D visits with Student's t at one less than the
    effective episodes. With fewer, the length of an episode is unknown: the bounds are those of `at_most`, at
    the longer of `longest` (the declared mean length) and three times the observed length. `longest` is not
    used otherwise. When a limit is judged, the lower bound is also at least a fifth of the observed share
    (`against_limit`).

    Sources: E. B. Wilson, JASA 22 (1927) 209-212; E. L. Korn and B. I. Graubard, Survey Methodology 24 (1998)
    193-201 (n / D and Student's t).

    Raises:
        ValueError: there are no visits.
    """
    if seen.visits < 1:
        msg = "a share of no visits"
        raise ValueError(msg)
    if seen.effective >= EPISODES_LEAST:
        return wilson_at(seen.share, seen.visits / seen.effect, student_t(seen.effective - 1))
    learned = (
        _LEARNED_FACTOR * max(seen.length_mean, (seen.effect + 1) / 2) if seen.bad or seen.effect > 1 else 0
    )
    length = max(longest, learned, 1.0)
    return Interval(_least(seen, length, longest, against_limit=against_limit), most_of_few(seen, length))


def most_of_few(seen: Episodes, length: float) -> float:
    """Upper 97.5 % bound of the share of bad visits in episodes of that mean length, by `at_most`."""
    return _solved(lambda q: at_most(seen.bad, seen.visits * q, length) - _TAIL, seen.share)


def visits_to_decide(seen: Episodes, limit: float, longest: float = LONGEST_EPISODE) -> int | None:
    """Return the number of visits that would decide in nine of ten runs like this one; None: no number.

    The share is the observed one and 1.28 standard errors to either side (none if no visit was bad), with
    episodes as observed.
    """
    low, q = seen.share < limit, seen.share

    def decides(n: int) -> bool:
        error = _POWER_Z * math.sqrt(q * (1 - q) * seen.effect / n)
        # Fewer bad visits can also be worse: with fewer than five episodes, their length is unknown.
        likes = [scaled(seen, n, max(q + step * error, 0.0)) for step in (-1, 0, 1)]
        bounds = [bad_share_bounds(each, longest) for each in likes]
        return all(each.high <= limit if low else each.low > limit for each in bounds)

    return None if q == limit else least_number(decides, seen.visits)


def scaled(seen: Episodes, visits: int, share: float) -> Episodes:
    """Return `visits` visits with that share of bad ones, correlated as observed."""
    bad = min(math.ceil(share * visits), visits) if seen.bad else 0
    episodes = math.floor(bad / seen.length_mean) if bad else 0
    return Episodes(visits=visits, bad=bad, episodes=episodes, effect=seen.effect)


def least_number(holds: Callable[[int], bool], above: int) -> int | None:
    """Find the least number above `above` from which it holds; None if there is none below 10^9."""
    step, last = 1, above
    while not holds(above + step):
        last = above + step
        step *= 2
        if above + step > _MOST_VISITS:
            return None
    low, high = last, above + step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _least(seen: Episodes, length: float, longest: float, *, against_limit: bool) -> float:
    """Lower bound of the share from fewer than five episodes.

    If nearly all visits were bad, they count as many trials as episodes of the declared length fit into them.
    Otherwise the bound is a fifth of the observed share, if the declared length agrees: for geometric lengths
    of any mean, P(B >= b) is at most (n q / b) / e, hence 7.4 % for a share five times too high.
    """
    if not seen.bad:
        return 0.0

    def least(mean_length: float) -> float:
        return _solved(
            lambda q: at_most(seen.bad - 1, seen.visits * q, mean_length) - (1 - _TAIL), 0.0, seen.share
        )

    if seen.share >= _OUTAGE_SHARE:
        trials = seen.visits / max(longest, 1.0)
        return min(float(_TAIL ** (1 / trials)), wilson_at(seen.share, trials, _Z).low)
    declared = least(max(longest, 1.0))
    learned = least(length)
    return max(learned, min(declared, seen.share / _GROSS)) if against_limit else learned


def _solved(falling: Callable[[float], float], low: float, high: float = 1.0) -> float:
    """Return where a decreasing function of a share crosses 0, by bisection; the end if it does not."""
    if falling(high) > 0:
        return high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if falling(middle) > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


# ── Differences of two success shares, of the same customers or of different ones

_SAME = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One world, customer by customer, in the order of time: visits, and those of them that were served."""

    served: Values
    visits: Values

    @property
    def share(self) -> float:
        """Share of visits served, 0..1."""
        return float(self.served.sum() / self.visits.sum())


def paired_bounds(first: Side, second: Side, longest: float = LONGEST_EPISODE) -> Interval:
    """95 % bounds of the difference of two shares of the same customers: first - second.

    Each customer's part in the difference is x = (s1 - p1 n1) / N1 - (s2 - p2 n2) / N2 (s of n visits
    served, N all visits, p = share), so what happens to a customer in both worlds alike cancels out.
    Variance D Σ x² m/(m-1) over m customers, D the design effect of x or of the customers who fared
    differently; Student's t at one less than the episodes of such customers, and t² D max|x| / 2 for their
    skewness, as Wilson's interval has it. With fewer than five such episodes the bounds are those of their
    share at the declared length, `longest`. Source: W. G. Cochran, Sampling Techniques, 3rd ed. (1977),
    section 6.3 (ratio estimates, linearised).
    """
    m = len(first.served)
    difference = first.share - second.share
    parts = _parts(first) - _parts(second)
    differs = (np.abs(first.served - second.served) > _SAME) | (np.abs(first.visits - second.visits) > _SAME)
    seen = episodes_of(differs)
    weight = max(1.0, float(np.abs(parts).max()) * m)
    if seen.effective < EPISODES_LEAST:
        room = (bad_share_bounds(seen, longest).high - seen.share) * weight
        return Interval(max(-1.0, difference - room), min(1.0, difference + room))
    effect = max(seen.effect, spectral_effect(parts))
    t = student_t(seen.effective - 1)
    room = t * math.sqrt(effect * float(parts @ parts) * m / (m - 1)) + t * t * effect * weight / (2 * m)
    return Interval(max(-1.0, difference - room), min(1.0, difference + room))


def apart_bounds(first: Episodes, second: Episodes, longest: float = LONGEST_EPISODE) -> Interval:
    """95 % bounds of the difference of two shares of bad visits in different runs: first - second.

    d - √((p1-l1)² + (u2-p2)²) to d + √((u1-p1)² + (p2-l2)²), l and u the bounds of `bad_share_bounds`.
    Source: G. Y. Zou and A. Donner, Statistics in Medicine 27 (2008) 1693-1702.
    """
    one, two = (bad_share_bounds(seen, longest, against_limit=False) for seen in (first, second))
    return combined(first.share, one, second.share, two)


def combined(first: float, one: Interval, second: float, two: Interval) -> Interval:
    """Bounds of the difference of two independent figures, from the bounds of each."""
    difference = first - second
    return Interval(
        difference - math.hypot(first - one.low, two.high - second),
        difference + math.hypot(one.high - first, second - two.low),
    )


def _parts(side: Side) -> Values:
    return np.asarray((side.served - side.share * side.visits) / side.visits.sum(), dtype=np.float64)
