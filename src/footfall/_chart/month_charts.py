"""Charts over months: the electronic share, channel shares, forecasts."""

import textwrap
from math import ceil

import polars as pl
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from footfall._chart.style import GREY, INK, MEASURED, PREDICTED, Chart, Heading, Stamp, figure, look, nothing
from footfall._stats.intervals import percent

# ── The electronic share over months against the KPI: fan chart, and the share of futures that meet it

HEIGHT_IN = 5.6
_SHARE = "electronic_share_p"


def share_by_month(months: pl.DataFrame, definition: str, stamp: Stamp) -> Chart:
    """Draw the fan of the electronic share by month with the KPI, and below it the probability of meeting it.

    `months` has one definition, the columns of `fan`, and upgraded_share, the share of customers whose
    province is upgraded; `definition` describes what the share counts, and is printed.
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
        "they differ in slopes that have not been measured.",
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
    """Mark the months of upgrades, as a dotted line with a triangle at its foot."""
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


# ── Channel shares by month: recorded, and forecast with intervals

_COLUMNS = 3
_TICKS_MOST = 4
_SAID = (
    "Points: recorded shares of all cases of the month. Line and band: the forecast, and the range that "
    "holds 95 of 100 recorded shares."
)
_CAPTION = (
    "Each panel has its own scale. The band widens with the months ahead, since a level that changed before "
    "may change again; it includes counting noise and the variation of single months."
)


def shares_chart(shares: pl.DataFrame, stamp: Stamp) -> Chart:
    """Draw a panel per channel; `shares` has month (2015-06), state, channel, share, share_low, share_high.

    `state` is `recorded` or `forecast`; channels keep the order of the table; the title is about the last.
    """
    if shares.is_empty():
        heading = Heading(title="No shares were forecast", subtitle=_SAID, stamp=stamp)
        return nothing(heading, shares, "no month")
    channels = shares["channel"].unique(maintain_order=True).to_list()
    heading = Heading(title=_finding(shares), subtitle=_SAID, stamp=stamp)
    months = _every_month(shares["month"])
    columns = 2 if len(channels) == 4 else min(len(channels), _COLUMNS)  # noqa: PLR2004  two by two
    lines = ceil(len(channels) / columns)
    with look():
        made = figure(heading, 1.6 + 2.2 * lines, legend_below=True)
        panels = made.subplots(lines, columns, squeeze=False).ravel()
        for axes, channel in zip(panels, channels, strict=False):
            _panel(axes, shares.filter(pl.col("channel") == channel), months)
            axes.set_title(_short(channel), fontsize=9, color=GREY, loc="left")
        for axes in panels[len(channels) :]:
            axes.axis("off")
        for axes in panels[::columns]:
            axes.set_ylabel("share, %")
        made.legend(*panels[0].get_legend_handles_labels(), loc="outside lower left", ncols=3)
    return Chart(figure=made, frame=shares, title=heading.title, caption=_CAPTION)


def _finding(shares: pl.DataFrame) -> str:
    forecast = shares.filter(pl.col("state") == "forecast")
    if forecast.is_empty():
        return "Shares as recorded"
    last = forecast.row(-1, named=True)
    recorded = shares.filter((pl.col("state") == "recorded") & (pl.col("channel") == last["channel"]))
    before = ""
    if recorded.height:
        before = f"; recorded in {recorded['month'][-1]}: {percent(recorded['share'][-1])}"
    bounds = f"{last['share_low'] * 100:.1f} – {percent(last['share_high'])}"
    name = _short(last["channel"])
    forecast_of = f"{name[:1].upper()}{name[1:]}: {percent(last['share'])}"
    return f"{forecast_of} forecast for {last['month']} ({bounds}){before}"


def _every_month(months: pl.Series) -> list[str]:
    """Return all months from the first to the last, gaps included."""
    first, last = ((int(each[:4]) * 12 + int(each[5:7]) - 1) for each in (min(months), max(months)))
    return [f"{at // 12:04d}-{at % 12 + 1:02d}" for at in range(first, last + 1)]


def _short(channel: str) -> str:
    return textwrap.shorten(channel, 28, placeholder="…") or "…"


def _panel(axes: Axes, mine: pl.DataFrame, months: list[str]) -> None:
    place = {month: at for at, month in enumerate(months)}
    recorded = mine.filter(pl.col("state") == "recorded")
    forecast = mine.filter(pl.col("state") == "forecast")
    at = [place[month] for month in recorded["month"]]
    shares = (recorded["share"] * 100).to_list()
    axes.plot(at, shares, color=MEASURED, linewidth=0.9, marker="o", markersize=3.5, label="recorded")
    if forecast.height:
        ahead = [place[month] for month in forecast["month"]]
        low, middle, high = ((forecast[n] * 100).to_list() for n in ("share_low", "share", "share_high"))
        half = 0.3
        axes.fill_between(
            [ahead[0] - half, *ahead, ahead[-1] + half],
            [low[0], *low, low[-1]],
            [high[0], *high, high[-1]],
            color=PREDICTED,
            alpha=0.22,
            linewidth=0,
            label="95 % interval",
        )
        axes.plot(ahead, middle, color=PREDICTED, linewidth=2, marker="s", markersize=3.5, label="forecast")
    step = ceil(len(months) / _TICKS_MOST)
    axes.set_xticks(range(0, len(months), step), months[::step])
    axes.set_xlim(-0.5, len(months) - 0.5)
    most = max([*shares, *(forecast["share_high"] * 100).to_list(), 1.0])
    axes.set_ylim(0, min(100.0, most * 1.08))
