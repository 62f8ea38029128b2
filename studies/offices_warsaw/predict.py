"""Predict the later days of each busy queue from their arrivals and counters, and the first days' service."""

import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from multiprocessing import get_context

import numpy as np
import polars as pl

from footfall._records.errors import BadInputError
from studies.offices_warsaw.hall import Luck, waiting_seen
from studies.offices_warsaw.profiles import came_in, half_hours, seen_in
from studies.offices_warsaw.records import QueueDay
from studies.offices_warsaw.spec import OfficeQueue, Offices
from studies.offices_warsaw.tickets import arrived

Progress = Callable[[float], None]
_JOBS_AT_ONCE = 8
_WEEK_DAYS = 7


def later_days(offices: Offices, days: Sequence[QueueDay], where: str) -> list[QueueDay]:
    """Give the days of the offices' queues that come after those on which they were calibrated.

    Raises:
        BadInputError: there is none.
    """
    known = {queue.name for queue in offices.queues}
    last = max(offices.calibrated_on)
    found = [day for day in days if day.day > last and day.name in known]
    if not found:
        problem = f"has no day after {last} of a queue of {offices.name}"
        raise BadInputError(where, problem, f"queues such as {offices.queues[0].name} on later days")
    return found


def predict(
    offices: Offices, days: Sequence[QueueDay], seed: int, progress: Progress | None = None
) -> pl.DataFrame:
    """Give each half hour of each queue and day as recorded, as predicted, and as on the first days.

    Columns: day, office, queue, title, half_hour; service_s_mean; arrivals, counters and waiting, each
    `_recorded` and `_first_days`; waiting_predicted. Counters and waiting are means over the looks of the
    half hour, null where there was none.
    """
    of_queue: dict[str, list[QueueDay]] = defaultdict(list)
    for day in days:
        of_queue[day.name].append(day)
    jobs = [(offices, queue, of_queue[queue.name], seed) for queue in offices.queues if of_queue[queue.name]]
    tables = []
    workers = min(len(jobs), os.cpu_count() or 1)
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        done = pool.map(_of_queue, *zip(*jobs, strict=True), chunksize=_JOBS_AT_ONCE)
        for count, table in enumerate(done, 1):
            tables.append(table)
            if progress:
                progress(count / len(jobs))
    return pl.concat(tables)


def with_last_week(offices: Offices, looks: pl.DataFrame, days: Sequence[QueueDay]) -> pl.DataFrame:
    """Add `waiting_last_week`: who waited in that half hour of the same queue seven days before.

    Null where that day was not recorded, or left out of the calibration as one of no ordinary week: only
    the calibrated days and those after them count.
    """
    first = min(offices.calibrated_on)
    open_hours = list(half_hours(offices))
    names = {(queue.office, queue.queue) for queue in offices.queues}
    tables = [
        pl.DataFrame(
            {
                "day": [day.day + timedelta(days=_WEEK_DAYS)] * len(open_hours),
                "office": day.office,
                "queue": day.queue,
                "half_hour": open_hours,
                "waiting_last_week": seen_in(offices, day, day.waiting),
            }
        )
        for day in days
        if day.day >= first and (day.office, day.queue) in names
    ]
    if not tables:
        return looks.with_columns(waiting_last_week=pl.lit(None, dtype=pl.Float64))
    keys = ["day", "office", "queue", "half_hour"]
    weeks = pl.concat(tables).with_columns(pl.col("waiting_last_week").fill_nan(None))
    return looks.join(weeks, on=keys, how="left", maintain_order="left")


def _of_queue(offices: Offices, queue: OfficeQueue, days: Sequence[QueueDay], seed: int) -> pl.DataFrame:
    return pl.concat([_of_day(offices, queue, day, seed) for day in days])


def _of_day(offices: Offices, queue: OfficeQueue, day: QueueDay, seed: int) -> pl.DataFrame:
    came = arrived(day, float(offices.called_most_per_s))
    luck = [Luck(seed, replication) for replication in range(int(offices.replications))]
    service_s = float(queue.service_s_mean)
    runs = [waiting_seen(offices, day, came, service_s, each) for each in luck]
    open_hours = list(half_hours(offices))
    first = {name: np.array(getattr(queue, name).values)[open_hours] for name in _FIRST}
    return pl.DataFrame(
        {
            "day": [day.day] * len(open_hours),
            "office": queue.office,
            "queue": queue.queue,
            "title": queue.title,
            "service_s_mean": service_s,
            "half_hour": open_hours,
            "arrivals_recorded": came_in(offices, day, came),
            "arrivals_first_days": first["arrivals"],
            "counters_recorded": seen_in(offices, day, day.counters),
            "counters_first_days": first["counters"],
            "waiting_recorded": seen_in(offices, day, day.waiting),
            "waiting_predicted": seen_in(offices, day, np.mean(runs, axis=0)),
            "waiting_first_days": first["waiting"],
        }
    ).with_columns(pl.col(pl.Float64).fill_nan(None))


_FIRST = ("arrivals", "counters", "waiting")
