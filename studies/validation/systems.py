"""Systems that are simulated, and held against what a formula says or another program prints of them."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import polars as pl

from footfall._model.model import Model
from footfall._simulate.day import DayResult, Progress, replicate
from footfall.theory.many_servers import staffing
from studies.validation.checks import Check, Figure, compared, rounded
from studies.validation.printed_staffing import PRINTED
from studies.validation.replay import replay

_UNITS = {"positions": "people", "wait_mean": "s"}


class Case(Protocol):
    """A file of a model and of figures that are known of its days."""

    MODEL: Model
    FIGURES: Sequence[Figure]
    SOURCE: str
    DAYS: int


def simulated(case: Case, seed: int, progress: Progress | None = None) -> list[Check]:
    """Simulate independent days and compare each figure."""
    days = list(figures_of_days(case, seed, progress))
    source = f"{case.SOURCE}; here: {case.MODEL.title}, {case.DAYS} days"
    columns = zip(*days, strict=True)
    return [compared(figure, source, values) for figure, values in zip(case.FIGURES, columns, strict=True)]


def figures_of_days(
    case: Case, seed: int, progress: Progress | None = None
) -> Iterator[list[tuple[float, float]]]:
    """Give each day's figures as numerators and denominators."""
    for visits in replicate(case.MODEL, seed, range(case.DAYS), _visits_of, progress):
        yield [figure.of(visits) for figure in case.FIGURES]


def _visits_of(result: DayResult) -> pl.DataFrame:
    """Give what figures are taken from, which is all that comes back from another process."""
    return result.visits.select(
        "customer", "operation", "attempt", "outcome", "due_s", "started_s", "ended_s", "wait_s"
    )


def printed_staffing() -> list[Check]:
    """Hold the staffing that other programs print against Erlang C."""
    checks = []
    for case in PRINTED:
        found = staffing(case.arrivals_per_s, case.service_s, case.target)
        checks += [
            rounded(name.replace("_", " "), case.program, printed, getattr(found, name), _UNITS.get(name, ""))
            for name, printed in case.figures.items()
        ]
    return checks


def jobs_by_hand(
    model: Model, source: str, jobs: Sequence[tuple[float, float]], delays_s: Sequence[float]
) -> list[Check]:
    """Replay jobs (second of arrival, seconds of service) whose delays a textbook works by hand."""
    came_s, service_s = zip(*jobs, strict=True)
    visits = replay(model, came_s, service_s).visits.sort("customer")
    pairs = zip(delays_s, visits["wait_s"], strict=True)
    return [
        rounded(f"delay of job {job}", source, f"{delay_s:.0f}", found_s, "s")
        for job, (delay_s, found_s) in enumerate(pairs, 1)
    ]
