"""Times fitted to a log: service, patience by censored waits, and redials of customers who abandoned."""

from collections.abc import Collection
from dataclasses import dataclass
from math import exp, sqrt
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from footfall._fit.distributions import (
    FAMILIES,
    Z_95,
    FittedDistribution,
    KaplanMeier,
    Parameter,
    Points,
    Sample,
    constant_distribution,
    fit_distribution,
    product_limit,
    quantile_points,
    sample,
    thinned,
)
from footfall._model.durations import DistributionFamily
from footfall._records.rows import Outcome
from footfall._stats.intervals import student_t, wilson_at

# ── The distribution of an uncensored time: service, or the agents' wrap-up

_TIMES_LEAST = 30
"""Least number of times to fit."""
INSTANT_S = 1e-6
"""Shorter times count as 0."""
_TOLERATED_SHARE = 0.03
"""Tolerated distance between the distribution functions of fit and data; beyond it the data are used."""
_KS_95 = 1.358
"""95 % point of Kolmogorov's distance times sqrt(n), for samples of the distribution itself."""
_CURVE_LEAST = 200
_QQ_SHARES = np.concatenate([[0.005], np.linspace(0.01, 0.99, 99), [0.995]])
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TimesFit:
    """A fit to a sample of uncensored times."""

    times: int
    """Number of times fitted, without the short ones."""
    short: int
    """Number of short times, excluded from the fit but kept in the load."""
    short_s_mean: float
    mean_s: Parameter
    """Mean of the sample, independent of the fitted distribution."""
    cv: float
    distributions: tuple[FittedDistribution, ...]
    """Best first, by Akaike's criterion."""
    distance_share: float
    """Kolmogorov's distance of the best distribution from the data."""
    chosen: DistributionFamily | None
    """None: the data themselves, because even the best distribution is significantly off."""
    points: Points
    """Quantiles of the data; they include times of 0 unless a short time is set."""
    quantiles: tuple[tuple[float, float, float], ...]
    """Share, quantile of the data, quantile of the best distribution: the Q-Q chart."""

    @property
    def best(self) -> FittedDistribution:
        """The best distribution."""
        return self.distributions[0]

    @property
    def short_share(self) -> float:
        """Share of short times among all."""
        return self.short / (self.short + self.times)


def fit_times(
    seconds: ArrayLike, short_s: float = 0.0, tried: Collection[DistributionFamily] = FAMILIES
) -> TimesFit | None:
    """Fit distributions to times above `short_s` (0 itself is short); None if fewer than `_TIMES_LEAST`.

    The best by Akaike's criterion is chosen, unless its distance from the data, less what chance explains
    (Kolmogorov's 95 % point), exceeds `_TOLERATED_SHARE`: then the data themselves. Times that are all equal
    are a constant.
    """
    every = np.sort(np.asarray(seconds, dtype=np.float64))
    is_short = (every < short_s) | (every < INSTANT_S)
    short, kept = every[is_short], every[~is_short]
    if kept.size < _TIMES_LEAST:
        return None
    counted = sample(kept)
    if counted.seconds.size == 1:
        distributions, distance = [constant_distribution(float(counted.seconds[0]))], 0.0
    else:
        distributions = sorted(
            (fit_distribution(family, counted) for family in tried), key=lambda fitted: fitted.aic
        )
        distance = _distance_from(distributions[0], counted)
    is_off = kept.size >= _CURVE_LEAST and distance - _KS_95 / sqrt(kept.size) > _TOLERATED_SHARE
    mean_s, sd_s = float(kept.mean()), float(kept.std(ddof=1))
    half_s = student_t(kept.size - 1) * sd_s / sqrt(kept.size)
    return TimesFit(
        times=int(kept.size),
        short=int(short.size),
        short_s_mean=float(short.mean()) if short.size else 0.0,
        mean_s=Parameter("mean_s", mean_s, mean_s - half_s, mean_s + half_s),
        cv=sd_s / mean_s,
        distributions=tuple(distributions),
        distance_share=distance,
        chosen=None if is_off else distributions[0].family,
        points=quantile_points(kept if short_s else every),
        quantiles=_quantiles(distributions[0], kept),
    )


def _distance_from(fitted: FittedDistribution, counted: Sample) -> float:
    """Return the greatest distance between the distribution functions of fit and data, at mid-steps.

    Mid-steps, because times recorded in whole seconds make steps that are no misfit.
    """
    middles = (np.cumsum(counted.weights) - counted.weights / 2) / counted.total
    return float(np.abs(1 - fitted.survival(counted.seconds) - middles).max())


def quantile(fitted: FittedDistribution, shares: Array) -> Array:
    """Return the quantiles of a fitted distribution, by bisection in the logarithm."""
    low, high = np.full(shares.size, 1e-9), np.full(shares.size, 1e12)
    for _ in range(80):
        middle = np.sqrt(low * high)
        below = 1 - fitted.survival(middle) < shares
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    found: Array = np.sqrt(low * high)
    return found


