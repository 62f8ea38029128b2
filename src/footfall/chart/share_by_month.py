"""The electronic share over months against the KPI: the fan of futures, and how many of them meet it."""

import polars as pl
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from footfall.chart.style import (
    GREY,
    INK,
    MEASURED,
    PREDICTED,
    Chart,
    Heading,
    Stamp,
    figure,
    look,
    nothing,
    percent,
)

HEIGHT_IN = 5.6
_SHARE = "electronic_share_p"


def share_by_month(months: pl.DataFrame, definition: str, stamp: Stamp) -> Chart:
    """Fan of the electronic share by month, with the KPI, and below it the probability of meeting it.

    `months` has one definition, its columns those of `fan`, and upgraded_share, the customers whose province
    is upgraded; `definition` says what the share counts, and is printed.
    """
    said = f"{definition[:1].upper()}{definition[1:]}."
    if months.is_empty():
        heading = Heading(title="No months were simulated", subtitle=said, stamp=stamp)
        return nothing(heading, months, "no months")
    last = months.sort("month").row(-1, named=True)
    kpi = percent(last["kpi_share"], 0 if float(last["kpi_share"] * 100).is_integer() else 1)
    heading = Heading(
        title=f"The electronic share is {percent(last[f'{_SHARE}50'])} in month {last['month']}; "
        f"{percent(last['met_share'], 0)} of futures meet {kpi}",
        subtitle=f"Definition {last['definition']!r}: {said} {last['futures']:,} futures; "
        "they differ in slopes that nobody has measured.",
        stamp=stamp,
    )
    with look():
        made = figure(heading, HEIGHT_IN, legend_below=True)
        fan, met = made.subplots(2, 1, sharex=True, height_ratios=[3, 1])
        _draw_fan(fan, months, f"KPI {kpi}")
        _draw_met(met, months)
        _mark_upgrades((fan, met), months)
        first = min(months["month"].to_list())
        met.set_xlim(first, max(first + 1, last["month"]))
        met.xaxis.set_major_locator(MaxNLocator(13, integer=True, steps=[1, 2, 3, 6, 10]))
        met.set_xlabel("month")
        handles, labels = fan.get_legend_handles_labels()
        made.legend(handles, labels, loc="outside lower left", ncols=5)
    caption = (
        "Dark band: half of the futures; light band: 90 % of them; line: the median. The fan is what is not "
        "known of the slopes, not the chance of single months. Below: the share of futures whose month meets "
        "the KPI, with its 95 % interval."
    )
    return Chart(figure=made, frame=months, title=heading.title, caption=caption)


def _draw_fan(axes: Axes, months: pl.DataFrame, kpi: str) -> None:
    at = months["month"].to_list()
    band = {q: (months[f"{_SHARE}{q}"] * 100).to_list() for q in ("05", "25", "50", "75", "95")}
    axes.fill_between(
        at, band["05"], band["95"], color=PREDICTED, alpha=0.16, linewidth=0, label="5 – 95 % of futures"
    )
    axes.fill_between(at, band["25"], band["75"], color=PREDICTED, alpha=0.34, linewidth=0, label="25 – 75 %")
    axes.plot(at, band["50"], color=PREDICTED, linewidth=2, marker="o", markersize=2.5, label="median")
    kpi_percent = (months["kpi_share"] * 100).to_list()
    axes.plot(at, kpi_percent, color=MEASURED, linewidth=1.6, linestyle=(0, (6, 2)), label=kpi)
    low, high = min(*band["05"], *kpi_percent), max(*band["95"], *kpi_percent)
    axes.set(ylim=(max(0.0, low - 0.5), min(100.0, high + 0.8)), ylabel="electronic share, %")


def _draw_met(axes: Axes, months: pl.DataFrame) -> None:
    at = months["month"].to_list()
    met, low, high = (
        (months[name] * 100).to_list() for name in ("met_share", "met_share_low", "met_share_high")
    )
    axes.fill_between(at, low, high, color=INK, alpha=0.18, linewidth=0)
    axes.plot(at, met, color=INK, linewidth=1.6, marker="s", markersize=2.5)
    axes.set(ylim=(0, 100), ylabel="KPI met,\n% of futures")
    axes.yaxis.set_major_locator(MaxNLocator(2))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}"))


def _mark_upgrades(panels: tuple[Axes, Axes], months: pl.DataFrame) -> None:
    """Mark the months in which provinces are upgraded, as a dotted line and a triangle at its foot."""
    rises = months.sort("month").with_columns(pl.col("upgraded_share").diff().alias("rise"))
    at = rises.filter(pl.col("rise") > 0)["month"].to_list()
    for axes in panels:
        for month in at:
            axes.axvline(month, color=GREY, alpha=0.6, linewidth=0.8, linestyle=(0, (1, 2)), zorder=0.8)
    if at:
        low, _ = panels[0].get_ylim()
        panels[0].plot(
            at, [low] * len(at), "^", color=GREY, markersize=6, clip_on=False, label="upgrade of provinces"
        )
