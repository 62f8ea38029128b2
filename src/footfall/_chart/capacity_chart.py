"""The chart of a search for capacity: throughput, success and response times against the offered load."""

from dataclasses import dataclass
from typing import Any

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from footfall._chart import style

Bounds = tuple[float, float, float]
"""Value, low and high end of its 95 % interval."""
QUANTILES = {"p50_s": ("p50", ":", "v"), "p95_s": ("p95", "-", "o"), "p99_s": ("p99", "--", "^")}
"""Name, line of the prediction, marker of the measurement."""
_LEAST_S = 1e-4
_LOG_ROOM = 1.6
_HEIGHT_IN = 8.2


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityMarks:
    """What was found, to be drawn with the steps; None: not known."""

    knee_per_s: Bounds | None
    plateau_per_s: Bounds | None
    success_limit_share: float | None
    p95_limit_s: float | None
    curve: pl.DataFrame | None
    """By the learned stations: offered_per_s, throughput_per_s, success_share, p50_s, p95_s, p99_s."""
    predicted_per_s: Bounds | None = None
    """Capacity that the scenario's model predicted before the search."""
    model_curve: pl.DataFrame | None = None
    """The same columns, as the model has them."""


def capacity_chart(steps: pl.DataFrame, marks: CapacityMarks, stamp: style.Stamp) -> style.Chart:
    """Draw the load steps of a search; `steps` are the rows of `capacity.csv`."""
    whole = steps.filter(pl.all_horizontal(pl.col("channel", "operation") == "*")).sort("offered_per_s")
    subtitle = (
        "Each mark is a load step: filled, all criteria hold; hollow, one is broken or undecided; grey "
        f"cross, invalid. {_lines_text(marks)}"
    )
    heading = style.Heading(title=_finding(marks), subtitle=subtitle, stamp=stamp)
    if whole.is_empty():
        return style.nothing(heading, steps, "no load step was played")
    with style.look():
        made = style.figure(heading, _HEIGHT_IN, legend_below=True)
        top, middle, bottom = made.subplots(3, 1, sharex=True, height_ratios=(1.2, 0.8, 1.2))
        _throughput(top, whole, marks)
        _success(middle, whole, marks)
        _responses(bottom, whole, marks)
        for axes in (top, middle, bottom):
            draw_knee(axes, marks.knee_per_s)
            if marks.predicted_per_s is not None:
                axes.axvline(
                    marks.predicted_per_s[0],
                    color=style.PREDICTED,
                    linewidth=1.2,
                    linestyle="--",
                    zorder=1,
                    label="capacity as predicted",
                )
        bottom.set_xlabel("offered load, arrivals/s")
        bottom.set_xlim(0, float(whole["offered_per_s"].to_numpy().max()) * 1.05)
        draw_legend(made, (top, middle, bottom))
    caption = (
        "Shaded: 95 % interval of the capacity, the highest arrival rate at which all criteria hold in the "
        "long run. Throughput counts visits served while arrivals came."
    )
    return style.Chart(figure=made, frame=steps, title=heading.title, caption=caption)


def _finding(marks: CapacityMarks) -> str:
    if marks.knee_per_s is None:
        return "No capacity was found"
    value, low, high = marks.knee_per_s
    interval = f"{style.rate_text(low)} to {style.rate_text(high)}"
    return f"The service keeps its criteria up to {style.rate_text(value)} arrivals/s ({interval})"


def _lines_text(marks: CapacityMarks) -> str:
    if marks.model_curve is not None:
        learned = "; grey: as learned from the steps" if marks.curve is not None else ""
        return f"Lines: what the scenario's model predicted{learned}."
    return "Lines: the service as learned from the steps."


def _throughput(axes: Axes, steps: pl.DataFrame, marks: CapacityMarks) -> None:
    most = float(steps["offered_per_s"].to_numpy().max())
    axes.plot([0, most], [0, most], color=style.PALE, linewidth=1, zorder=1, label="all that is offered")
    if marks.plateau_per_s is not None:
        value, low, high = marks.plateau_per_s
        axes.axhspan(low, high, color=style.PREDICTED, alpha=0.12, linewidth=0, zorder=0)
        axes.axhline(value, color=style.PREDICTED, linewidth=0.8, linestyle="--", zorder=1, label="plateau")
    _line(axes, marks, "throughput_per_s", "-")
    draw_points(axes, steps, "throughput_per_s", "o", "served")
    axes.set_ylabel("served/s")
    axes.set_ylim(bottom=0)


