"""Small panels side by side, one a kind of customer, on one figure."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from footfall.chart.style import Heading, figure

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


def panels(heading: Heading, names: Sequence[str]) -> tuple[Figure, list[Axes]]:
    """Give a figure with a panel a name, three in a row; call it inside `look`."""
    across = min(len(names), _ACROSS)
    down = -(-len(names) // across)
    row_in = _ROW_IN if across > 1 else _ROW_IN * 1.3
    made = figure(heading, _HEAD_IN + row_in * down, legend_below=True)
    grid = made.subplots(down, across, squeeze=False)
    every = [axes for row in grid for axes in row]
    for axes in every[len(names) :]:
        axes.axis("off")
    for axes, name in zip(every, names, strict=False):
        axes.set_title(name, fontsize=10, loc="left")
    return made, every[: len(names)]


def legend_below(made: Figure, axes: Axes) -> None:
    """Put one legend for all panels into the line of the footer."""
    handles, labels = axes.get_legend_handles_labels()
    made.legend(handles, labels, loc="outside lower left", ncols=len(labels))


def ratio_ticks(axis: Axis, low_s: float, high_s: float) -> None:
    """Mark the seconds on a logarithmic axis at times that people know."""
    inside = [(tick_s, text) for tick_s, text in _RATIO_TICKS if low_s <= tick_s <= high_s]
    axis.set_ticks([tick_s for tick_s, _ in inside], [text for _, text in inside])
    axis.set_minor_locator(NullLocator())


def even_ticks(axis: Axis, high_s: float, most: int = 5) -> None:
    """Mark the seconds from 0 on an even axis at times that people know."""
    fitting = (step for step in _EVEN_STEPS if high_s / step[0] <= most)
    step_s, unit, unit_s = next(fitting, _EVEN_STEPS[-1])
    ticks = [step_s * k for k in range(int(high_s / step_s) + 1)]
    axis.set_ticks(ticks, ["0" if not tick else f"{tick / unit_s:g} {unit}" for tick in ticks])
