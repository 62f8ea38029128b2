"""Judge a run against an earlier one: not worse by more than so much."""

import math

import numpy as np
import polars as pl

from footfall._criteria.objects import BaselineCriterion
from footfall._measure.judge_visits import Times, bad_of, statistic, times_of
from footfall._measure.quantile_bounds import quantile_bounds
from footfall._measure.run_data import RunData, enough, finite, judged, unmatched, untrusted
from footfall._measure.verdict import Judgement, Verdict
from footfall._stats.agreement import apart_bounds, combined
from footfall._stats.intervals import Interval, duration, percent, points
from footfall._stats.response_times import MEAN_PASS_LEAST, mean_bounds

_UNKNOWN = Interval(-math.inf, math.inf)


def judge_baseline(criterion: BaselineCriterion, evidence: RunData) -> Judgement:
    """Hold the interval of the worsening against the tolerance."""
    if evidence.baseline is None:
        return untrusted(criterion, "no baseline was given")
    visits, before = evidence.judged(criterion.scope), evidence.baseline.judged(criterion.scope)
    if visits is None or before is None:
        source = "" if visits is None else "earlier "
        return unmatched(criterion, source)
    of_share = criterion.of in {"success", "error"}
    worse, bounds, found = (_of_share if of_share else _of_time)(criterion, visits, before)
    verdict = Verdict.UNDECIDED
    if bounds.high <= criterion.tolerance:
        verdict = Verdict.PASS
    elif bounds.low > criterion.tolerance:
        verdict = Verdict.FAIL
    else:
        needed = _needed(criterion, visits.height, worse, bounds)
        found += f": too few to tell; {enough(needed, visits.height, evidence)} in each run"
    return judged(criterion, verdict, found, finite(worse), bounds, n=visits.height)


def _needed(criterion: BaselineCriterion, n: int, worse: float, bounds: Interval) -> int | None:
    """Visits in each run that would decide at this worsening; None: no number.

    Where there are no bounds yet, they are guessed to be as wide as the found figure.
    """
    tolerance = criterion.tolerance
    if criterion.unit == "ratio":
        worse, tolerance = math.log1p(worse), math.log1p(tolerance)
        bounds = Interval(*(math.log1p(each) if each > -1 else -math.inf for each in bounds))
    room = abs(tolerance - worse)
    if not room or not math.isfinite(room):
        return None
    reached = bounds.high - worse if worse < tolerance else worse - bounds.low
    if not math.isfinite(reached) or reached > _WIDEST:
        return math.ceil(max(4 * n, 4 * MEAN_PASS_LEAST))
    return max(n + 1, math.ceil(n * (_POWER * reached / room) ** 2))


_POWER = 1.75
"""Of the bounds: the found difference itself moves, and so do the design effects."""
_WIDEST = 100.0


def _of_share(
    criterion: BaselineCriterion, visits: pl.DataFrame, before: pl.DataFrame
) -> tuple[float, Interval, str]:
    now, then = bad_of(visits, criterion.of), bad_of(before, criterion.of)
    bounds = apart_bounds(now, then, criterion.longest_episode)
    worse = now.share - then.share
    shown = [1 - each.share if criterion.of == "success" else each.share for each in (now, then)]
    found = f"{percent(shown[0])} of {now.visits} visits, before {percent(shown[1])} of {then.visits}"
    return (
        worse,
        bounds,
        f"{found}: worse by {points(worse)}, 95 % bounds {points(bounds.low)} to {points(bounds.high)}",
    )


def _of_time(
    criterion: BaselineCriterion, visits: pl.DataFrame, before: pl.DataFrame
) -> tuple[float, Interval, str]:
    pair = [times_of(frame, of_all=criterion.of_all) for frame in (visits, before)]
    if pair[0] is None or pair[1] is None:
        which = "" if pair[0] is None else "earlier "
        return math.nan, _UNKNOWN, f"none of the {which}visits was served"
    as_ratio = criterion.unit == "ratio"
    now, then = (statistic(_values(times, criterion), criterion.quantile) for times in (pair[0], pair[1]))
    worse = (now / then - 1 if then > 0 else math.inf) if as_ratio else now - then
    one, two = (_bounds(times, criterion) for times in (pair[0], pair[1]))
    bounds = _ratio(now, one, then, two) if as_ratio else combined(now, one, then, two)
    words = _signed_percent if as_ratio else _signed_duration
    found = f"{duration(now)} over {len(pair[0])} visits, before {duration(then)} over {len(pair[1])}"
    return worse, bounds, f"{found}: {words(worse)}, 95 % bounds {words(bounds.low)} to {words(bounds.high)}"


def _values(times: Times, criterion: BaselineCriterion) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return times.seconds if criterion.quantile is None else times.at_worst


def _bounds(times: Times, criterion: BaselineCriterion) -> Interval:
    """Bounds of one side; a mean with visits that were never answered is not known from above."""
    if criterion.quantile is not None:
        return quantile_bounds(times.at_worst, criterion.quantile, times.customers)
    bounds = mean_bounds(times.seconds)
    return Interval(bounds.low, math.inf) if times.cut.any() else bounds


def _ratio(now: float, one: Interval, then: float, two: Interval) -> Interval:
    """Bounds of now / then - 1, from bounds of each, by their logarithms (G. Y. Zou and A. Donner, 2008)."""
    if min(now, then) <= 0 or not all(map(math.isfinite, (now, then))):
        return _UNKNOWN
    logs = [Interval(_log(each.low), _log(each.high)) for each in (one, two)]
    apart = combined(math.log(now), logs[0], math.log(then), logs[1])
    return Interval(math.expm1(min(apart.low, _LOG_MOST)), math.expm1(min(apart.high, _LOG_MOST)))


_LOG_MOST = 700.0


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf


def _signed_percent(ratio: float) -> str:
    return f"{ratio * 100:+.1f} %" if -1 < ratio < _RATIO_SHOWN else "unknown"


_RATIO_SHOWN = 1e6


def _signed_duration(seconds: float) -> str:
    return f"{'+' if seconds >= 0 else ''}{duration(seconds)}" if math.isfinite(seconds) else "unknown"
