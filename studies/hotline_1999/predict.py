"""Predict recorded days from their arrivals, staff, services and patience, call by call."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import groupby
from multiprocessing import get_context

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from studies.hotline_1999.call_centre_day import CallCentreDay, Plan
from studies.hotline_1999.classes import kinds_with_floods
from studies.hotline_1999.inputs import MonthInputs, month_inputs
from studies.hotline_1999.records import RecordedDay
from studies.hotline_1999.roster import presence, shifts, skills
from studies.hotline_1999.spec import Hotline

Progress = Callable[[float], None]
NOTICEABLE_S = 20.0


def predict(
    hotline: Hotline, days: Sequence[RecordedDay], seed: int, progress: Progress | None = None
) -> pl.DataFrame:
    """Give each measured call as recorded and as predicted.

    Columns: day, half_hour, kind; wait_s, waited, waited_20_s and abandoned, `_recorded` (0 or 1) and
    `_predicted` (means over the replications).
    """
    jobs = list(_jobs(hotline, days))
    replications = int(hotline.replications)
    workers = min(len(jobs), os.cpu_count() or 1)
    tables = []
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        done = pool.map(_day, *zip(*[(hotline, *job, seed, replications) for job in jobs], strict=True))
        for count, table in enumerate(done, 1):
            tables.append(table)
            if progress:
                progress(count / len(jobs))
    return pl.concat(tables)


def _jobs(hotline: Hotline, days: Sequence[RecordedDay]) -> Iterator[tuple[MonthInputs, Plan]]:
    hours_s = (float(hotline.opens_s), float(hotline.closes_s))
    for _, of_month in groupby(days, key=lambda day: day.month):
        month = list(of_month)
        inputs = month_inputs(hotline, month)
        kinds = kinds_with_floods(hotline.flood, month)
        for day, names, served_by in zip(month, kinds, skills(month, hotline.rare_kinds), strict=True):
            on_duty = presence(day, float(hotline.on_duty_gap_s), hours_s)
            plan = Plan(day, names, {agent: shifts(shares) for agent, shares in on_duty.items()}, served_by)
            yield inputs, plan


def _day(hotline: Hotline, inputs: MonthInputs, plan: Plan, seed: int, replications: int) -> pl.DataFrame:
    runs = [CallCentreDay(hotline, inputs, plan, seed, k).run() for k in range(replications)]
    day = plan.day

    def mean(values: Sequence[ArrayLike]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = np.mean(np.stack([np.asarray(v, np.float64) for v in values]), axis=0)
        return found

    table = pl.DataFrame(
        {
            "day": [day.day] * len(day.kinds),
            "half_hour": day.half_hours,
            "kind": day.kinds,
            "wait_s_recorded": day.waited_s,
            "waited_recorded": (day.waited_s > 0).astype(np.float64),
            "waited_20_s_recorded": (day.waited_s > NOTICEABLE_S).astype(np.float64),
            "abandoned_recorded": (~day.served).astype(np.float64),
            "wait_s_predicted": mean([run.waited_s for run in runs]),
            "waited_predicted": mean([run.waited for run in runs]),
            "waited_20_s_predicted": mean([run.waited_s > NOTICEABLE_S for run in runs]),
            "abandoned_predicted": mean([run.abandoned for run in runs]),
        }
    )
    return table.filter(~pl.col("kind").is_in(list(hotline.not_measured)))
