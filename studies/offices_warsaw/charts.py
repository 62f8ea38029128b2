"""Charts of a model of service halls against records: queues and half hours."""

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
    clock,
    figure,
    hours_axis,
    look,
    nothing,
)

_FACTOR = 2.0
_LEAST = 0.02
"""Least mean number waiting that is drawn; shorter queues are drawn at this edge."""
_TICKS = (0.02, 0.1, 0.5, 1, 5, 10, 50)
_HALF_HOUR_H = 0.5
_LOOKS = {
    "recorded": ("recorded", MEASURED, "D", MEASURED, "-"),
    "predicted": ("predicted", PREDICTED, "o", "white", "-"),
    "first_days": ("first days", GREY, "", "white", "--"),
}
"""Label, colour, marker, its filling, and line."""
_PANELS = (
    ("waiting", "waiting, all queues", ("recorded", "predicted", "first_days")),
    ("arrivals", "arrivals a half hour", ("recorded", "first_days")),
    ("counters", "open counters", ("recorded", "first_days")),
)


def queues_chart(queues: pl.DataFrame, stamp: Stamp) -> Chart:
    """Mean queue length of each queue, predicted over recorded; `queues` as of `measure.offices.by_queue`."""
    said = "One point per queue: mean number waiting on the later days. Thin lines: a factor of 2."
    if queues.is_empty():
        heading = Heading(title="No queue was predicted", subtitle=said, stamp=stamp)
        return nothing(heading, queues, "no queues")
    ratio = pl.col("waiting_predicted") / pl.col("waiting_recorded")
    near = queues.filter(ratio.is_between(1 / _FACTOR, _FACTOR)).height
    title = f"{near} of {queues.height} queues are predicted within a factor of 2"
    heading = Heading(title=title, subtitle=said, stamp=stamp)
    recorded, predicted = (
        queues[f"waiting_{world}"].fill_null(0.0).clip(_LEAST) for world in ("recorded", "predicted")
    )
    top = 1.6 * max(1.0, *recorded.to_list(), *predicted.to_list())
    with look():
        made = figure(heading, 5.8)
        axes = made.subplots()
        ends = (_LEAST / 1.4, top)
        axes.plot(ends, ends, color=PALE, linewidth=1.6)
        for factor in (1 / _FACTOR, _FACTOR):
            axes.plot(ends, [end * factor for end in ends], color=PALE, linewidth=0.8, linestyle="--")
        axes.plot(recorded, predicted, "o", color=PREDICTED, markerfacecolor="white", markersize=4.5)
        _log_axes(axes, ends)
    return Chart(figure=made, frame=queues, title=title, caption=said)


def half_hours_chart(half_hours: pl.DataFrame, stamp: Stamp) -> Chart:
    """Draw customers waiting, arrivals and open counters over the day; `half_hours` as of `by_half_hour`."""
    said = (
        "Means of the later days over all queues, and of the first days, which the model was calibrated on."
    )
    if half_hours.is_empty():
        heading = Heading(title="No half hour was predicted", subtitle=said, stamp=stamp)
        return nothing(heading, half_hours, "no half hours")
    heading = Heading(title=_finding(half_hours), subtitle=said, stamp=stamp)
    hours = half_hours["half_hour"] * _HALF_HOUR_H + _HALF_HOUR_H / 2
    with look():
        made = figure(heading, 6.6, legend_below=True)
        panels = made.subplots(len(_PANELS), 1, sharex=True, height_ratios=[2, 1, 1])
        for axes, (figure_name, label, worlds) in zip(panels, _PANELS, strict=True):
            for world in worlds:
                name, colour, marker, filling, line = _LOOKS[world]
                drawn = axes.plot(hours, half_hours[f"{figure_name}_{world}"], color=colour, label=name)
                drawn[0].set(linestyle=line, linewidth=1.2)
                drawn[0].set(marker=marker, markersize=4, markerfacecolor=filling)
            axes.set_ylim(0, 1.12 * max(1.0, axes.get_ylim()[1]))
            axes.set_ylabel(label)
        panels[0].yaxis.get_major_locator().set_params(integer=True)
        hours_axis(panels[-1], hours.to_list()[0] - 0.3, hours.to_list()[-1] + 0.3)
        made.legend(*panels[0].get_legend_handles_labels(), loc="outside lower left", ncols=3)
    return Chart(figure=made, frame=half_hours, title=heading.title, caption=said)


def _finding(half_hours: pl.DataFrame) -> str:
    off = pl.col("waiting_predicted") - pl.col("waiting_recorded")
    seen = half_hours.select("half_hour", off=off).drop_nulls().sort(pl.col("off").abs())
    if seen.is_empty():
        return "No records while the offices were open"
    half_hour, worst = seen.row(-1)
    at = clock(half_hour * _HALF_HOUR_H * 3600)
    return f"The prediction is farthest off in the half hour from {at}, by {worst:+.0f} waiting"


def _log_axes(axes: Axes, ends: tuple[float, float]) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    ticks = [tick for tick in _TICKS if tick <= ends[1]]
    labels = [f"≤{tick:g}" if tick == _LEAST else f"{tick:g}" for tick in ticks]
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_ticks(ticks, labels)
        axis.set_minor_locator(axis.get_major_locator())
    axes.set_xlim(ends)
    axes.set_ylim(ends)
    axes.set_aspect("equal")
    axes.set_xlabel("recorded mean number waiting")
    axes.set_ylabel("predicted")
