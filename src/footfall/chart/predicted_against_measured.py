"""Whether the model may be trusted: prediction and measurement of the same window on one line."""

import polars as pl
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from footfall.chart.pairs import ROW_IN, WORLDS, draw_success, label_lines, lines_of, without_totals
from footfall.chart.style import PALE, Chart, Heading, Stamp, figure, look, nothing

_FASTEST_S = 0.001
"""A log scale has no zero; below a millisecond nobody cares."""

_WIDE = 100.0
"""Ratio of the ends from which a tick at each power of ten is enough."""
_MINUTES_FROM_S = 500.0


def predicted_against_measured(measures: pl.DataFrame, stamp: Stamp) -> Chart:
    """Success and response of both worlds for every channel and operation that both have.

    `measures` has the columns of `MEASURES`, rows of both worlds below each other. Bounds of the 95th
    percentile are drawn where `response_s_p95_low` and `…_high` are columns.
    """
    both = without_totals(measures).filter(pl.col("world").n_unique().over("channel", "operation") > 1)
    said = "Left: share of visits served. Right: 95th percentile of the response time, from the due time on."
    if both.is_empty():
        heading = Heading(title="Nothing was both predicted and measured", subtitle=said, stamp=stamp)
        return nothing(heading, measures, "no channel has visits in both worlds")
    lines = lines_of(both)
    heading = Heading(title=_finding(both), subtitle=said, stamp=stamp)
    with look():
        made = figure(heading, 1.7 + ROW_IN * len(lines), legend_below=True)
        left, right = made.subplots(1, 2, sharey=True, width_ratios=[1.25, 1])
        draw_success(left, both, lines)
        _draw_response(right, both, lines)
        label_lines(right, lines)
        label_lines(left, lines)
        made.legend(*left.get_legend_handles_labels(), loc="outside lower left", ncols=2)
    caption = (
        "Hollow circles are predicted, filled diamonds measured, with 95 % intervals where they are known: "
        "the predicted one is where a run of the modelled service would fall, by replications; the measured "
        "one is what this run tells."
    )
    return Chart(figure=made, frame=measures, title=heading.title, caption=caption)


def _draw_response(axes: Axes, both: pl.DataFrame, lines: list[tuple[str, str]]) -> None:
    ends: dict[int, list[float]] = {}
    for world, (colour, marker, filling, off) in WORLDS.items():
        rows = both.filter((pl.col("world") == world) & pl.col("response_s_p95").is_not_null())
        y = [lines.index(pair) + off for pair in rows.select("channel", "operation").iter_rows()]
        x = rows["response_s_p95"].clip(_FASTEST_S).to_list()
        for at, seconds in zip(y, x, strict=True):
            ends.setdefault(round(at), []).append(seconds)
        _draw_bounds(axes, rows, y, colour)
        axes.plot(
            x, y, marker, color=colour, markerfacecolor=filling, markersize=5.5, markeredgewidth=1.4, zorder=3
        )
    for at, seconds in ends.items():
        axes.hlines(at, min(seconds), max(seconds), color=PALE, linewidth=3)
    axes.set_xscale("log")
    every = [seconds for pair in ends.values() for seconds in pair]
    wide = bool(every) and max(every) > _WIDE * min(every)
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0,) if wide else (1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: _tick(seconds)))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("response p95, log scale")


def _draw_bounds(axes: Axes, rows: pl.DataFrame, y: list[float], colour: str) -> None:
    """Draw the intervals of the 95th percentiles that are known."""
    if "response_s_p95_low" not in rows.columns:
        return
    for at, low, high in zip(y, rows["response_s_p95_low"], rows["response_s_p95_high"], strict=True):
        if low is not None and high is not None:
            axes.hlines(at, max(low, _FASTEST_S), max(high, _FASTEST_S), color=colour, linewidth=1.2)


def _tick(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds * 1000:.3g} ms"
    return f"{seconds:g} s" if seconds < _MINUTES_FROM_S else f"{seconds / 60:.3g} min"


def _finding(both: pl.DataFrame) -> str:
    """Count the lines whose predicted interval holds what was measured."""
    predicted, measured = (both.filter(pl.col("world") == world) for world in WORLDS)
    joined = measured.join(predicted, on=["channel", "operation"], suffix="_predicted")
    inside = joined.filter(
        pl.col("success_share").is_between(
            pl.col("success_share_low_predicted"), pl.col("success_share_high_predicted")
        )
    )
    pairs = f"{inside.height} of {joined.height} channels and operations"
    return f"Measured success lies inside the predicted interval for {pairs}"
