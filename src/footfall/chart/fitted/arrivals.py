"""When customers came: each weekday's half hours, and the mean day with its interval."""

import polars as pl
from matplotlib.axes import Axes

from footfall.chart.style import (
    INK,
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
EVERY = "*"
_SHOWN_SHARE = 0.01
"""Half hours before the first and after the last with so much of the most are left out of the drawing."""
_LINES = {
    "monday": ("#e69f00", "-"),
    "tuesday": ("#009e73", "--"),
    "wednesday": ("#d55e00", "-."),
    "thursday": ("#cc79a7", ":"),
    "friday": ("#7b61a8", (0, (5, 1, 1, 1, 1, 1))),
    "saturday": ("#56b4e9", (0, (8, 2))),
    "sunday": ("#8c6d1f", (0, (3, 1))),
}


def arrivals_by_weekday(rates: pl.DataFrame, stamp: Stamp) -> Chart:
    """Arrivals per half hour: a line a weekday, and the mean day with its 95 % band.

    `rates` has weekday (`*`: all days), half_hour, days, per_half_hour_mean, _low and _high.
    """
    mean = rates.filter(pl.col("weekday") == EVERY).sort("half_hour")
    if mean.is_empty() or not mean["per_half_hour_mean"].sum():
        heading = Heading(title="No arrivals", subtitle="Arrivals by half hour and weekday", stamp=stamp)
        return nothing(heading, rates, "no arrivals")
    busiest = mean.row(mean["per_half_hour_mean"].arg_max() or 0, named=True)
    starts_s = busiest["half_hour"] * HALF_HOUR_S
    bounds = f"{busiest['per_half_hour_low']:.1f} to {busiest['per_half_hour_high']:.1f}"
    heading = Heading(
        title=f"The mean day is busiest from {clock(starts_s)} to {clock(starts_s + HALF_HOUR_S)}: "
        f"{busiest['per_half_hour_mean']:.1f} arrivals ({bounds})",
        subtitle=f"Arrivals per half hour, mean of {busiest['days']} days with its 95 % interval over days, "
        "and the mean of each weekday.",
        stamp=stamp,
    )
    with look():
        made = figure(heading)
        _draw(rates, mean, made.subplots())
    caption = "A wide band means few days, or days that differ. Lines far apart want a model a weekday."
    return Chart(figure=made, frame=rates, title=heading.title, caption=caption)


def _draw(rates: pl.DataFrame, mean: pl.DataFrame, axes: Axes) -> None:
    most = float(mean["per_half_hour_mean"].to_numpy().max())
    busy = mean.filter(pl.col("per_half_hour_mean") > _SHOWN_SHARE * most)["half_hour"]
    first, last = min(busy), max(busy) + 1
    axes.fill_between(
        mean["half_hour"] / 2 + 0.25,
        mean["per_half_hour_low"],
        mean["per_half_hour_high"],
        color=PREDICTED,
        alpha=0.18,
        linewidth=0,
        label="95 % interval",
    )
    for weekday, (colour, dashes) in _LINES.items():
        one = rates.filter(pl.col("weekday") == weekday).sort("half_hour")
        if not one.is_empty():
            hours, values = one["half_hour"] / 2 + 0.25, one["per_half_hour_mean"]
            label = f"{weekday} ({one['days'][0]})"
            axes.plot(hours, values, color=colour, linestyle=dashes, linewidth=1.1, label=label)
    hours, values = mean["half_hour"] / 2 + 0.25, mean["per_half_hour_mean"]
    axes.plot(hours, values, color=INK, linewidth=2.2, label="mean day")
    top = float(rates["per_half_hour_mean"].to_numpy().max())
    axes.set(ylim=(0, max(top, float(mean["per_half_hour_high"].to_numpy().max())) * 1.08))
    axes.set_ylabel("arrivals per half hour")
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    hours_axis(axes, first / 2, last / 2)
