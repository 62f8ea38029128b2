"""`footfall warmup`: where a steady run's start ends, and what it does to the mean."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
import polars as pl
import typer
from numpy.typing import NDArray

from footfall._chart.comparison_charts import WelchLabels, welch
from footfall._chart.style import Stamp, save
from footfall._cli.options import Json
from footfall._cli.output import say, say_json
from footfall._load.result_files import VISITS_FILE as MEASURED_FILE
from footfall._measure.summary import ALL, RESPONSE_S
from footfall._records.errors import BadInputError
from footfall._records.folders import check_writable
from footfall._records.runs import read_manifest
from footfall._runs import messages
from footfall._runs.judgement import PREDICTED_FILE, visits_of
from footfall._stats.batch_means import (
    BATCH,
    WARM_UP_BATCHES_LEAST,
    Cut,
    batch_means_interval,
    mser5,
    over_runs,
    welch_table,
)
from footfall._stats.intervals import Interval, t_interval

Values = NDArray[np.float64]
_PLOT = "welch"


class Quantity(StrEnum):
    """What is looked at, visit by visit."""

    RESPONSE = "response"
    WAIT = "wait"


def command(
    runs: Annotated[
        list[Path],
        typer.Argument(help="Folders of runs at a steady rate, with manifest.json.", show_default=False),
    ],
    channel: Annotated[
        str | None, typer.Option(help="Only the visits of this channel.", show_default=False)
    ] = None,
    quantity: Annotated[Quantity, typer.Option(help="Response time, or time in lines.")] = Quantity.RESPONSE,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for welch.svg and welch.csv. Default: the first RUN's charts.", show_default=False
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Find after how many visits RUNS at a steady rate have forgotten their start.

    Several runs of the same kind are averaged visit by visit. A day's own rise and fall is no start: a whole
    day is simulated again instead (footfall simulate --replications).
    """
    stamps = [Stamp.of(read_manifest(run)) for run in runs]
    values = [_values(run, channel, quantity) for run in runs]
    _check_apart(runs, values)
    folder = out or runs[0] / "charts"
    check_writable(folder)
    averaged = over_runs(values)
    cut = mser5(averaged)
    figures = {"all": _mean(values, 0), "rest": _mean(values, cut.values if cut.settled else 0)}
    labels = WelchLabels(
        quantity=f"{quantity.value} time",
        runs=len(runs),
        visits=len(averaged),
        cut=cut.values if cut.settled else None,
        rest_s_mean=float(averaged[cut.values :].mean()),
    )
    more = f" and {len(runs) - 1} more" if len(runs) > 1 else ""
    stamp = Stamp(run=stamps[0].run + more, seed=stamps[0].seed, version=stamps[0].version)
    picture, _ = save(welch(welch_table(values, channel or ALL), labels, stamp), folder / _PLOT)
    if as_json:
        say_json(_as_json(cut, figures, len(averaged)) | {"runs": len(runs), "plot": str(picture)})
        return
    say(_told(cut, figures, f"{quantity.value} time", len(averaged)))
    say(f"plot: {picture}")


def _values(run: Path, channel: str | None, quantity: Quantity) -> Values:
    """Give the quantity of a run's visits in the order of their due times: measured ones if it was played.

    Raises:
        BadInputError: the run has no visits, none of the channel, or too few.
    """
    measured = visits_of(run, MEASURED_FILE)
    visits = visits_of(run, PREDICTED_FILE) if measured is None else measured
    if visits is None:
        raise BadInputError(str(run), "holds no visits", "the folder of a run")
    if channel is not None:
        known = sorted(visits["channel"].unique().to_list())
        if channel not in known:
            raise BadInputError(f"--channel {channel}", f"has no visits in {run}", " or ".join(known))
        visits = visits.filter(pl.col("channel") == channel)
    if quantity is Quantity.WAIT:
        visits = visits.filter(pl.col("started_s").is_not_null())
    least = BATCH * WARM_UP_BATCHES_LEAST
    if visits.height < least:
        raise BadInputError(str(run), f"{visits.height} visits are too few", f"{least} or more")
    column = RESPONSE_S if quantity is Quantity.RESPONSE else pl.col("wait_s")
    values: Values = visits.sort("due_s", "customer").select(column).to_series().to_numpy()
    return values


def _check_apart(runs: Sequence[Path], values: Sequence[Values]) -> None:
    for number, one in enumerate(values):
        for earlier, other in zip(runs[:number], values[:number], strict=True):
            if np.array_equal(one, other):
                problem = f"holds the same visits as {earlier}"
                raise BadInputError(str(runs[number]), problem, "runs with seeds of their own")


def _mean(runs: Sequence[Values], cut: int) -> tuple[float, Interval | None]:
    """Mean after the cut and its interval: over runs, or by batch means in a single one."""
    means = [float(run[cut:].mean()) for run in runs]
    interval = t_interval(means) if len(means) > 1 else batch_means_interval(runs[0][cut:])
    return sum(means) / len(means), interval


def _as_json(cut: Cut, figures: dict[str, tuple[float, Interval | None]], visits: int) -> dict[str, object]:
    told: dict[str, object] = {"settled": cut.settled, "cut_visits": cut.values if cut.settled else None}
    told["visits"] = visits
    for name, (mean, interval) in figures.items():
        told |= {f"{name}_s_mean": mean, f"{name}_s_half_width": interval.half_width if interval else None}
    return told


def _told(cut: Cut, figures: dict[str, tuple[float, Interval | None]], quantity: str, visits: int) -> str:
    everything, rest = (
        messages.time(mean, interval.half_width if interval else None) for mean, interval in figures.values()
    )
    if not cut.settled:
        return (
            f"warm-up: not reached within {visits:,} visits, run longer; mean {quantity} of all: {everything}"
        )
    if not cut.values:
        return f"warm-up: none in {visits:,} visits; mean {quantity} {everything}"
    return (
        f"warm-up: the first {cut.values:,} of {visits:,} visits; "
        f"mean {quantity} {rest} without them, {everything} with them"
    )
