"""Charts of a simulated day: arrivals, shares by channel, waits."""

import numpy as np
import polars as pl
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from footfall._chart import style
from footfall._stats.intervals import percent

_Values = NDArray[np.float64]
# ── The offered load of the day, and which part of it is run

HALF_HOUR_S = 1800
HOUR_S = 3600


def arrivals_over_day(
    due: pl.DataFrame, window_s: tuple[float, float] | None, stamp: style.Stamp
) -> style.Chart:
    """Draw arrivals by half hour and first channel, stacked, with the window of the run marked.

    `due` has half_hour_s, channel and due; `window_s` is the window of the run in seconds of the day.
    """
    if not due["due"].sum():
        heading = style.Heading(title="No arrivals", subtitle="Arrivals by half hour", stamp=stamp)
        return style.nothing(heading, due, "no arrivals")
    by_half_hour = due.group_by("half_hour_s").agg(pl.col("due").sum()).sort("due", "half_hour_s")
    busiest_s, most = by_half_hour.row(-1)
    played = f" Run: {style.clock(window_s[0])} to {style.clock(window_s[1])}." if window_s else ""
    heading = style.Heading(
        title=f"The day is busiest from {style.clock(busiest_s)} to {style.clock(busiest_s + HALF_HOUR_S)}: "
        f"{style.counted(most, 'arrival')}, {_rate(most / HALF_HOUR_S)}",
        subtitle=f"All {due['due'].sum():,} arrivals of the day, by half hour and channel.{played}",
        stamp=stamp,
    )
    with style.look():
        made = style.figure(heading)
        _draw(due, window_s, made.subplots())
    caption = "Arrivals due in each half hour, stacked by the customer's first channel."
    return style.Chart(figure=made, frame=due, title=heading.title, caption=caption)


def _rate(per_s: float) -> str:
    """Format a rate in the unit that keeps it above 1, if there is one."""
    for unit_s, unit in ((1, "second"), (60, "minute")):
        if per_s * unit_s >= 1:
            return f"{per_s * unit_s:.1f} a {unit}"
    return f"{per_s * HOUR_S:.0f} an hour"


def _stacked(axes: Axes, channels: list[str], parts: _Values, edges_h: _Values) -> _Values:
    """Draw the channels' steps on top of each other; returns the uppermost line."""
    base = np.zeros(parts.shape[1])
    looks = style.looks_of(channels)
    for channel, part in zip(channels, parts, strict=True):
        its = looks[channel]
        axes.stairs(
            base + part,
            edges_h,
            baseline=base,
            fill=True,
            facecolor=its.colour,
            edgecolor="white",
            hatch=its.hatch,
            linewidth=0.4,
            label=style.name_of(channel),
        )
        base = base + part
    return base


