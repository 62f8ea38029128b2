"""Exact percentiles by nearest rank, of a list and of a column; needs no SciPy."""

import math
from collections.abc import Sequence

import polars as pl


def nearest_rank(ordered: Sequence[float], q: float) -> float:
    """Exact q quantile of ascending values: the smallest with at least q n values at or below it.

    Raises:
        ValueError: there are no values.
    """
    if not len(ordered):
        msg = "a percentile of no values"
        raise ValueError(msg)
    # 0.07 * 100 is 7.000000000000001, whose ceiling is a rank too high.
    rank = math.ceil(round(q * len(ordered), 9))
    return float(ordered[max(rank, 1) - 1])


def percentiles(ordered: Sequence[float], *quantiles: float) -> tuple[float | None, ...]:
    """Return several quantiles by nearest rank, None each where there are no values."""
    return tuple(nearest_rank(ordered, q) if len(ordered) else None for q in quantiles)


def at_percentile(values: pl.Expr, percent: int) -> pl.Expr:
    """Exact percentile of a group by nearest rank, rank ⌈percent · n / 100⌉; null of no values."""
    known = values.drop_nulls()
    rank = (known.len().cast(pl.Int64) * percent + 99) // 100
    return known.sort().get((rank - 1).clip(0), null_on_oob=True)
