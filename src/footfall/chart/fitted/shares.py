"""Channel shares by month: recorded, and forecast with the interval."""

import textwrap
from math import ceil

import polars as pl
from matplotlib.axes import Axes

from footfall.chart.style import (
    GREY,
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

_COLUMNS = 3
_TICKS_MOST = 4
_SAID = (
    "Points: recorded shares of all cases of the month. Line and band: the forecast, and the range that "
    "holds 95 of 100 recorded shares."
)
_CAPTION = (
    "Each panel has its own scale. The band widens with the months ahead, since a level that changed before "
    "may change again; it includes what counting few cases and the events of a single month add."
)


def shares_chart(shares: pl.DataFrame, stamp: Stamp) -> Chart:
    """A panel for each channel; `shares` has month (2015-06), state, channel, share, share_low, share_high.

    `state` is `recorded` or `forecast`; channels keep the order of the table, and the title is of the last.
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
    told = _short(last["channel"])
    forecast_of = f"{told[:1].upper()}{told[1:]}: {percent(last['share'])}"
    return f"{forecast_of} forecast for {last['month']} ({bounds}){before}"


def _every_month(months: pl.Series) -> list[str]:
    """Give all months from the first to the last, gaps included."""
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
