"""A fitted model tested on later days of a log: are its intervals right, and which input was off?"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import NamedTuple, cast

import numpy as np
import polars as pl

from footfall._behaviour import keyed
from footfall._fit.estimate_intervals import Intervals
from footfall._fit.fit import Fitted
from footfall._fit.fitted_model import Named, model_of, on_day
from footfall._fit.log_rows import LogRows
from footfall._fit.swapped_inputs import Input, arrivals_of, has_queue, input_values, inputs_of, with_inputs
from footfall._fit.uncertainty import Uncertainty, drawn
from footfall._measure.prediction import ForecastComparison, compare_forecasts
from footfall._model.duration_quantiles import special_functions
from footfall._model.model import Model
from footfall._model.numbers import Number
from footfall._records.rows import Outcome
from footfall._simulate.day import DayResult, replicate_each, simulate_day
from footfall._stats.intervals import Interval, t_interval, wilson
from footfall._workload.log_mapping import WEEKDAYS

FIGURES = ("arrivals", "wait_s_mean", "abandoned_share")
"""Of a day: who came, how long they waited for service on average, which share left without it."""
REPLICATIONS = 79
"""Simulated days for each weekday: a later day lies between the second smallest and the second largest of so
many with a probability of 76/80 = 95 %."""
REPLICATIONS_LEAST = 39
"""The smallest and the largest of so many are the bounds."""
LEVEL = 0.95
_CLEAR_LEVEL = 0.99
"""A mean error whose interval at this level leaves 0 out is no chance: three figures are looked at."""
_HALF = 0.5
"""An input is named where it takes away at least this share of the error."""
_WEEKDAY_APART = 10_000
"""Each weekday has replications of its own, so that its days differ from those of the other weekdays."""
_HERE_VISITS_MOST = 100_000
"""Fewer are simulated before processes for them would have started."""
_DAYS_A_WEEK = 7
_LEVEL_DRAW = "level of a weekday"
Progress = Callable[[float], None]


class PredictedDays(NamedTuple):
    """How many days are simulated, for each weekday."""

    seed: int = 1
    replications: int = REPLICATIONS
    """With the fitted numbers drawn: an interval is made of these."""
    swapped: int = 20
    """As fitted, and again with each input as recorded: the same random numbers make differences sure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedDays:
    """A fitted model of the mean day and of each weekday, and how sure its numbers are."""

    model: Model
    weekdays: Mapping[str, Model]
    """Empty: every weekday is as the mean day."""
    days: Mapping[str, int]
    """Number of days that each weekday was fitted to; empty: not known."""
    uncertainty: Uncertainty | None
    """None: not known; then intervals hold the chance of a day alone."""

    def on(self, weekday: str) -> Model:
        """Give the model of a weekday; of one that is not known, that of the mean day."""
        return self.weekdays.get(weekday, self.model)

    def drawn_on(self, weekday: str, seed: int, number: int) -> Model:
        """Give the model of a weekday with its fitted numbers drawn: draw `number` of the seed.

        The level of the arrivals of a weekday is known from its own days alone: it is multiplied by a gamma
        number of mean 1 and variance (cv² + 1/arrivals)/days, with cv the variation of busy days.
        """
        model = self.on(weekday)
        if self.uncertainty is None:
            return model
        found = drawn(model, self.uncertainty, seed, number)
        days = self.days.get(weekday)
        return _at_level(found, days, seed, number) if weekday in self.weekdays and days else found


def _at_level(model: Model, days: int, seed: int, number: int) -> Model:
    total = sum(map(sum, arrivals_of(model).values()))
    variance = (float(model.busyness_cv) ** 2 + 1 / max(total, 1.0)) / days
    u = keyed.uniform(keyed.run_key(seed, number), _LEVEL_DRAW)
    factor = float(special_functions().gammaincinv(1 / variance, u)) * variance
    segments = tuple(
        segment.model_copy(
            update={
                "month_visits": {
                    kind: Number(visits * factor, visits.grade, visits.source)
                    for kind, visits in segment.month_visits.items()
                }
            }
        )
        for segment in model.segments
    )
    return model.model_copy(update={"segments": segments})


def fitted_days(fit: Fitted, named: Named, uncertainty: Uncertainty | None) -> FittedDays:
    """Give the models of a fit, by weekday where it has more than one."""
    model = model_of(fit, named)
    weekdays = fit.arrivals.weekdays if len(fit.arrivals.weekdays) > 1 else {}
    kinds = [segment.name for segment in model.segments]
    return FittedDays(
        model=model,
        weekdays={
            name: on_day(
                model,
                {kind: fit.arrivals.profile(kind, name) for kind in kinds},
                fit.staff.profile(name) if fit.staff else [],
                f"{named.log}; every {name}",
            )
            for name in weekdays
        },
        days=fit.arrivals.weekdays,
        uncertainty=uncertainty,
    )


