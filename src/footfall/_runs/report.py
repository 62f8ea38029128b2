"""A load test as charts, tables and the report, all from its files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import polars as pl

from footfall._chart import run_charts
from footfall._chart.html_report import ReportData, Sheet, render
from footfall._chart.prediction_charts import Change, predicted_against_measured, spillover as draw_spillover
from footfall._chart.server_charts import server_over_time
from footfall._chart.style import Chart, Stamp, duration, name_of, save
from footfall._load.result_files import HITS_FILE, VISITS_FILE as MEASURED_FILE, read_result
from footfall._load.run_integrity import check_run
from footfall._measure.judge import spoiled_by
from footfall._measure.prediction import bounds, compare, foreseen
from footfall._measure.summary import by_request, measures, outcomes
from footfall._measure.time_series import percentile_curves, run_series, spillover
from footfall._model.model import Model
from footfall._model.model_files import MODEL_FILE, read_model
from footfall._records.errors import BadInputError, path_of
from footfall._records.folders import check_not_in_use
from footfall._records.load_generator import GeneratorRecord, TimeSummary
from footfall._records.runs import Manifest, read_manifest
from footfall._records.server_rows import read_server_rows
from footfall._records.tables import HITS, VISITS, read_parquet, write_csv, write_text
from footfall._runs import judgement
from footfall._runs.capacity_report import report_capacity
from footfall._runs.content import targets
from footfall._runs.known_capacity import capacity_line
from footfall._runs.messages import QUIET, Messages
from footfall._runs.predict import predict_if_missing
from footfall._runs.server_watch import value_text
from footfall._stats.intervals import percent as percent_of
from footfall._workload.trace import read_trace

REPORT = "report.html"
_SPILL_BIN_S = 5.0
_KEYS = ["channel", "operation"]
_REQUESTS_MOST = 200
"""Rows of requests that the page shows; `requests.csv` has all."""
_TEXT_MOST = 80
_RANKS = {name: rank for rank, name in enumerate(("process", "port", "machine", "service", "metrics"))}
"""Sources of figures of the service, in the order of the table."""
_UNKNOWN = "–"
_SHORT_S = 0.01
_TIMED = (
    "Times run from when the customer was ready to send the request until it was answered or given up, "
    "a new connection included."
)


@dataclass(frozen=True, slots=True)
class RunFigures:
    """A load test: what was predicted and what was measured."""

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
    """On the clock of the run."""
    down: frozenset[str]
    """Channels with an outage."""
    series: pl.DataFrame
    """The run over its own clock, columns of `SERIES`."""
    curves: pl.DataFrame
    """Response by percentile, columns of `CURVES`."""
    requests: pl.DataFrame
    """By channel, operation and step, columns of `REQUESTS`."""
    due_s: float
    """Time in which arrivals were due."""
    played_s: float
    """From the first second of the run to its end."""
    server: pl.DataFrame
    """Figures of the service, columns of `SERVER_ROWS`."""
    scale: str
    """Which part of the customers came, and how fast, in words."""

    @property
    def replications(self) -> int:
        """Number of replications of the prediction."""
        found = None if self.foreseen is None else self.foreseen["replications"].max()
        return found if isinstance(found, int) else 1


def figures(folder: Path) -> RunFigures:
    """Work out the figures of a load test from its files.

    Raises:
        BadInputError: a file is missing or damaged.
    """
    trace = read_trace(folder)
    wanted = targets(trace.model)
    predicted = _or_none(judgement.visits_of(folder, judgement.PREDICTED_FILE))
    measured = _or_none(judgement.visits_of(folder, MEASURED_FILE))
    tables = [measures(predicted, "predicted", wanted), measures(measured, "measured", wanted)]
    within = pl.concat([bounds(predicted, "predicted"), bounds(measured, "measured")])
    hits, table = folder / HITS_FILE, judgement.replications_of(folder)
    ranges = None if table is None or table["replication"].max() == 0 else foreseen(table)
    return RunFigures(
        predicted=predicted,
        measured=measured,
        ordinary=judgement.visits_of(folder, judgement.ORDINARY_FILE),
        measures=pl.concat(tables),
        foreseen=ranges,
        bounds=within,
        comparison=_with_ranges(_with_bounds(compare(*tables), within), ranges, "predicted_"),
        outage_s=_outage_s(trace.played),
        down=frozenset(channel.name for channel in trace.model.channels if channel.outages),
        series=run_series(trace.arrivals, predicted, measured, trace.info.play.seconds),
        curves=percentile_curves(predicted, measured),
        requests=by_request(read_parquet(hits, HITS) if hits.is_file() else HITS.to_frame()),
        due_s=trace.info.play.seconds,
        played_s=read_result(folder).played_s,
        server=read_server_rows(folder),
        scale=_scale(trace.info.scale, trace.info.play.speed),
    )


def report(run: PathLike[str] | str, messages: Messages = QUIET) -> Path:
    """Write `report.html`, tables and charts of a load test or a search again; returns the report's path.

        >>> import footfall as ff
        >>> ff.report(folder / "load").name
        'report.html'

    Raises:
        BadInputError: the run is neither a load test nor a search for capacity or is being made, or a file of
            it is damaged or changed.
    """
    folder = path_of(run, "run")
    manifest = read_manifest(folder)
    is_search = manifest.command == judgement.CAPACITY
    if manifest.arrivals is None and not is_search:
        problem = "is neither a load test nor a search for capacity"
        raise BadInputError(str(folder), problem, "the folder of a run of footfall load, demo or capacity")
    check_not_in_use(folder)
    if is_search:
        return report_capacity(folder, manifest)
    check_run(folder, manifest)
    predict_if_missing(folder, messages)
    criteria = judgement.criteria_of_run(manifest, read_model(folder / MODEL_FILE))
    judged = judgement.judge_run(folder, manifest, criteria, messages=messages)
    return write(folder, figures(folder), judged)


def charts(figures: RunFigures, manifest: Manifest) -> dict[str, Chart]:
    """Draw the load test, by name."""
    stamp = Stamp.of(manifest)
    marks = run_charts.Marks(
        outage_s=figures.outage_s, ended_early_s=figures.played_s if manifest.ended_early_by else None
    )
    both = _drawn(figures)
    drawn = {
        "over_time": run_charts.run_over_time(figures.series, marks, stamp),
        "predicted_against_measured": predicted_against_measured(both, stamp),
        "success": run_charts.success_against_target(both, stamp),
        "percentiles": run_charts.percentiles(figures.curves, stamp),
        "failures": run_charts.outcomes_by_cause(outcomes(figures.measured), stamp),
    }
    if figures.predicted.is_empty():
        del drawn["predicted_against_measured"]
    if not figures.server.is_empty():
        cores = None if manifest.server is None else manifest.server.cores
        drawn["server"] = server_over_time(figures.server, figures.series, cores, stamp)
    if figures.ordinary is not None:
        change = Change(at_s=figures.outage_s, down=figures.down, scale=figures.scale)
        drawn["spillover"] = draw_spillover(spill(figures), change, stamp)
    return drawn


def spill(figures: RunFigures) -> pl.DataFrame:
    """Visits per minute by channel against the ordinary prediction, in both worlds."""
    ordinary = figures.predicted if figures.ordinary is None else figures.ordinary
    worlds = {"predicted": figures.predicted, "measured": figures.measured}
    tables = [spillover(ordinary, visits, world, _SPILL_BIN_S) for world, visits in worlds.items()]
    return pl.concat(tables)


def spill_by_channel(figures: RunFigures) -> list[dict[str, Any]]:
    """Give visits by channel: ordinary, and what the outage added, predicted and measured."""
    if figures.ordinary is None:
        return []
    counts = [_counts(frame) for frame in (figures.ordinary, figures.predicted, figures.measured)]
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


def write(folder: Path, figures: RunFigures, judged: judgement.Judged, more: Sequence[Chart] = ()) -> Path:
    """Write the tables as CSV, the charts and `report.html`; returns the report's path.

    Raises:
        BadInputError: the folder cannot be written.
    """
    drawn = charts(figures, judged.manifest)
    for name, chart in drawn.items():
        save(chart, folder / "charts" / name)
    write_csv(figures.measures, folder / "measures.csv")
    write_csv(figures.bounds, folder / "intervals.csv")
    write_csv(figures.requests, folder / "requests.csv")
    sheets = (
        _requests_sheet(figures.requests, judged.manifest),
        _server_sheet(judged.manifest),
        _generator_sheet(judged.manifest),
    )
    page = ReportData(
        manifest=judged.manifest,
        verdict=judged.decision.verdict.value,
        reason=judged.decision.reason,
        judgements=judged.judgements,
        comparison=figures.comparison,
        charts=[*drawn.values(), *more],
        findings=_findings(folder, figures, judged.manifest),
        warnings=_warnings_of(judged.manifest),
        sheets=[sheet for sheet in sheets if sheet is not None],
    )
    write_text(render(page), folder / REPORT)
    return folder / REPORT


def _with_bounds(comparison: pl.DataFrame, within: pl.DataFrame) -> pl.DataFrame:
    """Join the bounds of each world to its figures."""
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


def _drawn(figures: RunFigures) -> pl.DataFrame:
    """Give the measures of both worlds with the bounds of their times, for the chart of both."""
    bounds = figures.bounds.select("world", *_KEYS, pl.col(r"^response_s_p95_(low|high)$"))
    whole = figures.measures.join(bounds, on=["world", *_KEYS], how="left", maintain_order="left")
    is_predicted = pl.col("world") == "predicted"
    columns = whole.columns
    predicted = _with_ranges(whole.filter(is_predicted), figures.foreseen).select(columns)
    return pl.concat([predicted, whole.filter(~is_predicted)])


def _findings(folder: Path, figures: RunFigures, manifest: Manifest) -> list[str]:
    spilled = [spill_line(row) for row in spill_by_channel(figures)]
    known = capacity_line(folder, manifest, figures.due_s)
    return [*([known] if known else []), *spilled]


def spill_line(row: dict[str, Any]) -> str:
    """Say in one line what an outage moved to a channel."""
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


def _requests_sheet(requests: pl.DataFrame, manifest: Manifest) -> Sheet | None:
    """Give the table of requests, the most failed first (`REQUESTS`); None where there are none."""
    if requests.is_empty():
        return None
    shown = requests.sort(
        "failed", "requests", "channel", "operation", "step", descending=[True, True, False, False, False]
    ).head(_REQUESTS_MOST)
    return Sheet(
        title="Requests",
        heads=(
            "Channel",
            "Operation",
            "Request",
            "Count",
            "Failed, 95 % interval",
            "p50",
            "p95",
            "p99",
            "Causes",
        ),
        rows=[_request(row) for row in shown.iter_rows(named=True)],
        note=_note(requests, manifest),
        names=3,
        texts=frozenset({8}),
    )


def _server_sheet(manifest: Manifest) -> Sheet | None:
    """Give the figures of the service over the run; None where none were sampled."""
    record = manifest.server
    if record is None or not (record.figures or record.notes):
        return None
    ordered = sorted(record.figures, key=lambda each: (_RANKS.get(each.source, len(_RANKS)), each.name))
    rows = [
        (
            each.source,
            each.name,
            *(value_text(value, each.unit) for value in (each.mean, each.least, each.most)),
            f"{each.samples:,}",
        )
        for each in ordered
        if each.most or each.least
    ]
    note = "Sampled during the run; means over time, from second 0 to its end. What stayed 0 is left out."
    notes = [f"Not sampled: {text}." for text in record.notes]
    return Sheet(
        title="Service",
        heads=("Source", "Figure", "Mean", "Least", "Most", "Samples"),
        rows=rows,
        note=" ".join((note, *notes)),
        names=2,
    )


def _generator_sheet(manifest: Manifest) -> Sheet | None:
    """Give what is known of the generator and its connections; None where nothing is."""
    rows = list(_rows(manifest))
    if not rows:
        return None
    note = "The generator's own part of the times: where it is large, the run is invalid."
    return Sheet(title="Generator", heads=("What", "Found"), rows=rows, note=note, texts=frozenset({1}))


def _warnings_of(manifest: Manifest) -> list[str]:
    """Give what a reader must know before they believe a figure."""
    found = [spoiled] if (spoiled := spoiled_by(manifest)) else []
    if manifest.settings.get("insecure"):
        found.append(
            "Certificates of the service were not checked (--insecure): it may have been another one."
        )
    if manifest.ended_early_by:
        found.append(f"The run ended early by its own criterion, {manifest.ended_early_by}")
    return found


def _request(row: dict[str, object]) -> tuple[str, ...]:
    share, low, high = (float(str(row[f"failed_share{end}"])) for end in ("", "_low", "_high"))
    return (
        name_of(str(row["channel"])),
        _cut(str(row["operation"])),
        _cut(str(row["step"])),
        f"{row['requests']:,}",
        f"{percent_of(share)} ({low * 100:.1f} – {high * 100:.1f})",
        *(duration(float(str(row[f"time_s_p{p}"]))) for p in (50, 95, 99)),
        str(row["causes"]),
    )


def _note(requests: pl.DataFrame, manifest: Manifest) -> str:
    said = [_TIMED]
    kept = manifest.settings.get("hits_sample_share")
    if isinstance(kept, int | float) and kept < 1:
        said.append(f"A sample: the requests of {percent_of(float(kept))} of the customers were kept.")
    if requests.height > _REQUESTS_MOST:
        said.append(
            f"The {_REQUESTS_MOST} with the most failures, of {requests.height}; requests.csv has all."
        )
    return " ".join(said)


def _rows(manifest: Manifest) -> Iterator[tuple[str, str]]:
    record = manifest.generator
    if record is not None and (record.own.n or record.turn.n):
        yield from _of_record(record)
    for channel, user in manifest.settings.get("served_by", {}).items():
        yield f"{_cut(str(channel))} served by", _cut(str(user))
    if manifest.connections is not None:
        yield "connections", manifest.connections.describe(manifest.settings)
    for reason, n in manifest.broken_reasons.items():
        yield "arrivals that broke inside the generator", f"{n:,}: {_cut(reason)}"
    for worker in manifest.workers:
        yield f"worker {_cut(worker.id)}", worker.status


def _of_record(record: GeneratorRecord) -> Iterator[tuple[str, str]]:
    yield "time it took itself to send a request", _times(record.own)
    yield "turns of its event loop", _times(record.turn)
    yield "answers read late, p99", _fine(record.read_late_s_p99)
    if shares := record.cpu_share_by_s:
        mean = sum(shares) / len(shares)
        yield (
            "CPU of one core",
            f"{percent_of(mean)} in the mean, {percent_of(max(shares))} in the busiest second",
        )
    if (control := record.control) is not None:
        failed = f", {control.failed:,} without an answer" if control.failed else ""
        asked = f"{_cut(control.method_and_path)}: {control.sent:,} sent{failed}; {_times(control.answered)}"
        yield "the same service, asked by a separate process", asked
        if control.same_in_run.n:
            yield "the same request within the run", _times(control.same_in_run)
        yield "how late the host woke that process", _times(control.woken_late)
        yield "what 10 ms of CPU took that process", _times(control.cpu_10ms)


def _times(summary: TimeSummary) -> str:
    if not summary.n:
        return "not known"
    figures = (
        ("p50", summary.p50_s),
        ("p95", summary.p95_s),
        ("p99", summary.p99_s),
        ("longest", summary.max_s),
    )
    return ", ".join(f"{name} {_fine(seconds)}" for name, seconds in figures) + f" (n {summary.n:,})"


def _fine(seconds: float | None) -> str:
    if seconds is None:
        return _UNKNOWN
    return f"{seconds * 1000:.1f} ms" if seconds < _SHORT_S else duration(seconds)


def _cut(text: str) -> str:
    return text if len(text) <= _TEXT_MOST else text[: _TEXT_MOST - 1] + "…"
