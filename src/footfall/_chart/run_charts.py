"""Charts of a load test: over time, percentiles, success against targets, causes of failure."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl
from matplotlib.axes import Axes

from footfall._chart import style
from footfall._chart.prediction_charts import (
    PAIR_ROW_IN,
    draw_success,
    label_lines,
    line_name,
    lines_of,
    without_totals,
)
from footfall._stats.intervals import percent

# ── A run over time: load, success, response times and the generator's lag

_LOG_FROM = 30.0
"""Ratio of the longest to the shortest time from which a log scale is used."""
_THIN_SHARE = 0.25
"""Share of the usual number of visits in a bin below which its shares and percentiles are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Events of the run, in seconds of its clock."""

    outage_s: tuple[float, float] | None = None
    ended_early_s: float | None = None
    """When an abort criterion ended it."""


def run_over_time(series: pl.DataFrame, marks: Marks, stamp: style.Stamp) -> style.Chart:
    """Draw planned and started arrivals, success, median and p95 response, and lag over time.

    `series` has world, at_s (start of the bin), bin_s, due_per_s, started_per_s, visits, success_share with
    `_low` and `_high`, response_s_p50, response_s_p95 and lag_s_p99.
    """
    shown = _without_thin_bins(series)
    measured = shown.filter(pl.col("world") == "measured").sort("at_s")
    if measured.is_empty():
        heading = style.Heading(title="Nothing was measured", subtitle="The run over time", stamp=stamp)
        return style.nothing(heading, series)
    width = f"{measured['bin_s'][0]:g} s"
    heading = style.Heading(
        title=_finding(measured),
        subtitle=f"Bins of {width} by the due time of visits. Solid: measured; dashed: predicted.",
        stamp=stamp,
    )
    predicted = shown.filter(pl.col("world") == "predicted").sort("at_s")
    with style.look():
        made = style.figure(heading, 7.6, legend_below=True)
        panels = made.subplots(4, 1, sharex=True, height_ratios=[1.1, 1, 1.3, 0.8])
        _draw_rates(panels[0], measured)
        _draw_success(panels[1], measured, predicted)
        _draw_response(panels[2], measured, predicted)
        _steps(panels[3], measured, "lag_s_p99", color=style.INK, linewidth=1.3, scale=1000)
        panels[3].set(ylabel="lag p99,\nms", xlabel="second of the run")
        panels[3].set_ylim(bottom=0)
        for axes in panels:
            _mark(axes, marks)
        panels[0].set_xlim(0, measured["at_s"][-1] + measured["bin_s"][0])
        made.align_ylabels(panels)
        handles, labels = _handles(panels)
        made.legend(handles, labels, loc="outside lower left", ncols=4)
    caption = (
        "Started follows planned as long as the generator keeps up. The pale band around success is its "
        "95 % interval in each bin. Response counts from the due time, failed visits too. Lag is how late "
        "the generator started visits: where it grows, the run says less about the service."
    )
    return style.Chart(figure=made, frame=series, title=heading.title, caption=caption)


def _without_thin_bins(series: pl.DataFrame) -> pl.DataFrame:
    """Leave out bins with far fewer visits than usual: the last one may have a single visit."""
    visits = pl.col("visits")
    usual = visits.filter(visits > 0).median().over("world")
    figures = pl.col("^(success_share|response_s|lag_s).*$")
    return series.with_columns(pl.when(visits >= _THIN_SHARE * usual).then(figures).otherwise(None))


def _draw_rates(axes: Axes, measured: pl.DataFrame) -> None:
    _steps(
        axes, measured, "due_per_s", color=style.GREY, linewidth=1.3, linestyle=(0, (1, 1)), label="planned"
    )
    _steps(axes, measured, "started_per_s", color=style.INK, linewidth=1.5, label="started")
    axes.set(ylabel="arrivals\nper s")
    axes.set_ylim(bottom=0)


def _draw_success(axes: Axes, measured: pl.DataFrame, predicted: pl.DataFrame) -> None:
    edges = _edges(measured)
    low, high = ((_values(measured, f"success_share_{end}") * 100) for end in ("low", "high"))
    axes.stairs(high, edges, baseline=low, fill=True, color=style.MEASURED, alpha=0.2)
    _steps(axes, predicted, "success_share", color=style.PREDICTED, linewidth=1.3, linestyle="--", scale=100)
    _steps(axes, measured, "success_share", color=style.MEASURED, linewidth=1.6, scale=100)
    ends = [*low[np.isfinite(low)], *(_values(predicted, "success_share") * 100)]
    lowest = min((end for end in ends if np.isfinite(end)), default=0.0)
    axes.set(ylim=(max(0.0, lowest - 2), 100), ylabel="success,\n% of visits")


def _draw_response(axes: Axes, measured: pl.DataFrame, predicted: pl.DataFrame) -> None:
    worlds = (("predicted", predicted, style.PREDICTED, "--"), ("measured", measured, style.MEASURED, "-"))
    seen: list[float] = []
    for world, rows, colour, line in worlds:
        for name, width in (("p50", 0.9), ("p95", 1.9)):
            values = _values(rows, f"response_s_{name}")
            seen += [value for value in values if np.isfinite(value) and value > 0]
            label = f"{world} {name}" if len(values) else None
            _steps(
                axes, rows, f"response_s_{name}", color=colour, linestyle=line, linewidth=width, label=label
            )
    if seen and max(seen) > _LOG_FROM * min(seen):
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(lambda seconds, _: style.duration(seconds) if seconds > 0 else "0")
    axes.yaxis.set_minor_formatter(lambda *_: "")
    axes.set_ylabel("response,\nfrom due")


def _steps(axes: Axes, rows: pl.DataFrame, column: str, scale: float = 1.0, **drawn: Any) -> None:  # noqa: ANN401  Matplotlib's own options
    """Draw a column as steps, with gaps where it is null."""
    if not rows.is_empty():
        axes.stairs(_values(rows, column) * scale, _edges(rows), baseline=None, **drawn)


def _values(rows: pl.DataFrame, column: str) -> np.ndarray:
    return rows[column].cast(pl.Float64).fill_null(np.nan).to_numpy()


def _edges(rows: pl.DataFrame) -> list[float]:
    return [*rows["at_s"], rows["at_s"][-1] + rows["bin_s"][0]]


def _mark(axes: Axes, marks: Marks) -> None:
    if marks.outage_s:
        axes.axvspan(*marks.outage_s, color=style.PALE, alpha=0.5, linewidth=0, label="outage", zorder=0)
    if marks.ended_early_s is not None:
        axes.axvline(marks.ended_early_s, color=style.INK, linewidth=1.4, linestyle="-.", label="ended early")


def _handles(panels: Iterable[Axes]) -> tuple[list[Any], list[str]]:
    """Return each line's name once."""
    found: dict[str, Any] = {}
    for axes in panels:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    return list(found.values()), list(found)


