"""Who was there to serve: staff on duty and busy, by half hour of the day."""

import polars as pl
from matplotlib.axes import Axes

from footfall.chart.fitted.panels import legend_below
from footfall.chart.style import (
    MEASURED,
    PREDICTED,
    Chart,
    Heading,
    Stamp,
    clock,
    figure,
    hours_axis,
    look,
    nothing,
)

HALF_HOUR_S = 1800


def staff_by_half_hour(staff: pl.DataFrame, by_agent: bool, stamp: Stamp) -> Chart:  # noqa: FBT001  a fact of the log
    """Mean staff by half hour with the middle eight tenths of days, and those busy.

    `staff` has half_hour, days, on_duty_mean, on_duty_p10, on_duty_p90, busy_mean.
    """
    if staff.is_empty() or not staff["on_duty_mean"].sum():
        heading = Heading(title="No staff known", subtitle="Staff by half hour", stamp=stamp)
        return nothing(heading, staff, "no row tells when it was served")
    ordered = staff.sort("half_hour")
    most = ordered.row(ordered["on_duty_mean"].arg_max() or 0, named=True)
    at_s = most["half_hour"] * HALF_HOUR_S
    what = "agents on duty" if by_agent else "served at once at most"
    busy_share = float(ordered["busy_mean"].sum()) / float(ordered["on_duty_mean"].sum())
    busy = f"busy {busy_share:.0%} of the time".replace("%", " %")
    heading = Heading(
        title=f"Most staff from {clock(at_s)} to {clock(at_s + HALF_HOUR_S)}: "
        f"{most['on_duty_mean']:.1f} {what}; {busy}",
        subtitle=f"Staff by half hour, mean of {most['days']} days; the band holds eight days of ten. "
        + ("On duty is from one service to the next." if by_agent else "No agents are named in the log."),
        stamp=stamp,
    )
    with look():
        made = figure(heading, legend_below=True)
        axes = made.subplots()
        _draw(ordered, what, axes)
        legend_below(made, axes)
    caption = "What lies between busy and on duty is idle, on the way to the next call, or on a short break."
    return Chart(figure=made, frame=staff, title=heading.title, caption=caption)


def _draw(staff: pl.DataFrame, what: str, axes: Axes) -> None:
    most = float(staff["on_duty_mean"].to_numpy().max())
    there = staff.filter(pl.col("on_duty_mean") > 0.01 * most)["half_hour"]
    first, last = min(there, default=0), max(there, default=47) + 1
    shown = staff.filter(pl.col("half_hour").is_between(first, last - 1))
    edges = [half / 2 for half in range(first, last + 1)]
    low, high = shown["on_duty_p10"].to_list(), shown["on_duty_p90"].to_list()
    axes.stairs(high, edges, baseline=low, fill=True, color=PREDICTED, alpha=0.18, label="eight days of ten")
    axes.stairs(shown["on_duty_mean"].to_list(), edges, color=PREDICTED, linewidth=2, label=what)
    axes.stairs(
        shown["busy_mean"].to_list(), edges, color=MEASURED, linestyle="--", linewidth=1.6, label="busy"
    )
    axes.set(ylim=(0, max(high) * 1.1), ylabel="staff")
    hours_axis(axes, edges[0], edges[-1])
