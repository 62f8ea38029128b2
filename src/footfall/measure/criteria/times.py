"""Judge response times: a percentile by the share of visits beyond its limit, the mean by its bounds."""

import math
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from footfall.measure.criteria.decided import alike, assumed, decided, enough, finite, told, unmatched
from footfall.measure.criteria.evidence import Evidence, in_order
from footfall.measure.criteria.spec import ResponseCriterion
from footfall.measure.criteria.words import between, duration, percent
from footfall.measure.interval import Interval, nearest_rank
from footfall.measure.quantiles import Limit, Quantile
from footfall.measure.response_times import (
    mean_bounds,
    slow_share_least,
    slow_share_most,
    tells_a_share,
    visits_to_decide_mean,
    visits_to_decide_slow,
)
from footfall.measure.summary import RESPONSE_S, SERVED
from footfall.measure.verdict import Judgement, Verdict
from footfall.records.outcomes import Outcome

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Times:
    """Response times in the order in which the visits were due."""

    seconds: Values
    cut: NDArray[np.bool_]
    """Visits that were never answered: they would have taken at least so long."""
    customers: NDArray[np.int64]

    def __len__(self) -> int:
        """Number of visits."""
        return len(self.seconds)

    @property
    def at_worst(self) -> Values:
        """The times, where those that are not known were endless."""
        return np.where(self.cut, math.inf, self.seconds)


def times_of(visits: pl.DataFrame, *, of_all: bool = False) -> Times | None:
    """The times of visits that were served or never answered, or of all; None where none was served."""
    cut = pl.col("outcome") == Outcome.UNFINISHED.value
    if not of_all:
        visits = visits.filter(SERVED | cut)
        if not visits.select(SERVED.any()).item():
            return None
    columns = in_order(visits).select(RESPONSE_S.alias("seconds"), cut.alias("cut"), "customer")
    return Times(*(columns[name].to_numpy() for name in ("seconds", "cut", "customer")))


def statistic(values: Values, quantile: float | None) -> float:
    """The quantile, by nearest rank, or the mean."""
    return float(values.mean()) if quantile is None else nearest_rank(np.sort(values).tolist(), quantile)


def judge_response(criterion: ResponseCriterion, evidence: Evidence) -> Judgement:
    """Hold a percentile or a mean against its limit."""
    visits = evidence.judged(criterion.scope)
    if visits is None:
        return unmatched(criterion.text, criterion.scope, validity=criterion.validity)
    times = times_of(visits, of_all=criterion.of_all)
    if times is None:
        reason = (
            f"none of {visits.height} visits was served, so there is no response time to judge; "
            f"`{criterion.text.replace('(', '(all ', 1)}` asks for those of failed visits too"
        )
        return Judgement(
            criterion=criterion.text, verdict=Verdict.UNDECIDED, reason=reason, validity=criterion.validity
        )
    if criterion.quantile is None:
        return _judge_mean(criterion, times, evidence)
    return _judge_percentile(criterion, criterion.quantile, times, evidence)


def _judge_percentile(
    criterion: ResponseCriterion, quantile: float, times: Times, evidence: Evidence
) -> Judgement:
    """The share of visits beyond the limit decides; the interval shown is where that would be undecided."""
    longest, n = criterion.longest_episode, len(times)
    limit = Limit(seconds=criterion.limit_s, includes=criterion.operator == "<=")
    # A visit that was never answered is no shorter than it lasted, and may be endless.
    known, endless = (
        Quantile(values, quantile, times.customers, longest) for values in (times.seconds, times.at_worst)
    )
    surely, perhaps = known.beyond(limit), endless.beyond(limit)
    bounds = Interval(slow_share_least(surely, longest), slow_share_most(perhaps, longest))
    verdict = decided(bounds, "<=", perhaps.allowed)
    shown = Interval(known.least_s(limit), endless.most_s(limit))
    value = statistic(times.at_worst, quantile)
    within = Interval(1 - bounds.high, 1 - bounds.low)
    found = f"{_duration(value)} over {_visits(times)}, {between(duration, shown)}"
    found += f"; {percent(1 - surely.seen.share)} took up to {duration(limit.seconds)}, "
    found += between(percent, within)
    if verdict is Verdict.UNDECIDED:
        needed = visits_to_decide_slow(perhaps, longest)
        found += f": too few to tell from {quantile * 100:g} %; {enough(needed, n, evidence)}"
    is_remembered = verdict is Verdict.UNDECIDED and not tells_a_share(perhaps)
    found += f"; {alike(perhaps) if is_remembered else assumed(perhaps.seen, longest, 'slow visits')}"
    return told(criterion, verdict, found, finite(value), shown, n=n, bound=limit.seconds, unit="s")


def _judge_mean(criterion: ResponseCriterion, times: Times, evidence: Evidence) -> Judgement:
    """A mean with times that are not known can be too long, and cannot be short enough."""
    limit_s, n = criterion.limit_s, len(times)
    value, bounds = statistic(times.seconds, None), mean_bounds(times.seconds)
    if times.cut.any():
        bounds = Interval(bounds.low, math.inf)
    verdict = decided(bounds, criterion.operator, limit_s)
    found = f"{_duration(value)} over {_visits(times)}, {between(duration, bounds)}"
    if verdict is Verdict.UNDECIDED and times.cut.any():
        found += f": the mean is not known while {np.count_nonzero(times.cut)} visits were never answered"
    elif verdict is Verdict.UNDECIDED:
        needed = visits_to_decide_mean(times.seconds, limit_s)
        found += f": too few to tell from {duration(limit_s)}; {enough(needed, n, evidence)}"
    return told(criterion, verdict, found, value, bounds, n=n, bound=limit_s, unit="s")


def _visits(times: Times) -> str:
    cut = int(np.count_nonzero(times.cut))
    never = f" ({cut} of them never answered, each at least as long as it lasted)" if cut else ""
    return f"{len(times)} {'visit' if len(times) == 1 else 'visits'}{never}"


def _duration(seconds: float) -> str:
    return duration(seconds) if math.isfinite(seconds) else "not known"
