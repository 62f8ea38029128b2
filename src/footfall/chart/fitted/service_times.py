"""Service times from the shortest to the longest: what was left out of the fit is marked."""

import polars as pl
from matplotlib.axes import Axes

from footfall.chart.fitted.panels import legend_below, ratio_ticks
from footfall.chart.style import (
    MEASURED,
    PREDICTED,
    Chart,
    Heading,
    Stamp,
    duration,
    figure,
    look,
    nothing,
    percent,
)


def service_outliers(bins: pl.DataFrame, short_s: float, stamp: Stamp) -> Chart:
    """Histogram of all services on a scale of ratios, the short ones apart.

    `bins` has from_s, to_s, services, short (whether they are left out of the fit).
    """
    if not bins["services"].sum():
        heading = Heading(title="No service times", subtitle="Service times", stamp=stamp)
        return nothing(heading, bins, "no service times")
    total, short = int(bins["services"].sum()), int(bins.filter(pl.col("short"))["services"].sum())
    longest_s = float(bins.filter(pl.col("services") > 0)["to_s"][-1])
    title = f"No service is left out; the longest took up to {duration(longest_s)}"
    if short:
        title = (
            f"{percent(short / total)} of services are shorter than {duration(short_s)}: load, but no service"
        )
    subtitle = f"All {total:,} services by how long they took; each bar is a fifth wider than the one before."
    heading = Heading(title=title, subtitle=subtitle, stamp=stamp)
    with look():
        made = figure(heading, 4.4, legend_below=True)
        axes = made.subplots()
        _draw(bins, axes)
        legend_below(made, axes)
    caption = (
        "A heap at the left end is often agents who hang up, or clicks; one at the right end, clocks that "
        "nobody stopped."
    )
    return Chart(figure=made, frame=bins, title=heading.title, caption=caption)


def _draw(bins: pl.DataFrame, axes: Axes) -> None:
    for is_short, colour, hatch, label in ((False, PREDICTED, "", "fitted"), (True, MEASURED, "//", "short")):
        some = bins.filter(pl.col("short") == is_short)
        if not some.is_empty() and some["services"].sum():
            widths = some["to_s"] - some["from_s"]
            axes.bar(
                some["from_s"],
                some["services"],
                width=widths,
                align="edge",
                color=colour,
                hatch=hatch,
                edgecolor="white",
                linewidth=0.4,
                label=label,
            )
    seen = bins.filter(pl.col("services") > 0)
    axes.set(xscale="log", xlim=(seen["from_s"][0], seen["to_s"][-1]), ylabel="services")
    ratio_ticks(axes.xaxis, seen["from_s"][0], seen["to_s"][-1])
