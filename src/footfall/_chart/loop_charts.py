"""The charts of a loop: loads sent, prediction by load, what was measured, the outage."""

from dataclasses import dataclass
from math import isinf
from typing import Any

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from footfall._chart import style

Bounds = tuple[float, float, float]
"""Value, low and high end of its 95 % interval; the high end may be inf."""
_LEAST_S = 1e-3
_SHORT_S = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopMarks:
    """What is marked in the charts by load; None: not known."""

    knee_predicted: Bounds | None
    knee_measured: Bounds | None
    learned_most_per_s: float
    """Highest load that was learned from."""
    beyond_per_s: float
    limit_s: float | None
    """Of the 95th percentile."""


def loads_chart(loads: pl.DataFrame, stamp: style.Stamp) -> style.Chart:
    """Draw the loads one after another: sent and served per second, and response times.

    `loads` has offered_per_s, throughput_per_s, p50_s, p95_s, length_s and is_learned_from, a row a load.
    """
    learned = loads.filter("is_learned_from") if loads.height else loads
    most = max(learned["offered_per_s"].to_list()) if learned.height else 0.0
    heading = style.Heading(
        title=f"{learned.height} loads up to {style.rate_text(most)} arrivals/s, "
        f"the highest with {_slowest(learned)}"
        if learned.height
        else "No load was below the limit",
        subtitle="One load after another, pauses left out. Dark: learned from. Pale: short loads on the way, "
        "to find out how much the service can take without pushing it over.",
        stamp=stamp,
    )
    if loads.is_empty():
        return style.nothing(heading, loads, "no load was played")
    ends = np.cumsum(loads["length_s"].to_numpy())
    starts = ends - loads["length_s"].to_numpy()
    with style.look():
        made = style.figure(heading, 4.6, legend_below=True)
        rates, times = made.subplots(2, 1, sharex=True, height_ratios=(1.2, 1))
        for row, start, end in zip(loads.iter_rows(named=True), starts, ends, strict=True):
            alpha = 0.9 if row["is_learned_from"] else 0.3
            rates.fill_between(
                [start, end], 0, row["offered_per_s"], color=style.PALE, alpha=alpha, linewidth=0
            )
            rates.hlines(
                row["throughput_per_s"], start, end, color=style.MEASURED, linewidth=2.2, alpha=alpha
            )
            for name, line in (("p95_s", "-"), ("p50_s", ":")):
                if row[name] is not None:
                    times.hlines(
                        row[name],
                        start,
                        end,
                        color=style.MEASURED,
                        linewidth=1.8,
                        linestyle=line,
                        alpha=alpha,
                    )
        rates.fill_between([], [], color=style.PALE, label="sent")
        rates.plot([], [], color=style.MEASURED, linewidth=2.2, label="served")
        times.plot([], [], color=style.MEASURED, label="p95")
        times.plot([], [], color=style.MEASURED, linestyle=":", label="p50")
        rates.set(ylabel="arrivals/s", ylim=(0, None))
        times.set(xlabel="seconds of load", xlim=(0, float(ends[-1])))
        _time_axis(times, [*loads["p50_s"].to_list(), *loads["p95_s"].to_list()])
        made.align_ylabels([rates, times])
        _legend(made, (rates, times))
    caption = "As much came back as was sent, and quickly: the loads learned from are easy for the service."
    if learned.height and not _kept_up(learned):
        caption = "Some of what was sent did not come back in time."
    return style.Chart(figure=made, frame=loads, title=heading.title, caption=caption)