def _finding(measured: pl.DataFrame) -> str:
    """Describe the worst bin with visits, by success, or if all succeeded, by response."""
    some = measured.filter(pl.col("success_share").is_not_null())
    if some.is_empty():
        return "No visits were measured"
    worst = some.sort("success_share", "at_s").row(0, named=True)
    if worst["success_share"] < 1:
        return f"Lowest success {percent(worst['success_share'])}, at second {worst['at_s']:g} of the run"
    slowest = some.sort("response_s_p95", "at_s").row(-1, named=True)
    return (
        f"All served; highest p95 {style.duration(slowest['response_s_p95'])}, at second {slowest['at_s']:g}"
    )


# ── Response times by percentile, predicted and measured, from the median to the tail

_TICKS = (50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 99.99)
_LOOKS = ((style.PREDICTED, "--", "o", 2.2), (style.MEASURED, "-", "D", 2.2), (style.GREY, ":", "", 1.8))


def percentiles(curves: pl.DataFrame, stamp: style.Stamp) -> style.Chart:
    """Draw a line per curve over percentiles; their distance from 100 is on a log scale.

    `curves` has curve, visits, percentile (0..100) and seconds; `predicted`, `measured` and others.
    """
    said = "Response of all visits, failed ones too, less the customer's own time."
    if curves.is_empty():
        heading = style.Heading(title="No response times are known", subtitle=said, stamp=stamp)
        return style.nothing(heading, curves)
    heading = style.Heading(title=_percentiles_finding(curves), subtitle=said, stamp=stamp)
    with style.look():
        made = style.figure(heading, legend_below=True)
        axes = made.subplots()
        names = ["predicted", "measured", *sorted(set(curves["curve"]) - {"predicted", "measured"})]
        for name, (colour, line, marker, width) in zip(names, _LOOKS, strict=False):
            rows = curves.filter(pl.col("curve") == name).sort("percentile")
            if rows.is_empty():
                continue
            x = [_place(percentile) for percentile in rows["percentile"]]
            said_of = f"{name} ({rows['visits'][0]:,} visits)"
            axes.plot(
                x,
                rows["seconds"].to_list(),
                line,
                color=colour,
                linewidth=width,
                marker=marker,
                markersize=4,
                markevery=6,
                label=said_of,
            )
        _scales(axes, curves)
        made.legend(loc="outside lower left", ncols=3)
    caption = (
        "The time that this share of visits did not exceed. Predicted and measured count from "
        "the due time; the dotted line counts from the start of the visit, and lies below the solid one by "
        "the generator's lag. Each line ends where only one visit took longer."
    )
    return style.Chart(figure=made, frame=curves, title=heading.title, caption=caption)


