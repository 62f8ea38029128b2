"""Response times by percentile, predicted and measured, from the median into the tail."""

import math

import polars as pl
from matplotlib.axes import Axes

from footfall.chart.style import (
    GREY,
    INK,
    MEASURED,
    PREDICTED,
    Chart,
    Heading,
    Stamp,
    duration,
    figure,
    look,
    nothing,
)

_TICKS = (50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 99.99)
_LOG_FROM = 30.0
_LOOKS = ((PREDICTED, "--", "o", 2.2), (MEASURED, "-", "D", 2.2), (GREY, ":", "", 1.8))


def percentiles(curves: pl.DataFrame, stamp: Stamp) -> Chart:
    """A line for each curve over percentiles whose distance from 100 is on a log scale.

    `curves` has curve, visits, percentile (0..100) and seconds; `predicted`, `measured` and others.
    """
    said = "Response of all visits, failed ones too, less the customer's own time."
    if curves.is_empty():
        heading = Heading(title="No response times are known", subtitle=said, stamp=stamp)
        return nothing(heading, curves)
    heading = Heading(title=_finding(curves), subtitle=said, stamp=stamp)
    with look():
        made = figure(heading, legend_below=True)
        axes = made.subplots()
        names = ["predicted", "measured", *sorted(set(curves["curve"]) - {"predicted", "measured"})]
        for name, (colour, line, marker, width) in zip(names, _LOOKS, strict=False):
            rows = curves.filter(pl.col("curve") == name).sort("percentile")
            if rows.is_empty():
                continue
            x = [_place(percentile) for percentile in rows["percentile"]]
            said_of = f"{name} ({rows['visits'][0]:,} visits)"
            axes.plot(
                x,
                rows["seconds"].to_list(),
                line,
                color=colour,
                linewidth=width,
                marker=marker,
                markersize=4,
                markevery=6,
                label=said_of,
            )
        _scales(axes, curves)
        made.legend(loc="outside lower left", ncols=3)
    caption = (
        "Read it as: so many percent of the visits took at most so long. Predicted and measured count from "
        "the due time; the dotted line counts from when the visit was begun, and lies below the solid one by "
        "what the generator was late. Each line ends where only one visit took longer."
    )
    return Chart(figure=made, frame=curves, title=heading.title, caption=caption)


def _place(percentile: float) -> float:
    return -math.log10(max(1 - percentile / 100, 1e-9))


def _scales(axes: Axes, curves: pl.DataFrame) -> None:
    last = max(map(_place, curves["percentile"]))
    shown = [tick for tick in _TICKS if _place(tick) <= last + 1e-6]
    axes.set_xticks([_place(tick) for tick in shown], [f"{tick:g} %" for tick in shown])
    axes.set_xlim(_place(50.0), max(last * 1.02, _place(75.0)))
    axes.set_xlabel("visits that took at most so long, distance from 100 % on a log scale")
    times = [seconds for seconds in curves["seconds"] if seconds > 0]
    if times and max(times) > _LOG_FROM * min(times):
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(lambda seconds, _: duration(seconds) if seconds > 0 else "0")
    axes.yaxis.set_minor_formatter(lambda *_: "")
    axes.set_ylabel("response", color=INK)


def _finding(curves: pl.DataFrame) -> str:
    """Name the highest percentile of the ticks that the first known curve reaches, and its median."""
    for name in ("measured", "predicted"):
        rows = curves.filter(pl.col("curve") == name).sort("percentile")
        if not rows.is_empty():
            break
    else:
        return "Response by percentile"
    reached = max((t for t in _TICKS if t <= rows["percentile"][-1] + 1e-9), default=50.0)
    at = rows.filter(pl.col("percentile") >= reached - 1e-9).row(0, named=True)
    half, tail = duration(rows["seconds"][0]), duration(at["seconds"])
    return f"Half of the visits took up to {half}, {at['percentile']:.4g} % up to {tail} ({name})"
