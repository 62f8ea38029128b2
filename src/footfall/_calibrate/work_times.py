"""Times of work under a supposed kind of station, and their sums in bins."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from footfall._calibrate.request_log import Floats, Integers

_BIN, _BIN_LEAST = 0.02, 0.0005
"""Relative width of the bins in which times are summed up, and of those for times that are nearly constant:
less the delay they would else be one time without any spread, however long the delay."""
_DENSEST, _BINS_OF_DENSEST = 0.3, 6
_BINS = 10**6
"""More than there are."""


CLOCK_S, _CLOCK_OF_SCALE = 0.0006, 0.03
"""Times are known no better than this, and no better is needed than this share of the usual one."""


def blur_s(scale_s: Floats) -> Floats:
    """Return how well times about 0 are known, for kinds of this usual time."""
    return np.minimum(CLOCK_S, _CLOCK_OF_SCALE * scale_s)


@dataclass(frozen=True, eq=False)
class WorkTimes:
    """Times of the requests whose work is known under a supposed kind of station."""

    times_s: Floats
    """The work, and of those that found a slot free also the delay on the way."""
    has_delay: NDArray[np.bool_]
    kind: Integers
    is_cut: NDArray[np.bool_]
    """Cut off in its work: it would have lasted longer."""
    log_rate: Floats
    """Logarithm of the rate of work just before its end; 0 for a slot of its own."""


@dataclass(frozen=True, eq=False)
class BinnedKind:
    """Times of one kind summed up in bins: mean time and weight of each, with and without delay, and cut."""

    times_s: Floats
    weights: Floats
    has_delay: NDArray[np.bool_]
    is_cut: NDArray[np.bool_]


class BinnedTimes:
    """Work times in bins, so that a fit costs little; made once, weighted often."""

    def __init__(self, work: WorkTimes, kinds: int) -> None:
        """Find the bin of each request."""
        self._kinds = kinds
        self._times_s = work.times_s
        self.scales_s = _scales(work, kinds)
        smallest = 1e-4 * self.scales_s[work.kind]
        with np.errstate(divide="ignore"):
            place = np.log(np.maximum(work.times_s, smallest) / smallest) / _bin_of(work)
        # Those about 0, as clocks see it, are not those far below it.
        is_below = work.times_s <= -blur_s(self.scales_s)[work.kind]
        place = np.where(is_below, 0, 1 + np.minimum(place, _BINS - 2)).astype(np.int64)
        group = (work.kind * 2 + work.has_delay) * 2 + work.is_cut
        cells, self._cell = np.unique(group * _BINS + place, return_inverse=True)
        self._groups = cells // _BINS
        self._count = len(cells)

    def parts(self, weights: Floats | None = None) -> list[BinnedKind]:
        """Sum up, by kind."""
        total = np.bincount(self._cell, weights, self._count).astype(np.float64)
        moment = np.bincount(
            self._cell, self._times_s if weights is None else weights * self._times_s, self._count
        )
        used = total > 0
        times_s, total, groups = moment[used] / total[used], total[used], self._groups[used]
        kind = groups // 4
        return [
            BinnedKind(
                times_s[kind == one],
                total[kind == one],
                (groups[kind == one] // 2 % 2).astype(bool),
                (groups[kind == one] % 2).astype(bool),
            )
            for one in range(self._kinds)
        ]


def _bin_of(work: WorkTimes) -> float:
    """Return the relative width of bins: a sixth of the shortest interval that holds 30 % of the times."""
    ordered = np.sort(work.times_s[(work.times_s > 0) & ~work.is_cut])
    held = int(_DENSEST * len(ordered))
    if not held:
        return _BIN
    widths = ordered[held:] - ordered[:-held]
    densest = int(widths.argmin())
    relative = float(widths[densest] / ordered[densest + held])
    return min(_BIN, max(_BIN_LEAST, relative / _BINS_OF_DENSEST))


def _scales(work: WorkTimes, kinds: int) -> Floats:
    every = np.median(work.times_s[work.times_s > 0]) if (work.times_s > 0).any() else 1.0
    scales = np.full(kinds, float(every))
    for kind in range(kinds):
        times = work.times_s[(work.kind == kind) & (work.times_s > 0)]
        if len(times):
            scales[kind] = float(np.median(times))
    return scales
