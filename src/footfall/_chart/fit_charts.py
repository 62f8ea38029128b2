"""Charts of a fit together with the data of the log, and of its test on later days."""

from collections.abc import Sequence

import polars as pl
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from footfall._chart import style
from footfall._chart.style import GREY, INK, MEASURED, PREDICTED, Chart, Heading, Stamp, figure, look, nothing
from footfall._stats.intervals import percent

# ── Panels side by side, one per kind of customer

PANELS_MOST = 6
_ACROSS = 3
_ROW_IN = 2.9
_HEAD_IN = 1.35
_RATIO_TICKS = (
    *((10.0**-k, f"{10 ** (6 - k)} µs") for k in (6, 5, 4)),
    *((10.0**-k, f"{10 ** (3 - k)} ms") for k in (3, 2, 1)),
    *((1.0, "1 s"), (10.0, "10 s"), (60.0, "1 min"), (600.0, "10 min"), (3600.0, "1 h"), (36_000.0, "10 h")),
)
_EVEN_STEPS = (
    *((step_s, "ms", 0.001) for step_s in (0.001, 0.01, 0.1)),
    *((step_s, "s", 1.0) for step_s in (1.0, 5.0, 10.0, 20.0)),
    *((step_s, "min", 60.0) for step_s in (60.0, 120.0, 300.0, 600.0, 1200.0)),
    *((step_s, "h", 3600.0) for step_s in (3600.0, 7200.0, 21_600.0, 86_400.0)),
)


