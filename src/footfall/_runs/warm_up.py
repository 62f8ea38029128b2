"""Where a steady run's start ends, and what it does to the mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from footfall._chart.comparison_charts import WelchLabels, welch
from footfall._chart.style import Stamp, save
from footfall._load.result_files import VISITS_FILE as MEASURED_FILE
from footfall._measure.summary import ALL, RESPONSE_S
from footfall._records.errors import BadInputError
from footfall._records.folders import check_writable
from footfall._records.runs import read_manifest
from footfall._runs import messages
from footfall._runs.judgement import PREDICTED_FILE, visits_of
from footfall._stats import precision
from footfall._stats.intervals import Interval, t_interval

Values = NDArray[np.float64]
RESPONSE, WAIT = "response", "wait"
_PLOT = "welch"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanTime:
    """A mean with its 95 % interval; None: too few visits for one."""

    mean_s: float
    interval: Interval | None

    def __str__(self) -> str:
        """Give it as `2.3 ± 0.4 s`."""
        return messages.time(self.mean_s, self.interval.half_width if self.interval else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmUp:
    """How many of the first visits belong to the start of a steady run."""

    cut_visits: int | None
    """None: the runs are too short to say."""
    visits: int
    runs: int
    quantity: str
    """`response time` or `wait time`."""
    everything: MeanTime
    rest: MeanTime
    """Without the first `cut_visits`."""
    plot: Path

    def as_json(self) -> dict[str, object]:
        """Give all of it for a program."""
        found: dict[str, object] = {"settled": self.cut_visits is not None, "cut_visits": self.cut_visits}
        found["visits"] = self.visits
        for name, each in (("all", self.everything), ("rest", self.rest)):
            half_width = each.interval.half_width if each.interval else None
            found |= {f"{name}_s_mean": each.mean_s, f"{name}_s_half_width": half_width}
        return found | {"runs": self.runs, "plot": str(self.plot)}

    def __str__(self) -> str:
        """Say it in one sentence."""
        mean = f"mean {self.quantity}"
        if self.cut_visits is None:
            return (
                f"warm-up: not reached within {self.visits:,} visits, run longer; {mean} of all: "
                f"{self.everything}"
            )
        if not self.cut_visits:
            return f"warm-up: none in {self.visits:,} visits; {mean} {self.everything}"
        return (
            f"warm-up: the first {self.cut_visits:,} of {self.visits:,} visits; "
            f"{mean} {self.rest} without them, {self.everything} with them"
        )


def find_warm_up(
    runs: Sequence[Path], *, channel: str | None = None, quantity: str = RESPONSE, out: Path | None = None
) -> WarmUp:
    """Find after how many visits runs at a steady rate have forgotten their start, and draw Welch's plot.

    Several runs of the same kind are averaged visit by visit. `quantity` is `response` or `wait`; the plot
    goes to `out`, by default to the charts of the first run. Sources: K. P. White, M. J. Cobb and S. C.
    Spratt (2000) for MSER-5; P. D. Welch (1983) for the plot.

    Raises:
        BadInputError: a run has too few visits or the same as another, or the folder cannot be written.
    """
    stamps = [Stamp.of(read_manifest(run)) for run in runs]
    values = [_values(run, channel, quantity) for run in runs]
    _check_apart(runs, values)
    folder = out or runs[0] / "charts"
    check_writable(folder)
    averaged = precision.over_runs(values)
    cut = precision.mser5(averaged)
    labels = WelchLabels(
        quantity=f"{quantity} time",
        runs=len(runs),
        visits=len(averaged),
        cut=cut.values if cut.settled else None,
        rest_s_mean=float(averaged[cut.values :].mean()),
    )
    more = f" and {len(runs) - 1} more" if len(runs) > 1 else ""
    stamp = Stamp(run=stamps[0].run + more, seed=stamps[0].seed, version=stamps[0].version)
    plot, _ = save(welch(precision.welch_table(values, channel or ALL), labels, stamp), folder / _PLOT)
    return WarmUp(
        cut_visits=labels.cut,
        visits=len(averaged),
        runs=len(runs),
        quantity=labels.quantity,
        everything=_mean(values, 0),
        rest=_mean(values, labels.cut or 0),
        plot=plot,
    )


def _values(run: Path, channel: str | None, quantity: str) -> Values:
    """Give the quantity of a run's visits in the order of their due times: measured ones of a load test.

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
    if quantity == WAIT:
        visits = visits.filter(pl.col("started_s").is_not_null())
    least = precision.BATCH * precision.WARM_UP_BATCHES_LEAST
    if visits.height < least:
        raise BadInputError(str(run), f"{visits.height} visits are too few", f"{least} or more")
    column = RESPONSE_S if quantity == RESPONSE else pl.col("wait_s")
    values: Values = visits.sort("due_s", "customer").select(column).to_series().to_numpy()
    return values


def _check_apart(runs: Sequence[Path], values: Sequence[Values]) -> None:
    for number, one in enumerate(values):
        for earlier, other in zip(runs[:number], values[:number], strict=True):
            if np.array_equal(one, other):
                problem = f"holds the same visits as {earlier}"
                raise BadInputError(str(runs[number]), problem, "runs with seeds of their own")


def _mean(runs: Sequence[Values], cut: int) -> MeanTime:
    """Mean after the cut and its interval: over runs, or by batch means in a single one."""
    means = [float(run[cut:].mean()) for run in runs]
    interval = t_interval(means) if len(means) > 1 else precision.batch_means_interval(runs[0][cut:])
    return MeanTime(mean_s=sum(means) / len(means), interval=interval)
