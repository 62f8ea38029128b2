"""What a station does with requests whose client has given up: cut, work off, or drop them at their turn."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np

from footfall._calibrate.observed import Observed
from footfall._calibrate.station_parameters import StationParameters
from footfall._calibrate.station_simulation import simulate_arrivals

StaleWork: TypeAlias = Literal["cut", "served", "dropped"]
MODES: tuple[StaleWork, ...] = ("cut", "served", "dropped")
_REPLAYED_MOST = 1500
_COLUMNS = 8
_FAR = 3.0
"""Standard errors by which the second best must be farther from what was seen than the best may be."""


@dataclass(frozen=True, slots=True)
class StaleFound:
    """The mode that comes nearest to the successes seen, and whether the others are out of question."""

    mode: StaleWork
    is_known: bool


def stale_mode(observed: Observed, draws: Sequence[StationParameters], seed: int) -> StaleFound:
    """Replay the run that reached its deadline most often with each mode, and compare the share of successes.

    A slot that works off what its client has given up serves fewer who still wait; the arrivals are those of
    the run, the work is that of some draws of the station.
    """
    reached = [int(run.failures.timed_out.sum()) for run in observed.runs]
    run = observed.runs[reached.index(max(reached))]
    rows = np.flatnonzero(run.admitted)[:_REPLAYED_MOST]
    seen = float(run.log.is_success[rows].mean())
    apart = []
    for mode in MODES:
        stations = [replace(draw, stale_work=mode, stall_length_s=0.0) for draw in draws[:_COLUMNS]]
        runs = simulate_arrivals(stations, run.sent_s[rows], run.log.kind[rows], seed=seed)
        shares = runs.is_success.mean(axis=0)
        error = max(float(shares.std()), 1 / np.sqrt(len(rows)) / 4)
        apart.append(abs(float(shares.mean()) - seen) / error)
    order = np.argsort(apart)
    best, second = int(order[0]), int(order[1])
    is_known = apart[best] < _FAR < apart[second]
    return StaleFound(MODES[best] if is_known else "cut", is_known)
