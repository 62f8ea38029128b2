"""The forecast held against months that are known: each forecast from the months before it only."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import special

from footfall.simulate.fit.shares.forecast import forecast_of
from footfall.simulate.fit.shares.history import Floats, History, shares_of

TRAINING_MONTHS_LEAST = 3
ORIGINS_MOST = 12
DECIDING_MONTHS_LEAST = 5
"""From fewer months nothing is said of which forecast is better."""
_DRAWS = 4000
_SAME = 0.0005
"""Less than a twentieth of a point is no difference."""


@dataclass(frozen=True, slots=True)
class Point:
    """One month that was forecast from an earlier one."""

    month: int
    ahead: int
    share: Floats
    low: Floats
    high: Floats
    naive: Floats
    recorded: Floats
    """Shape (channels,) each."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """All forecasts so many months ahead, together."""

    ahead: int
    months: int
    shares: int
    held: int
    """Recorded shares inside the 95 % interval."""
    error: float
    """Mean distance of the forecast from the recorded share."""
    error_naive: float
    """The same of the last month's share."""
    better: str
    """`forecast`, `naive`, `neither`, or `unknown`: too few months."""


@dataclass(frozen=True, slots=True)
class Check:
    """A rolling-origin check (Tashman 2000)."""

    points: tuple[Point, ...]
    by_ahead: tuple[Ahead, ...]
    """Empty: too few months to hold one back."""


def check(history: History, ahead: int) -> Check:
    """Forecast the last months, from at most `ORIGINS_MOST` points in time; months with gaps are left out."""
    total = history.months.size
    points = []
    for known in range(max(TRAINING_MONTHS_LEAST, total - ORIGINS_MOST), total):
        past = history.until(known)
        told = np.atleast_1d(np.isfinite(past.counts).any(axis=0))
        if told.sum() < 2 or past.counts[-1][told].sum() == 0:  # noqa: PLR2004  a share is of two
            continue
        past = History(past.months, past.counts[:, told], past.covered)
        reach = min(ahead, int(history.months[-1] - past.months[-1]))
        forecast = forecast_of(past, reach, _DRAWS)
        for at in np.flatnonzero(history.months[known:] <= past.months[-1] + reach) + known:
            step = int(history.months[at] - past.months[-1])
            counts = history.counts[at][told]
            if np.nan_to_num(counts).sum() == 0 or np.isnan(counts).any():
                continue
            points.append(
                Point(
                    month=int(history.months[at]),
                    ahead=step,
                    share=_spread(forecast.share[step - 1], told),
                    low=_spread(forecast.low[step - 1], told),
                    high=_spread(forecast.high[step - 1], told),
                    naive=_spread(forecast.last, told),
                    recorded=_spread(shares_of(counts), told),
                )
            )
    steps = sorted({point.ahead for point in points})
    return Check(tuple(points), tuple(_together(points, step) for step in steps))


def _spread(values: Floats, told: NDArray[np.bool_]) -> Floats:
    """Give values for all channels; NaN for one of which nothing was known."""
    found = np.full(told.size, np.nan)
    found[told] = values
    return found


def _together(points: list[Point], ahead: int) -> Ahead:
    mine = [point for point in points if point.ahead == ahead]
    off = np.array([np.nanmean(np.abs(point.share - point.recorded)) for point in mine])
    naive = np.array([np.nanmean(np.abs(point.naive - point.recorded)) for point in mine])
    inside = [(point.low <= point.recorded) & (point.recorded <= point.high) for point in mine]
    return Ahead(
        ahead=ahead,
        months=len(mine),
        shares=sum(int(np.isfinite(point.recorded).sum()) for point in mine),
        held=int(sum(each.sum() for each in inside)),
        error=float(off.mean()),
        error_naive=float(naive.mean()),
        better=_better(off - naive, ahead),
    )


def _better(difference: Floats, ahead: int) -> str:
    """Say which is nearer, by the t interval of the difference; errors of overlapping months count as one."""
    independent = difference.size / ahead
    if difference.size < DECIDING_MONTHS_LEAST or independent < 2:  # noqa: PLR2004  one cannot vary
        return "unknown"
    half = float(special.stdtrit(independent - 1, 0.975)) * float(difference.std(ddof=1)) / sqrt(independent)
    mean = float(difference.mean())
    if abs(mean) <= max(half, _SAME):
        return "neither"
    return "forecast" if mean < 0 else "naive"
