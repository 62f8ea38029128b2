"""The half hours of a queue's day: who came, how many counters were open, how many waited."""

from collections.abc import Sequence

import numpy as np

from footfall._model.numbers import HALF_HOUR_S
from studies.offices_warsaw.records import Counts, Floats, QueueDay
from studies.offices_warsaw.spec import Offices


def half_hours(offices: Offices) -> range:
    """Half hours between opening and closing."""
    return range(round(offices.opens_s / HALF_HOUR_S), round(offices.closes_s / HALF_HOUR_S))


def came_in(offices: Offices, day: QueueDay, came: Counts) -> Floats:
    """Customers of each half hour; who waits at the door counts to the first, who comes after to none."""
    edges_s = np.array([*half_hours(offices), half_hours(offices).stop]) * HALF_HOUR_S
    so_far = np.interp(edges_s, day.at_s, np.cumsum(came))
    so_far[0] = 0.0
    found: Floats = np.diff(so_far)
    return found


def seen_in(offices: Offices, day: QueueDay, values: Sequence[float] | Floats | Counts) -> Floats:
    """Mean of what the looks of each half hour saw; not a number where nobody looked."""
    half_hour = (day.at_s // HALF_HOUR_S).astype(np.int64)
    seen = np.asarray(values, dtype=np.float64)
    means = [seen[half_hour == k] for k in half_hours(offices)]
    return np.array([float(part.mean()) if part.size else np.nan for part in means])


def is_seen(offices: Offices, day: QueueDay) -> bool:
    """Whether anybody looked while the offices were open."""
    return bool(((offices.opens_s <= day.at_s) & (day.at_s < offices.closes_s)).any())


def mean_over(days: Sequence[Floats]) -> Floats:
    """Mean of each half hour over the days on which it was seen; 0 where it never was."""
    seen = np.ma.masked_invalid(np.stack(days)).mean(axis=0)
    found: Floats = np.ma.filled(seen, 0.0)
    return found