def prediction_by_load(curve: pl.DataFrame, marks: LoopMarks, stamp: style.Stamp) -> style.Chart:
    """Draw throughput and p95 against the offered load as predicted, with 95 % bands.

    `curve` has offered_per_s, and throughput_per_s and response_s_p95, each with `_low` and `_high`.
    """
    knee = marks.knee_predicted
    title = (
        "The capacity cannot be predicted from these loads"
        if knee is None
        else f"Predicted: it takes {_up_to(knee)}"
    )
    heading = style.Heading(
        title=title,
        subtitle="Lines: what a run at that load will measure; bands: 95 % of such runs. Shaded grey: the "
        "loads that were learned from. No run beyond them was used for this.",
        stamp=stamp,
    )
    if curve.is_empty():
        return style.nothing(heading, curve, "no curve: nothing would be served")
    with style.look():
        made = style.figure(heading, 5.2, legend_below=True)
        panels = made.subplots(2, 1, sharex=True)
        _by_load(panels, curve, marks)
        _knee(panels, marks.knee_predicted, style.PREDICTED, "capacity, predicted")
        _legend(made, panels)
    caption = "A service that can do no more serves no more, however many come; those who come wait longer."
    return style.Chart(figure=made, frame=curve, title=heading.title, caption=caption)


def measured_by_load(
    steps: pl.DataFrame, curve: pl.DataFrame, outage: pl.DataFrame, marks: LoopMarks, stamp: style.Stamp
) -> style.Chart:
    """Draw what was measured over the prediction, and below it the run with the outage by the second.

    `steps` has offered_per_s, throughput_per_s, p95_s, verdict and purpose; `outage` has second, came_per_s,
    served_per_s and is_outage, a row a second; it may be empty.
    """
    knee = marks.knee_measured
    title = "No capacity was measured" if knee is None else f"Measured: it takes {_up_to(knee)}"
    heading = style.Heading(
        title=title,
        subtitle="Points: load steps of 4 s and more, after the prediction; hollow, a criterion is broken. "
        "Lines and bands: as predicted. Below: the run with the outage, second by second.",
        stamp=stamp,
    )
    valid = steps
    if steps.height:
        # A shorter step says nothing about the long run: it ends before a queue has grown.
        valid = steps.filter((pl.col("verdict") != "invalid") & (pl.col("length_s") >= _SHORT_S))
    with style.look():
        made = style.figure(heading, 7.4 if outage.height else 5.2, legend_below=True)
        count = 3 if outage.height else 2
        panels = made.subplots(count, 1)
        two = (panels[0], panels[1])
        panels[0].sharex(panels[1])
        _by_load(two, curve, marks)
        for axes, name in zip(two, ("throughput_per_s", "p95_s"), strict=True):
            _points(axes, valid, name)
        _room_for(two, valid)
        _knee(two, marks.knee_measured, style.MEASURED, "capacity, measured")
        if outage.height:
            _outage(panels[2], outage)
        made.align_ylabels(list(panels))
        _legend(made, tuple(panels))
    caption = (
        "Where points lie in their band, the service did what had been predicted. The highest loads are "
        "beyond the capacity on purpose."
    )
    return style.Chart(figure=made, frame=valid, title=heading.title, caption=caption)


def _slowest(learned: pl.DataFrame) -> str:
    last = learned.sort("offered_per_s").tail(1)["p95_s"].to_list()
    return "no response" if not last or last[0] is None else f"p95 {style.duration(last[0])}"


def _kept_up(learned: pl.DataFrame) -> bool:
    return bool((learned["throughput_per_s"] >= 0.9 * learned["offered_per_s"]).all())


def _by_load(panels: tuple[Axes, Axes], curve: pl.DataFrame, marks: LoopMarks) -> None:
    """Draw both panels of the prediction."""
    rates, times = panels
    x = curve["offered_per_s"].to_numpy() if curve.height else np.empty(0)
    for axes, name in ((rates, "throughput_per_s"), (times, "response_s_p95")):
        axes.axvspan(0, marks.learned_most_per_s, color=style.PALE, alpha=0.3, linewidth=0, zorder=0)
        if curve.height:
            low, high = (curve[f"{name}{end}"].to_numpy() for end in ("_low", "_high"))
            axes.fill_between(x, low, high, color=style.PREDICTED, alpha=0.18, linewidth=0, zorder=1)
            axes.plot(
                x, curve[name].to_numpy(), color=style.PREDICTED, linewidth=1.4, zorder=2, label="predicted"
            )
        axes.axvline(marks.beyond_per_s, color=style.GREY, linewidth=0.8, linestyle=":", zorder=1)
    rates.fill_between([], [], color=style.PALE, alpha=0.3, label="learned from")
    rates.plot([], [], color=style.GREY, linestyle=":", linewidth=0.8, label="load beyond")
    rates.set(ylabel="served/s", ylim=(0, None))
    times.set(xlabel="offered load, arrivals/s", xlim=(0, marks.beyond_per_s * 1.15))
    known = [] if not curve.height else [*curve["response_s_p95_low"], *curve["response_s_p95_high"]]
    _time_axis(times, known)
    times.set_ylabel("p95 of responses")
    if marks.limit_s is not None:
        times.axhline(marks.limit_s, color=style.TARGET, linewidth=0.9, zorder=1, label="limit")


