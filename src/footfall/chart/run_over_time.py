"""A played run over its own clock: load, success, response times and the generator's lag."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from matplotlib.axes import Axes

from footfall.chart.style import (
    GREY,
    INK,
    MEASURED,
    PALE,
    PREDICTED,
    Chart,
    Heading,
    Stamp,
    duration,
    figure,
    look,
    nothing,
    percent,
)

_LOG_FROM = 30.0
"""Ratio of the longest to the shortest time from which a log scale reads better."""
_THIN_SHARE = 0.25
"""Of the usual number of visits in a bin: with fewer, a share or percentile is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What happened to the run, in seconds of its clock."""

    outage_s: tuple[float, float] | None = None
    ended_early_s: float | None = None
    """When an abort criterion ended it."""


def run_over_time(series: pl.DataFrame, marks: Marks, stamp: Stamp) -> Chart:
    """Planned and started arrivals, success, median and p95 response, and lag, on one clock.

    `series` has world, at_s (start of the bin), bin_s, due_per_s, started_per_s, visits, success_share with
    `_low` and `_high`, response_s_p50, response_s_p95 and lag_s_p99.
    """
    shown = _without_thin_bins(series)
    measured = shown.filter(pl.col("world") == "measured").sort("at_s")
    if measured.is_empty():
        heading = Heading(title="Nothing was measured", subtitle="The run over its clock", stamp=stamp)
        return nothing(heading, series)
    width = f"{measured['bin_s'][0]:g} s"
    heading = Heading(
        title=_finding(measured),
        subtitle=f"Bins of {width} by the time at which visits were due. Solid: measured; dashed: predicted.",
        stamp=stamp,
    )
    predicted = shown.filter(pl.col("world") == "predicted").sort("at_s")
    with look():
        made = figure(heading, 7.6, legend_below=True)
        panels = made.subplots(4, 1, sharex=True, height_ratios=[1.1, 1, 1.3, 0.8])
        _draw_rates(panels[0], measured)
        _draw_success(panels[1], measured, predicted)
        _draw_response(panels[2], measured, predicted)
        _steps(panels[3], measured, "lag_s_p99", color=INK, linewidth=1.3, scale=1000)
        panels[3].set(ylabel="lag p99,\nms", xlabel="second of the run")
        panels[3].set_ylim(bottom=0)
        for axes in panels:
            _mark(axes, marks)
        panels[0].set_xlim(0, measured["at_s"][-1] + measured["bin_s"][0])
        made.align_ylabels(panels)
        handles, labels = _handles(panels)
        made.legend(handles, labels, loc="outside lower left", ncols=4)
    caption = (
        "Started follows planned as long as the generator keeps up. The pale band around success is its "
        "95 % interval in each bin. Response counts from the due time, failed visits too. Lag is how late "
        "the generator began: where it grows, the run says less about the service."
    )
    return Chart(figure=made, frame=series, title=heading.title, caption=caption)


def _without_thin_bins(series: pl.DataFrame) -> pl.DataFrame:
    """Leave out what bins with far fewer visits than usual say: the last one may hold a single visit."""
    visits = pl.col("visits")
    usual = visits.filter(visits > 0).median().over("world")
    figures = pl.col("^(success_share|response_s|lag_s).*$")
    return series.with_columns(pl.when(visits >= _THIN_SHARE * usual).then(figures).otherwise(None))


def _draw_rates(axes: Axes, measured: pl.DataFrame) -> None:
    _steps(axes, measured, "due_per_s", color=GREY, linewidth=1.3, linestyle=(0, (1, 1)), label="planned")
    _steps(axes, measured, "started_per_s", color=INK, linewidth=1.5, label="started")
    axes.set(ylabel="arrivals\nper s")
    axes.set_ylim(bottom=0)


def _draw_success(axes: Axes, measured: pl.DataFrame, predicted: pl.DataFrame) -> None:
    edges = _edges(measured)
    low, high = ((_values(measured, f"success_share_{end}") * 100) for end in ("low", "high"))
    axes.stairs(high, edges, baseline=low, fill=True, color=MEASURED, alpha=0.2)
    _steps(axes, predicted, "success_share", color=PREDICTED, linewidth=1.3, linestyle="--", scale=100)
    _steps(axes, measured, "success_share", color=MEASURED, linewidth=1.6, scale=100)
    ends = [*low[np.isfinite(low)], *(_values(predicted, "success_share") * 100)]
    lowest = min((end for end in ends if np.isfinite(end)), default=0.0)
    axes.set(ylim=(max(0.0, lowest - 2), 100), ylabel="success,\n% of visits")


def _draw_response(axes: Axes, measured: pl.DataFrame, predicted: pl.DataFrame) -> None:
    worlds = (("predicted", predicted, PREDICTED, "--"), ("measured", measured, MEASURED, "-"))
    seen: list[float] = []
    for world, rows, colour, line in worlds:
        for name, width in (("p50", 0.9), ("p95", 1.9)):
            values = _values(rows, f"response_s_{name}")
            seen += [value for value in values if np.isfinite(value) and value > 0]
            label = f"{world} {name}" if len(values) else None
            _steps(
                axes, rows, f"response_s_{name}", color=colour, linestyle=line, linewidth=width, label=label
            )
    if seen and max(seen) > _LOG_FROM * min(seen):
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(lambda seconds, _: duration(seconds) if seconds > 0 else "0")
    axes.yaxis.set_minor_formatter(lambda *_: "")
    axes.set_ylabel("response,\nfrom due")


def _steps(axes: Axes, rows: pl.DataFrame, column: str, scale: float = 1.0, **drawn: Any) -> None:  # noqa: ANN401  Matplotlib's own options
    """Draw a column as steps, with gaps where it is not known."""
    if not rows.is_empty():
        axes.stairs(_values(rows, column) * scale, _edges(rows), baseline=None, **drawn)


def _values(rows: pl.DataFrame, column: str) -> np.ndarray:
    return rows[column].cast(pl.Float64).fill_null(np.nan).to_numpy()


def _edges(rows: pl.DataFrame) -> list[float]:
    return [*rows["at_s"], rows["at_s"][-1] + rows["bin_s"][0]]


def _mark(axes: Axes, marks: Marks) -> None:
    if marks.outage_s:
        axes.axvspan(*marks.outage_s, color=PALE, alpha=0.5, linewidth=0, label="outage")
    if marks.ended_early_s is not None:
        axes.axvline(marks.ended_early_s, color=INK, linewidth=1.4, linestyle="-.", label="ended early")


def _handles(panels: Iterable[Axes]) -> tuple[list[Any], list[str]]:
    """Give each name of a line once."""
    found: dict[str, Any] = {}
    for axes in panels:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    return list(found.values()), list(found)


def _finding(measured: pl.DataFrame) -> str:
    """Name the worst bin that had visits, by success, or else by response."""
    some = measured.filter(pl.col("success_share").is_not_null())
    if some.is_empty():
        return "No visits were measured"
    worst = some.sort("success_share", "at_s").row(0, named=True)
    if worst["success_share"] < 1:
        return f"Lowest success {percent(worst['success_share'])}, at second {worst['at_s']:g} of the run"
    slowest = some.sort("response_s_p95", "at_s").row(-1, named=True)
    return f"All served; highest p95 {duration(slowest['response_s_p95'])}, at second {slowest['at_s']:g}"
