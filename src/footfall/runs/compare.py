"""Read two sets of played runs, see that they can be compared, and compare them."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from statistics import median

import polars as pl

from footfall.load.result_files import VISITS_FILE
from footfall.load.run_integrity import check_run
from footfall.measure.run_comparison import (
    ComparisonDecision,
    Difference,
    Minimum,
    Sides,
    compare_runs,
    decide_comparison,
    why_left_out,
)
from footfall.measure.run_metrics import MAIN, Metric, RunVisits, chosen_metrics, value_of
from footfall.records.errors import BadInputError
from footfall.records.runs import TRACE_FILE, Manifest, read_manifest
from footfall.records.tables import ARRIVALS, read_parquet
from footfall.runs.judge import visits_of
from footfall.stats.rank_tests import RUNS_MOST, mann_whitney_p
from footfall.workload.trace import ARRIVALS_FILE, TraceInfo, read_info

BASELINE, CANDIDATE = "baseline", "candidate"
DEFAULT_MINIMUM = Minimum()
_DRIFT_P_MOST = 0.01
_NOT_OF_THE_TRACE = {"model", "criteria"}
"""The path of the model file may differ; what it held may not, and is in the fingerprint. What was asked of a
run is not what it played."""


@dataclass(frozen=True, slots=True)
class PlayedRun:
    """A run that counts: its name among those compared, and what is compared."""

    name: str
    folder: Path
    manifest: Manifest
    trace: TraceInfo
    played: RunVisits


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A run that does not count, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two sets of runs, what differs, and the verdict."""

    baseline: tuple[PlayedRun, ...]
    candidate: tuple[PlayedRun, ...]
    left_out: tuple[LeftOut, ...]
    minimum: Minimum
    samples: dict[Metric, Sides]
    differences: tuple[Difference, ...]
    decision: ComparisonDecision
    cautions: tuple[str, ...]

    @property
    def table(self) -> pl.DataFrame:
        """A row a metric: both sides, the difference with its interval, p, and the finding."""
        from footfall.runs.comparison_tables import differences_table

        return differences_table(self)

    def _repr_html_(self) -> str:
        from footfall.runs.comparison_tables import comparison_html

        return comparison_html(self)

    @property
    def runs(self) -> tuple[PlayedRun, ...]:
        """All that count."""
        return (*self.baseline, *self.candidate)


def compare(
    runs: Sequence[PathLike[str] | str],
    baseline: Sequence[PathLike[str] | str],
    *,
    metrics: Sequence[str] = (),
    minimum: Minimum = DEFAULT_MINIMUM,
) -> Compared:
    """Compare load tests with a baseline's, run by run: whether they are worse.

    `runs` and `baseline` are folders of runs of one trace (`footfall load --against` plays two services in
    turn). `metrics` are such as `p95(web.query)` or `success`, each of which must then be told; without
    them, all with visits enough. `minimum` is what a difference must exceed to count.

    The answer's `decision.verdict` is `not worse`, `worse` or `cannot tell`; `table` has a row a metric, with
    the difference, its 95 % interval and p (exact Mann-Whitney test, Holm's correction).

        >>> import footfall as ff
        >>> ff.compare(candidate, baseline).decision.verdict.value
        'cannot tell'

    Raises:
        BadInputError: a folder holds no played run, or the runs are not of one trace.
    """
    earlier, later = ([Path(each) for each in side] for side in (baseline, runs))
    return compare_folders(earlier, later, metrics, minimum)


def compare_folders(
    baseline: Sequence[Path], candidate: Sequence[Path], asked: Sequence[str], minimum: Minimum
) -> Compared:
    """Compare run folders; those that say nothing of their service are left out by name.

    Raises:
        BadInputError: a folder holds no played run, one is named twice or a copy of another, or they
            played different traces.
    """
    _check_named_once(baseline, candidate)
    names = named((*baseline, *candidate))
    read = [[read_run(folder, names[folder]) for folder in side] for side in (baseline, candidate)]
    kept = [tuple(run for run in side if isinstance(run, PlayedRun)) for side in read]
    check_same_trace((*kept[0], *kept[1]))
    _check_no_copies((*kept[0], *kept[1]))
    metrics = chosen_metrics(asked, [run.played for side in kept for run in side])
    if not all(kept):
        metrics = ()
    samples = {
        metric: Sides(*([value_of(metric, run.played) for run in side] for side in kept))
        for metric in metrics
    }
    differences = compare_runs(samples, minimum, () if asked else MAIN)
    return Compared(
        baseline=kept[0],
        candidate=kept[1],
        left_out=tuple(run for side in read for run in side if isinstance(run, LeftOut)),
        minimum=minimum,
        samples=samples,
        differences=differences,
        decision=decide_comparison(differences, named=bool(asked)),
        cautions=_cautions(*kept),
    )


