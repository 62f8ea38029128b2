"""Rows of measures as lines of a chart: one a channel and operation, both worlds on it."""

import polars as pl
from matplotlib.axes import Axes

from footfall.chart.style import MEASURED, PREDICTED, in_order, name_of

ROW_IN = 0.27
"""Height that one line needs."""
WORLDS = {"predicted": (PREDICTED, "o", "white", -0.17), "measured": (MEASURED, "D", MEASURED, 0.17)}
"""Colour, marker, its filling, and how far off the line's middle."""


def without_totals(measures: pl.DataFrame) -> pl.DataFrame:
    """The rows of one channel and one operation each."""
    return measures.filter((pl.col("channel") != "*") & (pl.col("operation") != "*"))


def lines_of(measures: pl.DataFrame) -> list[tuple[str, str]]:
    """Channels and operations in the order in which they are drawn, from the top."""
    rank = {channel: n for n, channel in enumerate(in_order(measures["channel"]))}
    pairs = measures.select("channel", "operation").unique().rows()
    return sorted(pairs, key=lambda pair: (rank[pair[0]], pair[1]))


def label_lines(axes: Axes, lines: list[tuple[str, str]], *, rules: bool = True) -> None:
    """Name the lines, and rule between one channel and the next."""
    axes.set_yticks(
        range(len(lines)), [f"{name_of(channel)} · {operation[:16]}" for channel, operation in lines]
    )
    axes.set_ylim(len(lines) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    for n in range(1, len(lines) if rules else 1):
        if lines[n][0] != lines[n - 1][0]:
            axes.axhline(n - 0.5, color="#cbd2d9", linewidth=0.8)


def draw_success(axes: Axes, measures: pl.DataFrame, lines: list[tuple[str, str]]) -> None:
    """Success shares of each world with their intervals, in percent."""
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
