"""The command line of the study: predict the later days of every queue, and print both."""

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
from studies.offices_warsaw.charts import half_hours_chart, queues_chart
from studies.offices_warsaw.measures import (
    NAIVE,
    against_naive,
    agreement,
    by_day,
    by_half_hour,
    by_office,
    by_queue,
)
from studies.offices_warsaw.model import OFFICES, PACKAGE
from studies.offices_warsaw.predict import later_days, predict, with_last_week
from studies.offices_warsaw.records import queue_days
from studies.offices_warsaw.spec import Offices

Snapshots = Annotated[
    Path,
    typer.Argument(
        metavar="SNAPSHOTS", help="Snapshots of the halls' displays, Parquet or CSV.", show_default=False
    ),
]
_HEADS = (
    "office", "queues", "arrivals a day", "counters", "waiting", "within × 2", "arrivals' r", "waiting's r",
)  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    """Run the command line; returns the exit code."""
    return run_function(command, f"python -m {PACKAGE}", arguments)


def command(snapshots: Snapshots, seed: Seed = DEFAULT_SEED, out: Out = None, as_json: Json = False) -> None:
    """Predict the days of SNAPSHOTS after those that the model was calibrated on, and compare."""
    validate(OFFICES, snapshots, seed, out, as_json=as_json)


def validate(offices: Offices, snapshots: Path, seed: int, out: Path | None, *, as_json: bool) -> None:
    """Predict the days of the snapshots after those that the offices were calibrated on, and compare.

    Raises:
        BadInputError: the snapshots are no such table, or hold no later day.
    """
    every = queue_days(read_log(snapshots), str(snapshots))
    days = later_days(offices, every, str(snapshots))
    settings = {"snapshots": snapshots.name, "queue_days": len(days)}
    folder, manifest = begin_named(PACKAGE, offices.name, offices.fingerprint(), seed, out, settings=settings)
    with progress(f"predicting {len(days)} days of queues of {offices.title}") as bar:
        looks = with_last_week(offices, predict(offices, days, seed, bar), every)
    _write(folder, looks, Stamp.of(manifest))
    end(folder, manifest)
    found = agreement(looks) | against_naive(looks)
    if as_json:
        say_json({"agreement": found, "offices": by_office(looks).to_dicts()})
        return
    _show(by_office(looks))
    for line in (*_lines(found), *naive_lines(found)):
        say(line)
    say(f"pairs: recorded, then first days (arrivals, counters) or predicted (waiting); results in {folder}")


def _write(folder: Path, looks: pl.DataFrame, stamp: Stamp) -> None:
    tables = {"queues": by_queue, "offices": by_office, "days": by_day, "half_hours": by_half_hour}
    made = {name: make(looks) for name, make in tables.items()}
    for name, table in made.items():
        write_csv(_short(table), folder / f"{name}.csv")
    write_csv(_short(pl.DataFrame([agreement(looks) | against_naive(looks)])), folder / "agreement.csv")
    save(queues_chart(_short(made["queues"]), stamp), folder / "charts" / "queues")
    save(half_hours_chart(_short(made["half_hours"]), stamp), folder / "charts" / "half_hours")


def _short(table: pl.DataFrame) -> pl.DataFrame:
    return table.with_columns(pl.col(pl.Float64).round(4))


def _show(offices: pl.DataFrame) -> None:
    table = Table(title="Recorded and predicted", title_justify="left", box=None, pad_edge=False)
    for head in _HEADS:
        table.add_column(head, justify="left" if head == "office" else "right")
    for row in offices.iter_rows(named=True):
        table.add_row(*_cells(row))
    show_table(table)


def _cells(row: dict[str, Any]) -> list[str]:
    return [
        row["office"],
        str(row["queues"]),
        f"{row['arrivals_recorded']:,.0f} {row['arrivals_first_days']:,.0f}",
        f"{row['counters_recorded']:.1f} {row['counters_first_days']:.1f}",
        f"{row['waiting_recorded']:.1f} {row['waiting_predicted']:.1f}",
        percent(row["near_share"]),
        _two(row["arrivals_correlation"]),
        _two(row["waiting_correlation"]),
    ]


def _lines(found: dict[str, Any]) -> list[str]:
    """Say the whole in lines; beside the prediction the plainest guess: that later days are as the first."""
    lines = [f"queues {found['queues']}, days {found['days']}, customers {found['customers']:,}"]
    for name in ("arrivals", "counters"):
        ratio, clock, ranks = (
            _two(found[f"{name}_{what}"]) for what in ("ratio", "half_hour_correlation", "rank_correlation")
        )
        lines.append(
            f"{name}: first days {ratio} of recorded; correlation of half hours {clock}, ranks {ranks}"
        )
    for guess in ("predicted", "first_days"):
        name = f"waiting_{guess}"
        near, long = (percent(found[f"{name}_near_share{which}"]) for which in ("", "_long"))
        ratio, ranks = (_two(found[f"{name}_{what}"]) for what in ("ratio", "rank_correlation"))
        lines.append(
            f"waiting, {guess.replace('_', ' ')}: {ratio} of recorded; within × 2: {near} of the queues, "
            f"{long} of the {found['long_queues']} in which one or more wait; ranks {ranks}"
        )
    return lines


def naive_lines(found: dict[str, Any]) -> list[str]:
    """Say in a sentence for each naive prediction whether the simulation, which is given more, is better."""
    lines = []
    for name, title in NAIVE.items():
        naive, own = (found.get(f"vs_{name}_{what}") for what in ("error_share", "predicted_error_share"))
        if naive is None or own is None:
            lines.append(f"“{title}”: no day and queue to compare with")
            continue
        naive_text, own_text = f"{naive:.2f}", f"{own:.2f}"
        is_better = own < naive and own_text != naive_text
        told = (
            "the prediction is better" if is_better else f"the prediction is no better: plan with “{title}”"
        )
        nearer, compared = (found[f"vs_{name}_{what}"] for what in ("nearer", "queue_days"))
        lines.append(
            f"“{title}” was nearer in {nearer:,} of {compared:,} days of queues; sum of errors {naive_text} "
            f"of those waiting against {own_text} for the prediction, which is given the day's own arrivals "
            f"and counters: {told}"
        )
    return lines


def _two(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
