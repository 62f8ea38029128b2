"""Map of retry storms: loads that recover from a trigger, and what retries and budgets leave of them."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import polars as pl
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from footfall._chart import style

STATES = ("stable", "vulnerable", "metastable")
_COLOURS = {"stable": "#a6d5f0", "vulnerable": "#f6e08a", "metastable": "#e9a07a"}
_SIGNS = {"stable": "", "vulnerable": "?", "metastable": "×"}
_AXES = {
    "retries": ("retries", "retries of a request"),
    "budgets": ("budget_share", "retry budget, retries by requests"),
    "trigger_s": ("trigger_s", "length of the trigger, s"),
}
_FORMULA_POINTS = 200
_CELLS_WITH_SIGNS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class StormLabels:
    """What a map is of."""

    channel: str
    axis: str
    """`retries`, `budgets` or `trigger_s`."""
    capacity_per_s: float
    trigger: str
    """In words: `a stall of 10 s`."""
    longest_s: float
    formula: bool
    """Whether the line λ(1 + min(r, b)) = μ is the border."""


def storm_chart(
    points: pl.DataFrame, safe: pl.DataFrame, live: pl.DataFrame, labels: StormLabels, stamp: style.Stamp
) -> style.Chart:
    """Draw states by load and by retries, budget or length of the trigger, and safe loads by budget.

    `points`, `safe` and `live` have the columns of `storm.csv`, `safe.csv` and `live.csv`.
    """
    heading = style.Heading(title=_title(points, safe, labels), subtitle=_subtitle(labels), stamp=stamp)
    with style.look():
        made = style.figure(heading, legend_below=True)
        if safe.is_empty():
            _map(made.subplots(), points, live, labels)
        else:
            left, right = made.subplots(1, 2, width_ratios=[3, 2])
            _map(left, points, live, labels)
            _safe(right, safe, labels)
        made.legend(handles=_handles(labels, has_live=not live.is_empty()), loc="outside lower left", ncols=6)
    return style.Chart(figure=made, frame=points, title=heading.title, caption=heading.subtitle)


def _title(points: pl.DataFrame, safe: pl.DataFrame, labels: StormLabels) -> str:
    if safe.is_empty():
        stable = points.filter(pl.col("state") == "stable").height
        return f"{style.name_of(labels.channel)}: {stable} of {points.height} points are stable"
    most = _most(safe, "retries")
    with_most = safe.filter(pl.col("retries") == most)
    without = with_most.filter(pl.col("budget_share") == 0)
    budgets = with_most.filter(pl.col("budget_share") > 0).sort("safe_load_share")
    name = style.name_of(labels.channel)
    if without.is_empty() or not most:
        return f"{name}: safe up to {_percent(_most(with_most, 'safe_load_share'))} of its capacity"
    text = (
        f"{name}: safe up to {_percent(without['safe_load_share'][0])} of its capacity with {most:g} retries"
    )
    tenth = budgets.filter(pl.col("budget_share") == 0.1)  # noqa: PLR2004  the usual budget
    shown = tenth if not tenth.is_empty() else budgets.tail(1)
    if shown.is_empty():
        return text
    budget = _percent(shown["budget_share"][0])
    return f"{text}, and up to {_percent(shown['safe_load_share'][0])} with a budget of {budget}"


def _subtitle(labels: StormLabels) -> str:
    return (
        f"Recovery from {labels.trigger}, simulated; capacity {labels.capacity_per_s:,.4g} requests/s. "
        "Numbers: seconds from its end until customers are served as before (median). Stable: even from "
        f"{style.duration(labels.longest_s)}; vulnerable: a longer one keeps it down; metastable: this one."
    )


def _map(axes: Axes, points: pl.DataFrame, live: pl.DataFrame, labels: StormLabels) -> None:
    column, label = _AXES[labels.axis]
    loads, values = sorted(points["load_share"].unique()), sorted(points[column].unique())
    cells = {(row["load_share"], row[column]): row for row in points.iter_rows(named=True)}
    grid = [[STATES.index(cells[load, value]["state"]) for load in loads] for value in values]
    colours = ListedColormap([_COLOURS[name] for name in STATES])
    axes.pcolormesh(
        range(len(loads) + 1), range(len(values) + 1), grid,
        cmap=colours, vmin=-0.5, vmax=2.5, edgecolors="white", linewidth=1.2,
    )  # fmt: skip
    if len(loads) * len(values) <= _CELLS_WITH_SIGNS:
        for y, value in enumerate(values):
            for x, load in enumerate(loads):
                row = cells[load, value]
                axes.text(
                    x + 0.5, y + 0.72, _cell_text(row), ha="center", va="center", color=style.INK, zorder=4,
                    bbox={"facecolor": _COLOURS[row["state"]], "edgecolor": "none", "pad": 1.0},
                )  # fmt: skip
    every = max(1, len(loads) // 10)
    axes.set_xticks(
        [n + 0.5 for n in range(0, len(loads), every)], [_percent(load) for load in loads[::every]]
    )
    texts = [_value(labels.axis, value) for value in values]
    axes.set_yticks([n + 0.5 for n in range(len(values))], texts)
    axes.grid(visible=False)
    axes.set_xlabel("load, share of capacity")
    axes.set_ylabel(label)
    if labels.formula:
        _border(axes, points, loads, values, labels)
    for row in live.iter_rows(named=True):
        place = loads.index(row["load_share"]) + 0.5, values.index(row[column]) + 0.5
        face = {True: style.INK, False: "white", None: style.PALE}[row["agrees"]]
        axes.plot(*place, "o", ms=8, mfc=face, mec=style.INK, mew=1.2, zorder=5)


def _cell_text(row: dict[str, Any]) -> str:
    """Give the time to recover, and the sign of the state."""
    time_s = row["recovery_s_p50"]
    sign = _SIGNS[row["state"]]
    if time_s is None or row["state"] == "metastable":
        return sign
    return f"{time_s:.0f}{sign}"


def _border(
    axes: Axes, points: pl.DataFrame, loads: list[float], values: list[float], labels: StormLabels
) -> None:
    """Draw λ(1 + min(r, b)) = μ across the cells, as a step in each row."""
    first = points.row(0, named=True)
    for row, value in enumerate(values):
        retries = value if labels.axis == "retries" else first["retries"]
        budget = value if labels.axis == "budgets" else first["budget_share"]
        border = 1 / (1 + min(retries, budget or retries))
        x = _place(border, loads)
        if x is not None:
            axes.plot([x, x], [row, row + 1], color=style.INK, lw=2.2, solid_capstyle="butt")


def _place(load: float, loads: list[float]) -> float | None:
    """Place of a load on an axis of cells of equal width; None: outside of it."""
    if len(loads) == 1:
        return None
    middles = [n + 0.5 for n in range(len(loads))]
    if load <= loads[0]:
        step = (loads[1] - loads[0]) or 1
        return max(0.5 - (loads[0] - load) / step, 0.0)
    for before, (low, high) in enumerate(pairwise(loads)):
        if low <= load <= high:
            return middles[before] + (load - low) / (high - low)
    step = loads[-1] - loads[-2]
    beyond = middles[-1] + (load - loads[-1]) / step
    return beyond if beyond <= len(loads) else None


def _safe(axes: Axes, safe: pl.DataFrame, labels: StormLabels) -> None:
    """Draw what a budget buys: the safe load by the budget, at the most retries of the map."""
    most = _most(safe, "retries")
    rows = safe.filter(pl.col("retries") == most, pl.col("budget_share") > 0).sort("budget_share")
    without = safe.filter(pl.col("retries") == most, pl.col("budget_share") == 0)
    axes.set_ylabel("safe load, share of capacity")
    axes.yaxis.set_major_formatter(lambda value, _place: _percent(value))
    axes.set_ylim(0, 1.05)
    if rows.is_empty():
        rows = safe.sort("retries")
        axes.plot(rows["retries"], rows["safe_load_share"], "o", color=style.PREDICTED, ms=7)
        axes.set_xlabel("retries of a request")
        axes.set_xticks(rows["retries"].to_list())
        return
    end = _most(rows, "budget_share") * 1.08
    if labels.formula:
        budgets = [end * n / _FORMULA_POINTS for n in range(_FORMULA_POINTS + 1)]
        axes.plot(budgets, [1 / (1 + min(most, b)) for b in budgets], color=style.INK, lw=1.2)
    axes.plot(rows["budget_share"], rows["safe_load_share"], "o", color=style.PREDICTED, ms=7)
    if not without.is_empty():
        load = without["safe_load_share"][0]
        axes.axhline(load, color=style.MEASURED, lw=1.2, ls=(0, (4, 3)))
        axes.text(end, load + 0.015, f"{most:g} retries, no budget", ha="right", color=style.MEASURED)
    axes.set_xlim(0, end)
    axes.xaxis.set_major_formatter(lambda value, _place: _percent(value))
    axes.set_xlabel("retry budget, retries by requests")


def _handles(labels: StormLabels, *, has_live: bool) -> list[Patch | Line2D]:
    found: list[Patch | Line2D] = [
        Patch(facecolor=_COLOURS[name], label=f"{name} {_SIGNS[name]}".strip()) for name in STATES
    ]
    if labels.formula:
        found.append(Line2D([], [], color=style.INK, lw=2, label="λ(1 + min(r, b)) = μ"))
    if has_live:
        found += [
            Line2D([], [], marker="o", ls="", mfc=face, mec=style.INK, label=text)
            for face, text in ((style.INK, "live, as simulated"), ("white", "live, otherwise"))
        ]
    return found


def _most(rows: pl.DataFrame, column: str) -> float:
    return float(rows[column].to_numpy().max())


def _percent(share: float) -> str:
    return f"{share * 100:.3g} %"


def _value(axis: str, value: float) -> str:
    if axis == "budgets":
        return _percent(value) if value else "none"
    return f"{value:g}"
