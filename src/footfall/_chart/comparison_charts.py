"""Charts that compare runs, and the end of a run's warm-up."""

from dataclasses import dataclass

import polars as pl
from matplotlib.axes import Axes

from footfall._chart import style

# ── Differences between runs: each metric with its interval, each run as a dot

COMPARISON = pl.Schema(
    {
        "statistic": pl.String,
        "channel": pl.String,
        "operation": pl.String,
        "finding": pl.String,
        "is_share": pl.Boolean,
        "higher_is_better": pl.Boolean,
        "minimum": pl.Float64,
        "difference": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
        "side": pl.String,
        "run": pl.String,
        "run_difference": pl.Float64,
    }
)
"""One row per metric and run; null if there is no bound. Differences as shares, 0.05: 5 % or 5 points."""

_KEYS = ["statistic", "channel", "operation"]
_METRICS_MOST = 24
_ROW_IN = 0.34
_SIDES = {
    "baseline": (style.GREY, "o", "white", -0.2),
    "candidate": (style.MEASURED, "D", style.MEASURED, 0.2),
}
"""Colour, marker, its filling, and offset from the middle of the line."""
_FINDINGS = ("worse", "better", "cannot tell", "no difference of that size")
_SAID = {"no difference of that size": "alike"}
_SUBTITLE = (
    "Difference of the candidate from the baseline, with its exact 95 % interval; a dot is one run against "
    "the baseline's median. Grey band: too small to count."
)


def comparison_chart(rows: pl.DataFrame, title: str, stamp: style.Stamp) -> style.Chart:
    """Draw each metric's difference, grouped by times, goodput and success; `rows` as `COMPARISON`."""
    heading = style.Heading(title=title, subtitle=_SUBTITLE, stamp=stamp)
    if rows.is_empty():
        return style.nothing(heading, rows, "no metric has runs on both sides")
    metrics = _most_telling(rows)
    panels = [
        (label, part)
        for label, part in (
            ("response time, %   (right: slower)", _times(metrics)),
            ("goodput, %   (left: fewer served)", _goodput(metrics)),
            ("success, percentage points   (left: fewer served)", metrics.filter("is_share")),
        )
        if not part.is_empty()
    ]
    heights = [part.height + 1.4 for _, part in panels]
    with style.look():
        made = style.figure(heading, 1.5 + _ROW_IN * sum(heights), legend_below=True)
        all_axes = made.subplots(len(panels), 1, height_ratios=heights, squeeze=False)[:, 0]
        for axes, (label, part) in zip(all_axes, panels, strict=True):
            _panel(axes, part, rows)
            axes.set_xlabel(label)
        handles, labels = all_axes[0].get_legend_handles_labels()
        once = dict(zip(labels, handles, strict=True))
        made.legend(once.values(), once.keys(), loc="outside lower left", ncols=4)
    left = rows.select(_KEYS).n_unique() - metrics.height
    more = f" {left} further metrics are in the table only." if left else ""
    caption = (
        "Worse or better: wholly beyond the band and significant among all metrics (Holm); "
        f"alike: wholly inside; the rest is undecided with this number of runs.{more}"
    )
    return style.Chart(figure=made, frame=rows, title=title, caption=caption)


def _most_telling(rows: pl.DataFrame) -> pl.DataFrame:
    """Select metrics: worse, then better, then the rest by size; returned in the usual order."""
    rank = {name: number for number, name in enumerate(_FINDINGS)}
    channels = {name: number for number, name in enumerate(style.in_order(rows["channel"]))}
    order = pl.col("channel").replace_strict(channels, return_dtype=pl.Int64)
    return (
        rows.unique(_KEYS, maintain_order=True)
        .sort(
            pl.col("finding").replace_strict(rank, default=len(rank), return_dtype=pl.Int64),
            -_size(),
            maintain_order=True,
        )
        .head(_METRICS_MOST)
        .sort(pl.col("channel") != "*", order, "operation", "statistic", maintain_order=True)
    )


def _size() -> pl.Expr:
    """Return the size of a difference relative to what counts; one without bounds is the largest."""
    size = pl.col("difference").abs().fill_null(float("inf"))
    return pl.when(pl.col("minimum") > 0).then(size / pl.col("minimum")).otherwise(size)


def _label(row: dict[str, str]) -> str:
    """Return the label of a metric's line."""
    operation = [] if row["operation"] == "*" else [row["operation"][:16]]
    return " · ".join([row["statistic"], style.name_of(row["channel"]), *operation])


def _times(metrics: pl.DataFrame) -> pl.DataFrame:
    return metrics.filter(~pl.col("higher_is_better"))


def _goodput(metrics: pl.DataFrame) -> pl.DataFrame:
    return metrics.filter(pl.col("higher_is_better") & ~pl.col("is_share"))


