"""Charts of a hotline model against records: months, days and half hours."""

import polars as pl
from matplotlib.axes import Axes

from footfall._chart.style import (
    GREY,
    MEASURED,
    PALE,
    PREDICTED,
    Chart,
    Heading,
    Stamp,
    figure,
    hours_axis,
    look,
    name_of,
    nothing,
)

TO_PERCENT = 100.0
"""Factor of a share; its axis ends at 100."""
_PANELS = (
    ("wait_s_mean", "mean wait, s", 1.0),
    ("waited_share", "wait above 0, %", TO_PERCENT),
    ("waited_20_s_share", "wait above 20 s, %", TO_PERCENT),
    ("abandoned_share", "abandoned, %", TO_PERCENT),
)
WORLDS = {"recorded": (MEASURED, "D", MEASURED), "predicted": (PREDICTED, "o", "white")}
"""Colour, marker and its filling."""
_HALF_HOUR_H = 0.5
_LEAST_HEIGHT = 1e-9
"""Least height of an axis, even if no one waited."""
_BUSY_ENOUGH = 0.05
"""Half hours with less than this share of the busiest one's calls are not drawn: one call says nothing."""


def months_chart(months: pl.DataFrame, stamp: Stamp) -> Chart:
    """Four figures of each month, recorded and predicted; `months` as of `by_month`."""
    said = "Recorded, and predicted from the month's own arrivals, agents on duty, services and patience."
    if months.is_empty():
        return nothing(
            Heading(title="No month was predicted", subtitle=said, stamp=stamp), months, "no regular days"
        )
    heading = Heading(title=_finding(months), subtitle=said, stamp=stamp)
    with look():
        made = figure(heading, 4.6, legend_below=True)
        panels = made.subplots(1, len(_PANELS))
        for axes, (name, label, factor) in zip(panels, _PANELS, strict=True):
            pairs(axes, months, name, factor)
            axes.set_title(label, fontsize=9, color=GREY, loc="left")
        made.legend(*panels[0].get_legend_handles_labels(), loc="outside lower left", ncols=2)
    caption = "What else the prediction rests on is the same in every month."
    return Chart(figure=made, frame=months, title=heading.title, caption=caption)


def days_chart(days: pl.DataFrame, stamp: Stamp) -> Chart:
    """Mean wait of each day, predicted over recorded; `days` as of `by_day`."""
    said = "A point a day; on the line the prediction is exact. Both axes in seconds."
    if days.is_empty():
        return nothing(
            Heading(title="No day was predicted", subtitle=said, stamp=stamp), days, "no regular days"
        )
    recorded, predicted = days["wait_s_mean_recorded"], days["wait_s_mean_predicted"]
    near = days.filter((predicted / recorded - 1).abs() <= 0.25).height  # noqa: PLR2004 - a quarter, as the title says
    title = f"{near} of {days.height} days are predicted within a quarter of their mean wait"
    heading = Heading(title=title, subtitle=said, stamp=stamp)
    top = 1.05 * max(1.0, greatest(recorded, predicted))
    with look():
        made = figure(heading, 5.6)
        axes = made.subplots()
        axes.plot([0, top], [0, top], color=PALE, linewidth=1.2)
        axes.plot(recorded, predicted, "o", color=PREDICTED, markerfacecolor="white", markersize=5)
        axes.set_xlim(0, top)
        axes.set_ylim(0, top)
        axes.set_aspect("equal")
        axes.set_xlabel("recorded mean wait of the day, s")
        axes.set_ylabel("predicted, s")
    return Chart(figure=made, frame=days, title=title, caption=said)


def half_hours_chart(half_hours: pl.DataFrame, stamp: Stamp) -> Chart:
    """Mean wait over the clock, recorded and predicted; `half_hours` as of `by_half_hour`."""
    said = "Mean wait of the calls of each half hour, over all days; below, their number."
    shown = half_hours.filter(pl.col("offered") >= pl.col("offered").max() * _BUSY_ENOUGH)
    if shown.is_empty():
        return nothing(
            Heading(title="No half hour was predicted", subtitle=said, stamp=stamp), half_hours, "no calls"
        )
    worst = shown.sort((pl.col("wait_s_mean_predicted") - pl.col("wait_s_mean_recorded")).abs())[-1]
    at_h = float(worst["half_hour"][0]) * _HALF_HOUR_H
    off_s = float(worst["wait_s_mean_predicted"][0] - worst["wait_s_mean_recorded"][0])
    title = f"The prediction is farthest off at {int(at_h):02d}:{round(at_h % 1 * 60):02d}, by {off_s:+.0f} s"
    heading = Heading(title=title, subtitle=said, stamp=stamp)
    hours = shown["half_hour"] * _HALF_HOUR_H + _HALF_HOUR_H / 2
    with look():
        made = figure(heading, 5.2, legend_below=True)
        waits, calls = made.subplots(2, 1, sharex=True, height_ratios=[3, 1])
        for world, (colour, marker, filling) in WORLDS.items():
            line = waits.plot(hours, shown[f"wait_s_mean_{world}"], f"{marker}-", color=colour, label=world)
            line[0].set(markerfacecolor=filling, markersize=4, linewidth=1.2)
        waits.set_ylim(bottom=0)
        waits.set_ylabel("mean wait, s")
        calls.bar(hours, shown["offered"], width=0.4, color=PALE)
        calls.set_ylabel("calls")
        hours_axis(calls, hours.to_list()[0] - 0.3, hours.to_list()[-1] + 0.3)
        made.legend(*waits.get_legend_handles_labels(), loc="outside lower left", ncols=2)
    return Chart(figure=made, frame=half_hours, title=title, caption=said)


def pairs(axes: Axes, months: pl.DataFrame, name: str, factor: float) -> None:
    """Draw a figure of each month, recorded and predicted, from zero up."""
    places = list(range(months.height))
    recorded, predicted = (months[f"{name}_{world}"] * factor for world in ("recorded", "predicted"))
    axes.vlines(places, recorded, predicted, color=PALE, linewidth=3)
    for values, (world, (colour, marker, filling)) in zip((recorded, predicted), WORLDS.items(), strict=True):
        points = axes.plot(places, values, marker, color=colour, label=world)
        points[0].set(markerfacecolor=filling, markersize=5.5, markeredgewidth=1.4)
    axes.set_xticks(places, [name_of(month) for month in months["month"]])
    axes.tick_params(axis="x", rotation=45)
    axes.set_xlim(-0.5, months.height - 0.5)
    top = 1.15 * max(_LEAST_HEIGHT, greatest(recorded, predicted))
    axes.set_ylim(0, min(100.0, top) if factor == TO_PERCENT else top)


def greatest(*columns: pl.Series) -> float:
    """Give the greatest value that is there; 0 without any."""
    return max((float(value) for column in columns for value in column.drop_nulls()), default=0.0)


def _finding(months: pl.DataFrame) -> str:
    worst = 100 * greatest((months["wait_s_mean_predicted"] / months["wait_s_mean_recorded"] - 1).abs())
    return f"The mean wait of every month is predicted within {worst:.0f} %"
