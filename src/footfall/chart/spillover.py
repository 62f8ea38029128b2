"""What the failure of one channel puts on the others."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from footfall.chart.style import (
    GREY,
    INK,
    PALE,
    Chart,
    Heading,
    Stamp,
    clock,
    figure,
    in_order,
    look,
    look_of,
    name_of,
    nothing,
)

ROW_IN = 0.78
MINUTE_S = 60.0
_SHORT_S = 2 * 3600
"""Seconds beyond this are of the day's clock, and written as such."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is different from the ordinary run."""

    at_s: tuple[float, float] | None = None
    """Seconds, on the clock of the rates, between which it is in force; None: all the time."""
    down: frozenset[str] = frozenset()
    """Channels that it takes out of service, whose own visits (failing and tried again) are no spill."""
    scale: str = ""
    """Which part of the customers comes, and how fast, in words."""


def spillover(rates: pl.DataFrame, change: Change, stamp: Stamp) -> Chart:
    """Visits per minute of the run at each channel, ordinary against what-if, a column a world.

    `rates` has world, minute_s, channel, ordinary_per_min, what_if_per_min and spill_per_min.
    """
    scale = f" ({change.scale})" if change.scale else ""
    said = (
        f"Visits per minute of the run{scale}: dashed, ordinary; solid, with the change. "
        "The fill is what spilt."
    )
    if rates.is_empty():
        return nothing(Heading(title="Nothing spilt", subtitle=said, stamp=stamp), rates)
    heading = Heading(title=_finding(rates, change), subtitle=said, stamp=stamp)
    channels = in_order(rates["channel"])
    worlds = [world for world in ("predicted", "measured") if world in rates["world"]]
    with look():
        made = figure(heading, 1.6 + ROW_IN * len(channels))
        panels = made.subplots(len(channels), len(worlds), sharex="col", sharey="row", squeeze=False)
        for row, channel in zip(panels, channels, strict=True):
            both = rates.filter(pl.col("channel") == channel).select("ordinary_per_min", "what_if_per_min")
            row[0].set_ylim(0, max(1.0, *(max(column.to_list()) for column in both)) * 1.12)
            for axes, world in zip(row, worlds, strict=True):
                here = rates.filter((pl.col("world") == world) & (pl.col("channel") == channel))
                _draw(axes, here.sort("minute_s"), channel, change.at_s)
            row[0].set_ylabel(name_of(channel), rotation=0, ha="right", va="center", labelpad=8)
        _label(panels, worlds, max(rates["minute_s"].to_list()))
    caption = (
        "Each channel has its own scale. Where the solid line is above the dashed one, customers came who "
        "would otherwise have been served elsewhere; the band marks when the change was in force."
    )
    return Chart(figure=made, frame=rates, title=heading.title, caption=caption)


def _draw(axes: Axes, here: pl.DataFrame, channel: str, changed_s: tuple[float, float] | None) -> None:
    starts_min = (here["minute_s"] / MINUTE_S).to_list()
    its = look_of(channel)
    if changed_s:
        axes.axvspan(changed_s[0] / MINUTE_S, changed_s[1] / MINUTE_S, color=PALE, alpha=0.45, linewidth=0)
    if starts_min:
        width_min = starts_min[1] - starts_min[0] if len(starts_min) > 1 else 1.0
        edges_min = [*starts_min, starts_min[-1] + width_min]
        ordinary, what_if = here["ordinary_per_min"].to_numpy(), here["what_if_per_min"].to_numpy()
        axes.stairs(what_if, edges_min, baseline=ordinary, fill=True, color=its.colour, alpha=0.75)
        axes.stairs(ordinary, edges_min, baseline=None, color=GREY, linewidth=1.2, linestyle=(0, (4, 2)))
        axes.stairs(what_if, edges_min, baseline=None, color=INK, linewidth=1.6)
        axes.set_xlim(edges_min[0], edges_min[-1])
    axes.yaxis.set_major_locator(MaxNLocator(2, integer=True, min_n_ticks=2))


def _label(panels: "np.ndarray[Any, Any]", worlds: list[str], last_s: float) -> None:
    """Name the columns above, and the clock below: of the day, or of a short run."""
    for axes, world in zip(panels[0], worlds, strict=True):
        axes.set_title(world, loc="left", fontsize=10, fontweight="bold")
    for axes in panels[-1]:
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=2))
        if last_s > _SHORT_S:
            axes.xaxis.set_major_formatter(FuncFormatter(lambda minute, _: clock(minute * MINUTE_S)))
        axes.set_xlabel("time of day" if last_s > _SHORT_S else "minute of the run")


def _finding(rates: pl.DataFrame, change: Change) -> str:
    """Name the channel that loses most and the one that gains most, by what was measured if anything was.

    Counts are visits of the run, and stand with their part of the ordinary ones, which no scale changes.
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
        names = " and ".join(name_of(channel) for channel in in_order(change.down))
        return f"While {names} is down, {name_of(gainer)} gains {gain}, {world}"
    losses = f"{name_of(loser)} loses {-lost:,.0f}{_part(lost, had)}" if lost < 0 else "no channel loses"
    return f"{losses[0].upper()}{losses[1:]}, {name_of(gainer)} gains {gain}, {world}"


def _bin_s(rates: pl.DataFrame) -> float:
    starts = rates["minute_s"].unique().sort().to_list()
    return starts[1] - starts[0] if len(starts) > 1 else MINUTE_S


def _part(change: float, ordinary: float) -> str:
    return f" ({change / ordinary * 100:+.0f} %)" if ordinary > 0 else ""
