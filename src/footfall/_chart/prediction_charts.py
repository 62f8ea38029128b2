"""Charts of predicted against measured values."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, MultipleLocator, NullFormatter

from footfall._chart import style

# ── Spillover: what the outage of one channel adds to the others

ROW_IN = 0.78
MINUTE_S = 60.0
_SHORT_S = 2 * 3600
"""Larger values are seconds of the day and are labelled as such."""
_SECONDS_S, _TICK_S = 120, 20
"""Runs below this length are labelled in seconds, with a tick this often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The difference from the ordinary run."""

    at_s: tuple[float, float] | None = None
    """Start and end in seconds, on the clock of the rates; None: all the time."""
    down: frozenset[str] = frozenset()
    """Channels that are down; their own visits (failures and retries) are not spillover."""
    scale: str = ""
    """Share of customers and speed of the run, in words."""


def spillover(rates: pl.DataFrame, change: Change, stamp: style.Stamp) -> style.Chart:
    """Draw visits per minute of the run at each channel, ordinary and what-if, one column per world.

    `rates` has world, minute_s, channel, ordinary_per_min, what_if_per_min and spill_per_min.
    """
    scale = f" ({change.scale})" if change.scale else ""
    said = (
        f"Visits per minute of the run{scale}: dashed, ordinary; solid, with the change. "
        "The fill is the spillover."
    )
    if rates.is_empty():
        return style.nothing(style.Heading(title="No spillover", subtitle=said, stamp=stamp), rates)
    heading = style.Heading(title=_spillover_finding(rates, change), subtitle=said, stamp=stamp)
    channels = style.in_order(rates["channel"])
    worlds = [world for world in ("predicted", "measured") if world in rates["world"]]
    looks = style.looks_of(channels)
    with style.look():
        made = style.figure(heading, 1.6 + ROW_IN * len(channels))
        panels = made.subplots(len(channels), len(worlds), sharex="col", sharey="row", squeeze=False)
        for row, channel in zip(panels, channels, strict=True):
            both = rates.filter(pl.col("channel") == channel).select("ordinary_per_min", "what_if_per_min")
            row[0].set_ylim(0, max(1.0, *(max(column.to_list()) for column in both)) * 1.12)
            for axes, world in zip(row, worlds, strict=True):
                here = rates.filter((pl.col("world") == world) & (pl.col("channel") == channel))
                _draw(axes, here.sort("minute_s"), looks[channel].colour, change.at_s)
            row[0].set_ylabel(style.name_of(channel), rotation=0, ha="right", va="center", labelpad=8)
        _label(panels, worlds, max(rates["minute_s"].to_list()))
    caption = (
        "Each channel has its own scale. Where the solid line is above the dashed one, customers came who "
        "would otherwise have been served elsewhere; the band marks the time of the change."
    )
    return style.Chart(figure=made, frame=rates, title=heading.title, caption=caption)


def _draw(axes: Axes, here: pl.DataFrame, colour: str, changed_s: tuple[float, float] | None) -> None:
    starts_min = (here["minute_s"] / MINUTE_S).to_list()
    if changed_s:
        starts, ends = (second / MINUTE_S for second in changed_s)
        axes.axvspan(starts, ends, color=style.PALE, alpha=0.45, linewidth=0, zorder=0)
    if starts_min:
        width_min = starts_min[1] - starts_min[0] if len(starts_min) > 1 else 1.0
        edges_min = [*starts_min, starts_min[-1] + width_min]
        ordinary, what_if = here["ordinary_per_min"].to_numpy(), here["what_if_per_min"].to_numpy()
        axes.stairs(what_if, edges_min, baseline=ordinary, fill=True, color=colour, alpha=0.75)
        axes.stairs(
            ordinary, edges_min, baseline=None, color=style.GREY, linewidth=1.2, linestyle=(0, (4, 2))
        )
        axes.stairs(what_if, edges_min, baseline=None, color=style.INK, linewidth=1.6)
        axes.set_xlim(edges_min[0], edges_min[-1])
    axes.yaxis.set_major_locator(MaxNLocator(2, integer=True, min_n_ticks=2))


def _label(panels: "np.ndarray[Any, Any]", worlds: list[str], last_s: float) -> None:
    """Label the columns, and the time axis: of the day, or of a short run."""
    for axes, world in zip(panels[0], worlds, strict=True):
        axes.set_title(world, loc="left", fontsize=10, fontweight="bold")
    for axes in panels[-1]:
        axes.set_xlabel(_label_time(axes, last_s))


def _label_time(axes: Axes, last_s: float) -> str:
    """Label a time axis in minutes as clock times, minutes or seconds; returns what the labels are."""
    if last_s < _SECONDS_S:
        axes.xaxis.set_major_locator(MultipleLocator(_TICK_S / MINUTE_S))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda minute, _: f"{minute * MINUTE_S:.0f}"))
        return "second of the run"
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=2))
    if last_s <= _SHORT_S:
        return "minute of the run"
    axes.xaxis.set_major_formatter(FuncFormatter(lambda minute, _: style.clock(minute * MINUTE_S)))
    return "time of day"


def _spillover_finding(rates: pl.DataFrame, change: Change) -> str:
    """Describe which channel loses most and which gains most, measured if available, else predicted.

    Counts are visits of the run, given with their share of the ordinary ones, which is independent of scale.
    """
    world = "measured" if "measured" in rates["world"] else "predicted"
    rows = rates.filter(pl.col("world") == world)
    if change.at_s:
        during = rows.filter(pl.col("minute_s").is_between(*change.at_s, closed="left"))
        rows = rows if during.is_empty() else during
    minutes = _bin_s(rates) / MINUTE_S
    sums = rows.group_by("channel").agg(pl.col("spill_per_min", "ordinary_per_min").sum() * minutes)
    sums = sums.filter(~pl.col("channel").is_in(sorted(change.down))).sort("spill_per_min", "channel")
    if sums.is_empty():
        return "No other channel is visited"
    (loser, lost, had), (gainer, gained, has) = sums.row(0), sums.row(-1)
    if gained <= 0:
        return "No channel gains visits from the change"
    gain = f"{gained:,.0f} visits{_part(gained, has)}"
    if change.down:
        names = " and ".join(style.name_of(channel) for channel in style.in_order(change.down))
        return f"While {names} is down, {style.name_of(gainer)} gains {gain}, {world}"
    losses = (
        f"{style.name_of(loser)} loses {-lost:,.0f}{_part(lost, had)}" if lost < 0 else "no channel loses"
    )
    return f"{losses[0].upper()}{losses[1:]}, {style.name_of(gainer)} gains {gain}, {world}"


def _bin_s(rates: pl.DataFrame) -> float:
    starts = rates["minute_s"].unique().sort().to_list()
    return starts[1] - starts[0] if len(starts) > 1 else MINUTE_S


def _part(change: float, ordinary: float) -> str:
    return f" ({change / ordinary * 100:+.0f} %)" if ordinary > 0 else ""


# ── Rows of measures as lines of a chart: one per channel and operation, for both worlds

PAIR_ROW_IN = 0.27
"""Height of one line."""
WORLDS = {
    "predicted": (style.PREDICTED, "o", "white", -0.17),
    "measured": (style.MEASURED, "D", style.MEASURED, 0.17),
}
"""Colour, marker, its filling, and offset from the middle of the line."""


def without_totals(measures: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of single channels and operations."""
    return measures.filter((pl.col("channel") != "*") & (pl.col("operation") != "*"))