def _quantiles(fitted: FittedDistribution, ordered: Array) -> tuple[tuple[float, float, float], ...]:
    data = np.quantile(ordered, _QQ_SHARES)
    theirs = data if fitted.family is DistributionFamily.CONSTANT else quantile(fitted, _QQ_SHARES)
    return tuple(zip(_QQ_SHARES.tolist(), data.tolist(), theirs.tolist(), strict=True))


# ── Patience: the Kaplan–Meier curve, and a distribution if it is close enough

_LEFT_LEAST = 20
"""If fewer left, a curve says little: a constant rate of leaving is fitted instead."""
_CURVE_LEFT_LEAST = 100
_AT_RISK_LEAST = 30
"""The curve is cut where fewer are still waiting."""
_CV_MOST = 20.0


@dataclass(frozen=True, slots=True)
class PatienceFit:
    """A fit to waits, many of them censored by service."""

    waits: int
    """Waits above 0 s; customers served at once say nothing about patience."""
    left: int
    curve: KaplanMeier
    distributions: tuple[FittedDistribution, ...]
    """Best first; empty if too few left."""
    distance_share: float
    """Greatest distance of the best distribution from the curve, where enough were waiting."""
    chosen: DistributionFamily | None
    """None: the curve itself."""
    points: Points
    """The curve up to where it is cut."""
    beyond_s: float | None
    """Mean further wait of customers who outlast the curve; None: no late departures, or none outlast it."""
    mean_s: Parameter
    """Total waiting time over the number who left: the mean patience if leaving had a constant rate."""

    @property
    def best(self) -> FittedDistribution:
        """The best distribution."""
        return self.distributions[0]


def fit_patience(
    waits_s: ArrayLike, left: ArrayLike, tried: Collection[DistributionFamily] = FAMILIES
) -> PatienceFit | None:
    """Fit patience to waits and whether each ended in leaving; None if no customer left.

    If fewer than 20 left, exponential: total waiting time over the number who left. Otherwise the best
    distribution, unless it is significantly off the curve (pointwise, Greenwood): then the curve.
    """
    waits = sample(waits_s, left)
    if waits.ended == 0:
        return None
    curve = product_limit(waits)
    waited = waits.above(INSTANT_S)
    mean_s = _mean(waits)
    if waited.seconds.size == 1 and waited.ended == waited.total:
        distributions = [constant_distribution(float(waited.seconds[0]))]
    elif waited.ended < _LEFT_LEAST or waited.seconds.size == 1:
        distributions = [fit_distribution(DistributionFamily.EXPONENTIAL, waited)] if waited.ended else []
    else:
        distributions = [fit_distribution(family, waited) for family in tried]
    distributions = sorted(
        (fitted for fitted in distributions if fitted.cv <= _CV_MOST), key=lambda fitted: fitted.aic
    )
    distance, is_off = _distance(distributions[0], curve) if distributions else (1.0, True)
    # If few left, only a constant rate can be estimated.
    enough = waits.ended >= _CURVE_LEFT_LEAST or not distributions
    points, cut_s = _cut(curve)
    return PatienceFit(
        waits=int(waited.total),
        left=int(waits.ended),
        curve=curve,
        distributions=tuple(distributions),
        distance_share=distance,
        chosen=None if is_off and enough else distributions[0].family,
        points=points,
        beyond_s=_beyond_s(waits, cut_s) if points[1][-1] < 1 else None,
        mean_s=mean_s,
    )


def _mean(waits: Sample) -> Parameter:
    """Return the mean of an exponential patience, with the interval of its Poisson number of events."""
    mean_s = waits.exposure_s / waits.ended
    part = Z_95 / sqrt(waits.ended)
    return Parameter("mean_s", mean_s, mean_s * exp(-part), mean_s * exp(part))


def _distance(fitted: FittedDistribution, curve: KaplanMeier) -> tuple[float, bool]:
    """Return the greatest distance from the curve, and whether it is significantly too large anywhere."""
    enough = (curve.at_risk >= _AT_RISK_LEAST) & (curve.survival > 0)
    if not enough.any():
        return 0.0, False
    away = np.abs(fitted.survival(curve.seconds[enough]) - curve.survival[enough])
    return float(away.max()), bool((away - Z_95 * curve.error[enough] > _TOLERATED_SHARE).any())


def _cut(curve: KaplanMeier) -> tuple[Points, float]:
    """Return the curve as a distribution function, up to where enough were waiting."""
    enough = int(np.count_nonzero(curve.at_risk >= _AT_RISK_LEAST)) or curve.seconds.size
    seconds, shares = curve.seconds[:enough], 1 - curve.survival[:enough]
    if seconds[0] > 0:
        seconds, shares = np.concatenate([[0.0], seconds]), np.concatenate([[0.0], shares])
    if seconds.size == 1:  # all departures were immediate: assume no later ones
        seconds, shares = np.append(seconds, seconds[0] + 1.0), np.append(shares, shares[0])
    return thinned(seconds, shares), float(seconds[-1])


