"""A played run as charts, tables and the report, all from its files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from rich.table import Table

from footfall.behaviour.load_model import as_played
from footfall.chart.html_report import ReportData, render
from footfall.chart.prediction_charts import Change, predicted_against_measured
from footfall.chart.prediction_charts import spillover as draw_spillover
from footfall.chart.run_charts import (
    Marks,
    outcomes_by_cause,
    percentiles,
    run_over_time,
    success_against_target,
)
from footfall.chart.style import Chart, Stamp, save
from footfall.cli import plus_minus
from footfall.cli.console import percent, say, show_table
from footfall.cli.evidence import ORDINARY_FILE, PREDICTED_FILE, replications_of, visits_of
from footfall.cli.judging import Judged
from footfall.cli.run_sheets import generator_sheet, requests_sheet, warnings_of
from footfall.cli.runs import targets
from footfall.load.result_files import HITS_FILE, read_result
from footfall.load.result_files import VISITS_FILE as MEASURED_FILE
from footfall.measure.prediction import bounds, compare, foreseen
from footfall.measure.summary import by_request, measures, outcomes
from footfall.measure.time_series import percentile_curves, run_series, spillover
from footfall.model.model import Model
from footfall.records.runs import Manifest
from footfall.records.tables import HITS, VISITS, read_parquet, write_csv, write_text
from footfall.workload.trace import read_trace

REPORT = "report.html"
_SPILL_BIN_S = 5.0
_KEYS = ["channel", "operation"]
_REPLICATED = (
    "predicted: mean of {n} replications, the same customers with other service times and\n"
    "faults, and the range in which 95 % of runs would fall (predicted.csv)."
)


@dataclass(frozen=True, slots=True)
class PlayFigures:
    """A played run: what was predicted and what was measured."""

    predicted: pl.DataFrame
    measured: pl.DataFrame
    ordinary: pl.DataFrame | None
    measures: pl.DataFrame
    """Both worlds, columns of `MEASURES`; of the prediction, its first replication."""
    foreseen: pl.DataFrame | None
    """Mean and range of the prediction's replications; None where there are none."""
    bounds: pl.DataFrame
    """Within the run, of means and percentiles in both worlds: rows as those of `measures`."""
    comparison: pl.DataFrame
    outage_s: tuple[float, float] | None
    """On the clock of play."""
    down: frozenset[str]
    """Channels with an outage."""
    series: pl.DataFrame
    """The run over its own clock, columns of `SERIES`."""
    curves: pl.DataFrame
    """Response by percentile, columns of `CURVES`."""
    requests: pl.DataFrame
    """By channel, operation and step, columns of `REQUESTS`."""
    played_s: float
    """From the first second of play to its end."""
    scale: str
    """Which part of the customers was played, and how fast, in words."""

    @property
    def replications(self) -> int:
        """Number of replications of the prediction."""
        found = None if self.foreseen is None else self.foreseen["replications"].max()
        return found if isinstance(found, int) else 1


def figures(folder: Path) -> PlayFigures:
    """Work out the figures of a played run from its files.

    Raises:
        BadInputError: a file is missing or damaged.
    """
    trace = read_trace(folder)
    wanted = targets(trace.model)
    predicted = _or_none(visits_of(folder, PREDICTED_FILE))
    measured = _or_none(visits_of(folder, MEASURED_FILE))
    tables = [measures(predicted, "predicted", wanted), measures(measured, "measured", wanted)]
    within = pl.concat([bounds(predicted, "predicted"), bounds(measured, "measured")])
    hits, table = folder / HITS_FILE, replications_of(folder)
    ranges = None if table is None or table["replication"].max() == 0 else foreseen(table)
    return PlayFigures(
        predicted=predicted,
        measured=measured,
        ordinary=visits_of(folder, ORDINARY_FILE),
        measures=pl.concat(tables),
        foreseen=ranges,
        bounds=within,
        comparison=_with_ranges(_with_bounds(compare(*tables), within), ranges, "predicted_"),
        outage_s=_outage_s(as_played(trace.model, trace.info.play)),
        down=frozenset(channel.name for channel in trace.model.channels if channel.outages),
        series=run_series(trace.arrivals, predicted, measured, trace.info.play.seconds),
        curves=percentile_curves(predicted, measured),
        requests=by_request(read_parquet(hits, HITS) if hits.is_file() else HITS.to_frame()),
        played_s=read_result(folder).played_s,
        scale=_scale(trace.info.scale, trace.info.play.speed),
    )