def _points(axes: Axes, steps: pl.DataFrame, name: str) -> None:
    for is_broken, filling, label in ((False, style.MEASURED, "measured"), (True, "white", None)):
        part = steps.filter((pl.col("verdict") == "broken") == is_broken) if steps.height else steps
        if part.height:
            axes.plot(
                part["offered_per_s"].to_numpy(),
                part[name].to_numpy(),
                "o",
                color=style.MEASURED,
                markerfacecolor=filling,
                markersize=5.5,
                zorder=4,
                label=label,
            )


def _room_for(panels: tuple[Axes, Axes], steps: pl.DataFrame) -> None:
    """Widen the axes of the prediction to what was measured."""
    if not steps.height:
        return
    rates, times = panels
    most = float(steps["throughput_per_s"].to_numpy().max())
    rates.set_ylim(0, max(rates.get_ylim()[1], most * 1.05))
    times.set_xlim(0, max(times.get_xlim()[1], float(steps["offered_per_s"].to_numpy().max()) * 1.05))
    known = [one for one in steps["p95_s"].to_list() if one is not None and one > _LEAST_S]
    if known:
        low, high = times.get_ylim()
        times.set_ylim(min(low, min(known) / 1.6), max(high, max(known) * 1.6))


def _outage(axes: Axes, outage: pl.DataFrame) -> None:
    second = outage["second"].to_numpy()
    axes.step(second, outage["came_per_s"], where="post", color=style.GREY, linewidth=1.2, label="came")
    axes.step(
        second, outage["served_per_s"], where="post", color=style.MEASURED, linewidth=1.4, label="served"
    )
    struck = outage.filter("is_outage")["second"].to_list()
    if struck:
        axes.axvspan(min(struck), max(struck) + 1, color=style.TARGET, alpha=0.1, linewidth=0, label="outage")
    axes.set(xlabel="second of the run with the outage", ylabel="per second", ylim=(0, None), xlim=(0, None))


def _knee(panels: tuple[Axes, Axes], knee: Bounds | None, colour: str, label: str) -> None:
    if knee is None:
        return
    for axes in panels:
        # Without an upper end the span reaches as far as the loads of the chart.
        high = max(knee[0], axes.get_xlim()[1]) if isinf(knee[2]) else knee[2]
        axes.axvspan(knee[1], high, color=colour, alpha=0.12, linewidth=0, zorder=0)
        axes.axvline(knee[0], color=colour, linewidth=1.3, linestyle="--", zorder=2, label=label)


def _up_to(knee: Bounds) -> str:
    value, low, high = knee
    if isinf(high):
        return f"{style.rate_text(value)} arrivals/s or more (at least {style.rate_text(low)})"
    return f"up to {style.rate_text(value)} arrivals/s ({style.rate_text(low)} to {style.rate_text(high)})"


def _time_axis(axes: Axes, known: list[float | None]) -> None:
    """Set a logarithmic axis of times."""
    axes.set_yscale("log")
    axes.set_ylabel("response")
    values = [one for one in known if one is not None and one > _LEAST_S]
    if values:
        axes.set_ylim(min(values) / 1.6, max(values) * 1.6)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: style.duration(value)))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _legend(made: Figure, panels: tuple[Axes, ...]) -> None:
    named: dict[str, Any] = {}
    for axes in panels:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            named.setdefault(label, handle)
    made.legend(list(named.values()), list(named), loc="outside lower left", ncols=6)
