"""Which channels carried the day's completed business, half hour by half hour."""

import numpy as np
import polars as pl
from matplotlib.axes import Axes

from footfall.chart.style import (
    INK,
    PALE,
    Chart,
    Heading,
    Stamp,
    figure,
    hours_axis,
    in_order,
    look,
    look_of,
    name_of,
    nothing,
    percent,
)

HALF_HOUR_S = 1800


def share_by_channel(completed: pl.DataFrame, definition: str, stamp: Stamp) -> Chart:
    """Stacked shares of completed business over the day, electronic channels under the line that ends them.

    `completed` has half_hour_s, channel, electronic (bool) and completed; `definition` says what the share
    counts, and is printed.
    """
    total = int(completed["completed"].sum())
    said = f"{definition[:1].upper()}{definition[1:]}."
    if not total:
        heading = Heading(title="No completed business", subtitle=said, stamp=stamp)
        return nothing(heading, completed, "nothing was completed")
    share = int(completed.filter("electronic")["completed"].sum()) / total
    heading = Heading(
        title=f"Electronic channels carry {percent(share)} of completed business",
        subtitle=f"Share of {total:,} completed visits, by half hour. {said}",
        stamp=stamp,
    )
    with look():
        made = figure(heading)
        shares, volume = made.subplots(2, 1, sharex=True, height_ratios=[4.2, 1])
        _draw(completed, shares, volume)
    caption = (
        "Each band is a channel's share of the visits completed in that half hour; electronic channels lie "
        "under the thick line. The bars below say how many visits that is: where they are few, shares jump."
    )
    return Chart(figure=made, frame=completed, title=heading.title, caption=caption)


def _draw(completed: pl.DataFrame, shares: Axes, volume: Axes) -> None:
    electronic = in_order(completed.filter("electronic")["channel"])
    others = in_order(completed.filter(~pl.col("electronic"))["channel"])
    channels = electronic + [c for c in others if c not in electronic]
    first, last = _ends(completed)
    counts = np.zeros((len(channels), last - first + 1))
    for half_hour_s, channel, n in completed.select("half_hour_s", "channel", "completed").iter_rows():
        counts[channels.index(channel), half_hour_s // HALF_HOUR_S - first] += n
    whole = counts.sum(axis=0)
    parts = 100 * np.divide(counts, whole, out=np.zeros_like(counts), where=whole > 0)
    edges_h = np.arange(first, last + 2) / 2
    base = np.zeros_like(whole)
    for channel, part in zip(channels, parts, strict=True):
        its = look_of(channel)
        shares.stairs(
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
    line = parts[: len(electronic)].sum(axis=0)
    shares.stairs(line, edges_h, baseline=None, color=INK, linewidth=2, label="electronic share")
    shares.set(ylim=(0, 100), ylabel="share of completed visits, %")
    handles, labels = shares.get_legend_handles_labels()
    # The legend stands in the order of the bands.
    shares.legend(handles[::-1], labels[::-1], loc="center left", bbox_to_anchor=(1.01, 0.5))
    volume.stairs(whole, edges_h, fill=True, color=PALE)
    volume.set(ylabel="visits", ylim=(0, whole.max() * 1.15))
    hours_axis(volume, edges_h[0], edges_h[-1])


def _ends(completed: pl.DataFrame) -> tuple[int, int]:
    """First and last half hour, counted from midnight."""
    numbers = (completed["half_hour_s"] // HALF_HOUR_S).to_list()
    return min(numbers), max(numbers)
