"""Kinds of customers: the classes of a log, rare ones together, by part of the day where that is asked."""

import re
from bisect import bisect_right
from itertools import pairwise

import polars as pl

from footfall.simulate.fit.mapping import Options
from footfall.simulate.spec.base import DAY_S, HOUR_S

ALL = "all"
OTHER = "other"


def kinds(classes: pl.Series, at_s: pl.Series, options: Options) -> pl.Series:
    """Give each row's kind: its class as a plain name, and the part of the day in which it came.

    A class is `other` when it is missing, has fewer rows than `class_rows_least`, or is not among the
    `classes_most` most frequent.
    """
    if classes.null_count() == classes.len():
        named = pl.Series("kind", [ALL] * classes.len())
    else:
        counts = classes.drop_nulls().value_counts(sort=True)
        kept = counts.filter(pl.col("count") >= options.class_rows_least).head(options.classes_most)
        names = _plain_names(sorted(kept.to_series(0)))
        named = classes.replace_strict(names, default=OTHER, return_dtype=pl.String)
    if options.day_parts_h:
        hours = (at_s % DAY_S) / HOUR_S
        bounds = list(options.day_parts_h)
        labels = dict(enumerate(part_names(options.day_parts_h)))
        parts = hours.map_elements(lambda hour: bisect_right(bounds, hour), return_dtype=pl.Int64)
        named = named + "_" + parts.replace_strict(labels, return_dtype=pl.String)
    return named.alias("kind")


def part_names(day_parts_h: tuple[float, ...]) -> list[str]:
    """Give the names of the parts of the day, such as 00_20 and 20_24; one fewer bounds than names."""
    bounds = [0.0, *day_parts_h, 24.0]
    return [f"{_hour(low)}_{_hour(high)}" for low, high in pairwise(bounds)]


def _hour(hour: float) -> str:
    minutes = round(hour * 60)
    return f"{minutes // 60:02d}" + (f"{minutes % 60:02d}" if minutes % 60 else "")


def _plain_names(classes: list[str]) -> dict[str, str]:
    """Give each class a name that can stand in a path: letters, digits and underscores, all different."""
    names: dict[str, str] = {}
    for each in classes:
        plain = re.sub(r"\W+", "_", each).strip("_")[:40] or "class"
        name, n = plain, 1
        while name in {*names.values(), OTHER}:
            n += 1
            name = f"{plain}_{n}"
        names[each] = name
    return names