def _beyond_s(waits: Sample, cut_s: float) -> float | None:
    """Return the mean further wait beyond the curve, at the rate of leaving in its second half and later."""
    from_s = cut_s / 2
    late = waits.seconds > from_s
    left = float(waits.ends[late].sum())
    exposure_s = float(waits.weights[late] @ (waits.seconds[late] - from_s))
    return exposure_s / left if left else None


# ── Redials after abandoning: share, delay, and which rows are redials

_WITHIN_S = (300.0, 900.0, 3600.0)
_HORIZON_S = _WITHIN_S[-1]
"""A later call after abandoning is treated as unrelated."""
_IDENTIFIED_LEAST = 50


@dataclass(frozen=True, slots=True)
class RedialCount:
    """Share of customers who call again within some seconds, with its 95 % interval (Wilson 1927)."""

    within_s: float
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class RedialFit:
    """Redials of identified customers."""

    abandoned: int
    identified: int
    """Identified customers among those who abandoned."""
    after_abandoned: tuple[RedialCount, ...]
    after_served: tuple[RedialCount, ...]
    share: float
    """Share of those who abandoned that retry within the hour, unrelated calls excluded."""
    delays: Points
    """Delays of those who called again within the hour."""


def fit_redial(rows: pl.DataFrame, since: Literal["left", "arrived"] = "left") -> RedialFit | None:
    """Fit the share that retries; None if too few of those who abandoned are identified.

    Customers call again after served calls, too. If a share b does so, g after abandoned calls, and an
    unrelated call is as likely after either, then 1 - g = (1 - r)(1 - b): r = (g - b)/(1 - b) retry.
    """
    known = _gaps(rows, since)
    left = known.filter(pl.col("outcome") == Outcome.ABANDONED.value)
    served = known.filter(pl.col("outcome") == Outcome.SERVED.value)
    if left.height < _IDENTIFIED_LEAST:
        return None
    after_left, after_served = _shares(left), _shares(served)
    base = after_served[-1].share if after_served else 0.0
    delays = left.filter(pl.col("gap_s") <= _HORIZON_S)["gap_s"].sort().to_numpy()
    return RedialFit(
        abandoned=rows.filter(pl.col("outcome") == Outcome.ABANDONED.value).height,
        identified=left.height,
        after_abandoned=after_left,
        after_served=after_served,
        share=max(0.0, (after_left[-1].share - base) / (1 - base)) if base < 1 else 0.0,
        delays=quantile_points(np.maximum(delays, 0.0)) if delays.size else ((0.0, _HORIZON_S), (0.0, 1.0)),
    )


def weighed(rows: pl.DataFrame, redial: RedialFit | None) -> pl.DataFrame:
    """Add a weight to each row: 1, less the expected number of retries in it.

    A row that follows the same customer's abandoned one within the hour also represents unidentified
    customers. The sum of all reductions is `share` of all who abandoned.
    """
    known = _gaps(rows, "left")
    tries = known.filter(pl.col("outcome") == Outcome.ABANDONED.value, pl.col("gap_s") <= _HORIZON_S)
    if redial is None or tries.is_empty():
        return rows.with_columns(weight=pl.lit(1.0))
    each = redial.share * redial.abandoned / tries.height
    again = tries.select(row="next_row").group_by("row").agg(off=pl.len() * each)
    joined = rows.join(again, on="row", how="left", maintain_order="left")
    return joined.with_columns(weight=1 - pl.col("off").fill_null(0.0)).drop("off")


def _gaps(rows: pl.DataFrame, since: str) -> pl.DataFrame:
    """Return the rows of identified customers, with the seconds until the next row and its number."""
    known = rows.filter(pl.col("customer").is_not_null()).sort("customer", "at_s", "row")
    waited = pl.col("wait_s").fill_null(0.0) + pl.col("service_s").fill_null(0.0)
    ended = pl.col("at_s") + (waited if since == "left" else 0.0)
    return known.select(
        "outcome",
        gap_s=pl.max_horizontal(pl.col("at_s").shift(-1).over("customer") - ended, 0.0),
        next_row=pl.col("row").shift(-1).over("customer"),
    ).with_columns(gap_s=pl.when(pl.col("next_row").is_null()).then(None).otherwise("gap_s"))


def _shares(rows: pl.DataFrame) -> tuple[RedialCount, ...]:
    if rows.is_empty():
        return ()
    counts = [rows.filter(pl.col("gap_s") <= within_s).height for within_s in _WITHIN_S]
    return tuple(
        _redial_count(within_s, n, rows.height) for within_s, n in zip(_WITHIN_S, counts, strict=True)
    )


def _redial_count(within_s: float, count: int, n: int) -> RedialCount:
    return RedialCount(within_s, count / n, *wilson_at(count / n, n, Z_95))
