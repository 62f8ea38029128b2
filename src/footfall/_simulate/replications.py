"""Independent replications of a day, several at once on the machine's cores."""

import os
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from types import ModuleType
from typing import Any, TypeVar

from footfall._model.model import Model
from footfall._simulate.day import DayResult, Progress, simulate_day

Summary = TypeVar("Summary")


def replicate(
    model: Model,
    seed: int,
    replications: range,
    summarise: Callable[[DayResult], Summary],
    progress: Progress | None = None,
) -> Generator[Summary]:
    """Run the given replications of a day and give the summary of each, in order.

    Every replication is a function of (model, seed, its number), so the number of processes changes
    nothing. `summarise` runs in the worker and must be a function of a module, or a `partial` of one.
    Who has enough closes the iterator; what has been begun by then is finished and thrown away.
    """
    days = [(0, number) for number in replications]
    yield from replicate_each((model,), seed, days, summarise, progress)


def replicate_each(
    models: Sequence[Model],
    seed: int,
    days: Sequence[tuple[int, int]],
    summarise: Callable[[DayResult], Summary],
    progress: Progress | None = None,
) -> Generator[Summary]:
    """Run days of several models, each given as (place of its model, replication), as `replicate` does."""
    if not days:
        return
    workers = min(len(days), os.cpu_count() or 1)
    # Fresh processes: a forked one would hold the locks of the table library's threads, but not the threads.
    with ProcessPoolExecutor(workers, get_context("spawn"), _take, (tuple(models), summarise)) as pool:
        # One more than can run: no core idles, and little is wasted when the caller has enough.
        with _apart_from_the_program():
            begun = deque(pool.submit(_one, seed, *day) for day in days[: workers + 1])
        for count in range(len(days)):
            summary = begun.popleft().result()
            if count + workers + 1 < len(days):
                begun.append(pool.submit(_one, seed, *days[count + workers + 1]))
            if progress:
                progress((count + 1) / len(days))
            yield summary


@contextmanager
def _apart_from_the_program() -> Iterator[None]:
    """Let worker processes start without running the user's program again, which would start others in turn.

    They need only what Footfall's modules hold, so that a script needs no `if __name__ == "__main__"`.
    """
    program = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = program


class _Work:
    """What a worker process has been given to do."""

    models: tuple[Model, ...]
    summarise: Callable[[DayResult], Any]


def _one(seed: int, model: int, replication: int) -> Any:  # noqa: ANN401  whatever `summarise` gives
    return _Work.summarise(simulate_day(_Work.models[model], seed, replication))


def _take(models: tuple[Model, ...], summarise: Callable[[DayResult], Any]) -> None:
    """Take the work, in a worker."""
    _Work.models, _Work.summarise = models, summarise
