"""Independent replications of a day, several at once on the machine's cores."""

import importlib
import importlib.util
import os
import pickle
import sys
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any, TypeVar

from footfall.records.errors import BadInputError
from footfall.simulate.day import DayResult, Progress, simulate_day
from footfall.simulate.spec.model import Model

Summary = TypeVar("Summary")
Home = tuple[str, str | None]
"""Name and file of the module that a function is from."""


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

    Raises:
        BadInputError: the model's journey is no function of a file, so no worker can find it.
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
    """Run days of several models, each given as (place of its model, replication), as `replicate` does.

    Raises:
        BadInputError: a model's journey is no function of a file, so no worker can find it.
    """
    if not days:
        return
    homes = [_home(part) for part in (*(model.journey for model in models), summarise) if part is not None]
    try:
        packed = pickle.dumps((tuple(models), summarise))
    except (pickle.PicklingError, AttributeError) as error:
        raise BadInputError(
            models[0].name, "cannot be sent to a worker", "a journey that is a function of a file"
        ) from error
    workers = min(len(days), os.cpu_count() or 1)
    # Fresh processes: a forked one would hold the locks of the table library's threads, but not the threads.
    with ProcessPoolExecutor(workers, get_context("spawn"), _unpack, (homes, packed)) as pool:
        # One more than can run: nobody idles, and little is in vain when the caller has enough.
        begun = deque(pool.submit(_one, seed, *day) for day in days[: workers + 1])
        for count in range(len(days)):
            summary = begun.popleft().result()
            if count + workers + 1 < len(days):
                begun.append(pool.submit(_one, seed, *days[count + workers + 1]))
            if progress:
                progress((count + 1) / len(days))
            yield summary


class _Work:
    """What a worker process has been given to do."""

    models: tuple[Model, ...]
    summarise: Callable[[DayResult], Any]


def _one(seed: int, model: int, replication: int) -> Any:  # noqa: ANN401  whatever `summarise` gives
    return _Work.summarise(simulate_day(_Work.models[model], seed, replication))


def _home(function: Callable[..., Any]) -> Home:
    module = (function.func if isinstance(function, partial) else function).__module__
    return module, getattr(sys.modules[module], "__file__", None)


def _unpack(homes: list[Home], packed: bytes) -> None:
    """Take the work; a model's file, loaded by its path, is no module that could be imported by name."""
    for name, file in homes:
        if name not in sys.modules and file is not None:
            _import(name, file)
    _Work.models, _Work.summarise = pickle.loads(packed)  # noqa: S301  made by this program a moment ago


def _import(name: str, file: str) -> None:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        spec = importlib.util.spec_from_file_location(name, file)
        if spec is None or spec.loader is None:
            raise
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
