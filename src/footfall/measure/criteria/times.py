"""Judge response times: percentiles and the mean; the bounds mind that neighbours resemble each other."""

import math

import numpy as np
import polars as pl
from numpy.typing import NDArray

from footfall.measure.batches import batch_means_interval, batch_percentile_interval
from footfall.measure.criteria.decided import decided, enough, finite, unmatched
from footfall.measure.criteria.evidence import Evidence
from footfall.measure.criteria.spec import ResponseCriterion
from footfall.measure.criteria.words import between, duration
from footfall.measure.interval import (
    Interval,
    nearest_rank,
    percentile_interval,
    sample_for_percentile,
    sample_to_decide,
    t_interval,
    wilson,
)
from footfall.measure.summary import RESPONSE_S
from footfall.measure.verdict import Judgement, Verdict

Values = NDArray[np.float64]


def in_time(visits: pl.DataFrame) -> Values:
    """Response times in the order in which the visits were due, seconds."""
    return visits.sort("due_s", "customer", "attempt").select(RESPONSE_S).to_series().to_numpy()


def statistic(values: Values, quantile: float | None) -> float:
    """The quantile, by nearest rank, or the mean."""
    return float(values.mean()) if quantile is None else nearest_rank(np.sort(values).tolist(), quantile)


def response_bounds(values: Values, quantile: float | None) -> Interval:
    """95 % bounds of a quantile or of the mean of values in the order of time.

    The wider of two intervals: that of independent values (order statistics, Student) and that by batches,
    which grows where neighbours resemble each other, as in a queue.
    """
    if quantile is None:
        alone = t_interval(list(values)) if len(values) > 1 else Interval(-math.inf, math.inf)
        together = batch_means_interval(values)
    else:
        alone = percentile_interval(np.sort(values).tolist(), quantile)
        together = batch_percentile_interval(values, quantile)
    if together is None:
        return alone
    return Interval(min(alone.low, together.low), max(alone.high, together.high))


def judge_response(criterion: ResponseCriterion, evidence: Evidence) -> Judgement:
    """Hold the bounds of a percentile or mean against its limit."""
    visits = evidence.judged(criterion.scope)
    if visits is None:
        return unmatched(criterion.text, criterion.scope, validity=criterion.validity)
    values = in_time(visits)
    value, bounds = statistic(values, criterion.quantile), response_bounds(values, criterion.quantile)
    verdict = decided(bounds, criterion.operator, criterion.limit_s)
    found = f"{duration(value)} over {len(values)} visits, {between(duration, bounds)}"
    if verdict is Verdict.UNDECIDED:
        needed = _needed(values, bounds, criterion)
        found += (
            f": too few to tell from {duration(criterion.limit_s)}; {enough(needed, len(values), evidence)}"
        )
    return Judgement(
        criterion=criterion.text,
        verdict=verdict,
        reason=found,
        value=value,
        low=finite(bounds.low),
        high=finite(bounds.high),
        bound=criterion.limit_s,
        unit="s",
        n=len(values),
        validity=criterion.validity,
    )


def _needed(values: Values, bounds: Interval, criterion: ResponseCriterion) -> float | None:
    """Visits that could decide: p95 < L says that 95 % are below L, and a share needs what a share needs."""
    n, limit_s, q = len(values), criterion.limit_s, criterion.quantile
    if q is None:
        room = abs(float(values.mean()) - limit_s)
        return n * (bounds.half_width / room) ** 2 if room and math.isfinite(bounds.half_width) else None
    share = float((values <= limit_s).mean())
    # Neighbours that resemble each other tell less than as many strangers.
    inflation = 1.0
    batch = batch_means_interval((values <= limit_s).astype(np.float64))
    if batch is not None and batch.half_width > 0:
        inflation = max(1.0, (batch.half_width / wilson(share * n, n).half_width) ** 2)
    needed = sample_to_decide(share, q)
    # However clear it is, a percentile is bounded from above only by a value beyond it.
    return None if needed is None else max(needed * inflation, sample_for_percentile(q))