def charts(play: PlayFigures, manifest: Manifest) -> dict[str, Chart]:
    """Draw the played run, by name."""
    stamp = Stamp.of(manifest)
    marks = Marks(outage_s=play.outage_s, ended_early_s=play.played_s if manifest.ended_early_by else None)
    drawn = {
        "over_time": run_over_time(play.series, marks, stamp),
        "predicted_against_measured": predicted_against_measured(_drawn(play), stamp),
        "success": success_against_target(play.measures, stamp),
        "percentiles": percentiles(play.curves, stamp),
        "failures": outcomes_by_cause(outcomes(play.measured), stamp),
    }
    if play.predicted.is_empty():
        del drawn["predicted_against_measured"]
    if play.ordinary is not None:
        change = Change(at_s=play.outage_s, down=play.down, scale=play.scale)
        drawn["spillover"] = draw_spillover(spill(play), change, stamp)
    return drawn


def spill(play: PlayFigures) -> pl.DataFrame:
    """Visits per minute by channel against the ordinary prediction, in both worlds."""
    ordinary = play.predicted if play.ordinary is None else play.ordinary
    worlds = {"predicted": play.predicted, "measured": play.measured}
    tables = [spillover(ordinary, visits, world, _SPILL_BIN_S) for world, visits in worlds.items()]
    return pl.concat(tables)


def spill_by_channel(play: PlayFigures) -> list[dict[str, Any]]:
    """Give visits by channel: ordinary, and what the outage added, predicted and measured."""
    if play.ordinary is None:
        return []
    counts = [_counts(frame) for frame in (play.ordinary, play.predicted, play.measured)]
    names = sorted(set().union(*counts))
    return [
        {
            "channel": name,
            "ordinary_visits": counts[0].get(name, 0),
            "predicted_spill_visits": counts[1].get(name, 0) - counts[0].get(name, 0),
            "measured_spill_visits": counts[2].get(name, 0) - counts[0].get(name, 0),
        }
        for name in names
    ]


def write(folder: Path, play: PlayFigures, judged: Judged, more: Sequence[Chart] = ()) -> Path:
    """Write the tables as CSV, the charts and `report.html`; returns the report's path.

    Raises:
        BadInputError: the folder cannot be written.
    """
    drawn = charts(play, judged.manifest)
    for name, chart in drawn.items():
        save(chart, folder / "charts" / name)
    write_csv(play.measures, folder / "measures.csv")
    write_csv(play.bounds, folder / "intervals.csv")
    write_csv(play.requests, folder / "requests.csv")
    sheets = (requests_sheet(play.requests, judged.manifest), generator_sheet(judged.manifest))
    page = ReportData(
        manifest=judged.manifest,
        verdict=judged.decision.verdict.value,
        reason=judged.decision.reason,
        judgements=judged.judgements,
        comparison=play.comparison,
        charts=[*drawn.values(), *more],
        findings=_findings(play),
        warnings=warnings_of(judged.manifest),
        sheets=[sheet for sheet in sheets if sheet is not None],
    )
    write_text(render(page), folder / REPORT)
    return folder / REPORT