def recorded_days(rows: LogRows | Intervals) -> pl.DataFrame:
    """Give the figures of each day of a log: day, weekday and `FIGURES`; null: the log does not tell."""
    frame = rows.frame
    if isinstance(rows, Intervals):
        figures = (
            pl.col("count").sum().cast(pl.Float64).alias("arrivals"),
            pl.lit(None, dtype=pl.Float64).alias("wait_s_mean"),
            (pl.col("abandoned_count").sum() / pl.col("count").sum()).alias("abandoned_share")
            if frame["abandoned_count"].null_count() == 0
            else pl.lit(None, dtype=pl.Float64).alias("abandoned_share"),
        )
    else:
        left = pl.col("outcome") == Outcome.ABANDONED.value
        has_left = frame.select(left.any()).item()
        figures = (
            pl.len().cast(pl.Float64).alias("arrivals"),
            pl.col("wait_s").mean().alias("wait_s_mean"),
            (left.mean() if has_left else pl.lit(None, dtype=pl.Float64)).alias("abandoned_share"),
        )
    return frame.group_by("day", "weekday").agg(*figures).sort("day")


def _day_figures(result: DayResult) -> dict[str, float | None]:
    """Give the figures of a simulated day."""
    visits = result.visits
    waits = visits["wait_s"].drop_nulls()
    left = visits["outcome"] == Outcome.ABANDONED.value
    return {
        "arrivals": float(visits.height),
        "wait_s_mean": cast("float", waits.mean()) if waits.len() else None,
        "abandoned_share": float(left.sum()) / visits.height if visits.height else None,
    }


def prediction_interval(simulated: Sequence[float]) -> Interval:
    """Give bounds that hold one more day with 95 %, from n days of which it is one more.

    The new day's rank among n + 1 is uniform: with k = ⌊0.025 (n + 1)⌋, the k-th smallest and the k-th
    largest hold it with 1 - 2k/(n + 1). Source: S. S. Wilks, Annals of Mathematical Statistics 12 (1941)
    91-96.

    Raises:
        ValueError: fewer than 39 days.
    """
    if len(simulated) < REPLICATIONS_LEAST:
        msg = f"{len(simulated)} days: at least {REPLICATIONS_LEAST} give 95 %"
        raise ValueError(msg)
    ordered = sorted(simulated)
    rank = int(round((1 - LEVEL) / 2 * (len(ordered) + 1), 9))
    return Interval(ordered[rank - 1], ordered[-rank])


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureCheck:
    """A figure over the tested days."""

    figure: str
    days: int
    inside: int
    """Days whose recorded figure lies in its 95 % interval."""
    coverage: Interval
    """95 % interval of the share of days inside (Wilson), as if days were independent."""
    recorded_mean: float
    predicted_mean: float
    error_mean: float
    """Mean absolute error of a day."""
    bias: Interval
    """95 % interval of the mean of predicted less recorded (Student)."""
    is_off: bool
    """Whether that mean is no chance: its 99 % interval leaves 0 out."""
    naive: ForecastComparison | None
    """Compared with "as last week", on the days that have such a day; None: there is none."""

    @property
    def verdict(self) -> str:
        """Whether the intervals hold what they promise: `as promised`, `too narrow` or `too wide`."""
        if self.coverage.high < LEVEL:
            return "too narrow"
        return "too wide" if self.coverage.low > LEVEL else "as promised"


@dataclass(frozen=True, slots=True, kw_only=True)
class InputEffect:
    """An input as it was fitted and as it was recorded, and what knowing it would have changed."""

    name: Input
    fitted: float | None
    """Arrivals a day, hours of staff a day, seconds; None: not known, or without bound."""
    recorded: float | None
    predicted: Mapping[str, float]
    """Mean of each figure over the tested days, with the recorded input in place of the fitted one."""


class Cause(NamedTuple):
    """The figure that was predicted worst, and the input that explains it."""

    figure: str
    input: Input | None
    """None: no single input takes away half of the error."""
    remaining_share: float
    """Share of the error that is left with the recorded input, or with all of them where none is named."""


