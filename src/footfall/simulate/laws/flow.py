"""Customers: all who come are served, lost or still inside, and their shares add up."""

import numpy as np
import polars as pl

from footfall.records.errors import BrokenLawError
from footfall.records.outcomes import OUTCOMES, Outcome
from footfall.simulate.laws.counts import Counts, Floats, Ints
from footfall.simulate.laws.evidence import interval
from footfall.simulate.laws.integrals import intervals

_ROUNDING = 1e-12
_LOST = " + ".join(name for name in OUTCOMES if name not in {Outcome.SERVED, Outcome.UNFINISHED})


def flow(visits: pl.DataFrame, counts: Counts) -> int:
    """Hold arrivals = served + each lost state + inside, exactly; returns the number of checks.

    In each interval, by station and operation: those whom the station counted at the door are those whose
    visit was due, and are those whose visit ended and by whom it got fuller.

    Raises:
        BrokenLawError: a customer was lost, or counted twice.
    """
    stations = _codes(visits["channel"], counts.channels) * len(counts.operations)
    stations += _codes(visits["operation"], counts.operations)
    ended = (visits["outcome"] != Outcome.UNFINISHED.value).to_numpy()
    due = _by_interval(visits["due_s"].to_numpy(), stations, counts)
    gone = _by_interval(visits["ended_s"].to_numpy()[ended], stations[ended], counts)
    came, more = np.diff(counts.came, axis=0), np.diff(counts.inside, axis=0)
    _compare("flow: arrivals = visits due", came, due, "visits due", counts)
    words = f"served + {_LOST} + inside"
    _compare("flow: arrivals = served + lost + inside", came, gone + more, words, counts)
    return 2 * came.size


def shares(visits: pl.DataFrame, counts: Counts) -> int:
    """Hold the shares of all outcomes among a station's arrivals to a sum of one; returns the checks.

    Raises:
        BrokenLawError: they add up to something else.
    """
    came = counts.came[-1]
    seen = visits.filter(pl.col("outcome").is_in(OUTCOMES))
    groups = seen.group_by("channel", "operation", "outcome").len()
    total = np.zeros(came.shape)
    for channel, operation, _, found in groups.iter_rows():
        i, j = counts.channels.index(channel), counts.operations.index(operation)
        total[i, j] += found / max(came[i, j], 1)
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
    interval_of = intervals(at_s, counts.edges_s)
    seen = interval_of < sizes[0]
    flat = interval_of[seen] * (sizes[1] * sizes[2]) + stations[seen]
    counted: Ints = np.bincount(flat, minlength=int(np.prod(sizes))).reshape(sizes)
    return counted


def _codes(names: pl.Series, known: tuple[str, ...]) -> Ints:
    codes: Ints = names.replace_strict(list(known), range(len(known)), return_dtype=pl.Int64).to_numpy()
    return codes
