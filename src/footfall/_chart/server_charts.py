"""Chart of the service under load: its figures over time, below the load and the response times."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from matplotlib.axes import Axes

from footfall._chart import style

_PANEL_IN = 1.15
_LINES_MOST = 6
_PANELS_MOST = 4
"""Of figures other than those of process, port and channels."""
_GAP = 3.0
"""A line is broken where readings are this many times as far apart as usual."""
_SCALES = {"bytes": (1e-6, "MB")}
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    source: str
    name: str
    label: str
    colour: str = style.INK
    dashes: str = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Panel:
    """Figures of one unit."""

    label: str
    lines: Sequence[_Line]
    limit: tuple[float, str] | None = None
    """A horizontal line and its name."""
    scale: float = 1.0


def server_over_time(
    rows: pl.DataFrame, series: pl.DataFrame, cores: int | None, stamp: style.Stamp
) -> style.Chart:
    """Draw the service's figures over time, below the arrivals and response times of the same run.

    `rows` is a table of `SERVER_ROWS`; `series` has world, at_s, bin_s, started_per_s and response_s_p95;
    `cores` is the number of cores that the service may use.
    """
    panels = list(_panels(rows, cores))
    subtitle = "Each reading holds since the one before. Above: arrivals and p95 of the response, measured."
    if not panels:
        heading = style.Heading(title="Nothing is known of the service", subtitle=subtitle, stamp=stamp)
        return style.nothing(heading, rows, "no figures of the service")
    during = rows.filter(pl.col("second") > 0)
    heading = style.Heading(title=_finding(during, cores), subtitle=subtitle, stamp=stamp)
    measured = series.filter(pl.col("world") == "measured").sort("at_s")
    with style.look():
        made = style.figure(heading, 1.2 + _PANEL_IN * (len(panels) + 2))
        axes = made.subplots(len(panels) + 2, 1, sharex=True, squeeze=False)[:, 0]
        _draw_client(axes[0], measured, "started_per_s", "arrivals\nper s", 1.0)
        _draw_client(axes[1], measured, "response_s_p95", "p95, ms", 1000.0)
        for panel, at in zip(panels, axes[2:], strict=True):
            _draw(at, panel, rows)
        axes[-1].set_xlabel("second of the run")
        axes[0].set_xlim(left=0)
        made.align_ylabels(axes)
    caption = (
        "CPU is that of the service's processes, and of the whole machine, where it ran on this one. The "
        "accept queue holds connections that the service has not accepted yet. server.csv has every reading."
    )
    return style.Chart(figure=made, frame=rows, title=heading.title, caption=caption)


def _panels(rows: pl.DataFrame, cores: int | None) -> Iterator[_Panel]:
    known = set(rows.select("source", "name").unique().rows())
    cpu = [
        _Line(source="process", name="cpu", label="service", colour=style.MEASURED),
        _Line(source="machine", name="cpu", label="machine", colour=style.GREY, dashes=":"),
    ]
    limit = (float(cores), "all cores") if cores else None
    yield from _known(_Panel(label="CPU,\ncores", lines=cpu, limit=limit), known)
    memory = [
        _Line(source="process", name="memory_rss", label="resident", colour=style.PREDICTED),
        _Line(source="process", name="memory_pss", label="shared pages divided", colour=style.MEASURED),
    ]
    yield from _known(_Panel(label="memory,\nMB", lines=memory, scale=1e-6), known)
    port = [
        _Line(source="port", name="connections", label="established", colour=style.PREDICTED),
        _Line(source="port", name="accept_queue", label="accept queue", colour=style.MEASURED),
    ]
    yield from _known(_Panel(label="connec-\ntions", lines=port), known)
    yield from _channel_panels(rows)
    yield from _metric_panels(rows)


def _known(panel: _Panel, known: Iterable[tuple[str, str]]) -> Iterator[_Panel]:
    """Give the panel with the lines that have readings, if there are any."""
    lines = [line for line in panel.lines if (line.source, line.name) in known]
    if lines:
        yield replace(panel, lines=lines)


def _channel_panels(rows: pl.DataFrame) -> Iterator[_Panel]:
    """Give busy servers and waiting customers of the channels where there were any, the most first."""
    of_service = rows.filter(pl.col("source") == "service")
    for what, label in (("busy", "servers\nbusy"), ("waiting", "customers\nwaiting")):
        channels = [name.removesuffix(f".{what}") for name in _busiest(of_service, f".{what}")]
        looks = style.looks_of(channels)
        lines = [
            _Line(
                source="service",
                name=f"{channel}.{what}",
                label=style.name_of(channel),
                colour=looks[channel].colour,
            )
            for channel in channels
        ]
        if lines:
            yield _Panel(label=label, lines=lines)


def _metric_panels(rows: pl.DataFrame) -> Iterator[_Panel]:
    """Give the figures of `[[metric]]`, those of one unit together."""
    metrics = rows.filter(pl.col("source") == "metrics")
    for (unit,), of_unit in list(metrics.group_by("unit", maintain_order=True))[:_PANELS_MOST]:
        scale, shown = _SCALES.get(str(unit), (1.0, str(unit)))
        names = of_unit["name"].unique(maintain_order=True).to_list()[:_LINES_MOST]
        lines = [
            _Line(source="metrics", name=name, label=style.name_of(name), colour=colour)
            for name, colour in zip(names, _COLOURS, strict=False)
        ]
        yield _Panel(label=shown or "metrics", lines=lines, scale=scale)


def _busiest(rows: pl.DataFrame, ending: str) -> list[str]:
    """Return the names with this ending whose values are not all 0, the largest first."""
    peaks = (
        rows.filter(pl.col("name").str.ends_with(ending))
        .group_by("name")
        .agg(pl.col("value").max().alias("most"))
        .filter(pl.col("most") > 0)
        .sort("most", "name", descending=[True, False])
    )
    return peaks["name"].to_list()[:_LINES_MOST]


def _draw(axes: Axes, panel: _Panel, rows: pl.DataFrame) -> None:
    for line in panel.lines:
        of_line = rows.filter((pl.col("source") == line.source) & (pl.col("name") == line.name)).sort(
            "second"
        )
        seconds, values = _with_gaps(of_line["second"].to_numpy(), of_line["value"].to_numpy() * panel.scale)
        marker = "o" if of_line.height <= 1 else ""
        axes.plot(
            seconds,
            values,
            line.dashes,
            color=line.colour,
            linewidth=1.5,
            drawstyle="steps-pre",
            label=line.label,
            marker=marker,
            markersize=4,
        )
    if panel.limit is not None:
        axes.axhline(
            panel.limit[0], color=style.INK, linewidth=1.0, linestyle=(0, (4, 2)), label=panel.limit[1]
        )
    axes.set_ylabel(panel.label)
    axes.set_ylim(0, None if axes.dataLim.y1 > 0 else 1)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))


def _with_gaps(seconds: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Put a missing value where readings are missing."""
    steps = np.diff(seconds)
    if not steps.size:
        return seconds, values
    gaps = np.flatnonzero(steps > _GAP * float(np.median(steps))) + 1
    return np.insert(seconds, gaps, seconds[gaps - 1]), np.insert(values.astype(float), gaps, np.nan)


