"""CPU that a request takes of the service, from samples of its processes and the requests answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from footfall._calibrate.learned_station import LearnedNumber
from footfall._calibrate.utilisation_law import ROWS_LEAST, learn_utilisation_law

Floats: TypeAlias = NDArray[np.float64]

WINDOW_S = 2.0
"""CPU is compared with the requests answered in windows of this length."""
CPU_PATH, BACKGROUND_PATH = "server.cpu_s_per_request", "server.background_cores"
_KNOWN_SHARE = 0.25


@dataclass(frozen=True, kw_only=True, eq=False)
class CpuWindows:
    """Windows of one run: cores busy with the service, and requests answered per second."""

    cores: Floats
    """NaN where nothing was sampled."""
    answered_per_s: Floats


def cpu_numbers(runs: Sequence[CpuWindows]) -> tuple[LearnedNumber, ...]:
    """Return the CPU of a request and that of none, by the utilisation law (Denning and Buzen 1978).

    Cores busy = background + demand x requests per second, over all windows of all runs; empty where too few
    windows were sampled. The demand is known where its interval is within 25 % of it.
    """
    if not runs:
        return ()
    cores = np.concatenate([run.cores for run in runs])
    answered = np.concatenate([run.answered_per_s for run in runs])
    sampled = np.isfinite(cores) & (cores > 0)
    if sampled.sum() < ROWS_LEAST or np.ptp(answered[sampled]) == 0:
        return ()
    law = learn_utilisation_law({"requests": answered[sampled]}, cores[sampled])
    demand, low, high = (law.demands["requests"], law.demand_lows["requests"], law.demand_highs["requests"])
    known = demand > 0 and high - low < 2 * _KNOWN_SHARE * demand
    return (
        LearnedNumber(path=CPU_PATH, value=demand, low=low, high=high, identified=known),
        LearnedNumber(
            path=BACKGROUND_PATH,
            value=law.background,
            low=0.0,
            high=max(law.background, float(np.min(cores[sampled]))),
            identified=known,
        ),
    )
