"""Utilisation explained by rates of work, learned from a table with a row an interval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from footfall._records.errors import BadInputError

Floats: TypeAlias = NDArray[np.float64]

ROWS_LEAST = 20
COLUMNS_MOST = 10
_COLUMNS_KEPT = 3
_FOLDS = 5
_BETTER_SHARE = 0.97
"""A further column must lower the error across blocks of time to this share."""
_ROUNDS, _NEAR_SHARE = 40, 0.05
"""Within the near share errors count by their square, beyond by their size (Huber 1964)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UtilisationLaw:
    """Utilisation = background + sum of demand x rate, over the columns that explain it."""

    demands: Mapping[str, float]
    """By column that was kept: utilisation per unit of it."""
    demand_lows: Mapping[str, float]
    demand_highs: Mapping[str, float]
    """Of 95 % intervals, by leaving out blocks of time."""
    background: float
    error_median: float
    """Median of |predicted/measured - 1| over blocks of time that were left out."""
    error_low: float
    error_high: float
    """Measured over predicted - 1, of blocks that were left out: 2.5 % and 97.5 % quantiles."""

    def predict(self, rates: Mapping[str, Floats]) -> tuple[Floats, Floats, Floats]:
        """Return utilisation at given rates, with low and high of a 95 % interval for each interval.

        Raises:
            BadInputError: a column is missing.
        """
        missing = sorted(set(self.demands) - set(rates))
        if missing:
            raise BadInputError("rates", f"have no column {missing[0]!r}", " and ".join(self.demands))
        total = np.asarray(self.background + sum(d * np.asarray(rates[c]) for c, d in self.demands.items()))
        return total, total * (1 + self.error_low), total * (1 + self.error_high)


def learn_utilisation_law(rates: Mapping[str, Floats], utilisation: Floats) -> UtilisationLaw:
    """Learn U = U0 + sum D_j X_j (Denning and Buzen 1978), no D negative, robust to single rows.

    Errors are relative. Up to three columns are all used. Of more, those are chosen whose error on blocks of
    time that were left out is least: rates that rise and fall together share a demand that no regression can
    divide, and each further one adds noise.

    Raises:
        BadInputError: too few rows, too many columns, or utilisation not above 0.
    """
    names = sorted(rates)
    if not 1 <= len(names) <= COLUMNS_MOST:
        raise BadInputError("loads", f"{len(names)} columns", f"1 to {COLUMNS_MOST}")
    if len(utilisation) < ROWS_LEAST:
        raise BadInputError("the table", f"has {len(utilisation)} rows", f"{ROWS_LEAST} or more")
    table = np.column_stack([np.asarray(rates[name], dtype=np.float64) for name in names])
    if not (np.isfinite(table).all() and (table >= 0).all() and (utilisation > 0).all()):
        raise BadInputError(
            "the table", "has cells that are not numbers", "loads from 0, utilisation above 0"
        )
    chosen = _chosen(table, utilisation)
    kept = table[:, chosen]
    fitted = _fit(kept, utilisation)
    left_out, ratios = _left_out(kept, utilisation)
    spread = np.sqrt((_FOLDS - 1) / _FOLDS * ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0))
    columns = [names[n] for n in chosen]
    low, high = np.quantile(ratios - 1, (0.025, 0.975))
    return UtilisationLaw(
        demands=dict(zip(columns, map(float, fitted[:-1]), strict=True)),
        demand_lows=dict(zip(columns, map(float, np.maximum(0, fitted - 1.96 * spread)[:-1]), strict=True)),
        demand_highs=dict(zip(columns, map(float, (fitted + 1.96 * spread)[:-1]), strict=True)),
        background=float(fitted[-1]),
        error_median=float(np.median(np.abs(1 / ratios - 1))),
        error_low=float(low),
        error_high=float(high),
    )


def _chosen(table: Floats, utilisation: Floats) -> list[int]:
    """Return the columns: all of a few; of many the best of each number, more only where clearly better."""
    columns = range(table.shape[1])
    if len(columns) <= _COLUMNS_KEPT:
        return list(columns)
    best: tuple[int, ...] = ()
    least = np.inf
    for number in columns:
        tried = _candidates(columns, best, number + 1)
        errors = {one: _error(table[:, list(one)], utilisation) for one in tried}
        found = min(errors, key=lambda one: errors[one])
        if errors[found] > _BETTER_SHARE * least:
            break
        best, least = found, errors[found]
    return list(best)


def _candidates(columns: range, best: Sequence[int], number: int) -> list[tuple[int, ...]]:
    """Return all sets of one or two columns, then those that add one to the best."""
    if number <= 2:  # noqa: PLR2004  pairs are few
        return list(combinations(columns, number))
    return [tuple(sorted((*best, one))) for one in columns if one not in best]


def _error(table: Floats, utilisation: Floats) -> float:
    _, ratios = _left_out(table, utilisation)
    return float(np.median(np.abs(1 / ratios - 1)))


def _left_out(table: Floats, utilisation: Floats) -> tuple[Floats, Floats]:
    """Return coefficients without each block of time, and measured over predicted within it."""
    blocks = np.array_split(np.arange(len(utilisation)), _FOLDS)
    found, ratios = [], []
    for block in blocks:
        rest = np.setdiff1d(np.arange(len(utilisation)), block)
        fitted = _fit(table[rest], utilisation[rest])
        found.append(fitted)
        predicted = np.column_stack((table[block], np.ones(len(block)))) @ fitted
        ratios.append(utilisation[block] / np.maximum(predicted, 1e-12))
    return np.array(found), np.concatenate(ratios)


def _fit(table: Floats, utilisation: Floats) -> Floats:
    """Return demands and background, at least 0, by iterated weighted least squares of relative errors."""
    scale = np.maximum(np.abs(table).max(axis=0), 1e-300)
    design = np.column_stack((table / scale, np.ones(len(table)))) / utilisation[:, None]
    weight = np.ones(len(table))
    found = np.zeros(design.shape[1])
    for _ in range(_ROUNDS):
        found = nnls(design * weight[:, None], weight)[0]
        off = np.abs(design @ found - 1)
        weight = 1 / np.sqrt(np.maximum(off, _NEAR_SHARE))
    return np.asarray(found / np.r_[scale, 1.0])
