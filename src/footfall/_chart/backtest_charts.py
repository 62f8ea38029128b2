"""Recorded days next to their prediction intervals, one panel for each figure."""

import polars as pl
from matplotlib.axes import Axes

from footfall._chart.style import GREY, INK, MEASURED, PREDICTED, Chart, Heading, Stamp, figure, look, nothing

PANELS = {
    "arrivals": ("arrivals a day", 1.0),
    "wait_s_mean": ("mean wait, s", 1.0),
    "abandoned_share": ("abandoned, %", 100.0),
}
"""Label of each figure, and the factor from its unit in the table to that of the axis."""
_SAID = (
    "Recorded figure of each day, and the prediction from earlier days with its 95 % interval; 95 of 100 "
    "days should lie inside."
)
_LABELS_MOST = 14
_PANEL_IN = 1.75


def backtest_chart(days: pl.DataFrame, stamp: Stamp) -> Chart:
    """Each figure of each tested day: recorded, predicted, and the interval.

    `days` has day, and of each figure of `PANELS` `_recorded`, `_predicted`, `_low`, `_high` and `_inside`.
    """
    names = [name for name in PANELS if f"{name}_recorded" in days.columns]
    known = [name for name in names if days[f"{name}_inside"].drop_nulls().len()]
    if not known:
        return nothing(Heading(title="No day to compare", subtitle=_SAID, stamp=stamp), days, "no days")
    heading = Heading(title=_finding(days, known), subtitle=_SAID, stamp=stamp)
    with look():
        made = figure(heading, 1.3 + _PANEL_IN * len(known), legend_below=True)
        panels = made.subplots(len(known), 1, sharex=True, squeeze=False)[:, 0]
        for axes, name in zip(panels, known, strict=True):
            _panel(axes, days, name)
        _label_days(panels[-1], days)
        made.legend(*panels[0].get_legend_handles_labels(), loc="outside lower left", ncols=4)
    return Chart(figure=made, frame=days, title=heading.title, caption=_SAID)


def _panel(axes: Axes, days: pl.DataFrame, name: str) -> None:
    label, factor = PANELS[name]
    column = {
        what: (days[f"{name}_{what}"].cast(pl.Float64) * factor).to_numpy()
        for what in ("recorded", "predicted", "low", "high")
    }
    places = list(range(days.height))
    axes.vlines(
        places, column["low"], column["high"], color=PREDICTED, alpha=0.35, linewidth=4, label="95 % interval"
    )
    axes.plot(places, column["predicted"], "_", color=PREDICTED, markersize=8, label="predicted")
    axes.plot(places, column["recorded"], "D", color=MEASURED, markersize=4, label="recorded")
    outside = [k for k, inside in enumerate(days[f"{name}_inside"]) if inside is False]
    axes.plot(
        outside,
        column["recorded"][outside],
        "o",
        markersize=10,
        markerfacecolor="none",
        color=INK,
        label="outside its interval",
    )
    axes.set_title(label, fontsize=9, color=GREY, loc="left")
    axes.set_ylim(bottom=0)
    if factor > 1:
        axes.set_ylim(0, min(100.0, axes.get_ylim()[1]))


def _label_days(axes: Axes, days: pl.DataFrame) -> None:
    step = -(-days.height // _LABELS_MOST)
    places = list(range(0, days.height, step))
    axes.set_xticks(places, [f"{days['day'][k]:%a %d %b}" for k in places], rotation=30, ha="right")
    axes.set_xlim(-0.6, days.height - 0.4)


def _finding(days: pl.DataFrame, names: list[str]) -> str:
    parts = []
    for name in names:
        known = days[f"{name}_inside"].drop_nulls()
        parts.append(f"{PANELS[name][0].partition(',')[0]} {int(known.sum())} of {known.len()}")
    return f"Days inside their interval: {'; '.join(parts)}"
