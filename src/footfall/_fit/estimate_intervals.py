"""Counts per interval, as used by planners: arrivals and mean service times."""

from dataclasses import dataclass, field
from math import sqrt
from typing import cast

import numpy as np
import polars as pl

from footfall._fit import day_cells
from footfall._fit.distributions import FittedDistribution, Parameter
from footfall._fit.log_rows import WHOLE, RowStatus, set_aside
from footfall._fit.patience_fit import TimesFit
from footfall._model.durations import DistributionFamily
from footfall._model.numbers import DAY_S, HALF_HOUR_S, HOUR_S
from footfall._records.errors import BadInputError
from footfall._records.log_file import Table
from footfall._records.rows import Outcome
from footfall._stats.intervals import student_t
from footfall._workload.access_log import form_of, moments
from footfall._workload.log_mapping import WEEKDAYS, Mapping, Options

COUNTS = ("count", "served_count", "abandoned_count")
_USUAL_NAMES = ("offered", "calls", "count", "arrivals", "contacts", "received", "volume", "n", "requests")
"""Usual names of columns of counts, suggested if none is mapped."""
_RANGE = r"^(.*\d{1,2}:\d{2}(?::\d{2})?)\s*(?:-|–|to|bis)\s*\d{1,2}:\d{2}(?::\d{2})?\s*$"
"""An interval given by start and end, such as 09:00 - 09:15."""
_STEPS_S = (900.0, 1800.0, 3600.0)
_COUNT_MOST = 10**9
_ROWS_LEAST = 8
_EVEN_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Intervals:
    """The usable intervals of a table of counts, and the status of all its rows."""

    frame: pl.DataFrame
    """at_s (wall clock, begin), day, weekday, kind, count, served_count, abandoned_count, service_s_mean."""
    interval_s: float
    read: int
    row_statuses: tuple[RowStatus, ...]
    copies: int
    """Rows whose interval and class occur in another row."""
    notes: tuple[str, ...] = field(default=())

    def by_half_hour(self) -> pl.DataFrame:
        """Return rows with day, weekday, half_hour, kind and weight; an interval is split by time."""
        begin_s = pl.col("at_s") % HALF_HOUR_S
        first = pl.min_horizontal(HALF_HOUR_S - begin_s, pl.lit(self.interval_s))
        second = pl.min_horizontal(pl.lit(self.interval_s) - first, pl.lit(HALF_HOUR_S))
        third = pl.lit(self.interval_s) - first - second
        parts = []
        for k, part_s in enumerate((first, second, third)):
            at_s = pl.col("at_s") - begin_s + k * HALF_HOUR_S
            day = pl.from_epoch((at_s // DAY_S).cast(pl.Int64), time_unit="d")
            shared = self.frame.with_columns(weight=pl.col("count") * part_s / self.interval_s, part_s=part_s)
            parts.append(
                shared.filter(pl.col("part_s") > 0).select(
                    day=day,
                    weekday=_weekday(day),
                    half_hour=((at_s % DAY_S) // HALF_HOUR_S).cast(pl.Int64),
                    kind="kind",
                    weight="weight",
                )
            )
        own_days = self.frame["day"].unique().to_list()
        return pl.concat(parts).filter(pl.col("day").is_in(own_days))


def intervals_of(log: Table, mapping: Mapping) -> Intervals:
    """Read a table of counts by its mapping.

    Raises:
        BadInputError: a column is missing or has no counts, the intervals are longer than an hour, or no
            row can be used.
    """
    frame = _read(log, mapping)
    frame = frame.with_columns(reason=_reason(mapping))
    used = frame.filter(pl.col("reason") == WHOLE)
    row_statuses = _row_statuses(frame, log, mapping)
    if used.is_empty():
        most = max(row_statuses, key=lambda status: status.rows)
        problem = f"none of {frame.height:,} rows can be used: {most.reason} (the first is {most.place})"
        hint = "rows that the mapping describes" if most.example is None else most.example
        raise BadInputError("the log", problem, hint)
    if not float(used["count"].sum()) > 0:
        raise BadInputError("columns.count", "all counts are 0", "a column with arrivals")
    if cast("float", used["count"].max()) > _COUNT_MOST:
        raise BadInputError("columns.count", f"a count is over {_COUNT_MOST:,}", "arrivals of an interval")
    interval_s = mapping.options.interval_min * 60.0 if mapping.options.interval_min else step_s(used["at_s"])
    if interval_s is None or not 0 < interval_s <= HOUR_S:
        apart = "cannot be determined" if interval_s is None else f"are {interval_s / 60:g} min"
        expected = "intervals of at most 60 min; set their length with interval_min in [options]"
        raise BadInputError("columns.count", f"the lengths of the intervals {apart}", expected)
    used = used.with_columns(day_cells.kinds(used["kind"], used["at_s"], mapping.options))
    return Intervals(
        frame=used.sort("at_s", "row"),
        interval_s=interval_s,
        read=frame.height + len(log.aside),
        row_statuses=row_statuses,
        copies=used.height - used.select("at_s", "kind").n_unique(),
        notes=(*log.notes, *_notes(used, interval_s)),
    )


def step_s(at_s: pl.Series) -> float | None:
    """Return the most frequent gap between successive times in seconds; None if there is only one time."""
    gaps = at_s.unique().sort().diff().drop_nulls()
    return None if gaps.is_empty() else cast("float", gaps.mode().min())


def check_not_counts(frame: pl.DataFrame, columns: list[str]) -> None:
    """Reject rows at regular intervals, once per class: they are counts, not arrivals.

    Raises:
        BadInputError: they are 15, 30 or 60 minutes apart.
    """
    if frame.height < _ROWS_LEAST or frame.select("at_s", "kind").is_duplicated().any():
        return
    times = frame["at_s"].unique().sort()
    step = step_s(times)
    if step not in _STEPS_S or (times % step != 0).any():
        return
    # There are many rows, so that the mean is not null.
    if cast("float", (times.diff().drop_nulls() == step).mean()) < _EVEN_SHARE:
        return
    named = [name for name in columns if name.casefold() in _USUAL_NAMES]
    expected = f'count = "{named[0] if named else "…"}" in [columns], the column of the counts'
    problem = (
        f"the rows are {step / 60:g} min apart and each time occurs once: they are counts, not customers"
    )
    raise BadInputError("columns.arrived", problem, expected)


def mean_service(frame: pl.DataFrame) -> TimesFit | None:
    """Return the mean service time over all served, assumed exponential; None: no means are recorded.

    The interval is of a ratio of sums over days (Cochran 1977, section 6.3), over
    intervals where there is one day.
    """
    known = frame.with_columns(
        n=pl.coalesce("served_count", pl.col("count") - pl.col("abandoned_count"), "count")
    )
    known = known.filter((pl.col("n") > 0) & (pl.col("service_s_mean") > 0))
    if known.is_empty():
        return None
    total = float(known["n"].sum())
    mean_s = float((known["n"] * known["service_s_mean"]).sum()) / total
    away = known.with_columns(e=pl.col("n") * (pl.col("service_s_mean") - mean_s))
    groups = away.group_by("day").agg(pl.col("e").sum()) if away["day"].n_unique() > 1 else away
    n = groups.height
    spread = sqrt(n / (n - 1) * float((groups["e"] ** 2).sum())) / total if n > 1 else 0.0
    half_s = student_t(n - 1) * spread if n > 1 else 0.0
    mean = Parameter("mean_s", mean_s, max(mean_s - half_s, 0.0), mean_s + half_s)
    return TimesFit(
        times=round(total),
        short=0,
        short_s_mean=0.0,
        mean_s=mean,
        cv=1.0,
        distributions=(FittedDistribution(DistributionFamily.EXPONENTIAL, (mean,), 0.0, mean_s, 1.0),),
        distance_share=0.0,
        chosen=DistributionFamily.EXPONENTIAL,
        points=((0.0, mean_s), (0.0, 1.0)),
        quantiles=(),
    )


def outcomes_of(frame: pl.DataFrame) -> dict[str, int]:
    """Return how many were served and abandoned, as far as known."""
    sums = {Outcome.SERVED.value: "served_count", Outcome.ABANDONED.value: "abandoned_count"}
    counts = {outcome: round(float(frame[name].sum())) for outcome, name in sums.items()}
    return {outcome: n for outcome, n in counts.items() if n}


def _read(log: Table, mapping: Mapping) -> pl.DataFrame:
    table, columns, options = log.frame, mapping.columns, mapping.options
    named = day_cells.named_columns(table, mapping)
    begins = table[named["arrived"]]
    if begins.dtype == pl.String:
        table = table.with_columns(begins.str.replace(_RANGE, "$1"))
    at_s = moments(table, named["arrived"], options, columns.date).wall_s
    texts = [table[named[name]] for name in (*COUNTS, "service_s_mean") if name in named]
    mark = day_cells.decimal_mark(texts, options.decimal, "the counts")
    nothing = pl.Series([None], dtype=pl.Float64).new_from_index(0, table.height)
    counts = {
        name: day_cells.numbers(table[named[name]], mark) if name in named else nothing for name in COUNTS
    }
    mean_s = (
        day_cells.durations(table, named["service_s_mean"], options, mark)
        if columns.service_s_mean
        else nothing
    )
    kind = table[named["kind"]].cast(pl.String).str.strip_chars() if columns.kind else nothing.cast(pl.String)
    day = pl.from_epoch((pl.col("at_s") // DAY_S).cast(pl.Int64), time_unit="d")
    return pl.DataFrame(
        [
            pl.int_range(1, table.height + 1, eager=True).alias("row"),
            at_s.alias("at_s"),
            table[named["arrived"]].cast(pl.String).alias("arrived_text"),
            kind.alias("kind"),
            *(cells.alias(name) for name, cells in counts.items()),
            mean_s.alias("service_s_mean"),
        ]
    ).with_columns(day=day, weekday=_weekday(day))


def _weekday(day: pl.Expr) -> pl.Expr:
    return day.dt.weekday().replace_strict(dict(enumerate(WEEKDAYS, 1)), return_dtype=pl.String)


def _reason(mapping: Mapping) -> pl.Expr:
    options: Options = mapping.options
    missing = pl.col("arrived_text").is_null() | (pl.col("arrived_text").str.strip_chars() == "")
    expected = pl.col("kind").is_in(list(options.classes or ())).fill_null(value=False)
    return (
        pl.when(pl.col("at_s").is_null())
        .then(
            pl.when(missing)
            .then(pl.lit(day_cells.NO_ARRIVAL))
            .otherwise(pl.lit(day_cells.UNREADABLE_ARRIVAL))
        )
        .when(pl.col("count").is_null())
        .then(pl.lit("count missing or unreadable"))
        .when(pl.col("count") < 0)
        .then(pl.lit("negative count"))
        .when(pl.lit(bool(options.classes)) & ~expected)
        .then(pl.lit("class not selected"))
        .when((pl.col("day") < pl.lit(options.first_day)).fill_null(value=False))
        .then(pl.lit("before the first day selected"))
        .when((pl.col("day") > pl.lit(options.last_day)).fill_null(value=False))
        .then(pl.lit("after the last day selected"))
        .when(~pl.col("weekday").is_in(list(options.weekdays)))
        .then(pl.lit("weekday not selected"))
        .otherwise(pl.lit(WHOLE))
    )


def _row_statuses(frame: pl.DataFrame, log: Table, mapping: Mapping) -> tuple[RowStatus, ...]:
    columns = {
        day_cells.UNREADABLE_ARRIVAL: mapping.columns.arrived,
        "count missing or unreadable": mapping.columns.count,
    }
    found = []
    for reason, rows, first in frame.group_by("reason").agg(pl.len(), pl.col("row").min()).iter_rows():
        name = columns.get(reason)
        value = None if name is None else log.frame[name][first - 1]
        hint = f"; in [options] {form_of(str(value))}" if reason == day_cells.UNREADABLE_ARRIVAL else ""
        found.append(
            RowStatus(
                use="whole" if reason == WHOLE else "none",
                reason=reason,
                rows=rows,
                first_row=first,
                where=log.place(first - 1),
                example=None if value is None else f"{str(value)[:60]!r} in the column {name!r}{hint}",
            )
        )
    found += set_aside(log)
    return tuple(sorted(found, key=lambda status: (status.use != "whole", -status.rows, status.reason)))


def _notes(used: pl.DataFrame, interval_s: float) -> list[str]:
    notes = [f"the rows are counts per {interval_s / 60:g} min: {float(used['count'].sum()):,.0f} arrivals"]
    if interval_s > HALF_HOUR_S:
        notes.append("an interval's count is split evenly over its half hours")
    if (left := float(used["abandoned_count"].sum())) > 0:
        share = left / float(used["count"].sum())
        notes.append(f"{left:,.0f} abandoned ({share:.1%}), but not after which wait: patience is not fitted")
    usual = used.group_by("day", "weekday").agg(pl.col("at_s").n_unique().alias("n"))
    short = usual.filter(pl.col("n") < pl.col("n").max().over("weekday")).sort("day")
    if short.height:
        days = ", ".join(map(str, short["day"].head(3)))
        notes.append(
            f"{short.height} days have fewer intervals than others of their weekday ({days}): counted as 0"
        )
    if not np.isclose(used["count"].to_numpy() % 1, 0).all():
        notes.append("some counts are not whole numbers: averages of several days?")
    return notes
