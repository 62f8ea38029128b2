"""How far several runs of one trace at one service lie apart."""

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, median, stdev
from typing import Any

from rich.table import Table

from footfall.cli.comparing import PlayedRun, named, read_run
from footfall.cli.console import percent, say, say_json, show_table
from footfall.cli.contrast import value_text
from footfall.cli.judging import Judged
from footfall.measure.run_metrics import Metric, chosen_metrics, value_of
from footfall.measure.verdict import EXIT_CODES, GRAVEST_FIRST


def tell(folders: Sequence[Path], judged: Sequence[Judged], *, as_json: bool) -> int:
    """Print each metric over the runs, and the gravest of their verdicts; returns its exit code."""
    names = named(folders)
    read = [read_run(folder, names[folder]) for folder in folders]
    runs = [run for run in read if isinstance(run, PlayedRun)]
    rows = [_row(metric, runs) for metric in chosen_metrics((), [run.played for run in runs])]
    verdicts = {each.decision.verdict for each in judged}
    gravest = next(verdict for verdict in GRAVEST_FIRST if verdict in verdicts)
    left_out = [{"run": run.name, "reason": run.reason} for run in read if not isinstance(run, PlayedRun)]
    if as_json:
        shown = [row | {"metric": str(row["metric"])} for row in rows]
        say_json({"verdict": gravest.value, "runs": len(runs), "left_out": left_out, "metrics": shown})
        return EXIT_CODES[gravest]
    show_table(_table(rows, len(runs)))
    for run in left_out:
        say(f"left out: {run['run']}: {run['reason']}")
    say(f"verdict: {gravest.value}")
    return EXIT_CODES[gravest]


def _row(metric: Metric, runs: Sequence[PlayedRun]) -> dict[str, Any]:
    values = [value for run in runs if (value := value_of(metric, run.played)) is not None]
    mean = fmean(values)
    known = len(values) > 1 and mean
    return {
        "metric": metric,
        "median": median(values),
        "least": min(values),
        "most": max(values),
        "variation_share": stdev(values) / mean if known else None,
    }


def _table(rows: Sequence[dict[str, Any]], runs: int) -> Table:
    title = f"{runs} runs of one trace; variation: standard deviation by mean, run to run"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for head in ("metric", "median", "least", "most", "variation"):
        table.add_column(head, justify="left" if head == "metric" else "right")
    for row in rows:
        values = [value_text(row["metric"], row[name]) for name in ("median", "least", "most")]
        table.add_row(str(row["metric"]), *values, percent(row["variation_share"]))
    return table
