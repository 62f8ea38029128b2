"""Runs that can be compared: read, of one trace; and as a table over time for tools that look for changes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from footfall._load.result_files import VISITS_FILE
from footfall._load.run_integrity import check_run
from footfall._measure import run_metrics
from footfall._measure.run_comparison import why_left_out
from footfall._records.errors import BadInputError
from footfall._records.runs import TRACE_FILE, Manifest, read_manifest
from footfall._records.tables import ARRIVALS, read_csv, read_parquet, write_csv, write_text
from footfall._runs.judgement import visits_of
from footfall._runs.messages import QUIET, Messages
from footfall._workload.trace import ARRIVALS_FILE, TraceInfo, read_info

_NOT_OF_THE_TRACE = {"model", "criteria"}
"""The path of the model file may differ; what it held may not, and is in the fingerprint. What was asked of a
run is not what it ran."""


@dataclass(frozen=True, slots=True)
class ComparedRun:
    """A run that counts: its name among those compared, and what is compared."""

    name: str
    folder: Path
    manifest: Manifest
    trace: TraceInfo
    played: run_metrics.RunVisits


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A run that does not count, and why."""

    name: str
    reason: str


def named(folders: Sequence[Path]) -> dict[Path, str]:
    """Give each run a short name: that of its folder, or the whole path where two have the same."""
    counts = Counter(folder.name for folder in folders)
    return {
        folder: folder.name if counts[folder.name] == 1 and folder.name else folder.as_posix()
        for folder in folders
    }


def read_run(folder: Path, name: str) -> ComparedRun | LeftOut:
    """Read a load test, or the reason why it does not count.

    Raises:
        BadInputError: the folder holds no load test, or a file is damaged.
    """
    manifest = read_manifest(folder)
    if not (folder / TRACE_FILE).is_file():
        raise BadInputError(
            str(folder), "is not a load test", "the folder of a run of footfall load or footfall demo"
        )
    check_run(folder, manifest)
    reason = why_left_out(manifest)
    if reason is not None:
        return LeftOut(name, reason)
    trace = read_info(folder / TRACE_FILE)
    visits = visits_of(folder, VISITS_FILE)
    if visits is None or visits.is_empty():
        return LeftOut(name, "it holds no measured visits")
    return ComparedRun(name, folder, manifest, trace, run_metrics.RunVisits(visits, trace.play.seconds))


def check_same_trace(runs: Sequence[ComparedRun]) -> None:
    """See that all runs have the same arrivals of the same model.

    Raises:
        BadInputError: one did not; the line says what differs.
    """
    if not runs:
        return
    first, *others = runs
    wanted = first.trace.model_dump(exclude=_NOT_OF_THE_TRACE)
    arrivals: pl.DataFrame | None = None
    for run in others:
        found = run.trace.model_dump(exclude=_NOT_OF_THE_TRACE)
        if differing := [name for name, value in found.items() if value != wanted[name]]:
            name = differing[0]
            problem = f"has another trace than {first.name}: {name} {found[name]} and {wanted[name]}"
            raise BadInputError(f"run {run.name}", problem, "runs of one trace")
        arrivals = _arrivals(first) if arrivals is None else arrivals
        if not _arrivals(run).equals(arrivals):
            raise BadInputError(
                f"run {run.name}", f"has other arrivals than {first.name}", "runs of one trace"
            )


def _arrivals(run: ComparedRun) -> pl.DataFrame:
    return read_parquet(run.folder / ARRIVALS_FILE, ARRIVALS)


# ── Runs as a table over time


@dataclass(frozen=True, slots=True)
class RunHistory:
    """Runs, one a row, with a column a metric."""

    table: pl.DataFrame
    metrics: tuple[run_metrics.Metric, ...]


def add_to_history(
    runs: Sequence[Path],
    file: Path,
    *,
    metrics: Sequence[str] = (),
    commit: str | None = None,
    otava: Path | None = None,
    messages: Messages = QUIET,
) -> RunHistory:
    """Add runs of one trace to a CSV file: a row each, with time, commit, branch and a column a metric.

    `metrics` are such as `p95(web.query)`; without them, those of the file, or all with visits enough.
    `commit` is what was tested, by default as the runs know it. With `otava`, that file gets the
    configuration of Apache Otava for this table. Runs that cannot be used are left out and named.

    Raises:
        BadInputError: no run can be used, they are of different traces, or a file is wrong.
    """
    names = named(runs)
    read = [read_run(folder, names[folder]) for folder in dict.fromkeys(runs)]
    kept = [run for run in read if isinstance(run, ComparedRun)]
    for run in read:
        if isinstance(run, LeftOut):
            messages.note(f"left out: {run.name}: {run.reason}")
    if not kept:
        raise BadInputError(
            "footfall history", "no run can be used", "a finished run that started its arrivals on time"
        )
    check_same_trace(kept)
    before = _before(file)
    chosen = _metrics(kept, metrics, before)
    table = run_metrics.history([_row(run, chosen, commit) for run in kept], before)
    write_csv(table, file)
    if otava is not None:
        name = kept[0].manifest.scenario or kept[0].manifest.model
        write_text(run_metrics.otava_config(table, name, file.as_posix()), otava)
    return RunHistory(table, tuple(chosen))


def _row(run: ComparedRun, metrics: list[run_metrics.Metric], commit: str | None) -> run_metrics.HistoryRow:
    known = run.manifest.settings
    return run_metrics.HistoryRow(
        time=run.manifest.started_at,
        commit=commit or str(known.get("commit", "")),
        branch=str(known.get("branch", "")),
        run=run.name,
        values={metric: run_metrics.value_of(metric, run.played) for metric in metrics},
    )


def _metrics(
    runs: list[ComparedRun], asked: Sequence[str], before: pl.DataFrame | None
) -> list[run_metrics.Metric]:
    if before is not None and not asked:
        return run_metrics.metrics_of(before)
    return list(run_metrics.chosen_metrics(asked, [run.played for run in runs]))


def _before(path: Path) -> pl.DataFrame | None:
    """Give the history that is there; None where there is none.

    Raises:
        BadInputError: the file is no table.
    """
    if not path.exists():
        return None
    try:
        names = pl.read_csv(path, n_rows=0).columns
    except (PolarsError, OSError) as error:
        raise BadInputError(f"--out {path}", "is not a table", "a history, or a new file") from error
    texts = {run_metrics.TIME, *run_metrics.ATTRIBUTES}
    if not texts <= set(names):
        raise BadInputError(f"--out {path}", "is not a history", "one written by footfall, or a new file")
    return read_csv(path, pl.Schema({name: pl.String if name in texts else pl.Float64 for name in names}))
