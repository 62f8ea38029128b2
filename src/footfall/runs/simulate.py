"""Simulate a model's day, or several independent ones: visits, measures, intervals, charts, files."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from footfall.chart.day_charts import arrivals_over_day, share_by_channel, wait_heat_map
from footfall.chart.run_charts import outcomes_by_cause, success_against_target
from footfall.chart.style import Chart, Stamp, save
from footfall.fit.uncertainty import Uncertainty
from footfall.measure.prediction import bounds
from footfall.measure.summary import (
    ElectronicShare,
    ShareRule,
    completed_by_half_hour,
    electronic_share,
    first_try_and_eventual,
    measures,
    outcomes,
)
from footfall.measure.time_series import due_by_half_hour, waits_by_hour
from footfall.model.model import Model
from footfall.model.numbers import DAY_S
from footfall.records.runs import Manifest
from footfall.records.tables import write_csv, write_parquet
from footfall.runs import fitted_ranges, replications, versus
from footfall.runs.content import share_definition, targets, with_changes
from footfall.runs.folder import begin, end
from footfall.runs.messages import QUIET, Messages
from footfall.runs.replications import Day, Plan
from footfall.runs.text import percent
from footfall.simulate.day import DayResult, simulate_day
from footfall.simulate.staff_tables import Unstaffed, unstaffed
from footfall.stats.intervals import Paired

DAY_CHARTS = "charts"


@dataclass(frozen=True, slots=True)
class DayFigures:
    """A day's visits as measures and share."""

    visits: pl.DataFrame
    measures: pl.DataFrame
    bounds: pl.DataFrame
    """Within this one day, of means and percentiles: rows as those of `measures`."""
    eventual: pl.DataFrame
    share: ElectronicShare
    definition: ShareRule
    unstaffed: Sequence[Unstaffed] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysAsked:
    """Which days are simulated, and where the results go."""

    seed: int
    plan: Plan
    changes: Sequence[str] = ()
    """Of the model's numbers, as `path=value`."""
    against: Sequence[str] = ()
    """Further changes: the same days are simulated with them as well, and compared."""
    share: str | None = None
    """Share definition of the model; None: its first."""
    uncertainty: Uncertainty | None = None
    """Of a fitted model's numbers; None: not known."""
    model_file: str = ""
    out: Path | None = None
    overwrite: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysDone:
    """Days that were simulated and written."""

    model: Model
    figures: DayFigures
    """Of the first day."""
    result: DayResult
    days: Sequence[Day]
    """Key figures of each day, by name."""
    over_days: Sequence[Mapping[str, Any]]
    """A row a key figure: mean, half-width and bounds over the days; empty for a single day."""
    differences: Mapping[str, Paired]
    """With changes to compare with: by key figure, the paired difference."""
    range_text: str | None
    """What the range of a fitted model holds; None: it is not fitted."""
    folder: Path
    run: str


def simulate_days(model: Model, asked: DaysAsked, messages: Messages = QUIET) -> DaysDone:
    """Simulate days of a model, work out the figures, and write tables and charts.

    Raises:
        BadInputError: a change, figure or share definition is impossible, or the folder cannot be written.
    """
    plan, seed = asked.plan, asked.seed
    spec = with_changes(model, asked.changes, messages=messages)
    changed = with_changes(spec, asked.against, where="--versus", messages=messages)
    replications.check_figures(plan, spec)
    said, definition = share_definition(spec, asked.share)
    settings = {"model_file": asked.model_file, "set": list(asked.changes)} | plan.settings()
    if asked.against:
        settings |= {"versus": list(asked.against)}
    counted = f"{said.name}: {said.text}"
    folder, manifest = begin(
        *("simulate", spec, seed, asked.out),
        share_definition=counted,
        settings=settings,
        overwrite=asked.overwrite,
    )
    with messages.progress(f"simulating {spec.title}") as bar:
        result = simulate_day(spec, seed, progress=bar)
    days = replications.days(spec, seed, plan, definition, result, messages)
    draw = partial(fitted_ranges.draw, model, asked.uncertainty, seed, definition, messages=messages)
    drawing, differences = draw(asked.changes, days), {}
    if asked.against:
        others = versus.changed_days(len(days), changed, seed, definition, messages)
        found = versus.differences(days, others)
        differences = fitted_ranges.with_fit(found, drawing, draw((*asked.changes, *asked.against), others))
    day = figures(result, targets(spec), definition, spec)
    write(folder, day, charts(day, manifest))
    write_csv(result.staff, folder / "staff.csv")
    over_days = fitted_ranges.with_ranges(replications.over_days(days, plan), drawing)
    replications.write(folder, days, over_days)
    if differences:
        versus.write(folder, differences)
    end(folder, manifest)
    return DaysDone(
        model=spec,
        figures=day,
        result=result,
        days=days,
        over_days=over_days,
        differences=differences,
        range_text=fitted_ranges.told(spec, asked.uncertainty, len(days)),
        folder=folder,
        run=manifest.run,
    )


