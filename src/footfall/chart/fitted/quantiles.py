"""Quantiles of the data against those of the law: on the line where the law is right."""

import polars as pl
from matplotlib.axes import Axes

from footfall.chart.fitted.panels import PANELS_MOST, legend_below, panels, ratio_ticks
from footfall.chart.style import (
    GREY,
    PREDICTED,
    Chart,
    Heading,
    Stamp,
    look,
    name_of,
    nothing,
    percent,
)


def service_quantiles(points: pl.DataFrame, stamp: Stamp) -> Chart:
    """Quantiles of service times against the likeliest law's, a panel a kind.

    `points` has kind, law, kept (whether the model has the law), distance_share, times, share, data_s, law_s.
    """
    if points.is_empty():
        heading = Heading(title="No services to fit", subtitle="Quantiles of service", stamp=stamp)
        return nothing(heading, points, "too few service times")
    most = (
        points.group_by("kind").agg(pl.col("times").first()).sort("times", "kind", descending=[True, False])
    )
    kinds = most["kind"].head(PANELS_MOST).to_list()
    one = points.filter(pl.col("kind") == kinds[0]).row(0, named=True)
    said = f"{one['law']} is within {percent(one['distance_share'])} of the services"
    left_out = f" The {PANELS_MOST} most frequent kinds." if most.height > PANELS_MOST else ""
    heading = Heading(
        title=f"{name_of(kinds[0])}: {said}" + ("" if one["kept"] else ", which is not near enough"),
        subtitle="Quantiles of the service times from 0.5 % to 99.5 % against those of the likeliest law; "
        f"on the line the two agree.{left_out}",
        stamp=stamp,
    )
    with look():
        made, every = panels(heading, [name_of(kind) for kind in kinds])
        for axes, kind in zip(every, kinds, strict=True):
            _draw(points.filter(pl.col("kind") == kind), axes)
        legend_below(made, every[0])
    caption = (
        "Points above the line: the data has longer times there than the law. A law that is surely off by "
        "more than 3 % of the services anywhere is not used: the model then has the measured distribution."
    )
    return Chart(figure=made, frame=points, title=heading.title, caption=caption)


def _draw(points: pl.DataFrame, axes: Axes) -> None:
    shown = points.filter(pl.col("data_s") > 0, pl.col("law_s") > 0)
    axes.plot(
        shown["law_s"], shown["data_s"], "o", markersize=3.2, color=PREDICTED, label="quantiles of the data"
    )
    ends = [*shown["law_s"], *shown["data_s"]] or [1.0, 10.0]
    low, high = min(ends) * 0.8, max(ends) * 1.25
    axes.plot([low, high], [low, high], color=GREY, linewidth=1, label="law and data agree")
    one = points.row(0, named=True)
    kept = one["law"] if one["kept"] else f"{one['law']}: not used"
    told = f"{kept}\n{one['times']:,} services"
    axes.text(0.04, 0.96, told, transform=axes.transAxes, va="top", fontsize=8, color=GREY)
    axes.set(xscale="log", yscale="log", xlim=(low, high), ylim=(low, high))
    axes.set(xlabel=f"{one['law']}", ylabel="data")
    for axis in (axes.xaxis, axes.yaxis):
        ratio_ticks(axis, low, high)
