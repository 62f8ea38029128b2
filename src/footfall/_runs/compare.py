"""Compare runs with a baseline, metric by metric."""

import hashlib
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from os import PathLike
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import polars as pl

from footfall import __version__
from footfall._measure import run_comparison
from footfall._measure.run_metrics import MAIN, Metric, chosen_metrics, value_of
from footfall._records.errors import BadInputError, paths_of
from footfall._records.runs import run_id
from footfall._records.tables import html_table, write_csv
from footfall._runs.comparable_runs import ComparedRun, LeftOut, check_same_trace, named, read_run
from footfall._runs.messages import percent, seconds
from footfall._stats.rank_tests import RUNS_MOST, mann_whitney_p

if TYPE_CHECKING:
    # Charts take a second to import, which a command that draws none need not spend.
    from footfall._chart.style import Stamp

# ── Compare two sets of runs

_BASELINE, _CANDIDATE = "baseline", "candidate"
_DEFAULT_MINIMUM = run_comparison.Minimum()
_DRIFT_P_MOST = 0.01
_MINIMUM = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)\s*(?P<unit>%|pt)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Runs compared with those of a baseline: the differences, and the verdict."""

    baseline: tuple[ComparedRun, ...]
    candidate: tuple[ComparedRun, ...]
    left_out: tuple[LeftOut, ...]
    minimum: run_comparison.Minimum
    samples: dict[Metric, run_comparison.Sides]
    differences: tuple[run_comparison.Difference, ...]
    decision: run_comparison.ComparisonDecision
    cautions: tuple[str, ...]

    @property
    def table(self) -> pl.DataFrame:
        """A row a metric: both sides, the difference with its interval, p, and the finding."""
        return _differences_table(self)

    def __repr__(self) -> str:
        """Return the verdict and its reason."""
        return f"<Compared {self.decision.verdict.value}: {self.decision.reason}>"

    def _repr_html_(self) -> str:
        return _comparison_html(self)

    @property
    def exit_code(self) -> int:
        """0 not worse, 1 worse, 3 cannot tell."""
        return run_comparison.EXIT_CODES[self.decision.verdict]

    @property
    def ranked(self) -> list[run_comparison.Difference]:
        """The main metrics first, then by finding, the worst first, then by p."""
        order = list(run_comparison.Finding)
        return sorted(
            self.differences, key=lambda each: (not each.is_main, order.index(each.finding), each.p or 0.0)
        )

    @property
    def runs(self) -> tuple[ComparedRun, ...]:
        """All that count."""
        return (*self.baseline, *self.candidate)


def compare(
    runs: Sequence[PathLike[str] | str],
    baseline: Sequence[PathLike[str] | str],
    *,
    metrics: Sequence[str] = (),
    minimum: run_comparison.Minimum = _DEFAULT_MINIMUM,
) -> Compared:
    """Compare load tests with a baseline's, run by run: whether they are worse.

    `runs` and `baseline` are folders of runs of one trace (`footfall load --against` plays two services in
    turn). `metrics` are such as `p95(web.query)` or `success`, each of which must then get a finding; without
    them, all with visits enough. `minimum` is what a difference must exceed to count.

    The answer's `decision.verdict` is `not worse`, `worse` or `cannot tell`; `table` has a row a metric, with
    the difference, its 95 % interval and p (exact Mann-Whitney test, Holm's correction).

        >>> import footfall as ff
        >>> ff.compare(candidate, baseline).decision.verdict.value
        'cannot tell'

    Raises:
        BadInputError: a folder holds no load test, or the runs are not of one trace.
    """
    earlier, later = paths_of(baseline, "baseline"), paths_of(runs, "runs")
    return _compare_folders(earlier, later, metrics, minimum)


def _compare_folders(
    baseline: Sequence[Path], candidate: Sequence[Path], asked: Sequence[str], minimum: run_comparison.Minimum
) -> Compared:
    """Compare run folders; those that say nothing of their service are left out by name.

    Raises:
        BadInputError: a folder holds no played run, one is named twice or a copy of another, or they
            have different traces.
    """
    _check_named_once(baseline, candidate)
    names = named((*baseline, *candidate))
    read = [[read_run(folder, names[folder]) for folder in side] for side in (baseline, candidate)]
    kept = [tuple(run for run in side if isinstance(run, ComparedRun)) for side in read]
    check_same_trace((*kept[0], *kept[1]))
    _check_no_copies((*kept[0], *kept[1]))
    metrics = chosen_metrics(asked, [run.played for side in kept for run in side])
    if not all(kept):
        metrics = ()
    samples = {
        metric: run_comparison.Sides(*([value_of(metric, run.played) for run in side] for side in kept))
        for metric in metrics
    }
    differences = run_comparison.compare_runs(samples, minimum, () if asked else MAIN)
    return Compared(
        baseline=kept[0],
        candidate=kept[1],
        left_out=tuple(run for side in read for run in side if isinstance(run, LeftOut)),
        minimum=minimum,
        samples=samples,
        differences=differences,
        decision=run_comparison.decide_comparison(differences, named=bool(asked)),
        cautions=_cautions(*kept),
    )


def minimum_of(given: Sequence[str]) -> run_comparison.Minimum:
    """Read what a difference must exceed to count, such as `5%` (times and goodput) and `1pt` (success).

    Raises:
        BadInputError: one is no percentage or number of points, or is given twice.
    """
    known: dict[str, float] = {}
    for text in given:
        match = _MINIMUM.fullmatch(text.strip())
        if match is None or float(match["number"]) > 100 or match["unit"] in known:  # noqa: PLR2004  percent
            raise BadInputError(
                f"--min-effect {text}", "is not an effect size", "such as 5% (times) and 1pt (success)"
            )
        known[match["unit"]] = float(match["number"]) / 100
    return run_comparison.Minimum(
        relative=known.get("%", _DEFAULT_MINIMUM.relative), share=known.get("pt", _DEFAULT_MINIMUM.share)
    )


def _check_named_once(baseline: Sequence[Path], candidate: Sequence[Path]) -> None:
    for option, side in (("RUN", candidate), ("--baseline", baseline)):
        if len(side) > RUNS_MOST:
            raise BadInputError(option, f"{len(side)} runs", f"at most {RUNS_MOST}")
    counts = Counter(folder.resolve() for folder in (*baseline, *candidate))
    for folder in (*baseline, *candidate):
        if counts[folder.resolve()] > 1:
            raise BadInputError(f"run {folder}", "is named twice", "each run on one side, once")


def _check_no_copies(runs: Sequence[ComparedRun]) -> None:
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


def _cautions(baseline: Sequence[ComparedRun], candidate: Sequence[ComparedRun]) -> tuple[str, ...]:
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
            "all runs of one side were made before those of the other: what time changed cannot be "
            "separated from what the service changed (footfall load --against makes them in turn)"
        )
    return (*said, *(() if apart else _drifts(runs)))


def _drifts(runs: Sequence[ComparedRun]) -> list[str]:
    """Say what surely changed from the earlier half of the runs to the later, whichever side they are of."""
    ordered = sorted(runs, key=lambda run: run.manifest.started_at)
    said = []
    for metric in (Metric("success"), Metric("mean")):
        values = [value_of(metric, run.played) or 0.0 for run in ordered]
        earlier, later = values[: len(values) // 2], values[len(values) // 2 :]
        if mann_whitney_p(earlier, later) <= _DRIFT_P_MOST:
            ends = " to ".join(f"{median(half):.3g}" for half in (earlier, later))
            said.append(
                f"{metric} went from {ends} while the runs were made, on both sides together: a service "
                "that keeps its books from run to run, or a machine that changed, makes the intervals wider"
            )
    return said


# ── A comparison of runs as tables, a chart, files and JSON

_CHART = "comparison"
_FIELDS = (
    *("baseline_runs", "candidate_runs", "baseline", "candidate", "difference", "low", "high", "p", "p_holm"),
    *("finding", "reason", "runs_needed", "is_main"),
)


def write(folder: Path, compared: Compared) -> Path:
    """Write the chart, `differences.csv` and `values.csv`; returns the chart's path.

    Raises:
        BadInputError: the folder cannot be written.
    """
    from footfall._chart.comparison_charts import comparison_chart
    from footfall._chart.style import save

    write_csv(_differences_table(compared), folder / "differences.csv")
    write_csv(_values_table(compared), folder / "values.csv")
    chart = comparison_chart(_chart_rows(compared), _title_of(compared), _stamp(compared))
    picture, _ = save(chart, folder / _CHART)
    return picture


def as_json(compared: Compared) -> dict[str, Any]:
    """Give all of it for a program; what is not finite is null."""
    return {
        "verdict": compared.decision.verdict.value,
        "reason": compared.decision.reason,
        _BASELINE: [run.name for run in compared.baseline],
        _CANDIDATE: [run.name for run in compared.candidate],
        "left_out": [{"run": run.name, "reason": run.reason} for run in compared.left_out],
        "cautions": list(compared.cautions),
        "confidence": 0.95,
        "correction": "Holm",
        "minimum_relative": compared.minimum.relative,
        "minimum_share": compared.minimum.share,
        "differences": [
            {"metric": str(each.metric)} | {name: _finite(getattr(each, name)) for name in _FIELDS}
            for each in compared.differences
        ],
    }


def _comparison_html(compared: Compared) -> str:
    """Give the verdict and a row a metric in HTML."""
    heads = ("metric", _BASELINE, _CANDIDATE, "difference", "finding")
    rows = [
        (
            str(each.metric),
            value_text(each.metric, each.baseline),
            value_text(each.metric, each.candidate),
            _difference_text(each),
            each.finding.value,
        )
        for each in compared.differences
    ]
    verdict = f"{compared.decision.verdict.value}: {compared.decision.reason}"
    left_out = [f"{each.name} does not count: {each.reason}" for each in compared.left_out]
    cautions = "".join(f"<p>{escape(each)}</p>" for each in (*left_out, *compared.cautions))
    return f"<p><b>{escape(verdict)}</b></p>{html_table(heads, rows)}{cautions}"


def _differences_table(compared: Compared) -> pl.DataFrame:
    """Give a row a metric."""
    kinds = (pl.Int64, pl.Int64, *[pl.Float64] * 7, pl.String, pl.String, pl.Int64, pl.Boolean)
    schema = {"metric": pl.String, **dict(zip(_FIELDS, kinds, strict=True))}
    rows = [(str(each.metric), *(getattr(each, name) for name in _FIELDS)) for each in compared.differences]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _values_table(compared: Compared) -> pl.DataFrame:
    """Give a row a run and metric: what the differences are made of."""
    sides = ((_BASELINE, compared.baseline), (_CANDIDATE, compared.candidate))
    rows = [
        (side, run.name, run.manifest.started_at, str(metric), value)
        for metric, sample in compared.samples.items()
        for (side, runs), values in zip(sides, sample, strict=True)
        for run, value in zip(runs, values, strict=True)
    ]
    schema = {"side": pl.String, "run": pl.String, "started_at": pl.String, "metric": pl.String}
    return pl.DataFrame(rows, schema=schema | {"value": pl.Float64}, orient="row")


def _chart_rows(compared: Compared) -> pl.DataFrame:
    """Give a row a run and metric, in the columns that the chart reads."""
    from footfall._chart.comparison_charts import COMPARISON

    sides = ((_BASELINE, compared.baseline), (_CANDIDATE, compared.candidate))
    rows = [
        (*_of_chart(each, compared), side, run.name, _against(each, value))
        for each in compared.differences
        for (side, runs), values in zip(sides, compared.samples[each.metric], strict=True)
        for run, value in zip(runs, values, strict=True)
        if value is not None and each.difference is not None
    ]
    return pl.DataFrame(rows, schema=COMPARISON, orient="row")


def _title_of(compared: Compared) -> str:
    """Give the decision as a chart's title."""
    by_finding = {
        each: [d for d in compared.differences if d.finding is each] for each in run_comparison.Finding
    }
    worse, better = by_finding[run_comparison.Finding.WORSE], by_finding[run_comparison.Finding.BETTER]
    unknown, same = by_finding[run_comparison.Finding.UNKNOWN], by_finding[run_comparison.Finding.SAME]
    size = f"{compared.minimum.relative * 100:g} % ({compared.minimum.share * 100:g} pt of success)"
    if worse:
        first = max(worse, key=lambda each: abs(each.difference or 0.0))
        more = f", and {len(worse) - 1} more metrics" if len(worse) > 1 else ""
        return f"Worse: {first.metric} {_difference_text(first)}{more}"
    if compared.decision.verdict.value == "cannot tell":
        return f"Cannot tell whether it is worse by more than {size}"
    counts = f"{len(better)} better, {len(same)} alike, {len(unknown)} open"
    return f"Not worse by more than {size}; {counts}"


def _difference_text(each: run_comparison.Difference) -> str:
    """Give a difference with its unit, such as `+12 %` or `-3.0 pt`."""
    if each.difference is None:
        return "–"
    return sized(each.metric, each.difference) + (" pt" if each.metric.is_share else " %")


ROW_HEADS = (
    "metric",
    _BASELINE,
    _CANDIDATE,
    "difference",
    "95 % interval",
    "p (Holm)",
    "finding",
    "runs to tell",
)


def row_texts(each: run_comparison.Difference) -> tuple[str, ...]:
    """Give a row of texts as a person reads them, in the order of `ROW_HEADS`."""
    low, high = (None if end is None else sized(each.metric, end) for end in (each.low, each.high))
    needed = f"{each.runs_needed} each" if each.runs_needed else "?"
    return (
        str(each.metric),
        value_text(each.metric, each.baseline),
        value_text(each.metric, each.candidate),
        _difference_text(each),
        "–" if low is None or high is None else f"{low} to {high}",
        "–" if each.p_holm is None else f"{each.p_holm:.2g}",
        each.finding.value,
        needed if each.finding is run_comparison.Finding.UNKNOWN else "",
    )


def legend(compared: Compared) -> str:
    """Say what the table of differences compares, by which test, and beyond which size."""
    runs = f"{len(compared.candidate)} runs against {len(compared.baseline)}"
    size = f"{compared.minimum.relative * 100:g} %, or {compared.minimum.share * 100:g} pt of success"
    is_split = len({each.is_main for each in compared.differences}) > 1
    test = f"exact Mann–Whitney, Holm over {'the main and over all other' if is_split else 'all'} metrics"
    return f"{runs}; medians of runs; {test}; a difference counts beyond {size}."


def value_text(metric: Metric, value: float | None) -> str:
    """Give a metric's value as a person reads it."""
    if metric.is_share:
        return percent(value)
    if metric.statistic == "goodput":
        return "–" if value is None else f"{value:.3g} /s"
    return seconds(value)


def sized(metric: Metric, value: float) -> str:
    """Give the size of a difference with its sign and without its unit."""
    if not math.isfinite(value):
        return "+∞" if value > 0 else "-∞"
    # Adding 0 turns a rounded -0 into 0.
    return (
        f"{round(value * 100, 1) + 0.0:+.1f}" if metric.is_share or abs(value) < 1 else f"{value * 100:+.0f}"
    )


def _of_chart(each: run_comparison.Difference, compared: Compared) -> tuple[object, ...]:
    metric = each.metric
    minimum = compared.minimum.share if metric.is_share else compared.minimum.relative
    finding = (each.finding.value, metric.is_share, metric.higher_is_better)
    return (
        *(metric.statistic, metric.channel, metric.operation, *finding, minimum),
        *(_finite(value) for value in (each.difference, each.low, each.high)),
    )


def _against(each: run_comparison.Difference, value: float) -> float | None:
    """Give how far a run lies from the baseline's median."""
    if each.baseline is None:
        return None
    if each.metric.is_share:
        return value - each.baseline
    return value / each.baseline - 1 if each.baseline else None


def _stamp(compared: Compared) -> "Stamp":
    from footfall._chart.style import Stamp

    if not compared.runs:
        return Stamp(run="none", seed=0, version=__version__)
    first = compared.runs[0]
    of = f"compare {[[run.manifest.run for run in side] for side in (compared.baseline, compared.candidate)]}"
    identity = run_id(first.trace.fingerprint, of, first.trace.seed, __version__)
    return Stamp(run=identity, seed=first.trace.seed, version=__version__)


def _finite(value: Any) -> Any:  # noqa: ANN401  any field of a difference
    return None if isinstance(value, float) and not math.isfinite(value) else value