def _place(percentile: float) -> float:
    return -math.log10(max(1 - percentile / 100, 1e-9))


def _scales(axes: Axes, curves: pl.DataFrame) -> None:
    last = max(map(_place, curves["percentile"]))
    shown = [tick for tick in _TICKS if _place(tick) <= last + 1e-6]
    axes.set_xticks([_place(tick) for tick in shown], [f"{tick:g} %" for tick in shown])
    axes.set_xlim(_place(50.0), max(last * 1.02, _place(75.0)))
    axes.set_xlabel("share of visits that took at most this long, distance from 100 % on a log scale")
    times = [seconds for seconds in curves["seconds"] if seconds > 0]
    if times and max(times) > _LOG_FROM * min(times):
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(lambda seconds, _: style.duration(seconds) if seconds > 0 else "0")
    axes.yaxis.set_minor_formatter(lambda *_: "")
    axes.set_ylabel("response", color=style.INK)


def _percentiles_finding(curves: pl.DataFrame) -> str:
    """Describe the median and the highest percentile tick that the first curve reaches."""
    for name in ("measured", "predicted"):
        rows = curves.filter(pl.col("curve") == name).sort("percentile")
        if not rows.is_empty():
            break
    else:
        return "Response by percentile"
    reached = max((t for t in _TICKS if t <= rows["percentile"][-1] + 1e-9), default=50.0)
    at = rows.filter(pl.col("percentile") >= reached - 1e-9).row(0, named=True)
    half, tail = style.duration(rows["seconds"][0]), style.duration(at["seconds"])
    return f"Half of the visits took up to {half}, {at['percentile']:.4g} % up to {tail} ({name})"


# ── Success rates against targets, by channel

_NAMED_MAX = 3


