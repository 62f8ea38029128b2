"""Judge a run against an earlier one: not worse by more than so much."""

import math

import polars as pl

from footfall.measure.bootstrap import change_interval
from footfall.measure.criteria.decided import enough, finite, unmatched, untrusted
from footfall.measure.criteria.evidence import Evidence
from footfall.measure.criteria.shares import counted
from footfall.measure.criteria.spec import BaselineCriterion
from footfall.measure.criteria.times import in_time, statistic
from footfall.measure.criteria.words import duration, percent, points
from footfall.measure.interval import Interval, newcombe, sample_for_percentile
from footfall.measure.verdict import Judgement, Verdict


def judge_baseline(criterion: BaselineCriterion, evidence: Evidence) -> Judgement:
    """Hold the interval of the worsening against the tolerance."""
    if evidence.baseline is None:
        return untrusted(criterion.text, "no baseline was given")
    visits, before = evidence.judged(criterion.scope), evidence.baseline.judged(criterion.scope)
    if visits is None or before is None:
        world = "" if visits is None else "earlier "
        return unmatched(criterion.text, criterion.scope, world, validity=criterion.validity)
    of_share = criterion.of in {"success", "error"}
    worse, bounds, found = (_of_share if of_share else _of_time)(criterion, visits, before)
    verdict = Verdict.UNDECIDED
    if bounds.high <= criterion.tolerance:
        verdict = Verdict.PASS
    elif bounds.low > criterion.tolerance:
        verdict = Verdict.FAIL
    else:
        room = abs(criterion.tolerance - worse)
        half_width = bounds.half_width
        needed = visits.height * (half_width / room) ** 2 if room and math.isfinite(half_width) else None
        found += f": too few to tell; {enough(needed, visits.height, evidence)} in each run"
    return Judgement(
        criterion=criterion.text,
        verdict=verdict,
        reason=found,
        value=worse,
        low=finite(bounds.low),
        high=finite(bounds.high),
        bound=criterion.tolerance,
        unit=criterion.unit,
        n=visits.height,
        validity=criterion.validity,
    )


def _of_share(
    criterion: BaselineCriterion, visits: pl.DataFrame, before: pl.DataFrame
) -> tuple[float, Interval, str]:
    now, then = counted(visits, criterion.of), counted(before, criterion.of)
    # A success that falls is worse, an error that rises is.
    first, second = (then, now) if criterion.of == "success" else (now, then)
    worse, bounds = first[0] / first[1] - second[0] / second[1], newcombe(first, second)
    found = f"{percent(now[0] / now[1])} of {now[1]} visits, before {percent(then[0] / then[1])} of {then[1]}"
    return (
        worse,
        bounds,
        f"{found}: worse by {points(worse)}, 95 % bounds {points(bounds.low)} to {points(bounds.high)}",
    )


def _of_time(
    criterion: BaselineCriterion, visits: pl.DataFrame, before: pl.DataFrame
) -> tuple[float, Interval, str]:
    values, old = in_time(visits), in_time(before)
    now, then = statistic(values, criterion.quantile), statistic(old, criterion.quantile)
    as_ratio = criterion.unit == "ratio"
    worse = (now / then - 1 if then > 0 else math.inf) if as_ratio else now - then
    few = criterion.quantile is not None and min(len(values), len(old)) < sample_for_percentile(
        criterion.quantile
    )
    bounds = Interval(-math.inf, math.inf)
    if not few:
        bounds = change_interval(values, old, criterion.quantile, as_ratio=as_ratio)
    words = _signed_percent if as_ratio else _signed_duration
    found = f"{duration(now)} over {len(values)} visits, before {duration(then)} over {len(old)}"
    return worse, bounds, f"{found}: {words(worse)}, 95 % bounds {words(bounds.low)} to {words(bounds.high)}"


def _signed_percent(ratio: float) -> str:
    return f"{ratio * 100:+.1f} %" if math.isfinite(ratio) else "unknown"


def _signed_duration(seconds: float) -> str:
    return f"{'+' if seconds >= 0 else ''}{duration(seconds)}" if math.isfinite(seconds) else "unknown"
