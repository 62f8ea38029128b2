"""Independent replications of a day, several at once on the machine's cores."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

from footfall.simulate.day import DayResult, Progress, simulate_day
from footfall.simulate.spec.model import Model

Summary = TypeVar("Summary")


def replicate(
    model: Model,
    seed: int,
    replications: range,
    summarise: Callable[[DayResult], Summary],
    progress: Progress | None = None,
) -> Iterator[Summary]:
    """Run the given replications of a day and give the summary of each, in order.

    Every replication is a function of (model, seed, its number), so the number of processes changes
    nothing. `summarise` runs in the worker and must be a function of a module.
    """
    # A model holds its journey, a function of a file loaded by path: it can be inherited, not sent.
    _Shared.model, _Shared.summarise = model, summarise
    with ProcessPoolExecutor(min(len(replications), os.cpu_count() or 1), get_context("fork")) as pool:
        done = pool.map(_one, [seed] * len(replications), replications)
        for count, summary in enumerate(done, 1):
            if progress:
                progress(count / len(replications))
            yield summary


class _Shared:
    """What the workers inherit when they are forked."""

    model: Model
    summarise: Callable[[DayResult], object]


def _one(seed: int, replication: int) -> object:
    return _Shared.summarise(simulate_day(_Shared.model, seed, replication))