def success_against_target(measures: pl.DataFrame, stamp: style.Stamp) -> style.Chart:
    """Draw the success of each channel and operation with its interval, and its target as a tick.

    `measures` has the columns of `MEASURES`, of one world or of both.
    """
    rows = without_totals(measures)
    said = "Share of visits served; every attempt counts as a visit."
    if rows.is_empty():
        heading = style.Heading(title="No success rates are known", subtitle=said, stamp=stamp)
        return style.nothing(heading, measures)
    heading = style.Heading(title=_success_finding(rows), subtitle=said, stamp=stamp)
    lines = lines_of(rows)
    with style.look():
        made = style.figure(heading, 1.6 + PAIR_ROW_IN * len(lines), legend_below=True)
        axes = made.subplots()
        draw_success(axes, rows, lines)
        targets = rows.filter(pl.col("target_share").is_not_null()).unique(
            ["channel", "operation"], maintain_order=True
        )
        at = [lines.index(pair) for pair in targets.select("channel", "operation").iter_rows()]
        x = (targets["target_share"] * 100).to_list()
        if at:
            above, below = ([y + end for y in at] for end in (-0.42, 0.42))
            axes.vlines(x, above, below, color=style.TARGET, linewidth=2.4, label="target", zorder=1.5)
        label_lines(axes, lines)
        made.legend(loc="outside lower left", ncols=3)
    caption = (
        "A target is missed where the whole interval lies left of its tick, met where it lies right of it; "
        "where the tick is inside the interval, the run was too short to tell. The targets are the model's; "
        "the criteria above have limits and margins of their own."
    )
    return style.Chart(figure=made, frame=measures, title=heading.title, caption=caption)


def _success_finding(rows: pl.DataFrame) -> str:
    """Count the targets missed by the whole interval, measured if available, else predicted."""
    world = "measured" if "measured" in rows["world"] else "predicted"
    held = rows.filter((pl.col("world") == world) & pl.col("target_share").is_not_null())
    if held.is_empty():
        lines = lines_of(rows)
        if len(lines) == 1:
            share = percent(rows.filter(pl.col("world") == world)["success_share"][0])
            return f"{world.capitalize()} success of {line_name(*lines[0])}: {share}"
        return f"{world.capitalize()} success of {len(lines)} channels and operations"
    missed = held.filter(pl.col("success_share_high") < pl.col("target_share"))
    if missed.is_empty():
        met = held.filter(pl.col("success_share_low") >= pl.col("target_share")).height
        if met == held.height:
            return f"{met} of {met} targets met by the whole {world} interval"
        undecided = f"too few visits to tell for {held.height - met} of {held.height} targets"
        rest = f"{met} met by the whole {world} interval" if met else f"{world} intervals hold them"
        return f"{undecided[0].upper()}{undecided[1:]}; {rest}"
    pairs = lines_of(missed)
    names = ", ".join(f"{style.name_of(channel)} {operation}" for channel, operation in pairs[:_NAMED_MAX])
    more = f" and {len(pairs) - _NAMED_MAX} more" if len(pairs) > _NAMED_MAX else ""
    return f"{len(pairs)} of {held.height} targets missed by the whole {world} interval: {names}{more}"


# ── Causes of failure, by channel

SERVED = "served"
LINES_MAX = 18
_CAUSES_MAX = 3
_OUTCOMES: Mapping[str, style.Look] = MappingProxyType(
    {
        "rejected": style.Look("#9aa5b1", "", ""),
        "unconfirmed": style.Look("#56b4e9", "//", ""),
        "error": style.Look("#d55e00", "", ""),
        "timeout": style.Look("#e69f00", "\\\\", ""),
        "throttled": style.Look("#f0e442", "..", ""),
        "blocked": style.Look("#cc79a7", "xx", ""),
        "abandoned": style.Look("#0072b2", "", ""),
        "balked": style.Look("#8ecf9e", "--", ""),
        "closed": style.Look("#3e4c59", "", ""),
        "unfinished": style.Look("#ffffff", "////", ""),
    }
)


