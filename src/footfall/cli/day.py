"""A simulated day as results: tables, charts, and the figures that a person reads."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl
from rich.table import Table

from footfall.chart.day_charts import arrivals_over_day, share_by_channel, wait_heat_map
from footfall.chart.run_charts import outcomes_by_cause, success_against_target
from footfall.chart.style import Chart, Stamp, save
from footfall.cli import plus_minus
from footfall.cli.console import percent, say, show_table
from footfall.measure.prediction import bounds
from footfall.measure.summary import (
    ElectronicShare,
    ShareDefinition,
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
from footfall.simulate.day import DayResult
from footfall.simulate.staff_tables import Unstaffed, unstaffed

DAY_CHARTS = "charts"
_WITHIN = (
    "±: 95 % half-width within this day, by batch means; other days differ more. "
    "± ?: too few independent visits."
)


@dataclass(frozen=True, slots=True)
class DayFigures:
    """A day's visits as measures and share."""

    visits: pl.DataFrame
    measures: pl.DataFrame
    bounds: pl.DataFrame
    """Within this one day, of means and percentiles: rows as those of `measures`."""
    eventual: pl.DataFrame
    share: ElectronicShare
    definition: ShareDefinition
    unstaffed: Sequence[Unstaffed] = ()


def figures(
    result: DayResult,
    targets: dict[tuple[str, str], float],
    definition: ShareDefinition,
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
        "measures": _with_bounds(day).to_dicts(),
        "unstaffed": [asdict(each) for each in day.unstaffed],
    }


def show(day: DayFigures) -> None:
    """Print the figures of a day."""
    table = Table(title="Simulated day", title_justify="left", box=None, pad_edge=False)
    for head in ("channel", "operation"):
        table.add_column(head)
    for head in ("visits", "success, 95 %", "target", "wait mean", "response p95"):
        table.add_column(head, justify="right")
    single = (pl.col("channel") != "*") & (pl.col("operation") != "*")
    for row in _with_bounds(day).filter(single).iter_rows(named=True):
        table.add_row(
            row["channel"],
            row["operation"],
            f"{row['visits']:,}",
            plus_minus.with_bounds(row["success_share"], row["success_share_low"], row["success_share_high"]),
            percent(row["target_share"]),
            plus_minus.time(row["wait_s_mean"], plus_minus.half_of(row, "wait_s_mean")),
            plus_minus.time(row["response_s_p95"], plus_minus.half_of(row, "response_s_p95")),
        )
    show_table(table)
    say(_WITHIN)
    for each in day.unstaffed:
        say(unstaffed_line(each))
    if day.definition.electronic:
        say(share_line(day.share))


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


def _with_bounds(day: DayFigures) -> pl.DataFrame:
    return day.measures.join(
        day.bounds, on=["world", "channel", "operation"], how="left", maintain_order="left"
    )
