"""Small charts of a search for capacity, a row for each channel, or for each operation of a channel."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from footfall._chart import style
from footfall._chart.capacity_chart import (
    QUANTILES,
    Bounds,
    Line,
    draw_knee,
    draw_legend,
    draw_line,
    draw_points,
)

_ROW_IN, _HEAD_IN = 1.35, 1.7
_ROWS_MOST = 8
_TIMES_MOST = 1.6


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRow:
    """One channel or operation, against the arrivals of all channels."""

    name: str
    steps: pl.DataFrame
    """offered_per_s (of all channels), throughput_per_s, success_share, p50_s, p95_s, p99_s, verdict."""
    curve: pl.DataFrame | None
    """The same without the verdict, as predicted; None: it was not."""
    knee_per_s: Bounds | None
    """Its capacity in arrivals of all channels; None: not known, or it never broke."""
    success_limit_share: float | None = None
    p95_limit_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsText:
    """What is said above and below the rows."""

    title: str
    of: str
    """What a row is: `channel`, `operation`."""
    prediction: str
    """Who predicted, in the legend."""


def capacity_parts_chart(rows: Sequence[PartRow], text: PartsText, stamp: style.Stamp) -> style.Chart:
    """Draw throughput, success and response times of up to eight parts against the offered load."""
    rows = [row for row in rows if not row.steps.is_empty()][:_ROWS_MOST]
    heading = style.Heading(
        title=text.title,
        subtitle=(
            f"A row for each {text.of}. Marks: load steps; filled, the {text.of}'s criteria hold. "
            f"Lines: {text.prediction}. Offered load is that of all channels."
        ),
        stamp=stamp,
    )
    frame = (
        pl.concat([row.steps.with_columns(part=pl.lit(row.name)) for row in rows], how="vertical_relaxed")
        if rows
        else pl.DataFrame()
    )
    if not rows:
        return style.nothing(heading, frame, "no load step was played")
    with style.look():
        made = style.figure(heading, _HEAD_IN + _ROW_IN * len(rows), legend_below=True)
        grid = made.subplots(len(rows), 3, sharex=True, squeeze=False)
        for number, (row, (left, middle, right)) in enumerate(zip(rows, grid, strict=True)):
            _throughput(left, row, text)
            _success(middle, row, text)
            _responses(right, row, text)
            for axes in (left, middle, right):
                draw_knee(axes, row.knee_per_s)
            left.set_ylabel(style.name_of(row.name), fontweight="bold", color=style.INK)
            if not number:
                for axes, name in ((left, "served/s"), (middle, "success"), (right, "response time")):
                    axes.set_title(name, fontsize=9, color=style.GREY, loc="left")
        for axes in grid[-1]:
            axes.set_xlabel("offered load, arrivals/s")
            axes.set_xlim(0, _most(rows) * 1.05)
        draw_legend(made, (grid[0][0], grid[0][1], grid[0][2]))
    caption = "Shaded: 95 % interval of each part's own capacity, in arrivals of all channels."
    return style.Chart(figure=made, frame=frame, title=heading.title, caption=caption)


def _most(rows: Sequence[PartRow]) -> float:
    return max(float(row.steps["offered_per_s"].to_numpy().max()) for row in rows)


def _line(axes: Axes, row: PartRow, column: str, look: str, text: PartsText) -> None:
    draw_line(axes, row.curve, column, Line(look, text.prediction, style.PREDICTED))


def _throughput(axes: Axes, row: PartRow, text: PartsText) -> None:
    _line(axes, row, "throughput_per_s", "-", text)
    draw_points(axes, row.steps, "throughput_per_s", "o", "served")
    axes.set_ylim(bottom=0)


def _success(axes: Axes, row: PartRow, text: PartsText) -> None:
    _line(axes, row, "success_share", "-", text)
    draw_points(axes, row.steps, "success_share", "o", "served")
    if row.success_limit_share is not None:
        axes.axhline(row.success_limit_share, color=style.TARGET, linewidth=0.8, zorder=1, label="limit")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{share:.0%}".replace("%", " %")))
    least = float(row.steps["success_share"].fill_null(1.0).to_numpy().min())
    axes.set_ylim(max(min(0.8, least - 0.05), -0.02), 1.03)


def _responses(axes: Axes, row: PartRow, text: PartsText) -> None:
    axes.set_yscale("log")
    for column, (name, look, marker) in QUANTILES.items():
        _line(axes, row, column, look, text)
        draw_points(axes, row.steps, column, marker, name, size=4.0)
    if row.p95_limit_s is not None:
        axes.axhline(row.p95_limit_s, color=style.TARGET, linewidth=0.8, zorder=1, label="limit")
    known = row.steps.select("p50_s", "p99_s").drop_nulls().to_numpy().ravel()
    if len(known):
        axes.set_ylim(known.min() / _TIMES_MOST, known.max() * _TIMES_MOST)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 3), numticks=6))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: style.duration(value)))
    axes.yaxis.set_minor_formatter(NullFormatter())