def _panel(axes: Axes, metrics: pl.DataFrame, rows: pl.DataFrame) -> None:
    """Draw metrics of one kind, one line each."""
    minimum = float(metrics["minimum"][0])
    # A factor either way: 1.05 times as much, or as little.
    least = -minimum if metrics["is_share"][0] else 1 / (1 + minimum) - 1
    axes.axvspan(100 * least, 100 * minimum, color=style.PALE, alpha=0.5, linewidth=0, zorder=0)
    axes.axvline(0, color=style.GREY, linewidth=0.8, zorder=1)
    for y, metric in enumerate(metrics.iter_rows(named=True)):
        _dots(axes, rows.filter(pl.all_horizontal(pl.col(key) == metric[key] for key in _KEYS)), y)
        _interval(axes, metric, y)
    axes.set_yticks(range(metrics.height), [_label(row) for row in metrics.iter_rows(named=True)])
    axes.set_ylim(metrics.height - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.margins(x=0.06)


def _dots(axes: Axes, of_metric: pl.DataFrame, y: int) -> None:
    for side, (colour, marker, filling, off) in _SIDES.items():
        values = of_metric.filter(pl.col("side") == side)["run_difference"].drop_nulls() * 100
        axes.plot(
            values,
            [y + off] * values.len(),
            marker,
            color=colour,
            markerfacecolor=filling,
            markersize=4,
            alpha=0.85,
            label=f"run of the {side}",
        )


def _interval(axes: Axes, metric: dict[str, float | str | None], y: int) -> None:
    """Draw the difference with its bounds, open if there are none, and the finding."""
    finding, difference = str(metric["finding"]), metric["difference"]
    if isinstance(difference, float):
        left, right = (metric[end] for end in ("low", "high"))
        if isinstance(left, float) and isinstance(right, float):
            axes.hlines(
                y, 100 * left, 100 * right, color=style.INK, linewidth=2.2, label="95 % interval", zorder=3
            )
        axes.plot(100 * difference, y, "|", color=style.INK, markersize=11, markeredgewidth=2.2, zorder=3)
    weight = "bold" if finding in _FINDINGS[:2] else "normal"
    axes.annotate(
        _SAID.get(finding, finding),
        (1.01, y),
        xycoords=axes.get_yaxis_transform(),
        va="center",
        fontsize=8.5,
        fontweight=weight,
        color=style.INK if weight == "bold" else style.GREY,
        annotation_clip=False,
    )


# ── End of the warm-up: Welch's plot, with the cut found by MSER-5


@dataclass(frozen=True, slots=True, kw_only=True)
class WelchLabels:
    """Labels of the plot."""

    quantity: str
    """Such as `response time`."""
    runs: int
    visits: int
    cut: int | None
    """Visits before the end of the warm-up; None: it did not end."""
    rest_s_mean: float
    """Mean after the cut."""


def welch(averages: pl.DataFrame, labels: WelchLabels, stamp: style.Stamp) -> style.Chart:
    """Draw the mean over runs and its moving average, visit by visit, and the end of the warm-up.

    `averages` has channel, visit (the first of a few, from 0), mean_s and moving_average_s (null at the end).
    Source: P. D. Welch (1983), see `footfall._stats.precision`.
    """
    of = (
        f"{style.name_of(averages['channel'][0])}, "
        if averages.height and averages["channel"][0] != "*"
        else ""
    )
    runs = "one run" if labels.runs == 1 else f"{labels.runs} runs"
    said = (
        f"{of[:1].upper()}{of[1:]}{labels.quantity} by number of the visit, mean over {runs}; the cut by "
        "MSER-5 is where the mean of the rest is most precise."
    )
    if averages.is_empty():
        return style.nothing(style.Heading(title="No warm-up visible", subtitle=said, stamp=stamp), averages)
    heading = style.Heading(title=_finding(labels), subtitle=said, stamp=stamp)
    with style.look():
        made = style.figure(heading, legend_below=True)
        _draw(averages, labels, made.subplots())
        made.legend(loc="outside lower left", ncols=4)
    caption = (
        "Before the cut the run depends on its initial state; after it the moving average should be level. "
        "If it keeps rising or falling to the right edge, the run was too short, whatever the cut."
    )
    return style.Chart(figure=made, frame=averages, title=heading.title, caption=caption)


def _finding(labels: WelchLabels) -> str:
    if labels.cut is None:
        return f"Not settled within {labels.visits:,} visits: run longer"
    mean = f"{labels.quantity} {style.duration(labels.rest_s_mean)} on average"
    if not labels.cut:
        return f"No warm-up to exclude from {labels.visits:,} visits; {mean}"
    return f"The warm-up ends after {labels.cut:,} of {labels.visits:,} visits; after it {mean}"


def _draw(averages: pl.DataFrame, labels: WelchLabels, axes: Axes) -> None:
    visit = averages["visit"].to_numpy()
    axes.plot(
        visit,
        averages["mean_s"].to_numpy(),
        color=style.GREY,
        alpha=0.45,
        linewidth=0.6,
        label="mean over runs" if labels.runs > 1 else "visits",
    )
    smooth = averages.drop_nulls("moving_average_s")
    axes.plot(
        smooth["visit"].to_numpy(),
        smooth["moving_average_s"].to_numpy(),
        color=style.PREDICTED,
        linewidth=2,
        label="moving average",
    )
    if labels.cut:
        axes.axvspan(0, labels.cut, color=style.GREY, alpha=0.12, linewidth=0, label="warm-up, excluded")
        axes.axvline(labels.cut, color=style.INK, linewidth=1.4, label=f"cut, after {labels.cut:,} visits")
    axes.set(
        xlabel="number of the visit",
        ylabel=f"{labels.quantity}, s",
        xlim=(0, labels.visits),
        ylim=(0, _top(averages)),
    )


def _top(averages: pl.DataFrame) -> float:
    """Return axis limits for the moving average and nearly all visits; single spikes may be cut off."""
    highest = averages["moving_average_s"].max()
    spikes = averages["mean_s"].quantile(0.99)
    return 1.15 * max(float(each) for each in (highest, spikes, 1e-9) if isinstance(each, float))
