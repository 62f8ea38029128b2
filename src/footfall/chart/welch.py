"""Where a run's start ends: Welch's plot, with the cut that MSER-5 found."""

from dataclasses import dataclass

import polars as pl
from matplotlib.axes import Axes

from footfall.chart.style import (
    GREY,
    INK,
    PREDICTED,
    Chart,
    Heading,
    Stamp,
    duration,
    figure,
    look,
    name_of,
    nothing,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WelchLabels:
    """What the plot is of."""

    quantity: str
    """Such as `response time`."""
    runs: int
    visits: int
    cut: int | None
    """Visits before the end of the start; None: it did not end."""
    rest_s_mean: float
    """Mean after the cut."""


def welch(averages: pl.DataFrame, labels: WelchLabels, stamp: Stamp) -> Chart:
    """The mean over runs and its moving average, visit by visit, and where the start ends.

    `averages` has channel, visit (the first of a few, from 0), mean_s and moving_average_s (null at the end).
    Source: P. D. Welch (1983), see `footfall.measure.warm_up`.
    """
    of = f"{name_of(averages['channel'][0])}, " if averages.height and averages["channel"][0] != "*" else ""
    runs = "one run" if labels.runs == 1 else f"{labels.runs} runs"
    said = (
        f"{of[:1].upper()}{of[1:]}{labels.quantity} by number of the visit, mean over {runs}; the cut by "
        "MSER-5 is where the mean of the rest is surest."
    )
    if averages.is_empty():
        return nothing(Heading(title="No warm-up to be seen", subtitle=said, stamp=stamp), averages)
    heading = Heading(title=_finding(labels), subtitle=said, stamp=stamp)
    with look():
        made = figure(heading, legend_below=True)
        _draw(averages, labels, made.subplots())
        made.legend(loc="outside lower left", ncols=4)
    caption = (
        "Before the cut the run still remembers its start; the moving average should be level after it. One "
        "that goes on rising or falling to the right edge says that the run was too short, whatever the cut."
    )
    return Chart(figure=made, frame=averages, title=heading.title, caption=caption)


def _finding(labels: WelchLabels) -> str:
    if labels.cut is None:
        return f"Not settled within {labels.visits:,} visits: run longer"
    mean = f"{labels.quantity} {duration(labels.rest_s_mean)} on average"
    if not labels.cut:
        return f"No start to be left out of {labels.visits:,} visits; {mean}"
    return f"The start ends after {labels.cut:,} of {labels.visits:,} visits; after it {mean}"


def _draw(averages: pl.DataFrame, labels: WelchLabels, axes: Axes) -> None:
    visit = averages["visit"].to_numpy()
    axes.plot(
        visit,
        averages["mean_s"].to_numpy(),
        color=GREY,
        alpha=0.45,
        linewidth=0.6,
        label="mean over runs" if labels.runs > 1 else "visits",
    )
    smooth = averages.drop_nulls("moving_average_s")
    axes.plot(
        smooth["visit"].to_numpy(),
        smooth["moving_average_s"].to_numpy(),
        color=PREDICTED,
        linewidth=2,
        label="moving average",
    )
    if labels.cut:
        axes.axvspan(0, labels.cut, color=GREY, alpha=0.12, linewidth=0, label="start, left out")
        axes.axvline(labels.cut, color=INK, linewidth=1.4, label=f"cut, after {labels.cut:,} visits")
    axes.set(
        xlabel="number of the visit",
        ylabel=f"{labels.quantity}, s",
        xlim=(0, labels.visits),
        ylim=(0, _top(averages)),
    )


def _top(averages: pl.DataFrame) -> float:
    """Room for the moving average and nearly all visits; the odd spike may leave the picture."""
    highest = averages["moving_average_s"].max()
    spikes = averages["mean_s"].quantile(0.99)
    return 1.15 * max(float(each) for each in (highest, spikes, 1e-9) if isinstance(each, float))
