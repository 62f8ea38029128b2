"""Fit a whole log: arrivals, and service, patience and outcomes by kind of customer; and its diagnostics."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NamedTuple

import numpy as np
import polars as pl

from footfall._fit import estimate_intervals, patience_fit
from footfall._fit.arrival_fit import EVERY, ArrivalsFit, StaffFit, fit_arrivals, fit_staff
from footfall._fit.distributions import FAMILIES
from footfall._fit.log_rows import LogRows, RowStatus, rows_of
from footfall._model.durations import DistributionFamily
from footfall._model.numbers import HALF_HOUR_S
from footfall._records.log_file import Table
from footfall._records.rows import Outcome
from footfall._workload.log_mapping import WEEKDAYS, Mapping, Options

# ── Fit a whole log: arrivals, and service, patience and outcomes for each kind of customer

MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class KindFit:
    """The fit for one kind of customer."""

    kind: str
    """`*` for all kinds together."""
    rows: int
    outcomes: dict[str, int]
    service: patience_fit.TimesFit | None
    """None: too few."""
    patience: patience_fit.PatienceFit | None
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
    redial: patience_fit.RedialFit | None
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


def read_log(log: pl.DataFrame | Table, mapping: Mapping) -> LogRows | estimate_intervals.Intervals:
    """Read the rows of a log, or its counts per interval, for `fit_rows`.

    Raises:
        BadInputError: a mapped column is missing, or no row can be used.
    """
    log = log if isinstance(log, Table) else Table(log)
    if mapping.columns.count is not None:
        return estimate_intervals.intervals_of(log, mapping)
    rows = rows_of(log, mapping)
    estimate_intervals.check_not_counts(rows.frame, log.frame.columns)
    return rows


def fit_rows(
    rows: LogRows | estimate_intervals.Intervals, options: Options, form: Fitted | None = None
) -> Fitted:
    """Fit rows that were read from a log; if `form` is given, with its distribution families only."""
    if isinstance(rows, estimate_intervals.Intervals):
        return _counted_fit(rows, options)
    frame = rows.frame
    redial = patience_fit.fit_redial(frame) if options.redial and options.station == "hotline" else None
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
        arrivals=fit_arrivals(patience_fit.weighed(frame, redial)),
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


def _counted_fit(intervals: estimate_intervals.Intervals, options: Options) -> Fitted:
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
        outcomes=estimate_intervals.outcomes_of(frame),
        service=estimate_intervals.mean_service(frame),
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
        service=patience_fit.fit_times(
            rows["service_s"].drop_nulls(),
            options.short_service_s,
            _tried(None if form is None else form.service),
        ),
        patience=patience_fit.fit_patience(
            waits["wait_s"], left, _tried(None if form is None else form.patience)
        )
        if waits.height
        else None,
    )


def _tried(form: patience_fit.TimesFit | patience_fit.PatienceFit | None) -> Collection[DistributionFamily]:
    """Return the families to try: all, or that of an earlier fit (for empirical data: the fastest one)."""
    if form is None:
        return FAMILIES
    chosen = form.chosen
    return (chosen,) if chosen is not None and chosen in FAMILIES else (DistributionFamily.EXPONENTIAL,)


# ── Diagnostics of a fit: too few data, suspicious rows, distributions that do not fit

DAYS_LEAST = 10
_LOW_DAY_SHARE = 0.5
_NAMED_MOST = 5
_PROBLEM_SHARE = 0.01
_SHORT_SHARE, _SHORT_OF_MEDIAN = 0.01, 0.1
_MEAN_OFF_SHARE = 0.05
_LONG_SHARE = 0.15
_WEEKDAYS_DIFFER = 2.0
_BURSTY = 1.3
_STAFF = {"hotline": "agents", "hall": "clerks", "web": "slots"}
_BY_CHOICE = ("selected", "ignored outcome", "of its weekday's median")


class Diagnostic(NamedTuple):
    """One warning: the name under which the documentation explains it, and one sentence."""

    name: str
    text: str


def diagnostics(fitted: Fitted) -> tuple[Diagnostic, ...]:
    """Return all warnings about a fit, those about the rows first."""
    found = [*(Diagnostic("as-read", note) for note in fitted.notes)]
    found += [*_rows(fitted), *_days(fitted), *_arrivals(fitted)]
    for kind in fitted.kinds.values():
        found += [*_service(kind, fitted), *_patience(kind)]
    return (*found, *_staff(fitted))


def _rows(fitted: Fitted) -> Iterator[Diagnostic]:
    for status in fitted.row_statuses:
        is_chosen = status.use == "whole" or any(text in status.reason for text in _BY_CHOICE)
        if not is_chosen and status.rows > _PROBLEM_SHARE * fitted.read:
            text = f"{status.rows:,} of {fitted.read:,} rows: {status.reason} (first: {status.place})"
            text = text if status.example is None else f"{text}: {status.example}"
            yield Diagnostic("suspicious-rows", text)
    if fitted.copies > _PROBLEM_SHARE * fitted.used:
        yield Diagnostic("copied-rows", f"{fitted.copies:,} rows are identical to another row")


def _days(fitted: Fitted) -> Iterator[Diagnostic]:
    days = fitted.arrivals.days
    if len(days) < DAYS_LEAST:
        yield Diagnostic(
            "few-days", f"only {len(days)} days: variation between days is poorly known; use 20 or more"
        )
    expected = {WEEKDAYS.index(name) for name in fitted.options.weekdays}
    span = [days[0] + timedelta(days=k) for k in range((days[-1] - days[0]).days + 1)]
    missing = [day for day in span if day not in set(days) and day.weekday() in expected]
    if missing:
        yield Diagnostic(
            "missing-days",
            f"no rows for {_some(missing)}: treated as missing days, not as days without arrivals",
        )
    low = _low_days(fitted)
    if low:
        text = f"{_some(low)}: less than half of the weekday's median; low_day_share excludes such days"
        yield Diagnostic("low-days", text)


def _low_days(fitted: Fitted) -> list[object]:
    """Return the days with less than half of the median arrivals of their weekday."""
    totals = fitted.arrivals.totals
    low = totals.filter(pl.col("arrivals") < _LOW_DAY_SHARE * pl.col("arrivals").median().over("weekday"))
    return list(low["day"])


def _some(things: Sequence[object]) -> str:
    """List the first few of many."""
    named = ", ".join(map(str, things[:_NAMED_MOST]))
    return named if len(things) <= _NAMED_MOST else f"{named} and {len(things) - _NAMED_MOST} more"


def _arrivals(fitted: Fitted) -> Iterator[Diagnostic]:
    arrivals = fitted.arrivals
    means = {name: sum(arrivals.profile(EVERY, name)) for name in arrivals.weekdays}
    least, most = min(means, key=means.__getitem__), max(means, key=means.__getitem__)
    if means[most] > _WEEKDAYS_DIFFER * means[least]:
        text = (
            f"{most} has {means[most]:,.0f} arrivals, {least} {means[least]:,.0f}: their mean matches neither"
        )
        yield Diagnostic("weekdays-differ", f"{text}; name weekdays in [options], or use --weekday")
    if arrivals.busyness is None:
        yield Diagnostic(
            "no-busyness", "too few days to estimate how days differ: the model has chance variation only"
        )
    elif (dispersion := arrivals.dispersion) is not None:
        profile = [rate for rate in arrivals.profile(EVERY) if rate > 1]
        explained = 1 + arrivals.busyness.cv**2 * float(np.median(profile)) if profile else 1.0
        if dispersion.median > explained * max(_BURSTY * dispersion.poisson_median, dispersion.poisson_high):
            by_chance = dispersion.poisson_median * explained
            text = f"half hours have variance/mean {dispersion.median:.1f}"
            text += f", of which chance and busy days explain {by_chance:.1f}"
            yield Diagnostic("bursts", f"{text}: the rest are bursts within the day, missing from the model")


def _service(kind: KindFit, fitted: Fitted) -> Iterator[Diagnostic]:
    fit, name = kind.service, kind.kind
    if fitted.interval_s is not None and fit is not None:
        text = f"{name}: only mean service times are known, so the model assumes exponential ones"
        yield Diagnostic("no-shape", f"{text}: a sample of individual services would show their distribution")
        return
    if fit is None:
        text = f"{name}: too few services to fit"
        instead = "those of all kinds are used" if fitted.every.service else "in the model they take no time"
        yield Diagnostic("few-services", f"{text}; {instead}")
        return
    if fit.short_share > _SHORT_SHARE:
        below = f"{fitted.options.short_service_s:g} s"
        text = f"{name}: {_percent(fit.short_share, 1)} of services are shorter than {below}"
        yield Diagnostic("short-services", f"{text}: kept as load, excluded from the distribution fit")
    elif not fitted.options.short_service_s:
        yield from _unusually_short(fit, name)
    if fit.chosen is None:
        text = f"{name}: {fit.best.family.value} is off by {_percent(fit.distance_share, 1)} of services"
        yield Diagnostic("no-law", f"{text}; the model has the measured distribution instead")
    elif abs(fit.best.mean_s / fit.mean_s.value - 1) > _MEAN_OFF_SHARE:
        text = f"{name}: the fitted mean is {fit.best.mean_s:,.4g} s, the data's {fit.mean_s.value:,.4g} s"
        yield Diagnostic("mean-off", f"{text}: the load is off by the same factor")
    if _held_by_longest(fit) > _LONG_SHARE:
        text = f"{name}: the longest 1 % of services take {_percent(_held_by_longest(fit), 0)} of the time"
        yield Diagnostic("long-services", f"{text}; sessions left open? long_service_s excludes them")


def _unusually_short(fit: patience_fit.TimesFit, name: str) -> Iterator[Diagnostic]:
    seconds, shares = fit.points
    bound_s = _SHORT_OF_MEDIAN * float(np.interp(0.5, shares, seconds))
    share = float(np.interp(bound_s, seconds, shares))
    expected = 1 - float(fit.best.survival(np.array([bound_s]))[0])
    if share > _SHORT_SHARE + expected:
        text = f"{name}: {_percent(share, 1)} of services are under {bound_s:.3g} s"
        text += f", the fit expects {_percent(expected, 1)}"
        yield Diagnostic("short-services", f"{text}: hang-ups? short_service_s excludes them from the fit")


def _held_by_longest(fit: patience_fit.TimesFit) -> float:
    """Return the share of the service time that the longest hundredth takes."""
    seconds, shares = (np.array(part) for part in fit.points)
    parts = np.diff(shares) * (seconds[1:] + seconds[:-1]) / 2
    return float(parts[shares[1:] > 0.99].sum() / parts.sum())  # noqa: PLR2004  the last hundredth


def _patience(kind: KindFit) -> Iterator[Diagnostic]:
    fit, name = kind.patience, kind.kind
    if fit is None:
        return
    if fit.left < 100:  # noqa: PLR2004  ± 20 % on a rate
        text = f"{name}: only {fit.left} left while waiting"
        yield Diagnostic(
            "few-abandoned", f"{text}; mean patience {fit.mean_s.low:,.0f} to {fit.mean_s.high:,.0f} s"
        )
    elif fit.chosen is None and fit.distributions:
        off = _percent(fit.distance_share, 1)
        text = f"{name}: {fit.best.family.value} is off the curve by {off} of customers"
        yield Diagnostic("no-law", f"{text}; the model has the Kaplan–Meier curve instead")
    left_over = 1 - fit.points[1][-1]
    if fit.chosen is None and left_over > 0.05:  # noqa: PLR2004  a twentieth
        after = "wait for ever" if fit.beyond_s is None else f"wait another {fit.beyond_s:,.0f} s on average"
        text = f"{name}: {_percent(left_over, 0)} outlast {fit.points[0][-1]:,.0f} s, the curve's end"
        yield Diagnostic("patience-tail", f"{text}; they {after}")


def _staff(fitted: Fitted) -> Iterator[Diagnostic]:
    if fitted.interval_s is not None:
        text = "counts do not show staff, so it is unlimited in the model"
        yield Diagnostic(
            "no-staff",
            f"{text}: set it with --set {fitted.options.station}.{_STAFF[fitted.options.station]}=N",
        )
        return
    if fitted.staff is None:
        yield Diagnostic("no-staff", "no row has service times: staff is unlimited in the model")
    elif not fitted.staff.by_agent and fitted.options.station != "web":
        yield Diagnostic(
            "no-agents", "agents are not named: staff is the most served at once, which may be too low"
        )
    if fitted.redial is None and fitted.options.redial and fitted.options.station == "hotline":
        text = "too few of those who abandoned are identified: retries count as arrivals"
        yield Diagnostic("no-redial", text)
    elif fitted.redial is not None and fitted.redial.identified < 0.5 * fitted.redial.abandoned:
        share = fitted.redial.identified / fitted.redial.abandoned
        yield Diagnostic(
            "few-known",
            f"only {_percent(share, 0)} of those who abandoned are identified: redial is based on them",
        )


def _percent(share: float, digits: int) -> str:
    return f"{share * 100:.{digits}f} %"
