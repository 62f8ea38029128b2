"""Time integrals over intervals, from when each customer came and went."""

import numpy as np
from numpy.typing import ArrayLike

from footfall.simulate.laws.counts import Floats, Ints

_AT_ONCE = 1 << 12
"""Customers who are looked at in one table of theirs by all edges."""


def level_seconds(begun_s: ArrayLike, ended_s: ArrayLike, edges_s: Floats) -> Floats:
    """Seconds spent by all who were there, in each interval: the sum of the overlaps.

    Whoever has no end is there to the last edge. Beginnings and ends need not be in the same order.
    """
    count = len(edges_s) - 1
    widths_s, above_s = np.diff(edges_s), edges_s[1:]
    total = np.zeros(count)
    level = np.zeros(count)
    for sign, times in ((1, begun_s), (-1, ended_s)):
        at_s = np.asarray(times, dtype=np.float64)
        place = intervals(at_s, edges_s)
        at_s, place = at_s[place < count], place[place < count]
        changes = np.bincount(place, minlength=count)
        level += sign * (np.cumsum(changes) - changes)
        total += sign * np.bincount(place, weights=above_s[place] - at_s, minlength=count)
    result: Floats = total + level * widths_s
    return result


def intervals(at_s: Floats, edges_s: Floats) -> Ints:
    """Give the number of the interval, from 0, that each time falls into; an edge belongs to what follows.

    Most intervals are of one width: a division finds them, and is put right where rounding or an uneven
    edge made it miss.
    """
    last = len(edges_s) - 1
    guess = np.minimum(at_s * ((last - 1) / edges_s[-2] if last > 1 else 0.0), last).astype(np.int64)
    misses = (at_s < edges_s[guess]) | (at_s >= np.append(edges_s, np.inf)[guess + 1])
    guess[misses] = np.searchsorted(edges_s, at_s[misses], side="right") - 1
    return guess


def work_seconds(came_s: ArrayLike, gone_s: ArrayLike, service_s: float, edges_s: Floats) -> Floats:
    """Integral of the work in hand in each interval, where all need the same service in turn.

    One who comes at a and goes at g leaves the work s until g - s, then g - t: in all
    s (g - s - a) + s²/2 (Brumelle 1971, Operations Research 19, 1120-1130).
    """
    came, gone = (np.asarray(times, dtype=np.float64) for times in (came_s, gone_s))
    count = len(edges_s) - 1
    first, last = intervals(came, edges_s), intervals(gone, edges_s)
    whole = service_s * (gone - came) - service_s**2 / 2
    within = (first == last) & (first < count)
    total: Floats = np.bincount(first[within], weights=whole[within], minlength=count).astype(np.float64)
    came, gone = came[~within], gone[~within]
    for k in range(0, len(came), _AT_ONCE):
        total += np.diff(_work_until(edges_s, came[k : k + _AT_ONCE], gone[k : k + _AT_ONCE], service_s))
    return total


def _work_until(at_s: Floats, came_s: Floats, gone_s: Floats, service_s: float) -> Floats:
    """Work integral up to each of some times, of all these customers together."""
    waited_s = np.clip(at_s[:, np.newaxis] - came_s, 0, gone_s - service_s - came_s)
    rest_s = np.clip(gone_s - at_s[:, np.newaxis], 0, service_s)
    done: Floats = (service_s * waited_s + (service_s**2 - rest_s**2) / 2).sum(axis=1)
    return done
