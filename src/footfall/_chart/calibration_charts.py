"""Charts of a calibration: what was measured against what was fitted, by load."""

from typing import NamedTuple

import numpy as np
import polars as pl
from matplotlib.axes import Axes

from footfall._chart import style

_LOAD, _USERS = "offered_per_s", "users"


class _Drawn(NamedTuple):
    """One figure of the tables, and how it is drawn."""

    name: str
    x: str = _LOAD
    scale: float = 1.0
    line: str = "-"
    marker: str = "o"
    label: str = ""


def response_by_load(
    channel: str, curve: pl.DataFrame, points: pl.DataFrame, stamp: style.Stamp
) -> style.Chart:
    """Draw response times and success of a channel against its requests per second, fitted and measured.

    `curve` has offered_per_s, then response_s_p50, response_s_p95 and success_share, each with `_low` and
    `_high`; `points` has a row a run with run, offered_per_s and the same figures without bounds.
    """
    worst = _largest_miss(curve, points)
    heading = style.Heading(
        title=f"{style.name_of(channel)}: the fitted station is within {100 * worst:.0f} % of each run's p95"
        if worst is not None
        else f"{style.name_of(channel)}: measured and fitted",
        subtitle="Points: a run or load step each. Lines: the fitted station in a run of that length. "
        "Bands: 95 % of such runs, over all stations that fit.",
        stamp=stamp,
    )
    with style.look():
        made = style.figure(heading, 5.2, legend_below=True)
        times, success = made.subplots(2, 1, sharex=True, height_ratios=[2, 1])
        for quantile, line, marker in (("p95", "-", "o"), ("p50", "--", "s")):
            drawn = _Drawn(f"response_s_{quantile}", _LOAD, 1000, line, marker, quantile)
            _draw(times, curve, points, drawn)
        times.set(ylabel="response, ms")
        times.set_ylim(bottom=0)
        _draw(success, curve, points, _Drawn("success_share", scale=100))
        success.set(ylabel="success,\n% of requests", xlabel="requests per second")
        success.set_ylim(top=100.5)
        made.align_ylabels([times, success])
        handles, labels = times.get_legend_handles_labels()
        made.legend(handles, labels, loc="outside lower left", ncols=4)
    caption = (
        "Where points leave the band, the station is of another kind than those that were fitted, or the "
        "runs were disturbed. A band that is wide at high load shows what the runs do not say."
    )
    return style.Chart(figure=made, frame=points, title=heading.title, caption=caption)


def loop_by_users(curve: pl.DataFrame, points: pl.DataFrame, stamp: style.Stamp) -> style.Chart:
    """Draw throughput and response of a closed loop against its users, fitted and measured.

    `curve` has users, throughput_per_s and response_s_mean, each with `_low` and `_high`; `points` the same
    figures without bounds.
    """
    most = max(points[_USERS].to_list(), default=0)
    heading = style.Heading(
        title=f"Throughput and response by users, measured up to {most:,}",
        subtitle="Points: a run each. Lines: the fitted closed loop. Bands: 95 % of equal runs.",
        stamp=stamp,
    )
    with style.look():
        made = style.figure(heading, 5.2, legend_below=True)
        rates, times = made.subplots(2, 1, sharex=True)
        _draw(rates, curve, points, _Drawn("throughput_per_s", _USERS, label="throughput"))
        rates.set(ylabel="responses\nper s")
        rates.set_ylim(bottom=0)
        _draw(times, curve, points, _Drawn("response_s_mean", _USERS, 1000))
        times.set(ylabel="mean response,\nms", xlabel="users")
        times.set_ylim(bottom=0)
        made.align_ylabels([rates, times])
        handles, labels = rates.get_legend_handles_labels()
        made.legend(handles, labels, loc="outside lower left", ncols=2)
    caption = "Beyond the numbers of users that were measured, the band widens with the distance."
    return style.Chart(figure=made, frame=points, title=heading.title, caption=caption)


def _draw(axes: Axes, curve: pl.DataFrame, points: pl.DataFrame, drawn: _Drawn) -> None:
    """Draw the fitted line with its band, and what was measured."""
    at = curve[drawn.x].to_numpy()
    low, middle, high = (curve[drawn.name + end].to_numpy() * drawn.scale for end in ("_low", "", "_high"))
    fitted = f"fitted {drawn.label}" if drawn.label else None
    measured = f"measured {drawn.label}" if drawn.label else None
    axes.fill_between(at, low, high, color=style.PREDICTED, alpha=0.15, linewidth=0)
    axes.plot(at, middle, color=style.PREDICTED, linewidth=1.5, linestyle=drawn.line, label=fitted)
    axes.plot(
        points[drawn.x].to_numpy(),
        points[drawn.name].to_numpy() * drawn.scale,
        drawn.marker,
        color=style.MEASURED,
        markersize=5,
        linestyle="none",
        label=measured,
        zorder=3,
    )


def _largest_miss(curve: pl.DataFrame, points: pl.DataFrame) -> float | None:
    """Return the largest relative distance of a measured p95 from the curve, between its ends."""
    at, fitted = curve["offered_per_s"].to_numpy(), curve["response_s_p95"].to_numpy()
    known = points.filter(pl.col("response_s_p95") > 0)
    if known.is_empty() or not len(at):
        return None
    measured = known["response_s_p95"].to_numpy()
    near = np.interp(known["offered_per_s"].to_numpy(), at, fitted)
    return float(np.abs(near / measured - 1).max())
