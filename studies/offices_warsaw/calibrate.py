"""One service time for each busy queue, from the queue lengths of the first days alone."""

from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from math import sqrt
from statistics import fmean

import numpy as np

from footfall._model.numbers import HALF_HOURS, Grade, Profile, fitted
from studies.offices_warsaw.derived import rounded
from studies.offices_warsaw.hall import Luck, waiting_seen
from studies.offices_warsaw.profiles import came_in, half_hours, is_seen, mean_over, seen_in
from studies.offices_warsaw.records import Counts, Floats, QueueDay
from studies.offices_warsaw.spec import OfficeQueue, Offices
from studies.offices_warsaw.tickets import arrived, called, sharing_numbers

SERVICE_S_LEAST, SERVICE_S_MOST = 5.0, 14_400.0
"""Within these a service time is looked for."""
_HALVINGS = 14
_LUCK = tuple(Luck(1, replication) for replication in range(4))


def calibrated(offices: Offices, days: Sequence[QueueDay], source: str) -> tuple[OfficeQueue, ...]:
    """Give the busy queues of the calibrated days with their service times; other days are not looked at.

    Busy: `called_least` called a day, `own_share_least` of its tickets of its own letter, and a row of
    numbers of its own. The service time is the one with which as many wait on average as did.
    """
    first = [day for day in days if day.day in offices.calibrated_on]
    shared = sharing_numbers(first)
    of_queue: dict[str, list[QueueDay]] = defaultdict(list)
    for day in first:
        if day.own_share > offices.own_share_least and day.name not in shared and is_seen(offices, day):
            of_queue[day.name].append(day)
    return tuple(_queue(offices, own, source) for own in of_queue.values() if _is_busy(offices, own))


def service_s_mean(offices: Offices, days: Sequence[QueueDay]) -> float:
    """Give the service time with which as many wait on average as did; bisection of its logarithm."""
    came = [arrived(day, float(offices.called_most_per_s)) for day in days]
    recorded = fmean(_mean(offices, day, day.waiting) for day in days)
    low, high = SERVICE_S_LEAST, SERVICE_S_MOST
    for _ in range(_HALVINGS):
        middle = sqrt(low * high)
        if _predicted(offices, days, came, middle) < recorded:
            low = middle
        else:
            high = middle
    return float(f"{sqrt(low * high):.4g}")


def _is_busy(offices: Offices, days: Sequence[QueueDay]) -> bool:
    total = sum(float(called(day, float(offices.called_most_per_s)).sum()) for day in days)
    return total >= offices.called_least * len(offices.calibrated_on)


def _predicted(offices: Offices, days: Sequence[QueueDay], came: Sequence[Counts], service_s: float) -> float:
    return fmean(
        _mean(offices, day, waiting_seen(offices, day, own, service_s, luck))
        for day, own in zip(days, came, strict=True)
        for luck in _LUCK
    )


def _mean(offices: Offices, day: QueueDay, values: Counts | Floats) -> float:
    return float(np.nanmean(seen_in(offices, day, values)))


def _queue(offices: Offices, days: Sequence[QueueDay], source: str) -> OfficeQueue:
    first = days[0]
    make = partial(_profile, offices, source=source)
    came = [came_in(offices, day, arrived(day, float(offices.called_most_per_s))) for day in days]
    return OfficeQueue(
        name=first.name,
        office=first.office,
        queue=first.queue,
        title=first.title,
        service_s_mean=fitted(service_s_mean(offices, days), source),
        arrivals=make(np.mean(came, axis=0)),
        counters=make(mean_over([seen_in(offices, day, day.counters) for day in days])),
        waiting=make(mean_over([seen_in(offices, day, day.waiting) for day in days])),
    )


def _profile(offices: Offices, values: Floats, source: str) -> Profile:
    whole = np.zeros(HALF_HOURS)
    whole[list(half_hours(offices))] = values
    return Profile(values=tuple(rounded(whole.tolist())), grade=Grade.FITTED, source=source)