def figures(
    result: DayResult,
    targets: dict[tuple[str, str], float],
    definition: ShareRule,
    model: Model | None = None,
) -> DayFigures:
    """Work out what a person wants to know of a day."""
    visits = result.visits
    return DayFigures(
        visits=visits,
        measures=measures(visits, "predicted", targets),
        bounds=bounds(visits, "predicted"),
        eventual=first_try_and_eventual(visits),
        share=electronic_share(visits, definition),
        definition=definition,
        unstaffed=unstaffed(model, visits) if model else (),
    )


def charts(day: DayFigures, manifest: Manifest, window_s: tuple[float, float] | None = None) -> list[Chart]:
    """Draw the day."""
    stamp = Stamp.of(manifest)
    # The few second tries after midnight would stand there as a day of their own.
    visits = day.visits.filter(pl.col("due_s") < DAY_S)
    completed = completed_by_half_hour(visits, day.definition)
    return [
        share_by_channel(completed, day.share.definition, stamp),
        wait_heat_map(waits_by_hour(visits), stamp),
        success_against_target(day.measures, stamp),
        arrivals_over_day(due_by_half_hour(visits.filter(pl.col("attempt") == 1)), window_s, stamp),
        outcomes_by_cause(outcomes(day.visits), stamp),
    ]


DAY_CHART_NAMES = ("share_by_channel", "waits", "success", "arrivals", "failures")


def write(folder: Path, day: DayFigures, drawn: Sequence[Chart]) -> None:
    """Write `visits.parquet`, `measures.csv`, `intervals.csv` and the charts.

    Raises:
        BadInputError: the folder cannot be written.
    """
    write_parquet(day.visits, folder / "visits.parquet")
    write_csv(day.measures, folder / "measures.csv")
    write_csv(day.bounds, folder / "intervals.csv")
    for name, chart in zip(DAY_CHART_NAMES, drawn, strict=True):
        save(chart, folder / DAY_CHARTS / name)


def as_json(day: DayFigures) -> dict[str, Any]:
    """Give the figures of a day, names carrying units."""
    share = day.share
    return {
        "visits": day.visits.height,
        "electronic_share": share.share,
        "electronic_share_low": share.share_low,
        "electronic_share_high": share.share_high,
        "share_definition": share.definition,
        "measures": with_bounds(day).to_dicts(),
        "unstaffed": [asdict(each) for each in day.unstaffed],
    }


def unstaffed_line(found: Unstaffed) -> str:
    """Say in which hours a station had customers and no staff, and what became of them."""
    name = found.channel if found.operation == "*" else f"{found.channel}.{found.operation}"
    hours = ", ".join("-".join(_clock(at_s) for at_s in each) for each in found.hours_s)
    came = "1 customer" if found.customers == 1 else f"{found.customers:,} customers"
    return (
        f"no {found.staff}: {name} is open {hours} without {found.staff} on duty; "
        f"{came} came then, {found.served:,} of them were served"
    )


def _clock(at_s: float) -> str:
    return f"{int(at_s // 3600):02}:{int(at_s % 3600 // 60):02}"


def share_line(share: ElectronicShare) -> str:
    """Say the electronic share with its interval and its definition."""
    bounds = f"{percent(share.share_low)} – {percent(share.share_high)}"
    return f"electronic share: {percent(share.share)} ({bounds}); {share.definition}"


def with_bounds(day: DayFigures) -> pl.DataFrame:
    """Give the measures of a day with their bounds within the day."""
    return day.measures.join(
        day.bounds, on=["world", "channel", "operation"], how="left", maintain_order="left"
    )
