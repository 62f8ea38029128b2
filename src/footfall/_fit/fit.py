"""Fit a whole log: arrivals, and service, patience and outcomes for each kind of customer."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import polars as pl

from footfall._fit.arrival_fit import EVERY, ArrivalsFit, fit_arrivals
from footfall._fit.distributions import FAMILIES
from footfall._fit.estimate_intervals import (
    Intervals,
    check_not_counts,
    intervals_of,
    mean_service,
    outcomes_of,
)
from footfall._fit.log_rows import LogRows, RowStatus, rows_of
from footfall._fit.patience_fit import PatienceFit, RedialFit, fit_patience, fit_redial, weighed
from footfall._fit.staff_fit import StaffFit, fit_staff
from footfall._fit.time_fit import TimesFit, fit_times
from footfall._model.durations import DistributionFamily
from footfall._model.numbers import HALF_HOUR_S
from footfall._records.log_file import Table
from footfall._records.rows import Outcome
from footfall._workload.log_mapping import Mapping, Options

MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class KindFit:
    """The fit for one kind of customer."""

    kind: str
    """`*` for all kinds together."""
    rows: int
    outcomes: dict[str, int]
    service: TimesFit | None
    """None: too few."""
    patience: PatienceFit | None
    """None: no customer left while waiting, or waits are not recorded."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """The fit of a whole log."""

    read: int
    """Rows of the log."""
    row_statuses: tuple[RowStatus, ...]
    """How they were used; the counts add up to `read`."""
    options: Options
    arrivals: ArrivalsFit
    every: KindFit
    """All kinds together, used for kinds with too few rows."""
    kinds: dict[str, KindFit]
    staff: StaffFit | None
    redial: RedialFit | None
    services: pl.DataFrame
    """service_s and services: the number of services of each length, short ones included."""
    copies: int
    """Used rows that are identical to another."""
    notes: tuple[str, ...] = ()
    """How the log was read, and what was assumed."""
    interval_s: float | None = None
    """Length of the intervals if the rows are counts: then only mean service times are known."""

    @property
    def used(self) -> int:
        """Rows that count at least as arrivals."""
        return sum(status.rows for status in self.row_statuses if status.use != "none")

    @property
    def set_aside(self) -> int:
        """Rows that are not used at all."""
        return self.read - self.used


def fit_log(log: pl.DataFrame | Table, mapping: Mapping) -> Fitted:
    """Fit a log by its mapping; the result refers to no file.

    Classes and parts of the day are selected by the mapping's options `classes`, `day_parts_h`, `from`,
    `until` and `weekdays`; each class in each part is a separate kind, such as `PS_20_24`.

    Raises:
        BadInputError: a mapped column is missing, or no row can be used.
    """
    return fit_rows(read_log(log, mapping), mapping.options)


def read_log(log: pl.DataFrame | Table, mapping: Mapping) -> LogRows | Intervals:
    """Read the rows of a log, or its counts per interval, for `fit_rows`.

    Raises:
        BadInputError: a mapped column is missing, or no row can be used.
    """
    log = log if isinstance(log, Table) else Table(log)
    if mapping.columns.count is not None:
        return intervals_of(log, mapping)
    rows = rows_of(log, mapping)
    check_not_counts(rows.frame, log.frame.columns)
    return rows


def fit_rows(rows: LogRows | Intervals, options: Options, form: Fitted | None = None) -> Fitted:
    """Fit rows that were read from a log; if `form` is given, with its distribution families only."""
    if isinstance(rows, Intervals):
        return _counted_fit(rows, options)
    frame = rows.frame
    redial = fit_redial(frame) if options.redial and options.station == "hotline" else None
    names = sorted(frame["kind"].unique())
    columns = [name for name in frame.columns if name not in {"row", "kind"}]
    forms = {} if form is None else form.kinds | {EVERY: form.every}
    kinds = {
        name: _kind(name, frame.filter(pl.col("kind") == name), options, forms.get(name)) for name in names
    }
    is_one = len(names) == 1
    return Fitted(
        read=rows.read,
        row_statuses=rows.row_statuses,
        options=options,
        arrivals=fit_arrivals(weighed(frame, redial)),
        every=replace(kinds[names[0]], kind=EVERY)
        if is_one
        else _kind(EVERY, frame, options, forms.get(EVERY)),
        kinds=kinds,
        staff=fit_staff(frame, options.on_duty_gap_min * MINUTE_S),
        redial=redial,
        services=_counted(frame["service_s"]),
        copies=frame.height - frame.select(columns).n_unique(),
        notes=rows.notes,
    )


def _counted_fit(intervals: Intervals, options: Options) -> Fitted:
    """Fit counts per interval: arrivals, and a mean service time."""
    frame = intervals.frame
    names = sorted(frame["kind"].unique())
    return Fitted(
        read=intervals.read,
        row_statuses=intervals.row_statuses,
        options=options,
        arrivals=fit_arrivals(intervals.by_half_hour(), compared=intervals.interval_s <= HALF_HOUR_S),
        every=_counted_kind(EVERY, frame),
        kinds={name: _counted_kind(name, frame.filter(pl.col("kind") == name)) for name in names},
        staff=None,
        redial=None,
        services=_counted(pl.Series("service_s", [], dtype=pl.Float64)),
        copies=intervals.copies,
        notes=intervals.notes,
        interval_s=intervals.interval_s,
    )


def _counted_kind(name: str, frame: pl.DataFrame) -> KindFit:
    return KindFit(
        kind=name,
        rows=max(round(float(frame["count"].sum())), 1),
        outcomes=outcomes_of(frame),
        service=mean_service(frame),
        patience=None,
    )


def _counted(service_s: pl.Series) -> pl.DataFrame:
    return service_s.drop_nulls().value_counts(name="services").sort("service_s")


def _kind(name: str, rows: pl.DataFrame, options: Options, form: KindFit | None) -> KindFit:
    waits = rows.filter(pl.col("wait_s").is_not_null())
    left = waits["outcome"] == Outcome.ABANDONED.value
    return KindFit(
        kind=name,
        rows=rows.height,
        outcomes=dict(rows["outcome"].value_counts(sort=True).iter_rows()),
        service=fit_times(
            rows["service_s"].drop_nulls(),
            options.short_service_s,
            _tried(None if form is None else form.service),
        ),
        patience=fit_patience(waits["wait_s"], left, _tried(None if form is None else form.patience))
        if waits.height
        else None,
    )


def _tried(form: TimesFit | PatienceFit | None) -> Collection[DistributionFamily]:
    """Return the families to try: all, or that of an earlier fit (for empirical data: the fastest one)."""
    if form is None:
        return FAMILIES
    chosen = form.chosen
    return (chosen,) if chosen is not None and chosen in FAMILIES else (DistributionFamily.EXPONENTIAL,)