def show(play: PlayFigures) -> None:
    """Print the table of channel and operation, and the spill."""
    # One blank between columns, so that all of them fit.
    tight = (0, 1, 0, 0)
    worlds = ("measured",) if play.predicted.is_empty() else ("predicted", "measured")
    title = "Measured" if len(worlds) == 1 else "Predicted and measured"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=tight)
    has_targets = play.comparison["target_share"].is_not_null().any()
    heads = ["channel", "operation", "visits", *(f"{world}, 95 %" for world in worlds)]
    heads += ["target"] if has_targets else []
    for head in (*heads, *(f"p95 {world}" for world in worlds)):
        table.add_column(head, justify="left" if head in {"channel", "operation"} else "right")
    for row in play.comparison.iter_rows(named=True):
        if row["channel"] == "*" and row["operation"] != "*":
            continue
        cells = [row["channel"], row["operation"], f"{row['measured_visits'] or 0:,}"]
        shares = (f"{world}_success_share" for world in worlds)
        cells += [
            plus_minus.with_bounds(row[name], row[f"{name}_low"], row[f"{name}_high"]) for name in shares
        ]
        cells += [percent(row["target_share"])] if has_targets else []
        times = (f"{world}_response_s_p95" for world in worlds)
        cells += [plus_minus.time(row[name], plus_minus.half_of(row, name)) for name in times]
        table.add_row(*cells, style="bold" if row["operation"] == "*" else None)
    show_table(table)
    say("±: 95 % half-width within this run, by batch means. ± ?: too few independent visits.")
    if play.replications > 1:
        say(_REPLICATED.format(n=play.replications))
    for row in spill_by_channel(play):
        say(_spill_line(row))


def _with_bounds(comparison: pl.DataFrame, within: pl.DataFrame) -> pl.DataFrame:
    """Put the bounds of each world beside its figures."""
    for world in ("predicted", "measured"):
        of_world = within.filter(pl.col("world") == world).drop("world")
        named = of_world.rename({name: f"{world}_{name}" for name in of_world.columns if name not in _KEYS})
        comparison = comparison.join(named, on=_KEYS, how="left", maintain_order="left")
    return comparison


def _with_ranges(table: pl.DataFrame, ranges: pl.DataFrame | None, prefix: str = "") -> pl.DataFrame:
    """Put mean and range of the replications in the place of the first one's figures.

    Visits stay those of the first; where it has none, they are the mean of those that have.
    """
    if ranges is None:
        return table
    visits = f"{prefix}visits"
    named = ranges.drop("replications").rename(lambda name: name if name in _KEYS else f"{prefix}{name}")
    joined = table.join(named, on=_KEYS, how="left", suffix="_foreseen", maintain_order="left")
    known = [name for name in named.columns if f"{name}_foreseen" in joined.columns]
    new = [pl.coalesce(f"{name}_foreseen", name).alias(name) for name in known if name != visits]
    new.append(pl.coalesce(visits, pl.col(f"{visits}_foreseen").round().cast(pl.Int64)).alias(visits))
    return joined.with_columns(new).drop(f"{name}_foreseen" for name in known)


def _drawn(play: PlayFigures) -> pl.DataFrame:
    """Give the measures of both worlds with the bounds of their times, for the chart of both."""
    bounds = play.bounds.select("world", *_KEYS, pl.col(r"^response_s_p95_(low|high)$"))
    whole = play.measures.join(bounds, on=["world", *_KEYS], how="left", maintain_order="left")
    is_predicted = pl.col("world") == "predicted"
    columns = whole.columns
    predicted = _with_ranges(whole.filter(is_predicted), play.foreseen).select(columns)
    return pl.concat([predicted, whole.filter(~is_predicted)])


def _findings(play: PlayFigures) -> list[str]:
    return [_spill_line(row) for row in spill_by_channel(play)]


def _spill_line(row: dict[str, Any]) -> str:
    return (
        f"spill on {row['channel']}: {row['predicted_spill_visits']:+d} visits predicted, "
        f"{row['measured_spill_visits']:+d} measured, on {row['ordinary_visits']} ordinary ones"
    )


def _counts(visits: pl.DataFrame) -> dict[str, int]:
    return dict(visits.group_by("channel").len().iter_rows())


def _scale(scale: float, speed: float) -> str:
    fast = "" if speed == 1 else f", {speed:g} times as fast as the day"
    return f"{scale * 100:.3g} % of the customers{fast}"


def _or_none(visits: pl.DataFrame | None) -> pl.DataFrame:
    return VISITS.to_frame() if visits is None else visits


def _outage_s(played: Model) -> tuple[float, float] | None:
    outages = [outage for channel in played.channels for outage in channel.outages]
    if not outages:
        return None
    return min(float(o.starts_s) for o in outages), max(float(o.ends_s) for o in outages)
