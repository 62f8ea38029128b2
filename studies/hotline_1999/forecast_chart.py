"""Months as they were foretold from earlier ones: which input was off, and what came of it."""

import polars as pl
from matplotlib.axes import Axes

from footfall._chart.style import GREY, PREDICTED, Chart, Heading, Stamp, figure, look, name_of, nothing
from studies.hotline_1999.charts import greatest, pairs

_SAID = (
    "Above, what went in: calls, agents and talk, learned from the months before. Below, what came out, with "
    "the range in which 95 of 100 months should lie, and the mean wait of the month before."
)
_CAPTION = "Of the month itself, its calendar alone is known."
_INPUTS = (
    ("offered_a_day", "calls a day", 1.0),
    ("agents_on_duty_mean", "agents on duty", 1.0),
    ("service_s_mean", "mean service, s", 1.0),
)
_OUTPUTS = (
    ("wait_s_mean", "mean wait, s", 1.0),
    ("waited_20_s_share", "wait above 20 s, %", 100.0),
    ("abandoned_share", "abandoned, %", 100.0),
)
_WAIT = "wait_s_mean"


def forecast_chart(months: pl.DataFrame, stamp: Stamp) -> Chart:
    """Inputs and figures of each month; `months` as of `forecast.by_month`, with agents and services."""
    if months.is_empty():
        heading = Heading(title="No month was foretold", subtitle=_SAID, stamp=stamp)
        return nothing(heading, months, "no month with one before it")
    daily = months.with_columns(
        offered_a_day_recorded=pl.col("offered") / pl.col("days"),
        offered_a_day_predicted=pl.col("offered_predicted") / pl.col("days"),
    )
    heading = Heading(title=_finding(months), subtitle=_SAID, stamp=stamp)
    with look():
        made = figure(heading, 6.4, legend_below=True)
        rows = made.subplots(2, len(_INPUTS), sharex=True)
        for panels, figures in zip(rows, (_INPUTS, _OUTPUTS), strict=True):
            for axes, (name, label, factor) in zip(panels, figures, strict=True):
                _panel(axes, daily, name, factor)
                axes.set_title(label, fontsize=9, color=GREY, loc="left")
        made.legend(*rows[1][0].get_legend_handles_labels(), loc="outside lower left", ncols=4)
    return Chart(figure=made, frame=months, title=heading.title, caption=_CAPTION)


def _panel(axes: Axes, months: pl.DataFrame, name: str, factor: float) -> None:
    pairs(axes, months, name, factor)
    if name == _WAIT:
        low, high = (months[f"{name}_predicted_{end}"].cast(pl.Float64) for end in ("low", "high"))
        known = [n for n, value in enumerate(low) if value is not None]
        axes.vlines(known, low[known], high[known], color=PREDICTED, linewidth=1.2, label="range of 95 %")
        naive = months["wait_s_mean_last_month"].cast(pl.Float64)
        axes.plot(range(months.height), naive, "_", color=GREY, markersize=11, label="as last month")
        axes.set_ylim(0, max(axes.get_ylim()[1], 1.05 * greatest(high)))
    axes.set_xticks(range(months.height), [name_of(month) for month in months["month"]])


def _finding(months: pl.DataFrame) -> str:
    recorded = pl.col("wait_s_mean_recorded")
    off_s = months.select(
        own=(pl.col("wait_s_mean_predicted") - recorded).abs(),
        naive=(pl.col("wait_s_mean_last_month") - recorded).abs(),
    ).drop_nulls()
    low, high = (pl.col(f"wait_s_mean_predicted_{end}").cast(pl.Float64) for end in ("low", "high"))
    told = (
        f"{months.filter(recorded.is_between(low, high)).height} of {months.height} months lie in their range"
    )
    if off_s.is_empty():
        return f"Foretold from earlier months, {told}"
    own, naive = off_s.mean().row(0)
    return f"The mean wait is off by {own:.0f} s on average, “as last month” by {naive:.0f} s; {told}"