@dataclass(frozen=True, kw_only=True)
class Backtest:
    """Later days of a log, predicted and recorded."""

    days: pl.DataFrame
    """day, weekday; of each figure `_recorded`, `_predicted`, `_low`, `_high`, `_inside`, `_last_week`."""
    figures: tuple[FigureCheck, ...]
    inputs: tuple[InputEffect, ...]
    as_fitted: Mapping[str, float]
    """Mean of each figure over the tested days, as fitted: what the inputs' effects are compared with."""
    all_recorded: Mapping[str, float]
    """The same with all inputs as recorded: what is still off then is the model itself."""

    @cached_property
    def cause(self) -> Cause | None:
        """The worst figure with the input that explains it; None: no figure is off by more than chance."""
        off = [each for each in self.figures if each.is_off]
        if not off:
            return None
        worst = max(off, key=lambda each: abs(_middle(each.bias)) / max(each.bias.half_width, 1e-12))
        if worst.figure == "arrivals":
            # Arrivals are an input themselves; their effect on waits shows in the waits, if these are off.
            others = [each for each in off if each.figure != "arrivals"]
            if not others:
                return Cause("arrivals", "arrivals", 0.0)
            worst = max(others, key=lambda each: abs(_middle(each.bias)) / max(each.bias.half_width, 1e-12))
        was = worst.recorded_mean
        error = abs(self.as_fitted[worst.figure] - was)
        left = {
            each.name: abs(each.predicted[worst.figure] - was) / error if error else 1.0
            for each in self.inputs
        }
        name = min(left, key=lambda each: left[each])
        if left[name] > _HALF:
            return Cause(worst.figure, None, abs(self.all_recorded[worst.figure] - was) / max(error, 1e-12))
        return Cause(worst.figure, name, left[name])


def backtest(
    known: FittedDays,
    own: FittedDays,
    recorded: tuple[pl.DataFrame, pl.DataFrame],
    asked: PredictedDays,
    progress: Progress | None = None,
) -> Backtest:
    """Predict days with a fitted model, and compare with what was recorded.

    `own` is what the tested days themselves teach, to tell which input was off; `recorded` are the figures
    of the tested days and of all days of the log (`recorded_days`).

    Raises:
        ValueError: fewer than 39 replications.
    """
    tested, every = recorded
    weekdays = [name for name in WEEKDAYS if name in set(tested["weekday"])]
    names = inputs_of(known.model)
    swaps: list[tuple[Input, ...]] = [(), *((name,) for name in names), names]
    jobs = list(_jobs(known, own, weekdays, swaps, asked))
    simulated: dict[tuple[int, str], list[dict[str, float | None]]] = {}
    for (swap, weekday, *_), found in zip(jobs, _simulated(jobs, asked.seed, progress), strict=True):
        simulated.setdefault((swap, weekday), []).append(found)
    predicted = FIGURES if has_queue(known.model) else ("arrivals",)
    figures = [name for name in predicted if tested[name].null_count() < tested.height]
    days = _with_last_week(_days(tested, simulated, figures), every, figures)
    means = [
        {name: _mean_over(tested, simulated, swap, name) for name in figures} for swap in range(len(swaps))
    ]
    return Backtest(
        days=days,
        figures=tuple(_check(days, name) for name in figures),
        inputs=tuple(_effects(known, own, tested, names, means[1:-1])),
        as_fitted=means[0],
        all_recorded=means[-1],
    )


_DRAWN = -1
"""Stands for the days with the fitted numbers drawn, from which intervals are made."""
_Job = tuple[int, str, Model, int]
"""Place of the swap, weekday, model, and number of the replication."""


def _jobs(
    known: FittedDays,
    own: FittedDays,
    weekdays: Sequence[str],
    swaps: Sequence[tuple[Input, ...]],
    asked: PredictedDays,
) -> Iterator[_Job]:
    for weekday in weekdays:
        first = WEEKDAYS.index(weekday) * _WEEKDAY_APART
        for number in range(first, first + asked.replications):
            yield _DRAWN, weekday, known.drawn_on(weekday, asked.seed, number), number
        for place, swap in enumerate(swaps):
            source = f"with the recorded {', '.join(swap)}"
            model = with_inputs(known.on(weekday), own.on(weekday), swap, source)
            for number in range(first, first + asked.swapped):
                yield place, weekday, model, number


def _simulated(
    jobs: Sequence[_Job], seed: int, progress: Progress | None
) -> Iterator[dict[str, float | None]]:
    """Simulate the day of each job, on all cores where they are enough to be worth the start."""
    visits = sum(sum(map(sum, arrivals_of(model).values())) for _, _, model, _ in jobs)
    if visits > _HERE_VISITS_MOST:
        models = {id(model): model for _, _, model, _ in jobs}
        place = {key: k for k, key in enumerate(models)}
        days = [(place[id(model)], number) for _, _, model, number in jobs]
        yield from replicate_each(tuple(models.values()), seed, days, _day_figures, progress)
        return
    for count, (_, _, model, number) in enumerate(jobs, 1):
        yield _day_figures(simulate_day(model, seed, number))
        if progress:
            progress(count / len(jobs))