def _draw(due: pl.DataFrame, window_s: tuple[float, float] | None, axes: Axes) -> None:
    channels = style.in_order(due["channel"])
    numbers = (due["half_hour_s"] // HALF_HOUR_S).to_list()
    first, last = min(numbers), max(numbers)
    counts = np.zeros((len(channels), last - first + 1))
    for half_hour_s, channel, n in due.select("half_hour_s", "channel", "due").iter_rows():
        counts[channels.index(channel), half_hour_s // HALF_HOUR_S - first] += n
    edges_h = np.arange(first, last + 2) / 2
    base = _stacked(axes, channels, counts, edges_h)
    top = base.max() * 1.12
    axes.set(ylim=(0, top), ylabel="arrivals per half hour")
    if window_s:
        _mark(window_s, axes, top)
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles[::-1], labels[::-1], loc="center left", bbox_to_anchor=(1.01, 0.5))
    style.hours_axis(axes, edges_h[0], edges_h[-1])


def _mark(window_s: tuple[float, float], axes: Axes, top: float) -> None:
    """Mark the window; a window of a few minutes is a line at this scale."""
    start_h, end_h = (each / HOUR_S for each in window_s)
    axes.axvspan(start_h, end_h, facecolor="none", edgecolor=style.INK, linewidth=1.4, zorder=3)
    axes.annotate(
        "run",
        ((start_h + end_h) / 2, top),
        xytext=(6, -4),
        textcoords="offset points",
        va="top",
        color=style.INK,
        fontweight="bold",
    )


# ── Completed business by channel and half hour


def share_by_channel(completed: pl.DataFrame, definition: str, stamp: style.Stamp) -> style.Chart:
    """Draw stacked shares of completed business over the day, electronic channels below a thick line.

    `completed` has half_hour_s, channel, electronic (bool) and completed; `definition` describes what the
    share counts, and is printed.
    """
    total = int(completed["completed"].sum())
    said = f"{definition[:1].upper()}{definition[1:]}."
    if not total:
        heading = style.Heading(title="No completed business", subtitle=said, stamp=stamp)
        return style.nothing(heading, completed, "nothing was completed")
    share = int(completed.filter("electronic")["completed"].sum()) / total
    heading = style.Heading(
        title=f"Electronic channels carry {percent(share)} of completed business",
        subtitle=f"Share of {total:,} completed visits, by half hour. {said}",
        stamp=stamp,
    )
    with style.look():
        made = style.figure(heading)
        shares, volume = made.subplots(2, 1, sharex=True, height_ratios=[4.2, 1])
        _draw_shares(completed, shares, volume)
    caption = (
        "Each band is a channel's share of the visits completed in that half hour; electronic channels lie "
        "under the thick line. The bars below show the number of visits: where it is small, shares jump."
    )
    return style.Chart(figure=made, frame=completed, title=heading.title, caption=caption)


def _draw_shares(completed: pl.DataFrame, shares: Axes, volume: Axes) -> None:
    electronic = style.in_order(completed.filter("electronic")["channel"])
    others = style.in_order(completed.filter(~pl.col("electronic"))["channel"])
    channels = electronic + [c for c in others if c not in electronic]
    first, last = _ends(completed)
    counts = np.zeros((len(channels), last - first + 1))
    for half_hour_s, channel, n in completed.select("half_hour_s", "channel", "completed").iter_rows():
        counts[channels.index(channel), half_hour_s // HALF_HOUR_S - first] += n
    whole = counts.sum(axis=0)
    parts = 100 * np.divide(counts, whole, out=np.zeros_like(counts), where=whole > 0)
    edges_h = np.arange(first, last + 2) / 2
    _stacked(shares, channels, parts, edges_h)
    line = parts[: len(electronic)].sum(axis=0)
    shares.stairs(line, edges_h, baseline=None, color=style.INK, linewidth=2, label="electronic share")
    shares.set(ylim=(0, 100), ylabel="share of completed visits, %")
    handles, labels = shares.get_legend_handles_labels()
    # The legend has the order of the bands.
    shares.legend(handles[::-1], labels[::-1], loc="center left", bbox_to_anchor=(1.01, 0.5))
    volume.stairs(whole, edges_h, fill=True, color=style.PALE)
    volume.set(ylabel="visits", ylim=(0, whole.max() * 1.15))
    style.hours_axis(volume, edges_h[0], edges_h[-1])


def _ends(completed: pl.DataFrame) -> tuple[int, int]:
    """Return the first and last half hour, counted from midnight."""
    numbers = (completed["half_hour_s"] // HALF_HOUR_S).to_list()
    return min(numbers), max(numbers)


# ── Where customers wait, by hour and channel

_SHORTEST_S, _LONGEST_S = 1.0, 3600.0
"""Ends of the colour scale: shorter waits do not matter, longer ones do not happen."""
_COLOURS = 40
"""Few enough for the scale to be drawn as outlines; with more it becomes a bitmap."""
_DARK_S = 99.5
"""Beyond this value the cell is dark and its figure is drawn in white."""

_ON_PALE, _ON_DARK = "#1e2832", "#fffffe"
"""Colours of the figures that a dark page does not change, as it does not change the cells."""


def wait_heat_map(waits: pl.DataFrame, stamp: style.Stamp) -> style.Chart:
    """Draw the mean time in queues by hour of the day and channel; closed hours hatched, empty ones blank.

    `waits` has hour, channel, visits, closed (visits that found it closed), began and wait_s_mean, null
    if no visit began.
    """
    known = waits.filter(pl.col("wait_s_mean").is_not_null())
    said = "Mean time in queues of the visits due in that hour"
    if known.is_empty():
        return style.nothing(style.Heading(title="No waits are known", subtitle=said, stamp=stamp), waits)
    hour, channel, longest_s = known.sort("wait_s_mean").select("hour", "channel", "wait_s_mean").row(-1)
    longest = f"{style.name_of(channel)} at {style.clock(hour * HOUR_S)}: {style.duration(longest_s)}"
    heading = style.Heading(
        title=f"Waits are longest in {longest}",
        subtitle=f"{said}. Hatched: the channel was closed. Blank: no visits.",
        stamp=stamp,
    )
    channels = style.in_order(waits["channel"])
    with style.look():
        made = style.figure(heading, 2.3 + 0.36 * len(channels))
        _draw_waits(waits, channels, made.subplots())
    caption = (
        "Each cell is the mean time that visits due in that hour spent in queues (for a clerk, an agent, "
        "slots), whether they were served or gave up."
    )
    return style.Chart(figure=made, frame=waits, title=heading.title, caption=caption)


def _draw_waits(waits: pl.DataFrame, channels: list[str], axes: Axes) -> None:
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
    axes.set_yticks(range(len(channels)), [style.name_of(channel) for channel in channels])
    axes.set_xticks(range(first, last + 1), [f"{hour:02d}" for hour in range(first, last + 1)])
    axes.set_xlabel("hour of the day")
    axes.tick_params(length=0)
    bar = axes.figure.colorbar(picture, ax=axes, pad=0.01, aspect=14)
    bar.set_ticks([1, 10, 60, 600, 3600], labels=["≤ 1 s", "10 s", "1 min", "10 min", "1 h"])
    bar.minorticks_off()
    bar.outline.set_visible(False)


def _write(axes: Axes, hour: int, y: int, wait_s: float) -> None:
    """Write a wait into its cell, as briefly as possible."""
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
        Rectangle(
            (hour - 0.5, y - 0.5), 1, 1, facecolor="white", edgecolor=style.PALE, hatch="////", linewidth=0
        )
    )
