"""What a person must know before trusting the fit: too few data, suspicious rows, laws that do not fit."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple

import numpy as np
import polars as pl

from footfall.fit.arrival_fit import EVERY
from footfall.fit.fit import Fitted, KindFit
from footfall.fit.time_fit import TimesFit
from footfall.workload.log_mapping import WEEKDAYS

DAYS_LEAST = 10
LOW_DAY_SHARE = 0.5
_NAMED_MOST = 5
_MENDED_SHARE = 0.01
_SHORT_SHARE, _SHORT_OF_MEDIAN = 0.01, 0.1
_MEAN_OFF_SHARE = 0.05
_LONG_SHARE = 0.15
_WEEKDAYS_DIFFER = 2.0
_BURSTY = 1.3
_STAFF = {"hotline": "agents", "hall": "clerks", "web": "slots"}
_ASKED_FOR = ("asked for", "to be ignored", "of its weekday's median")


class Caution(NamedTuple):
    """One warning: its name, by which the documents explain it, and one sentence."""

    name: str
    text: str


def cautions(fitted: Fitted) -> tuple[Caution, ...]:
    """Give all warnings of a fit, those on the rows first."""
    found = [*(Caution("as-read", note) for note in fitted.notes)]
    found += [*_rows(fitted), *_days(fitted), *_arrivals(fitted)]
    for kind in fitted.kinds.values():
        found += [*_service(kind, fitted), *_patience(kind)]
    return (*found, *_staff(fitted))


def _rows(fitted: Fitted) -> Iterator[Caution]:
    for fate in fitted.fates:
        asked = fate.use == "whole" or any(text in fate.reason for text in _ASKED_FOR)
        if not asked and fate.rows > _MENDED_SHARE * fitted.read:
            told = f"{fate.rows:,} of {fitted.read:,} rows: {fate.reason} (first: {fate.place})"
            told = told if fate.example is None else f"{told}: {fate.example}"
            yield Caution("suspicious-rows", told)
    if fitted.copies > _MENDED_SHARE * fitted.used:
        yield Caution("copied-rows", f"{fitted.copies:,} rows equal another in all that is known of them")


def _days(fitted: Fitted) -> Iterator[Caution]:
    days = fitted.arrivals.days
    if len(days) < DAYS_LEAST:
        yield Caution("few-days", f"only {len(days)}: how days differ is hardly known; 20 or more are better")
    wanted = {WEEKDAYS.index(name) for name in fitted.options.weekdays}
    span = [days[0] + timedelta(days=k) for k in range((days[-1] - days[0]).days + 1)]
    missing = [day for day in span if day not in set(days) and day.weekday() in wanted]
    if missing:
        yield Caution(
            "missing-days", f"no row is left of {_some(missing)}: taken for no days, not for empty ones"
        )
    low = low_days(fitted)
    if low:
        told = f"{_some(low)}: less than half of the weekday's median; low_day_share sets such days aside"
        yield Caution("low-days", told)


def low_days(fitted: Fitted) -> list[object]:
    """Give the days with less than half of the arrivals that their weekday has in the middle."""
    totals = fitted.arrivals.totals
    low = totals.filter(pl.col("arrivals") < LOW_DAY_SHARE * pl.col("arrivals").median().over("weekday"))
    return list(low["day"])


def _some(things: Sequence[object]) -> str:
    """Name the first few of many."""
    named = ", ".join(map(str, things[:_NAMED_MOST]))
    return named if len(things) <= _NAMED_MOST else f"{named} and {len(things) - _NAMED_MOST} more"


def _arrivals(fitted: Fitted) -> Iterator[Caution]:
    arrivals = fitted.arrivals
    means = {name: sum(arrivals.profile(EVERY, name)) for name in arrivals.weekdays}
    least, most = min(means, key=means.__getitem__), max(means, key=means.__getitem__)
    if means[most] > _WEEKDAYS_DIFFER * means[least]:
        told = (
            f"{most} has {means[most]:,.0f} arrivals, {least} {means[least]:,.0f}: their mean is no real day"
        )
        yield Caution("weekdays-differ", f"{told}; name weekdays in [options], or use --weekday")
    if arrivals.busyness is None:
        yield Caution(
            "no-busyness", "too few days to tell how much busier some are: days differ by chance only"
        )
    elif (dispersion := arrivals.dispersion) is not None:
        profile = [rate for rate in arrivals.profile(EVERY) if rate > 1]
        explained = 1 + arrivals.busyness.cv**2 * float(np.median(profile)) if profile else 1.0
        if dispersion.median > explained * max(_BURSTY * dispersion.poisson_median, dispersion.poisson_high):
            by_chance = dispersion.poisson_median * explained
            told = f"half hours have variance/mean {dispersion.median:.1f}"
            told += f", chance and busy days explain {by_chance:.1f}"
            yield Caution("bursts", f"{told}: the rest are bursts within the day that the model has not")


def _service(kind: KindFit, fitted: Fitted) -> Iterator[Caution]:
    fit, name = kind.service, kind.kind
    if fitted.interval_s is not None and fit is not None:
        told = f"{name}: of services only means are known, so the model's are exponential, an assumption"
        yield Caution("no-shape", f"{told}: a sample of single services would tell")
        return
    if fit is None:
        told = f"{name}: too few services to fit"
        stand_in = "those of all kinds stand in" if fitted.every.service else "in the model they take no time"
        yield Caution("few-services", f"{told}; {stand_in}")
        return
    if fit.short_share > _SHORT_SHARE:
        below = f"{fitted.options.short_service_s:g} s"
        told = f"{name}: {_percent(fit.short_share, 1)} of services are shorter than {below}"
        yield Caution("short-services", f"{told}: kept as load, left out of the law")
    elif not fitted.options.short_service_s:
        yield from _unusually_short(fit, name)
    if fit.chosen is None:
        told = f"{name}: {fit.best.law.value} is off by {_percent(fit.distance_share, 1)} of services"
        yield Caution("no-law", f"{told}; the model has the measured distribution instead")
    elif abs(fit.best.mean_s / fit.mean_s.value - 1) > _MEAN_OFF_SHARE:
        told = f"{name}: the law's mean is {fit.best.mean_s:,.4g} s, the data's {fit.mean_s.value:,.4g} s"
        yield Caution("mean-off", f"{told}: the load is off by as much")
    if _held_by_longest(fit) > _LONG_SHARE:
        told = f"{name}: the longest 1 % of services take {_percent(_held_by_longest(fit), 0)} of the time"
        yield Caution("long-services", f"{told}; forgotten clocks? long_service_s cuts")


def _unusually_short(fit: TimesFit, name: str) -> Iterator[Caution]:
    seconds, shares = fit.points
    bound_s = _SHORT_OF_MEDIAN * float(np.interp(0.5, shares, seconds))
    share = float(np.interp(bound_s, seconds, shares))
    expected = 1 - float(fit.best.survival(np.array([bound_s]))[0])
    if share > _SHORT_SHARE + expected:
        told = f"{name}: {_percent(share, 1)} of services are under {bound_s:.3g} s"
        told += f", the law expects {_percent(expected, 1)}"
        yield Caution("short-services", f"{told}: hang-ups? short_service_s leaves them out of the law")


def _held_by_longest(fit: TimesFit) -> float:
    """Share of the service time that the longest hundredth takes."""
    seconds, shares = (np.array(part) for part in fit.points)
    parts = np.diff(shares) * (seconds[1:] + seconds[:-1]) / 2
    return float(parts[shares[1:] > 0.99].sum() / parts.sum())  # noqa: PLR2004  the last hundredth


def _patience(kind: KindFit) -> Iterator[Caution]:
    fit, name = kind.patience, kind.kind
    if fit is None:
        return
    if fit.left < 100:  # noqa: PLR2004  ± 20 % on a rate
        told = f"{name}: only {fit.left} left while waiting"
        yield Caution(
            "few-abandoned", f"{told}; mean patience {fit.mean_s.low:,.0f} to {fit.mean_s.high:,.0f} s"
        )
    elif fit.chosen is None and fit.laws:
        told = (
            f"{name}: {fit.best.law.value} is off the curve by {_percent(fit.distance_share, 1)} of customers"
        )
        yield Caution("no-law", f"{told}; the model has the Kaplan–Meier curve instead")
    left_over = 1 - fit.points[1][-1]
    if fit.chosen is None and left_over > 0.05:  # noqa: PLR2004  a twentieth
        after = (
            "wait for ever" if fit.beyond_s is None else f"are given {fit.beyond_s:,.0f} s more on average"
        )
        told = f"{name}: {_percent(left_over, 0)} outlast {fit.points[0][-1]:,.0f} s, the curve's end"
        yield Caution("patience-tail", f"{told}; they {after}")


def _staff(fitted: Fitted) -> Iterator[Caution]:
    if fitted.interval_s is not None:
        told = "counts tell no staff, so it is endless in the model"
        yield Caution(
            "no-staff",
            f"{told}: give it with --set {fitted.options.station}.{_STAFF[fitted.options.station]}=N",
        )
        return
    if fitted.staff is None:
        yield Caution("no-staff", "no row tells when it was served: the staff is endless")
    elif not fitted.staff.by_agent and fitted.options.station != "web":
        yield Caution(
            "no-agents", "no agent is named: the staff is the most served at once, at times too few"
        )
    if fitted.redial is None and fitted.options.redial and fitted.options.station == "hotline":
        told = "too few of those who abandoned are known by name: second tries count as arrivals"
        yield Caution("no-redial", told)
    elif fitted.redial is not None and fitted.redial.identified < 0.5 * fitted.redial.abandoned:
        share = fitted.redial.identified / fitted.redial.abandoned
        yield Caution(
            "few-known",
            f"{_percent(share, 0)} of those who abandoned are known by name: redial rests on them",
        )


def _percent(share: float, digits: int) -> str:
    return f"{share * 100:.{digits}f} %"
