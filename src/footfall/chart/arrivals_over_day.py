"""The load that the day offers, and which part of it is played."""

import numpy as np
import polars as pl
from matplotlib.axes import Axes

from footfall.chart.style import (
    INK,
    Chart,
    Heading,
    Stamp,
    clock,
    figure,
    hours_axis,
    in_order,
    look,
    look_of,
    name_of,
    nothing,
)

HALF_HOUR_S = 1800
HOUR_S = 3600


def arrivals_over_day(due: pl.DataFrame, window_s: tuple[float, float] | None, stamp: Stamp) -> Chart:
    """Arrivals by half hour and first channel, stacked, with the window that is played marked.

    `due` has half_hour_s, channel and due; `window_s` are the seconds of the day between which it is played.
    """
    if not due["due"].sum():
        heading = Heading(title="No arrivals", subtitle="Arrivals by half hour", stamp=stamp)
        return nothing(heading, due, "no arrivals")
    by_half_hour = due.group_by("half_hour_s").agg(pl.col("due").sum()).sort("due", "half_hour_s")
    busiest_s, most = by_half_hour.row(-1)
    played = f" Played: {clock(window_s[0])} to {clock(window_s[1])}." if window_s else ""
    heading = Heading(
        title=f"The day is busiest from {clock(busiest_s)} to {clock(busiest_s + HALF_HOUR_S)}: "
        f"{most:,} arrivals, {most / HALF_HOUR_S:.1f} a second",
        subtitle=f"All {due['due'].sum():,} arrivals of the day, by half hour and channel.{played}",
        stamp=stamp,
    )
    with look():
        made = figure(heading)
        _draw(due, window_s, made.subplots())
    caption = "Arrivals due in each half hour, stacked by the channel that the customer turns to first."
    return Chart(figure=made, frame=due, title=heading.title, caption=caption)


def _draw(due: pl.DataFrame, window_s: tuple[float, float] | None, axes: Axes) -> None:
    channels = in_order(due["channel"])
    numbers = (due["half_hour_s"] // HALF_HOUR_S).to_list()
    first, last = min(numbers), max(numbers)
    counts = np.zeros((len(channels), last - first + 1))
    for half_hour_s, channel, n in due.select("half_hour_s", "channel", "due").iter_rows():
        counts[channels.index(channel), half_hour_s // HALF_HOUR_S - first] += n
    edges_h = np.arange(first, last + 2) / 2
    base = np.zeros(counts.shape[1])
    for channel, part in zip(channels, counts, strict=True):
        its = look_of(channel)
        axes.stairs(
            base + part,
            edges_h,
            baseline=base,
            fill=True,
            facecolor=its.colour,
            edgecolor="white",
            hatch=its.hatch,
            linewidth=0.4,
            label=name_of(channel),
        )
        base = base + part
    top = base.max() * 1.12
    axes.set(ylim=(0, top), ylabel="arrivals per half hour")
    if window_s:
        _mark(window_s, axes, top)
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles[::-1], labels[::-1], loc="center left", bbox_to_anchor=(1.01, 0.5))
    hours_axis(axes, edges_h[0], edges_h[-1])


def _mark(window_s: tuple[float, float], axes: Axes, top: float) -> None:
    """Mark the window; one of a few minutes is a line at this scale."""
    start_h, end_h = (each / HOUR_S for each in window_s)
    axes.axvspan(start_h, end_h, facecolor="none", edgecolor=INK, linewidth=1.4, zorder=3)
    axes.annotate(
        "played",
        ((start_h + end_h) / 2, top),
        xytext=(6, -4),
        textcoords="offset points",
        va="top",
        color=INK,
        fontweight="bold",
    )
