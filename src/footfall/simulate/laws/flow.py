"""Customers: all who come are served, lost or still inside, and their shares add up."""

import numpy as np

from footfall.records.errors import BrokenLawError
from footfall.records.outcomes import OUTCOMES, Outcome
from footfall.simulate.laws.counts import Counts, Floats, Ints
from footfall.simulate.laws.evidence import interval
from footfall.simulate.laws.integrals import intervals
from footfall.simulate.laws.seen import NAMELESS, UNFINISHED, Seen

_ROUNDING = 1e-12
_LOST = " + ".join(name for name in OUTCOMES if name not in {Outcome.SERVED, Outcome.UNFINISHED})


def flow(visits: Seen, counts: Counts) -> int:
    """Hold arrivals = served + each lost state + inside, exactly; returns the number of checks.

    In each interval, by station and operation: those whom the station counted at the door are those whose
    visit was due, and are those whose visit ended and by whom it got fuller.

    Raises:
        BrokenLawError: a customer was lost, or counted twice.
    """
    stations = visits.channels * len(counts.operations) + visits.operations
    over = visits.outcomes != UNFINISHED
    due = _by_interval(visits.due_s, stations, counts)
    gone = _by_interval(visits.ended_s[over], stations[over], counts)
    came, more = np.diff(counts.came, axis=0), np.diff(counts.inside, axis=0)
    _compare("flow: arrivals = visits due", came, due, "visits due", counts)
    words = f"served + {_LOST} + inside"
    _compare("flow: arrivals = served + lost + inside", came, gone + more, words, counts)
    return 2 * came.size


def shares(visits: Seen, counts: Counts) -> int:
    """Hold the shares of all outcomes among a station's arrivals to a sum of one; returns the checks.

    Raises:
        BrokenLawError: they add up to something else.
    """
    came = counts.came[-1]
    sizes = (*came.shape, NAMELESS + 1)
    flat = (visits.channels * sizes[1] + visits.operations) * sizes[2] + visits.outcomes
    ends = np.bincount(flat, minlength=int(np.prod(sizes))).reshape(sizes)[:, :, :NAMELESS]
    total = (ends / np.maximum(came, 1)[:, :, np.newaxis]).sum(axis=2)
    for i, j in np.argwhere(np.abs(total - (came > 0)) > _ROUNDING):
        where = f"{counts.channels[i]}.{counts.operations[j]}"
        whole = interval(counts.edges_s[0], counts.edges_s[-1])
        evidence = f"shares of the outcomes of {came[i, j]} arrivals add up to {total[i, j]:.9g}, not to 1"
        raise BrokenLawError("shares sum to one", f"{where}, {whole}", evidence)
    return int((came > 0).sum())


def _compare(law: str, came: Ints, others: Ints, words: str, counts: Counts) -> None:
    for k, i, j in np.argwhere(came != others):
        when = interval(counts.edges_s[k], counts.edges_s[k + 1])
        raise BrokenLawError(
            law,
            f"{counts.channels[i]}.{counts.operations[j]}, {when}",
            f"{came[k, i, j]} arrivals were counted, but {others[k, i, j]} {words}",
        )


def _by_interval(at_s: Floats, stations: Ints, counts: Counts) -> Ints:
    """Count by interval, channel and operation; what comes after the last edge is left out."""
    sizes = len(counts.edges_s) - 1, len(counts.channels), len(counts.operations)
    places = intervals(at_s, counts.edges_s)
    early = places < sizes[0]
    flat = places[early] * (sizes[1] * sizes[2]) + stations[early]
    counted: Ints = np.bincount(flat, minlength=int(np.prod(sizes))).reshape(sizes)
    return counted
