"""Whether success rates hold their targets, channel by channel."""

import polars as pl

from footfall.chart.pairs import ROW_IN, draw_success, label_lines, lines_of, without_totals
from footfall.chart.style import TARGET, Chart, Heading, Stamp, figure, look, name_of, nothing

_NAMED_MAX = 3


def success_against_target(measures: pl.DataFrame, stamp: Stamp) -> Chart:
    """Success of each channel and operation with its interval, and its target as a tick.

    `measures` has the columns of `MEASURES`, of one world or of both.
    """
    rows = without_totals(measures)
    said = "Share of visits served: the first try and every further one count as a visit each."
    if rows.is_empty():
        heading = Heading(title="No success rates are known", subtitle=said, stamp=stamp)
        return nothing(heading, measures)
    heading = Heading(title=_finding(rows), subtitle=said, stamp=stamp)
    lines = lines_of(rows)
    with look():
        made = figure(heading, 1.6 + ROW_IN * len(lines), legend_below=True)
        axes = made.subplots()
        draw_success(axes, rows, lines)
        targets = rows.filter(pl.col("target_share").is_not_null()).unique(
            ["channel", "operation"], maintain_order=True
        )
        at = [lines.index(pair) for pair in targets.select("channel", "operation").iter_rows()]
        x = (targets["target_share"] * 100).to_list()
        if at:
            above, below = ([y + end for y in at] for end in (-0.42, 0.42))
            axes.vlines(x, above, below, color=TARGET, linewidth=2.4, label="target", zorder=1.5)
        label_lines(axes, lines)
        made.legend(loc="outside lower left", ncols=3)
    caption = (
        "A target is missed where the whole interval lies left of its tick, met where it lies right of it; "
        "where the tick is inside the interval, the run was too short to tell. The targets are the model's; "
        "the criteria above have limits and margins of their own."
    )
    return Chart(figure=made, frame=measures, title=heading.title, caption=caption)


def _finding(rows: pl.DataFrame) -> str:
    """Count the targets that the whole interval misses, as measured, or else as predicted."""
    world = "measured" if "measured" in rows["world"] else "predicted"
    held = rows.filter((pl.col("world") == world) & pl.col("target_share").is_not_null())
    if held.is_empty():
        return f"{world.capitalize()} success of {len(lines_of(rows))} channels and operations"
    missed = held.filter(pl.col("success_share_high") < pl.col("target_share"))
    if missed.is_empty():
        met = held.filter(pl.col("success_share_low") >= pl.col("target_share")).height
        if met == held.height:
            return f"{met} of {met} targets met by the whole {world} interval"
        untold = f"too few visits to tell for {held.height - met} of {held.height} targets"
        rest = f"{met} met by the whole {world} interval" if met else f"{world} intervals hold them"
        return f"{untold[0].upper()}{untold[1:]}; {rest}"
    pairs = lines_of(missed)
    names = ", ".join(f"{name_of(channel)} {operation}" for channel, operation in pairs[:_NAMED_MAX])
    more = f" and {len(pairs) - _NAMED_MAX} more" if len(pairs) > _NAMED_MAX else ""
    return f"{len(pairs)} of {held.height} targets missed by the whole {world} interval: {names}{more}"