def lines_of(measures: pl.DataFrame) -> list[tuple[str, str]]:
    """Return channels and operations in drawing order, from the top."""
    rank = {channel: n for n, channel in enumerate(style.in_order(measures["channel"]))}
    pairs = measures.select("channel", "operation").unique().rows()
    return sorted(pairs, key=lambda pair: (rank[pair[0]], pair[1]))


def line_name(channel: str, operation: str) -> str:
    """Return a channel and operation as a sentence names them."""
    return f"{style.name_of(channel)} {operation}"


def label_lines(axes: Axes, lines: list[tuple[str, str]], *, rules: bool = True) -> None:
    """Label the lines, and separate the channels."""
    axes.set_yticks(
        range(len(lines)), [f"{style.name_of(channel)} · {operation[:16]}" for channel, operation in lines]
    )
    axes.set_ylim(len(lines) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    for n in range(1, len(lines) if rules else 1):
        if lines[n][0] != lines[n - 1][0]:
            axes.axhline(n - 0.5, color="#cbd2d9", linewidth=0.8)


def draw_success(axes: Axes, measures: pl.DataFrame, lines: list[tuple[str, str]]) -> None:
    """Draw the success shares of each world with their intervals, in percent."""
    for world, (colour, marker, filling, off) in WORLDS.items():
        rows = measures.filter(pl.col("world") == world)
        if rows.is_empty():
            continue
        y = [lines.index(pair) + off for pair in rows.select("channel", "operation").iter_rows()]
        low, share, high = ((rows[f"success_share{end}"] * 100).to_numpy() for end in ("_low", "", "_high"))
        axes.errorbar(
            share,
            y,
            xerr=[(share - low).clip(0), (high - share).clip(0)],
            fmt=marker,
            color=colour,
            markerfacecolor=filling,
            markersize=5,
            elinewidth=1.4,
            capsize=2.5,
            clip_on=False,
            label=f"{world}, 95 % interval",
        )
    axes.set_xlabel("success, % of visits")
    left = max(0.0, 100 * min(measures["success_share_low"].to_list()) - 2)
    axes.set_xlim(left, 100)


# ── Validity of the model: prediction and measurement of the same window

_FASTEST_S = 0.001
"""Smallest value on the log scale; shorter times do not matter."""

_WIDE = 100.0
"""Range of the axis from which ticks at powers of ten are enough."""
_MINUTES_FROM_S = 500.0


def predicted_against_measured(measures: pl.DataFrame, stamp: style.Stamp) -> style.Chart:
    """Draw success and response of both worlds for every channel and operation that both have.

    `measures` has the columns of `MEASURES` and the rows of both worlds. Bounds of the 95th percentile are
    drawn if `response_s_p95_low` and `…_high` are columns.
    """
    both = without_totals(measures).filter(pl.col("world").n_unique().over("channel", "operation") > 1)
    said = "Left: share of visits served. Right: 95th percentile of the response time from the due time."
    if both.is_empty():
        heading = style.Heading(title="Nothing was both predicted and measured", subtitle=said, stamp=stamp)
        return style.nothing(heading, measures, "no channel has visits in both worlds")
    lines = lines_of(both)
    heading = style.Heading(title=_finding(both), subtitle=said, stamp=stamp)
    with style.look():
        made = style.figure(heading, 1.7 + ROW_IN * len(lines), legend_below=True)
        left, right = made.subplots(1, 2, sharey=True, width_ratios=[1.25, 1])
        draw_success(left, both, lines)
        _draw_response(right, both, lines)
        label_lines(right, lines)
        label_lines(left, lines)
        made.legend(*left.get_legend_handles_labels(), loc="outside lower left", ncols=2)
    caption = (
        "Hollow circles are predicted, filled diamonds measured, with 95 % intervals where they are known: "
        "the predicted one is the range of runs of the modelled service, by replications; the measured "
        "one is that of this run."
    )
    return style.Chart(figure=made, frame=measures, title=heading.title, caption=caption)


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
        axes.hlines(at, min(seconds), max(seconds), color=style.PALE, linewidth=3)
    axes.set_xscale("log")
    every = [seconds for pair in ends.values() for seconds in pair]
    wide = bool(every) and max(every) > _WIDE * min(every)
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0,) if wide else (1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: _tick(seconds)))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("response p95, log scale")


def _draw_bounds(axes: Axes, rows: pl.DataFrame, y: list[float], colour: str) -> None:
    """Draw the known intervals of the 95th percentiles."""
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
    """Count the lines whose predicted interval contains the measured value."""
    predicted, measured = (both.filter(pl.col("world") == world) for world in WORLDS)
    joined = measured.join(predicted, on=["channel", "operation"], suffix="_predicted")
    inside = joined.filter(
        pl.col("success_share").is_between(
            pl.col("success_share_low_predicted"), pl.col("success_share_high_predicted")
        )
    )
    if joined.height == 1:
        where = "inside" if inside.height else "outside"
        return f"Measured success of {line_name(*lines_of(joined)[0])} lies {where} the predicted interval"
    pairs = f"{inside.height} of {joined.height} channels and operations"
    return f"Measured success lies inside the predicted interval for {pairs}"
