"""The command line of the study: predict recorded days, and print predicted and recorded figures."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer
from rich.table import Table

from footfall._chart.style import Stamp, save
from footfall._cli.app import run_function
from footfall._cli.options import DEFAULT_SEED, Json, Out, Seed
from footfall._cli.output import progress, say, say_json, show_table
from footfall._records.log_file import read_log
from footfall._records.tables import write_csv
from footfall._runs.folder import begin_named, end
from footfall._runs.messages import percent
from studies.hotline_1999 import months_ahead
from studies.hotline_1999.charts import days_chart, half_hours_chart, months_chart
from studies.hotline_1999.measures import by_day, by_half_hour, by_month
from studies.hotline_1999.model import HOTLINE, PACKAGE
from studies.hotline_1999.predict import predict
from studies.hotline_1999.records import regular_days

Calls = Annotated[
    Path, typer.Argument(metavar="CALLS", help="Recorded calls, Parquet or CSV.", show_default=False)
]
TakenFrom = Annotated[
    months_ahead.Inputs,
    typer.Option(
        "--inputs",
        help="recorded: the day's own arrivals and agents, its month's services and patience. "
        "fitted: what `footfall fit` learns from earlier months only, as a planner must.",
    ),
]
Decompose = Annotated[
    bool,
    typer.Option(
        "--decompose",
        help="With --inputs fitted: also predict with the month's own arrivals, staff, or talk and patience, "
        "to see which was off. Takes five times as long.",
    ),
]


def main(arguments: Sequence[str]) -> int:
    """Run the command line; returns the exit code."""
    return run_function(command, f"python -m {PACKAGE}", arguments)


def command(
    calls: Calls,
    seed: Seed = DEFAULT_SEED,
    out: Out = None,
    as_json: Json = False,
    inputs: TakenFrom = months_ahead.Inputs.RECORDED,
    decompose: Decompose = False,
) -> None:
    """Predict each regular day of CALLS, and compare by month, day and half hour.

    Of its own month a day takes arrivals, agents on duty, services and patience; all else is the model's.
    With --inputs fitted it takes nothing of its month, and arrivals, staff and the rest of the months before.
    """
    months_ahead.check(inputs, decompose=decompose)
    if inputs is months_ahead.Inputs.FITTED:
        months_ahead.run(HOTLINE, months_ahead.Asked(calls, seed, out, as_json, decompose))
        return
    days = regular_days(read_log(calls), str(calls))
    settings = {"calls": calls.name, "days": len(days)}
    folder, manifest = begin_named(PACKAGE, HOTLINE.name, HOTLINE.fingerprint(), seed, out, settings=settings)
    with progress(f"predicting {len(days)} days of {HOTLINE.title}") as bar:
        both = predict(HOTLINE, days, seed, bar)
    months = by_month(both)
    _write(folder, both, months, Stamp.of(manifest))
    end(folder, manifest)
    if as_json:
        say_json(months.to_dicts())
        return
    _show(months)
    say(f"predicted less recorded; ± is half the 95 % interval of the days' differences; results in {folder}")


def _write(folder: Path, both: pl.DataFrame, months: pl.DataFrame, stamp: Stamp) -> None:
    days, half_hours = by_day(both), by_half_hour(both)
    for name, table in (("months", months), ("days", days), ("half_hours", half_hours)):
        write_csv(table, folder / f"{name}.csv")
    save(months_chart(months, stamp), folder / "charts" / "months")
    save(days_chart(days, stamp), folder / "charts" / "days")
    save(half_hours_chart(half_hours, stamp), folder / "charts" / "half_hours")


def _show(months: pl.DataFrame) -> None:
    table = Table(title="Recorded and predicted", title_justify="left", box=None, pad_edge=False)
    heads = (
        "month",
        "days",
        "calls",
        "mean wait, s",
        "off",
        "waited",
        "waited > 20 s",
        "abandoned",
        "evening, s",
        "days' r",
    )
    for head in heads:
        table.add_column(head, justify="left" if head == "month" else "right")
    for row in months.iter_rows(named=True):
        table.add_row(*_cells(row))
    show_table(table)


def _cells(row: dict[str, Any]) -> list[str]:
    recorded, predicted = row["wait_s_mean_recorded"], row["wait_s_mean_predicted"]
    low, high = row["wait_s_mean_difference_low"], row["wait_s_mean_difference_high"]
    spread = "" if low is None else f" ± {(high - low) / 2:.0f}"
    shares = [
        f"{percent(row[f'{name}_recorded'])} {percent(row[f'{name}_predicted'])}"
        for name in ("waited_share", "waited_20_s_share", "abandoned_share")
    ]
    evening = [row[f"evening_wait_s_mean_{world}"] for world in ("recorded", "predicted")]
    return [
        row["month"],
        str(row["days"]),
        f"{row['offered']:,}",
        f"{recorded:.1f} {predicted:.1f}",
        f"{predicted - recorded:+.0f}{spread} s",
        *shares,
        " ".join("–" if value is None else f"{value:.0f}" for value in evening),
        "–" if row["day_correlation"] is None else f"{row['day_correlation']:.2f}",
    ]