def _draw_client(axes: Axes, measured: pl.DataFrame, column: str, label: str, scale: float) -> None:
    if not measured.is_empty():
        edges = [*measured["at_s"], measured["at_s"][-1] + measured["bin_s"][0]]
        values = measured[column].cast(pl.Float64).fill_null(np.nan).to_numpy() * scale
        axes.stairs(values, edges, baseline=None, color=style.INK, linewidth=1.5)
    axes.set_ylabel(label)
    axes.set_ylim(bottom=0)


def _finding(rows: pl.DataFrame, cores: int | None) -> str:
    """Say how busy the service was at most."""

    def most(source: str, name: str) -> float | None:
        values = rows.filter((pl.col("source") == source) & (pl.col("name") == name))["value"]
        found = values.max()
        return float(found) if isinstance(found, int | float) else None

    parts = []
    if (cpu := most("process", "cpu")) is not None:
        of = f" of {cores}" if cores else ""
        parts.append(f"The service used at most {cpu:.2f}{of} cores")
    if queue := most("port", "accept_queue"):
        parts.append(f"at most {style.counted(round(queue), 'connection')} waited to be accepted")
    if not parts:
        names = rows["name"].n_unique()
        parts.append(f"{style.counted(names, 'figure')} of the service during the run")
    return "; ".join(parts)