def outcomes_by_cause(outcomes: pl.DataFrame, stamp: style.Stamp) -> style.Chart:
    """Draw failed visits of each channel and operation as stacked shares, with the main causes.

    `outcomes` has channel, operation, outcome, cause, visits and visits_share.
    """
    visits = int(outcomes["visits"].sum())
    failed = outcomes.filter(pl.col("outcome") != SERVED)
    if failed.is_empty():
        title = f"All {visits:,} visits were served" if visits else "No visits"
        heading = style.Heading(title=title, subtitle="Failed visits by outcome and cause", stamp=stamp)
        return style.nothing(heading, outcomes, "nothing failed" if visits else "no visits")
    lines = _worst(failed)
    shown = f" The {LINES_MAX} worst are shown." if len(lines) > LINES_MAX else ""
    lines = lines[:LINES_MAX]
    heading = style.Heading(
        title=_outcomes_finding(failed, visits),
        subtitle=f"Share of the visits of each channel and operation that failed, by outcome.{shown}",
        stamp=stamp,
    )
    with style.look():
        made = style.figure(heading, 1.75 + PAIR_ROW_IN * len(lines), legend_below=True)
        axes, causes_axes = made.subplots(1, 2, sharey=True, width_ratios=[1, 1.1])
        _draw(axes, failed, lines)
        _write(causes_axes, failed, lines)
        made.legend(loc="outside lower left", ncols=5)
    caption = "Next to each bar: the share that failed, and its most frequent causes with their shares."
    return style.Chart(figure=made, frame=outcomes, title=heading.title, caption=caption)


def _worst(failed: pl.DataFrame) -> list[tuple[str, str]]:
    totals = failed.group_by("channel", "operation").agg(pl.col("visits_share").sum())
    ordered = totals.sort("visits_share", "channel", "operation", descending=[True, False, False])
    return ordered.select("channel", "operation").rows()


def _draw(axes: Axes, failed: pl.DataFrame, lines: list[tuple[str, str]]) -> None:
    ends = dict.fromkeys(lines, 0.0)
    for outcome, its in _OUTCOMES.items():
        shares = dict.fromkeys(lines, 0.0)
        for channel, operation, share in (
            failed.filter(pl.col("outcome") == outcome)
            .select("channel", "operation", "visits_share")
            .iter_rows()
        ):
            if (channel, operation) in shares:
                shares[channel, operation] += share * 100
        if any(shares.values()):
            axes.barh(
                range(len(lines)),
                list(shares.values()),
                left=list(ends.values()),
                height=0.66,
                facecolor=its.colour,
                edgecolor=style.GREY,
                linewidth=0.5,
                hatch=its.hatch,
                label=outcome,
            )
        ends = {line: ends[line] + shares[line] for line in lines}
    axes.set_xlim(0, min(100.0, max(ends.values()) * 1.05))
    axes.set_xlabel("failed, % of visits")
    label_lines(axes, lines, rules=False)


def _write(axes: Axes, failed: pl.DataFrame, lines: list[tuple[str, str]]) -> None:
    """Write the causes into a column to the right of all bars."""
    for y, line in enumerate(lines):
        axes.text(0.0, y, _causes(failed, line), va="center", fontsize=8)
    axes.axis("off")


def _causes(failed: pl.DataFrame, line: tuple[str, str]) -> str:
    """Return the share that failed, and its causes."""
    here = failed.filter((pl.col("channel") == line[0]) & (pl.col("operation") == line[1]))
    ranked = (
        here.group_by("cause")
        .agg(pl.col("visits_share").sum())
        .sort("visits_share", "cause", descending=[True, False])
    )
    words = [f"{_short(cause)} {percent(share)}" for cause, share in ranked.head(_CAUSES_MAX).iter_rows()]
    return f"{percent(float(here['visits_share'].sum()))}: {', '.join(words)}"


def _short(cause: str) -> str:
    return cause.replace("_", " ")[:22]


def _outcomes_finding(failed: pl.DataFrame, visits: int) -> str:
    worst = failed.group_by("cause").agg(pl.col("visits").sum()).sort("visits", "cause").row(-1)
    first = failed.filter(pl.col("cause") == worst[0]).sort("visits", "channel").row(-1, named=True)
    where = f"{style.name_of(first['channel'])} {first['operation']}"
    whole = percent(int(failed["visits"].sum()) / visits)
    return f"{whole} of visits fail, most often '{_short(worst[0])}', as in {where}"