def named(folders: Sequence[Path]) -> dict[Path, str]:
    """Give each run a short name: that of its folder, or the whole path where two have the same."""
    counts = Counter(folder.name for folder in folders)
    return {
        folder: folder.name if counts[folder.name] == 1 and folder.name else folder.as_posix()
        for folder in folders
    }


def read_run(folder: Path, name: str) -> PlayedRun | LeftOut:
    """Read a played run, or the reason why it does not count.

    Raises:
        BadInputError: the folder holds no played run, or a file is damaged.
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
    return PlayedRun(name, folder, manifest, trace, RunVisits(visits, trace.play.seconds))


def check_same_trace(runs: Sequence[PlayedRun]) -> None:
    """See that all runs played the same arrivals of the same model.

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


def _arrivals(run: PlayedRun) -> pl.DataFrame:
    return read_parquet(run.folder / ARRIVALS_FILE, ARRIVALS)


def _check_named_once(baseline: Sequence[Path], candidate: Sequence[Path]) -> None:
    for option, side in (("RUN", candidate), ("--baseline", baseline)):
        if len(side) > RUNS_MOST:
            raise BadInputError(option, f"{len(side)} runs", f"at most {RUNS_MOST}")
    counts = Counter(folder.resolve() for folder in (*baseline, *candidate))
    for folder in (*baseline, *candidate):
        if counts[folder.resolve()] > 1:
            raise BadInputError(f"run {folder}", "is named twice", "each run on one side, once")


def _check_no_copies(runs: Sequence[PlayedRun]) -> None:
    """See that no run is a copy of another: a sample of one, counted as several, would tell anything.

    Raises:
        BadInputError: one is, by the times of its visits.
    """
    seen: dict[bytes, str] = {}
    for run in runs:
        times = run.played.visits.select("customer", "attempt", "ended_s").sort("customer", "attempt")
        mark = hashlib.sha256(times["ended_s"].to_numpy().tobytes()).digest()
        if mark in seen:
            problem = f"holds exactly the same visits as run {seen[mark]}"
            raise BadInputError(f"run {run.name}", problem, "each run once, without copies")
        seen[mark] = run.name


def _cautions(baseline: Sequence[PlayedRun], candidate: Sequence[PlayedRun]) -> tuple[str, ...]:
    """Say what else than the service may have made the difference."""
    if not (baseline and candidate):
        return ()
    runs = (*baseline, *candidate)
    said = [
        f"the runs were generated by different versions of {name}"
        for name in ("footfall", "locust", "python")
        if len({run.manifest.versions.get(name) for run in runs}) > 1
    ]
    if any(run.manifest.machine != runs[0].manifest.machine for run in runs):
        said.append("the runs were generated on different machines")
    starts = [[run.manifest.started_at for run in side] for side in (baseline, candidate)]
    apart = max(starts[0]) < min(starts[1]) or max(starts[1]) < min(starts[0])
    if apart and len(runs) > 2:  # noqa: PLR2004  two runs have only one order
        said.append(
            "all runs of one side were played before those of the other: what time changed cannot be told "
            "from what the service changed (footfall load --against plays them in turn)"
        )
    return (*said, *(() if apart else _drifts(runs)))


def _drifts(runs: Sequence[PlayedRun]) -> list[str]:
    """Say what surely changed from the earlier half of the runs to the later, whichever side they are of."""
    ordered = sorted(runs, key=lambda run: run.manifest.started_at)
    said = []
    for metric in (Metric("success"), Metric("mean")):
        values = [value_of(metric, run.played) or 0.0 for run in ordered]
        earlier, later = values[: len(values) // 2], values[len(values) // 2 :]
        if mann_whitney_p(earlier, later) <= _DRIFT_P_MOST:
            ends = " to ".join(f"{median(half):.3g}" for half in (earlier, later))
            said.append(
                f"{metric} went from {ends} while the runs were played, on both sides together: a service "
                "that keeps its books from run to run, or a machine that changed, makes the intervals wider"
            )
    return said
