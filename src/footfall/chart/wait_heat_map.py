"""Where customers wait, by hour and channel."""

import numpy as np
import polars as pl
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.patches import Rectangle

from footfall.chart.style import (
    PALE,
    Chart,
    Heading,
    Stamp,
    clock,
    duration,
    figure,
    in_order,
    look,
    name_of,
    nothing,
)

HOUR_S = 3600
_SHORTEST_S, _LONGEST_S = 1.0, 3600.0
"""Ends of the colour scale: below a second nobody calls it a wait, above an hour nobody waits."""
_COLOURS = 40
"""So few that the scale is drawn as outlines; more would make it a picture of pixels."""
_DARK_S = 99.5
"""From here on the cell is so dark that its figure must be white."""

_ON_PALE, _ON_DARK = "#1e2832", "#fffffe"
"""Figures keep their colour where a dark page changes ink and paper: the cells below them keep theirs."""


def wait_heat_map(waits: pl.DataFrame, stamp: Stamp) -> Chart:
    """Mean time in lines by hour of the day and channel; closed hours are hatched, empty ones blank.

    `waits` has hour, channel, visits, closed (visits that found it shut), began and wait_s_mean, null
    where nobody began.
    """
    known = waits.filter(pl.col("wait_s_mean").is_not_null())
    said = "Mean time in lines of the visits due in that hour"
    if known.is_empty():
        return nothing(Heading(title="No waits are known", subtitle=said, stamp=stamp), waits)
    hour, channel, longest_s = known.sort("wait_s_mean").select("hour", "channel", "wait_s_mean").row(-1)
    heading = Heading(
        title=f"Waits are longest in {name_of(channel)} at {clock(hour * HOUR_S)}: {duration(longest_s)}",
        subtitle=f"{said}. Hatched: the channel was closed. Blank: no visits.",
        stamp=stamp,
    )
    channels = in_order(waits["channel"])
    with look():
        made = figure(heading, 2.3 + 0.36 * len(channels))
        _draw(waits, channels, made.subplots())
    caption = (
        "Each cell is the mean time that visits due in that hour spent in lines (tickets, lines to an agent, "
        "slots), whether they were served or gave up."
    )
    return Chart(figure=made, frame=waits, title=heading.title, caption=caption)


def _draw(waits: pl.DataFrame, channels: list[str], axes: Axes) -> None:
    hours = waits["hour"].to_list()
    first, last = min(hours), max(hours)
    cells = np.full((len(channels), last - first + 1), np.nan)
    for row in waits.iter_rows(named=True):
        y, x = channels.index(row["channel"]), row["hour"] - first
        if row["wait_s_mean"] is not None:
            cells[y, x] = max(row["wait_s_mean"], _SHORTEST_S)
            _write(axes, x + first, y, row["wait_s_mean"])
        elif row["closed"]:
            _hatch(axes, x + first, y)
    picture = axes.pcolormesh(
        np.arange(first, last + 2) - 0.5,
        np.arange(len(channels) + 1) - 0.5,
        np.ma.masked_invalid(cells),
        norm=LogNorm(_SHORTEST_S, _LONGEST_S),
        cmap=colormaps["YlGnBu"].resampled(_COLOURS),
        edgecolors="white",
        linewidth=0.6,
    )
    axes.set_ylim(len(channels) - 0.5, -0.5)
    axes.grid(visible=False)
    axes.set_yticks(range(len(channels)), [name_of(channel) for channel in channels])
    axes.set_xticks(range(first, last + 1), [f"{hour:02d}" for hour in range(first, last + 1)])
    axes.set_xlabel("hour of the day")
    axes.tick_params(length=0)
    bar = axes.figure.colorbar(picture, ax=axes, pad=0.01, aspect=14)
    bar.set_ticks([1, 10, 60, 600, 3600], labels=["≤ 1 s", "10 s", "1 min", "10 min", "1 h"])
    bar.minorticks_off()
    bar.outline.set_visible(False)


def _write(axes: Axes, hour: int, y: int, wait_s: float) -> None:
    """Write a wait into its cell, in as few letters as it takes."""
    if wait_s < _SHORTEST_S:
        text = "<1s"
    elif wait_s < 99.5:  # noqa: PLR2004 - up to here seconds are two digits
        text = f"{wait_s:.0f}s"
    else:
        text = f"{wait_s / 60:.0f}m"
    colour = _ON_DARK if wait_s >= _DARK_S else _ON_PALE
    axes.text(hour, y, text, ha="center", va="center", fontsize=7.5, color=colour)


def _hatch(axes: Axes, hour: int, y: int) -> None:
    axes.add_patch(
        Rectangle((hour - 0.5, y - 0.5), 1, 1, facecolor="white", edgecolor=PALE, hatch="////", linewidth=0)
    )
