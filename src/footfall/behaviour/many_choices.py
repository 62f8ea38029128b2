"""The nested logit for many situations at once, with the parts that estimates and their slopes need."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class NestedLogit:
    """Shares of the alternatives of many situations, in two steps: a nest, then one of its alternatives."""

    values: Floats
    """Utilities; 0 where not available."""
    within: Floats
    """Share of an alternative among those of its nest; situation by alternative."""
    inclusive: Floats
    """IV = log sum exp(V/λ); situation by nest, minus infinity where the nest has nothing to offer."""
    of_nest: Floats
    """Share of a nest; situation by nest."""
    log_shares: Floats
    """Logarithm of an alternative's share; minus infinity where it is not available."""

    @property
    def shares(self) -> Floats:
        """Share of each alternative; situation by alternative."""
        found: Floats = np.exp(self.log_shares)
        return found


def nested_logit_of_many(values: Floats, nest_of: Ints, dissimilarity: Floats) -> NestedLogit:
    """Shares from utilities (situation by alternative; minus infinity where not available).

    `nest_of` holds each alternative's nest as a position in `dissimilarity`. A situation without any
    alternative has shares of 0. The equation is that of `choice.probabilities` (McFadden 1978).
    """
    scaled = values / dissimilarity[nest_of]
    inclusive = np.stack(
        [_log_sum_exp(scaled[:, nest_of == nest]) for nest in range(len(dissimilarity))], axis=1
    )
    log_within = scaled - _finite(inclusive)[:, nest_of]
    worth = inclusive * dissimilarity
    log_of_nest = worth - _finite(_log_sum_exp(worth))[:, None]
    return NestedLogit(
        values=_finite(values),
        within=np.exp(log_within),
        inclusive=inclusive,
        of_nest=np.exp(log_of_nest),
        log_shares=log_within + log_of_nest[:, nest_of],
    )


def _log_sum_exp(values: Floats) -> Floats:
    top = _finite(values.max(axis=1, initial=-np.inf))
    with np.errstate(divide="ignore"):  # the logarithm of nothing is minus infinity, as it should be
        total: Floats = top + np.log(np.exp(values - top[:, None]).sum(axis=1))
    return total


def _finite(values: Floats) -> Floats:
    """Put 0 for minus infinity, which only stands where nothing is available."""
    return np.where(np.isfinite(values), values, 0.0)