def _values(found: Sequence[Mapping[str, float | None]], figure: str) -> list[float]:
    return [value for each in found if (value := each[figure]) is not None]


def _days(
    tested: pl.DataFrame,
    simulated: Mapping[tuple[int, str], Sequence[Mapping[str, float | None]]],
    figures: Sequence[str],
) -> pl.DataFrame:
    """Give the tested days with prediction and interval of each figure."""
    rows = []
    for day in tested.iter_rows(named=True):
        row: dict[str, object] = {"day": day["day"], "weekday": day["weekday"]}
        for figure in figures:
            values, was = _values(simulated[_DRAWN, day["weekday"]], figure), day[figure]
            # A day without arrivals has no mean wait: with many of them, there is no interval.
            bounds = prediction_interval(values) if len(values) >= REPLICATIONS_LEAST else None
            row |= {
                f"{figure}_recorded": was,
                f"{figure}_predicted": fmean(values) if values else None,
                f"{figure}_low": bounds and bounds.low,
                f"{figure}_high": bounds and bounds.high,
                f"{figure}_inside": None
                if bounds is None or was is None
                else bounds.low <= was <= bounds.high,
            }
        rows.append(row)
    kinds: dict[str, type[pl.DataType]] = {"day": pl.Date, "weekday": pl.String}
    for figure in figures:
        kinds |= {f"{figure}_{name}": pl.Float64 for name in ("recorded", "predicted", "low", "high")}
        kinds[f"{figure}_inside"] = pl.Boolean
    return pl.DataFrame(rows, schema=kinds)


def _with_last_week(days: pl.DataFrame, every: pl.DataFrame, figures: Sequence[str]) -> pl.DataFrame:
    """Add each figure of the day a week before, where the log has that day."""
    before = every.select(
        pl.col("day").dt.offset_by(f"{_DAYS_A_WEEK}d"), *(pl.col(f).alias(f"{f}_last_week") for f in figures)
    )
    return days.join(before, on="day", how="left", maintain_order="left")


def _mean_over(
    tested: pl.DataFrame,
    simulated: Mapping[tuple[int, str], Sequence[Mapping[str, float | None]]],
    swap: int,
    figure: str,
) -> float:
    """Give the mean of a figure over the tested days, each as its weekday is simulated."""
    means = []
    for weekday in tested["weekday"]:
        values = _values(simulated[swap, weekday], figure)
        if values:
            means.append(fmean(values))
    return fmean(means) if means else 0.0


def _check(days: pl.DataFrame, figure: str) -> FigureCheck:
    known = days.drop_nulls([f"{figure}_recorded", f"{figure}_predicted", f"{figure}_inside"])
    was, expected = known[f"{figure}_recorded"].to_numpy(), known[f"{figure}_predicted"].to_numpy()
    errors = (expected - was).tolist()
    inside = int(known[f"{figure}_inside"].sum())
    compared = known.drop_nulls(f"{figure}_last_week")
    triple = (compared[f"{figure}_{name}"].to_list() for name in ("recorded", "predicted", "last_week"))
    clear = t_interval(errors, _CLEAR_LEVEL) if len(errors) > 1 else Interval(-np.inf, np.inf)
    return FigureCheck(
        figure=figure,
        days=known.height,
        inside=inside,
        coverage=wilson(inside, known.height) if known.height else Interval(0.0, 1.0),
        recorded_mean=float(np.mean(was)) if known.height else 0.0,
        predicted_mean=float(np.mean(expected)) if known.height else 0.0,
        error_mean=float(np.mean(np.abs(expected - was))) if known.height else 0.0,
        bias=t_interval(errors) if len(errors) > 1 else Interval(-np.inf, np.inf),
        is_off=not clear.low <= 0 <= clear.high,
        naive=compare_forecasts(*triple),
    )


def _effects(
    known: FittedDays,
    own: FittedDays,
    tested: pl.DataFrame,
    names: Sequence[Input],
    means: Sequence[Mapping[str, float]],
) -> Iterator[InputEffect]:
    """Give each input as fitted and as recorded, the mean over the tested days, and its effect."""
    sides = [[input_values(days.on(weekday)) for weekday in tested["weekday"]] for days in (known, own)]
    for name, predicted in zip(names, means, strict=True):
        fitted, was = (
            fmean(known_ones)
            if (known_ones := [v for each in side if (v := each[name]) is not None])
            else None
            for side in sides
        )
        yield InputEffect(name=name, fitted=fitted, recorded=was, predicted=predicted)


def _middle(interval: Interval) -> float:
    return (interval.low + interval.high) / 2