def _success(axes: Axes, steps: pl.DataFrame, marks: CapacityMarks) -> None:
    _line(axes, marks, "success_share", "-")
    draw_points(axes, steps, "success_share", "o", "served")
    if marks.success_limit_share is not None:
        axes.axhline(marks.success_limit_share, color=style.TARGET, linewidth=0.8, zorder=1, label="limit")
    axes.set_ylabel("success")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{share:.0%}".replace("%", " %")))
    least = float(steps["success_share"].fill_null(1.0).to_numpy().min())
    axes.set_ylim(max(min(0.95, least - 0.05), -0.02), 1.02)


def _responses(axes: Axes, steps: pl.DataFrame, marks: CapacityMarks) -> None:
    axes.set_yscale("log")
    for column, (name, line, marker) in QUANTILES.items():
        _line(axes, marks, column, line)
        draw_points(axes, steps, column, marker, name)
    if marks.p95_limit_s is not None:
        axes.axhline(marks.p95_limit_s, color=style.TARGET, linewidth=0.8, zorder=1, label="limit")
    known = steps.select("p50_s", "p99_s").to_numpy().ravel()
    known = known[known > _LEAST_S]
    if len(known):
        axes.set_ylim(known.min() / _LOG_ROOM, known.max() * _LOG_ROOM)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: style.duration(value)))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_ylabel("response time")


def _line(axes: Axes, marks: CapacityMarks, column: str, line: str) -> None:
    if marks.model_curve is None:
        draw_line(axes, marks.curve, column, Line(line, "as learned", style.PREDICTED))
        return
    draw_line(axes, marks.curve, column, Line(line, "as learned", style.GREY))
    draw_line(axes, marks.model_curve, column, Line(line, "as the model predicted", style.PREDICTED))


@dataclass(frozen=True, slots=True)
class Line:
    """How a prediction is drawn."""

    look: str
    label: str
    colour: str


def draw_line(axes: Axes, curve: pl.DataFrame | None, column: str, line: Line) -> None:
    """Draw a column of a prediction against the offered load."""
    if curve is not None and not curve.is_empty():
        x, y = curve["offered_per_s"], curve[column]
        label = line.label if line.look == "-" else None
        axes.plot(x, y, color=line.colour, linewidth=1.2, linestyle=line.look, zorder=2, label=label)


def draw_points(  # noqa: PLR0913  a column and how it is drawn
    axes: Axes, steps: pl.DataFrame, column: str, marker: str, name: str, *, size: float = 5.5
) -> None:
    """Draw the steps: those that hold filled, others hollow, invalid ones as crosses."""
    kinds = (
        (steps.filter(pl.col("verdict") == "holds"), {"marker": marker, "markerfacecolor": style.MEASURED}),
        (
            steps.filter(pl.col("verdict").is_in(["broken", "undecided"])),
            {"marker": marker, "markerfacecolor": "white"},
        ),
        (steps.filter(pl.col("verdict") == "invalid"), {"marker": "x"}),
    )
    for number, (part, look) in enumerate(kinds):
        colour = style.GREY if look["marker"] == "x" else style.MEASURED
        axes.plot(
            part["offered_per_s"],
            part[column],
            linestyle="",
            markersize=size,
            markeredgecolor=colour,
            zorder=3,
            label=name if number == 0 else None,
            **look,  # type: ignore[arg-type]  # names of Line2D's own options
        )


def draw_knee(axes: Axes, knee: Bounds | None) -> None:
    """Mark a capacity and its interval."""
    if knee is not None:
        value, low, high = knee
        axes.axvspan(low, high, color=style.MEASURED, alpha=0.15, linewidth=0, zorder=0)
        axes.axvline(value, color=style.MEASURED, linewidth=1.2, zorder=1, label="capacity")


def draw_legend(made: Figure, panels: tuple[Axes, ...]) -> None:
    """Draw one legend, below the figure, of all that its panels show."""
    named: dict[str, Any] = {}
    for axes in panels:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            named.setdefault(label, handle)
    made.legend(list(named.values()), list(named), loc="outside lower left", ncols=5)
