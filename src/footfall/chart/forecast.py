"""Months as they were foretold from earlier ones: which input was off, and what came of it."""

import polars as pl
from matplotlib.axes import Axes

from footfall.chart.style import GREY, PREDICTED, Chart, Heading, Stamp, figure, look, name_of, nothing
from footfall.chart.validation import greatest, pairs

_SAID = (
    "Above, what went in: calls, agents and talk, learned from all earlier months. Below, what came out, "
    "with the range in which 95 of 100 such months lie if nothing changes."
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
        made.legend(*rows[1][0].get_legend_handles_labels(), loc="outside lower left", ncols=3)
    return Chart(figure=made, frame=months, title=heading.title, caption=_CAPTION)


def _panel(axes: Axes, months: pl.DataFrame, name: str, factor: float) -> None:
    pairs(axes, months, name, factor)
    if name == _WAIT:
        low, high = (months[f"{name}_predicted_{end}"].cast(pl.Float64) for end in ("low", "high"))
        known = [n for n, value in enumerate(low) if value is not None]
        axes.vlines(known, low[known], high[known], color=PREDICTED, linewidth=1.2, label="range of 95 %")
        axes.set_ylim(0, max(axes.get_ylim()[1], 1.05 * greatest(high)))
    axes.set_xticks(range(months.height), [name_of(month) for month in months["month"]])


def _finding(months: pl.DataFrame) -> str:
    recorded, predicted = months["wait_s_mean_recorded"], months["wait_s_mean_predicted"]
    off = 100 * greatest((predicted / recorded - 1).abs().filter(recorded > 0))
    low, high = months["wait_s_mean_predicted_low"], months["wait_s_mean_predicted_high"]
    inside = recorded.is_between(low, high).sum()
    told = f"{inside} of {months.height} months lie in their range"
    return f"Foretold from earlier months, the mean wait is off by up to {off:.0f} %; {told}"