def panels(heading: style.Heading, names: Sequence[str]) -> tuple[Figure, list[Axes]]:
    """Create a figure with one panel per name, three in a row; call it inside `look`."""
    across = min(len(names), _ACROSS)
    down = -(-len(names) // across)
    row_in = _ROW_IN if across > 1 else _ROW_IN * 1.3
    made = style.figure(heading, _HEAD_IN + row_in * down, legend_below=True)
    grid = made.subplots(down, across, squeeze=False)
    every = [axes for row in grid for axes in row]
    for axes in every[len(names) :]:
        axes.axis("off")
    for axes, name in zip(every, names, strict=False):
        axes.set_title(name, fontsize=10, loc="left")
    return made, every[: len(names)]


def legend_below(made: Figure, axes: Axes) -> None:
    """Put one legend for all panels next to the footer."""
    handles, labels = axes.get_legend_handles_labels()
    made.legend(handles, labels, loc="outside lower left", ncols=len(labels))


def _ratio_ticks(axis: Axis, low_s: float, high_s: float) -> None:
    """Put ticks of a logarithmic axis of seconds at round times."""
    inside = [(tick_s, text) for tick_s, text in _RATIO_TICKS if low_s <= tick_s <= high_s]
    axis.set_ticks([tick_s for tick_s, _ in inside], [text for _, text in inside])
    axis.set_minor_locator(NullLocator())


def _even_ticks(axis: Axis, high_s: float, most: int = 5) -> None:
    """Put ticks of a linear axis of seconds from 0 at round times."""
    fitting = (step for step in _EVEN_STEPS if high_s / step[0] <= most)
    step_s, unit, unit_s = next(fitting, _EVEN_STEPS[-1])
    ticks = [step_s * k for k in range(int(high_s / step_s) + 1)]
    axis.set_ticks(ticks, ["0" if not tick else f"{tick / unit_s:g} {unit}" for tick in ticks])


# ── Arrivals by half hour: each weekday, and the mean day with its interval

HALF_HOUR_S = 1800
EVERY = "*"
_SHOWN_SHARE = 0.01
"""Half hours before the first and after the last with this share of the maximum are not drawn."""
_LINES = {
    "monday": ("#e69f00", "-"),
    "tuesday": ("#009e73", "--"),
    "wednesday": ("#d55e00", "-."),
    "thursday": ("#cc79a7", ":"),
    "friday": ("#7b61a8", (0, (5, 1, 1, 1, 1, 1))),
    "saturday": ("#56b4e9", (0, (8, 2))),
    "sunday": ("#8c6d1f", (0, (3, 1))),
}


def arrivals_by_weekday(rates: pl.DataFrame, stamp: style.Stamp) -> style.Chart:
    """Draw arrivals per half hour: one line per weekday, and the mean day with its 95 % band.

    `rates` has weekday (`*`: all days), half_hour, days, per_half_hour_mean, _low and _high.
    """
    mean = rates.filter(pl.col("weekday") == EVERY).sort("half_hour")
    if mean.is_empty() or not mean["per_half_hour_mean"].sum():
        heading = style.Heading(
            title="No arrivals", subtitle="Arrivals by half hour and weekday", stamp=stamp
        )
        return style.nothing(heading, rates, "no arrivals")
    busiest = mean.row(mean["per_half_hour_mean"].arg_max() or 0, named=True)
    starts_s = busiest["half_hour"] * HALF_HOUR_S
    bounds = f"{busiest['per_half_hour_low']:.1f} to {busiest['per_half_hour_high']:.1f}"
    heading = style.Heading(
        title=f"The mean day is busiest from {style.clock(starts_s)} to "
        f"{style.clock(starts_s + HALF_HOUR_S)}: {busiest['per_half_hour_mean']:.1f} arrivals ({bounds})",
        subtitle=f"Arrivals per half hour, mean of {busiest['days']} days with its 95 % interval over days, "
        "and the mean of each weekday.",
        stamp=stamp,
    )
    with style.look():
        made = style.figure(heading)
        _draw(rates, mean, made.subplots())
    caption = (
        "A wide band means few days, or days that differ. Lines far apart call for one model per weekday."
    )
    return style.Chart(figure=made, frame=rates, title=heading.title, caption=caption)


def _draw(rates: pl.DataFrame, mean: pl.DataFrame, axes: Axes) -> None:
    most = float(mean["per_half_hour_mean"].to_numpy().max())
    busy = mean.filter(pl.col("per_half_hour_mean") > _SHOWN_SHARE * most)["half_hour"]
    first, last = min(busy), max(busy) + 1
    axes.fill_between(
        mean["half_hour"] / 2 + 0.25,
        mean["per_half_hour_low"],
        mean["per_half_hour_high"],
        color=style.PREDICTED,
        alpha=0.18,
        linewidth=0,
        label="95 % interval",
    )
    for weekday, (colour, dashes) in _LINES.items():
        one = rates.filter(pl.col("weekday") == weekday).sort("half_hour")
        if not one.is_empty():
            hours, values = one["half_hour"] / 2 + 0.25, one["per_half_hour_mean"]
            label = f"{weekday} ({one['days'][0]})"
            axes.plot(hours, values, color=colour, linestyle=dashes, linewidth=1.1, label=label)
    hours, values = mean["half_hour"] / 2 + 0.25, mean["per_half_hour_mean"]
    axes.plot(hours, values, color=style.INK, linewidth=2.2, label="mean day")
    top = float(rates["per_half_hour_mean"].to_numpy().max())
    axes.set(ylim=(0, max(top, float(mean["per_half_hour_high"].to_numpy().max())) * 1.08))
    axes.set_ylabel("arrivals per half hour")
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    style.hours_axis(axes, first / 2, last / 2)


# ── Patience: Kaplan–Meier with Greenwood's band, and the curve of the model

_MINUTE_S = 60.0
_AT_RISK_LEAST = 5
"""With fewer still waiting, the curve is not drawn: its steps are too large."""


def patience_curves(curves: pl.DataFrame, stamp: style.Stamp) -> style.Chart:
    """Draw the share still waiting if no one had been served, one panel per kind.

    `curves` has kind, left, waits, law, second, at_risk, survival_share, survival_low, survival_high and
    fitted_share.
    """
    if curves.is_empty():
        heading = style.Heading(title="No customer left while waiting", subtitle="Patience", stamp=stamp)
        return style.nothing(heading, curves, "no patience to fit")
    most = curves.group_by("kind").agg(pl.col("left").first()).sort("left", "kind", descending=[True, False])
    kinds = most["kind"].head(PANELS_MOST).to_list()
    first = curves.filter(pl.col("kind") == kinds[0]).sort("second")
    by_minute = first.filter(pl.col("second") <= _MINUTE_S)
    still = by_minute["survival_share"][-1] if by_minute.height else 1.0
    left_out = (
        f" The {PANELS_MOST} kinds with the most customers who left." if most.height > PANELS_MOST else ""
    )
    heading = style.Heading(
        title=f"{style.name_of(kinds[0])}: {percent(still, 0)} would still wait after a minute",
        subtitle="Share still waiting if no one were served: Kaplan–Meier with its 95 % band (Greenwood), "
        f"and the patience in the model.{left_out}",
        stamp=stamp,
    )
    with style.look():
        made, every = panels(heading, [style.name_of(kind) for kind in kinds])
        for axes, kind in zip(every, kinds, strict=True):
            _draw_patience(curves.filter(pl.col("kind") == kind).sort("second"), axes)
        legend_below(made, every[0])
    caption = (
        "Served customers count as willing to wait at least as long as they did. The curve ends where "
        "few were still waiting."
    )
    return style.Chart(figure=made, frame=curves, title=heading.title, caption=caption)


def _draw_patience(curve: pl.DataFrame, axes: Axes) -> None:
    known = curve.filter(pl.col("at_risk") >= _AT_RISK_LEAST)["second"]
    end_s = max(known[-1] if known.len() else curve["second"][-1], 0.001)
    curve = curve.filter(pl.col("second") <= end_s)  # lines are not clipped at the panel's edge
    seconds = [0.0, *curve["second"]]
    low, high = [1.0, *curve["survival_low"]], [1.0, *curve["survival_high"]]
    axes.fill_between(
        seconds, low, high, step="post", color=style.PREDICTED, alpha=0.2, linewidth=0, label="95 % band"
    )
    shares = [1.0, *curve["survival_share"]]
    axes.step(
        seconds,
        shares,
        where="post",
        color=style.PREDICTED,
        linewidth=1.6,
        clip_on=False,
        label="Kaplan–Meier",
    )
    fitted = [1.0, *curve["fitted_share"]]
    axes.plot(seconds, fitted, color=style.MEASURED, linestyle="--", linewidth=1.3, label="in the model")
    one = curve.row(0, named=True)
    label = f"{one['law']}\n{one['left']:,} of {one['waits']:,} left"
    axes.text(0.04, 0.04, label, transform=axes.transAxes, va="bottom", fontsize=8, color=style.GREY)
    axes.set(ylim=(0, 1), xlim=(0, end_s), ylabel="still waiting")
    axes.yaxis.set_major_formatter(lambda value, _place: f"{value:.0%}".replace("%", " %"))
    _even_ticks(axes.xaxis, end_s)


# ── Q-Q chart: quantiles of the data against those of the fitted distribution


def service_quantiles(points: pl.DataFrame, stamp: style.Stamp) -> style.Chart:
    """Draw quantiles of service times against those of the best distribution, one panel per kind.

    `points` has kind, law (the distribution's name), kept (whether the model has it), distance_share, times,
    share, data_s, law_s.
    """
    if points.is_empty():
        heading = style.Heading(title="No services to fit", subtitle="Quantiles of service", stamp=stamp)
        return style.nothing(heading, points, "too few service times")
    most = (
        points.group_by("kind").agg(pl.col("times").first()).sort("times", "kind", descending=[True, False])
    )
    kinds = most["kind"].head(PANELS_MOST).to_list()
    one = points.filter(pl.col("kind") == kinds[0]).row(0, named=True)
    said = f"{one['law']} is within {percent(one['distance_share'])} of the services"
    left_out = f" The {PANELS_MOST} most frequent kinds." if most.height > PANELS_MOST else ""
    heading = style.Heading(
        title=f"{style.name_of(kinds[0])}: {said}" + ("" if one["kept"] else ", which is not close enough"),
        subtitle="Quantiles (0.5 % to 99.5 %) of the service times against those of the best distribution; "
        f"on the line they agree.{left_out}",
        stamp=stamp,
    )
    with style.look():
        made, every = panels(heading, [style.name_of(kind) for kind in kinds])
        for axes, kind in zip(every, kinds, strict=True):
            _draw_quantiles(points.filter(pl.col("kind") == kind), axes)
        legend_below(made, every[0])
    caption = (
        "Points above the line: the data have longer times than the distribution. One that is clearly off by "
        "more than 3 % of the services anywhere is not used: the model then has the measured distribution."
    )
    return style.Chart(figure=made, frame=points, title=heading.title, caption=caption)


def _draw_quantiles(points: pl.DataFrame, axes: Axes) -> None:
    shown = points.filter(pl.col("data_s") > 0, pl.col("law_s") > 0)
    axes.plot(
        shown["law_s"],
        shown["data_s"],
        "o",
        markersize=3.2,
        color=style.PREDICTED,
        label="quantiles of the data",
    )
    ends = [*shown["law_s"], *shown["data_s"]] or [1.0, 10.0]
    low, high = min(ends) * 0.8, max(ends) * 1.25
    axes.plot([low, high], [low, high], color=style.GREY, linewidth=1, label="distribution and data agree")
    one = points.row(0, named=True)
    kept = one["law"] if one["kept"] else f"{one['law']}: not used"
    label = f"{kept}\n{one['times']:,} services"
    axes.text(0.04, 0.96, label, transform=axes.transAxes, va="top", fontsize=8, color=style.GREY)
    axes.set(xscale="log", yscale="log", xlim=(low, high), ylim=(low, high))
    axes.set(xlabel=f"{one['law']}", ylabel="data")
    for axis in (axes.xaxis, axes.yaxis):
        _ratio_ticks(axis, low, high)


# ── Histogram of service times, those excluded from the fit marked


def service_outliers(bins: pl.DataFrame, short_s: float, stamp: style.Stamp) -> style.Chart:
    """Draw a histogram of all services on a logarithmic scale, the short ones marked.

    `bins` has from_s, to_s, services, short (whether they are excluded from the fit).
    """
    if not bins["services"].sum():
        heading = style.Heading(title="No service times", subtitle="Service times", stamp=stamp)
        return style.nothing(heading, bins, "no service times")
    total, short = int(bins["services"].sum()), int(bins.filter(pl.col("short"))["services"].sum())
    longest_s = float(bins.filter(pl.col("services") > 0)["to_s"][-1])
    title = f"No service is excluded; the longest took up to {style.duration(longest_s)}"
    if short:
        title = (
            f"{percent(short / total)} of services are shorter than {style.duration(short_s)}: not in the fit"
        )
    subtitle = f"All {total:,} services by how long they took; each bar is a fifth wider than the one before."
    heading = style.Heading(title=title, subtitle=subtitle, stamp=stamp)
    with style.look():
        made = style.figure(heading, 4.4, legend_below=True)
        axes = made.subplots()
        _draw_service_times(bins, axes)
        legend_below(made, axes)
    caption = (
        "A peak at the left end is often agents who hang up, or clicks; one at the right end, sessions that "
        "were never closed."
    )
    return style.Chart(figure=made, frame=bins, title=heading.title, caption=caption)


def _draw_service_times(bins: pl.DataFrame, axes: Axes) -> None:
    for is_short, colour, hatch, label in (
        (False, style.PREDICTED, "", "fitted"),
        (True, style.MEASURED, "//", "short"),
    ):
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
    _ratio_ticks(axes.xaxis, seen["from_s"][0], seen["to_s"][-1])


# ── Staff on duty and busy, by half hour of the day


def staff_by_half_hour(staff: pl.DataFrame, by_agent: bool, stamp: style.Stamp) -> style.Chart:  # noqa: FBT001  a fact of the log
    """Draw the mean staff by half hour, with the middle 80 % of days, and the mean number busy.

    `staff` has half_hour, days, on_duty_mean, on_duty_p10, on_duty_p90, busy_mean.
    """
    if staff.is_empty() or not staff["on_duty_mean"].sum():
        heading = style.Heading(title="No staff known", subtitle="Staff by half hour", stamp=stamp)
        return style.nothing(heading, staff, "no row has service times")
    ordered = staff.sort("half_hour")
    most = ordered.row(ordered["on_duty_mean"].arg_max() or 0, named=True)
    at_s = most["half_hour"] * HALF_HOUR_S
    what = "agents on duty" if by_agent else "served at once at most"
    busy_share = float(ordered["busy_mean"].sum()) / float(ordered["on_duty_mean"].sum())
    busy = f"busy {busy_share:.0%} of the time".replace("%", " %")
    heading = style.Heading(
        title=f"Most staff from {style.clock(at_s)} to {style.clock(at_s + HALF_HOUR_S)}: "
        f"{most['on_duty_mean']:.1f} {what}; {busy}",
        subtitle=f"Staff by half hour, mean of {most['days']} days; the band holds eight days of ten. "
        + ("On duty is from one service to the next." if by_agent else "No agents are named in the log."),
        stamp=stamp,
    )
    with style.look():
        made = style.figure(heading, legend_below=True)
        axes = made.subplots()
        _draw_staff(ordered, what, axes)
        legend_below(made, axes)
    caption = "The difference between on duty and busy is idle time, wrap-up, or short breaks."
    return style.Chart(figure=made, frame=staff, title=heading.title, caption=caption)


def _draw_staff(staff: pl.DataFrame, what: str, axes: Axes) -> None:
    most = float(staff["on_duty_mean"].to_numpy().max())
    there = staff.filter(pl.col("on_duty_mean") > 0.01 * most)["half_hour"]
    first, last = min(there, default=0), max(there, default=47) + 1
    shown = staff.filter(pl.col("half_hour").is_between(first, last - 1))
    edges = [half / 2 for half in range(first, last + 1)]
    low, high = shown["on_duty_p10"].to_list(), shown["on_duty_p90"].to_list()
    axes.stairs(
        high, edges, baseline=low, fill=True, color=style.PREDICTED, alpha=0.18, label="eight days of ten"
    )
    axes.stairs(shown["on_duty_mean"].to_list(), edges, color=style.PREDICTED, linewidth=2, label=what)
    axes.stairs(
        shown["busy_mean"].to_list(), edges, color=style.MEASURED, linestyle="--", linewidth=1.6, label="busy"
    )
    axes.set(ylim=(0, max(high) * 1.1), ylabel="staff")
    style.hours_axis(axes, edges[0], edges[-1])


# ── Recorded days next to their prediction intervals, one panel for each figure

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
