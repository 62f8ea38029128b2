"""A comparison of runs as tables, a chart, files and JSON."""

import math
from html import escape
from pathlib import Path
from typing import Any

import polars as pl

from footfall import __version__
from footfall.chart.comparison_charts import COMPARISON, comparison_chart
from footfall.chart.style import Stamp, save
from footfall.measure.run_comparison import Difference, Finding
from footfall.measure.run_metrics import Metric
from footfall.records.runs import run_id
from footfall.records.tables import write_csv
from footfall.runs.compare import BASELINE, CANDIDATE, Compared
from footfall.runs.results import html_table
from footfall.runs.text import percent, seconds

CHART = "comparison"
_FIELDS = (
    *("baseline_runs", "candidate_runs", "baseline", "candidate", "difference", "low", "high", "p", "p_holm"),
    *("finding", "reason", "runs_needed", "is_main"),
)


def write(folder: Path, compared: Compared) -> Path:
    """Write the chart, `differences.csv` and `values.csv`; returns the chart's path.

    Raises:
        BadInputError: the folder cannot be written.
    """
    write_csv(differences_table(compared), folder / "differences.csv")
    write_csv(values_table(compared), folder / "values.csv")
    chart = comparison_chart(chart_rows(compared), title_of(compared), _stamp(compared))
    picture, _ = save(chart, folder / CHART)
    return picture


def as_json(compared: Compared) -> dict[str, Any]:
    """Give all of it for a program; what is not finite is null."""
    return {
        "verdict": compared.decision.verdict.value,
        "reason": compared.decision.reason,
        BASELINE: [run.name for run in compared.baseline],
        CANDIDATE: [run.name for run in compared.candidate],
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


def comparison_html(compared: Compared) -> str:
    """Give the verdict and a row a metric in HTML."""
    heads = ("metric", BASELINE, CANDIDATE, "difference", "finding")
    rows = [
        (
            str(each.metric),
            value_text(each.metric, each.baseline),
            value_text(each.metric, each.candidate),
            difference_text(each),
            each.finding.value,
        )
        for each in compared.differences
    ]
    verdict = f"{compared.decision.verdict.value}: {compared.decision.reason}"
    return f"<p><b>{escape(verdict)}</b></p>{html_table(heads, rows)}"


def differences_table(compared: Compared) -> pl.DataFrame:
    """Give a row a metric."""
    kinds = (pl.Int64, pl.Int64, *[pl.Float64] * 7, pl.String, pl.String, pl.Int64, pl.Boolean)
    schema = {"metric": pl.String, **dict(zip(_FIELDS, kinds, strict=True))}
    rows = [(str(each.metric), *(getattr(each, name) for name in _FIELDS)) for each in compared.differences]
    return pl.DataFrame(rows, schema=schema, orient="row")


def values_table(compared: Compared) -> pl.DataFrame:
    """Give a row a run and metric: what the differences are made of."""
    sides = ((BASELINE, compared.baseline), (CANDIDATE, compared.candidate))
    rows = [
        (side, run.name, run.manifest.started_at, str(metric), value)
        for metric, sample in compared.samples.items()
        for (side, runs), values in zip(sides, sample, strict=True)
        for run, value in zip(runs, values, strict=True)
    ]
    schema = {"side": pl.String, "run": pl.String, "started_at": pl.String, "metric": pl.String}
    return pl.DataFrame(rows, schema=schema | {"value": pl.Float64}, orient="row")


def chart_rows(compared: Compared) -> pl.DataFrame:
    """Give a row a run and metric, in the columns that the chart reads."""
    sides = ((BASELINE, compared.baseline), (CANDIDATE, compared.candidate))
    rows = [
        (*_of_chart(each, compared), side, run.name, _against(each, value))
        for each in compared.differences
        for (side, runs), values in zip(sides, compared.samples[each.metric], strict=True)
        for run, value in zip(runs, values, strict=True)
        if value is not None and each.difference is not None
    ]
    return pl.DataFrame(rows, schema=COMPARISON, orient="row")


def title_of(compared: Compared) -> str:
    """Give the decision as a chart's title."""
    by_finding = {each: [d for d in compared.differences if d.finding is each] for each in Finding}
    worse, better = by_finding[Finding.WORSE], by_finding[Finding.BETTER]
    unknown, same = by_finding[Finding.UNKNOWN], by_finding[Finding.SAME]
    size = f"{compared.minimum.relative * 100:g} % ({compared.minimum.share * 100:g} pt of success)"
    if worse:
        first = max(worse, key=lambda each: abs(each.difference or 0.0))
        more = f", and {len(worse) - 1} more metrics" if len(worse) > 1 else ""
        return f"Worse: {first.metric} {difference_text(first)}{more}"
    if compared.decision.verdict.value == "cannot tell":
        return f"Cannot tell whether it is worse by more than {size}"
    told = f"{len(better)} better, {len(same)} alike, {len(unknown)} open"
    return f"Not worse by more than {size}; {told}"


def difference_text(each: Difference) -> str:
    """Give a difference with its unit, such as `+12 %` or `-3.0 pt`."""
    if each.difference is None:
        return "–"
    return sized(each.metric, each.difference) + (" pt" if each.metric.is_share else " %")


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


def _of_chart(each: Difference, compared: Compared) -> tuple[object, ...]:
    metric = each.metric
    minimum = compared.minimum.share if metric.is_share else compared.minimum.relative
    finding = (each.finding.value, metric.is_share, metric.higher_is_better)
    return (
        *(metric.statistic, metric.channel, metric.operation, *finding, minimum),
        *(_finite(value) for value in (each.difference, each.low, each.high)),
    )


def _against(each: Difference, value: float) -> float | None:
    """Give how far a run lies from the baseline's median."""
    if each.baseline is None:
        return None
    if each.metric.is_share:
        return value - each.baseline
    return value / each.baseline - 1 if each.baseline else None


def _stamp(compared: Compared) -> Stamp:
    if not compared.runs:
        return Stamp(run="none", seed=0, version=__version__)
    first = compared.runs[0]
    of = f"compare {[[run.manifest.run for run in side] for side in (compared.baseline, compared.candidate)]}"
    identity = run_id(first.trace.fingerprint, of, first.trace.seed, __version__)
    return Stamp(run=identity, seed=first.trace.seed, version=__version__)


def _finite(value: Any) -> Any:  # noqa: ANN401  any field of a difference
    return None if isinstance(value, float) and not math.isfinite(value) else value
