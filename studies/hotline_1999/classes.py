"""Which class a call falls into: kind or flood, part of the day, the caller's place in the queue."""

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from footfall._model.numbers import HALF_HOURS, HOUR_S
from studies.hotline_1999.records import RecordedDay
from studies.hotline_1999.spec import Flood, Hotline

FLOOD = "flood"
_PARTS_FROM_S = (8 * HOUR_S, 14 * HOUR_S)


def part_of_day(hotline: Hotline, at_s: float) -> int:
    """Early, morning, afternoon or evening: 0 to 3."""
    return bisect_right((*_PARTS_FROM_S, float(hotline.evening_from_s)), at_s)


def is_evening(hotline: Hotline, at_s: float) -> bool:
    """Whether this second belongs to the evening."""
    return at_s >= hotline.evening_from_s


def place_class(hotline: Hotline, waiting: int) -> int:
    """Class of patience of a caller who finds so many waiting."""
    return bisect_right(hotline.place_from, waiting)


def kinds_with_floods(flood: Flood, days: Sequence[RecordedDay]) -> list[tuple[str, ...]]:
    """Kind of each call of a month's days, where a flood is a kind of its own."""
    counts = np.array([_count(day) for day in days])
    usual = np.median(counts, axis=0)
    found = []
    for day, count in zip(days, counts, strict=True):
        of_kind = np.array([kind == flood.kind for kind in day.kinds], dtype=bool)
        share = _count(day, of_kind)
        is_flood = (
            (count >= flood.times_usual * usual)
            & (count >= usual + flood.more_than_usual)
            & (share >= flood.kind_share * count)
        )
        flooded = is_flood[day.half_hours] & of_kind
        found.append(tuple(FLOOD if x else kind for x, kind in zip(flooded, day.kinds, strict=True)))
    return found


def _count(day: RecordedDay, only: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
    half_hours = day.half_hours if only is None else day.half_hours[only]
    return np.bincount(half_hours, minlength=HALF_HOURS)
