"""The points of a storm map and its safe loads, played in processes: coarse first, then the border."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from functools import partial
from multiprocessing import get_context
from types import TracebackType
from typing import Any, Self, TypeVar

from footfall._runs.messages import Messages
from footfall._simulate.day import apart_from_the_program
from footfall._simulate.storm_points import (
    PointFound,
    PointRun,
    StormCase,
    StormPoint,
    found_in,
    largest_stable,
    most_recover,
    run_point,
    safe_load,
)

Clients = tuple[int, float]
"""Retries, and their budget as a share of the requests; 0: no budget."""
_FIRST_RUNS = 2
"""Of each point; a point beyond the border, of which none recovers, has no more."""
_FEW_JOBS = 6
"""So few are done sooner than another process starts."""
_Job = TypeVar("_Job")
_Found = TypeVar("_Found")


def played_map(
    case: StormCase,
    points: Sequence[StormPoint],
    clients: Sequence[Clients],
    replications: int,
    workers: "Workers",
) -> tuple[tuple[PointFound, ...], tuple[float, ...]]:
    """Give what became of each point, and the safe load of each of the `clients`.

    Below a load that recovers every load recovers. So points beyond the border have two replications where
    none recovers, points that recover and those next to them have all; and the loads that recover from the
    longest trigger, too, are found by bisection, the safe load between the last of them and the next.
    """
    first = min(_FIRST_RUNS, replications)
    begun = [(each, 0, first) for each in points]
    runs = dict(zip(points, workers.all(partial(_runs_of, case), begun, "simulating points"), strict=True))
    again = [(each, first, replications) for each in _near_or_below(runs)] if first < replications else []
    more = workers.all(partial(_runs_of, case), again, "simulating points next to the border")
    for (point, _, _), found in zip(again, more, strict=True):
        runs[point] = runs[point] + found
    stable = _stable_loads(workers, case, runs, replications)
    between = [(*each, *_bounds(points, stable, each)) for each in clients]
    safe = workers.all(partial(_safe_of, case), between, "finding safe loads")
    states = [found_in(case, each, runs[each], is_stable=_is_stable(case, each, stable)) for each in points]
    return tuple(states), tuple(safe)


class Workers:
    """As many processes as there are cores, started when there is enough to do."""

    def __init__(self, messages: Messages) -> None:
        """Tell of the progress by `messages`."""
        self._messages = messages
        self._stack = ExitStack()
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        """Start nothing yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the processes."""
        self._stack.close()

    def all(self, work: Callable[[_Job], _Found], jobs: Sequence[_Job], title: str) -> list[_Found]:
        """Do all jobs, and give what came of them in their order."""
        if not jobs:
            return []
        if self._pool is None and len(jobs) <= _FEW_JOBS:
            return [work(job) for job in jobs]
        if self._pool is None:
            executor = ProcessPoolExecutor(os.cpu_count() or 1, get_context("spawn"))
            self._pool = self._stack.enter_context(executor)
        found = []
        with self._messages.progress(title) as progress:
            with apart_from_the_program():
                futures = [self._pool.submit(work, job) for job in jobs]
            for count, future in enumerate(futures, 1):
                found.append(future.result())
                progress(count / len(jobs))
        return found


def _runs_of(case: StormCase, job: tuple[StormPoint, int, int]) -> list[PointRun]:
    point, begin, end = job
    return [run_point(case, point, number) for number in range(begin, end)]


def _near_or_below(runs: Mapping[StormPoint, Sequence[PointRun]]) -> list[StormPoint]:
    """Give the points of which a replication recovered, and the next larger load of each row."""
    rows: dict[tuple[Any, ...], list[StormPoint]] = {}
    for point in runs:
        rows.setdefault((point.retries, point.budget_share, point.trigger_s), []).append(point)
    found = []
    for row in rows.values():
        ordered = sorted(row, key=lambda point: point.load_share)
        recovered = (n for n, each in enumerate(ordered) if any(run.recovered for run in runs[each]))
        found += ordered[: max(recovered, default=-1) + 2]
    return found


def _stable_loads(
    workers: Workers, case: StormCase, runs: Mapping[StormPoint, Sequence[PointRun]], replications: int
) -> dict[Clients, float]:
    """Give the largest load on the map that recovers from the longest trigger, by the clients."""
    loads: dict[Clients, set[float]] = {}
    for point, played in runs.items():
        of_clients = loads.setdefault((point.retries, point.budget_share), set())
        if most_recover(played):
            of_clients.add(point.load_share)
    jobs = [(*clients, sorted(found), replications) for clients, found in loads.items()]
    found = workers.all(partial(_stable_of, case), jobs, "simulating the longest trigger")
    return dict(zip(loads, found, strict=True))


def _stable_of(case: StormCase, job: tuple[int, float, list[float], int]) -> float:
    return largest_stable(case, *job)


def _is_stable(case: StormCase, point: StormPoint, stable: Mapping[Clients, float]) -> bool:
    if point.trigger_s >= case.longest_s:
        return True  # It has recovered from a longer one.
    return point.load_share <= stable[point.retries, point.budget_share]


def _bounds(
    points: Sequence[StormPoint], stable: Mapping[Clients, float], clients: Clients
) -> tuple[float, float]:
    """Give two loads between which the safe load lies: of the map where it has these clients."""
    low = stable.get(clients)
    if low is None:
        return 0.0, 1.0
    beyond = [each.load_share for each in points if each.load_share > low]
    return min(low, 1.0), min([*beyond, 1.0])


def _safe_of(case: StormCase, job: tuple[int, float, float, float]) -> float:
    retries, budget_share, *between = job
    low, high = between
    return safe_load(case, retries, budget_share, between=(low, high))
