"""A measured distribution made short enough to stand in a model file."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Points = tuple[tuple[float, ...], tuple[float, ...]]
"""Seconds, and the share of times that are no longer."""

_MIDDLE = np.linspace(0.0, 0.95, 39)
_TAIL = np.array([0.96, 0.97, 0.98, 0.985, 0.99, 0.995, 0.998, 1.0])
_GRID = np.concatenate([_MIDDLE, _TAIL])


def thinned(seconds: Array, shares: Array) -> Points:
    """Give some fifty points of a distribution function, denser towards its end.

    Between two of them it is linear; of a step, the top is taken, so a curve that ends below 1 still does.
    """
    top = float(shares[-1])
    places = np.unique(np.searchsorted(shares, np.clip(_GRID * top, 0.0, top)))
    places = np.union1d(places[places < len(shares)], [0, len(shares) - 1])
    return tuple(seconds[places].tolist()), tuple(shares[places].tolist())


def quantile_points(ordered: Array) -> Points:
    """Give the quantiles of a sample at some fifty shares, from its least (share 0) to its greatest (1)."""
    return tuple(np.quantile(ordered, _GRID).tolist()), tuple(_GRID.tolist())
