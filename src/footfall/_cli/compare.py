"""`footfall compare`: whether some runs are worse than others."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from typer.core import TyperCommand

from footfall._cli.options import Json
from footfall._cli.output import say, say_json, show_table
from footfall._measure.run_comparison import EXIT_CODES, Difference, Finding, Minimum
from footfall._records.errors import BadInputError
from footfall._runs.compare import (
    BASELINE,
    CANDIDATE,
    Compared,
    as_json as comparison_json,
    compare_folders,
    difference_text,
    sized,
    value_text,
    write,
)

_BASELINE = "--baseline"
_ROWS_MOST = 40
_ORDER = list(Finding)
_MINIMUM = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)\s*(?P<unit>%|pt)")


class Greedy(TyperCommand):
    """A command whose `--baseline` takes all that follow it up to the next option, as a shell's `*` gives."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401  typer's own context
        """Say `--baseline` again before each further folder."""
        return super().parse_args(ctx, repeated(args))


def repeated(arguments: Sequence[str]) -> list[str]:
    """Give the arguments with `--baseline A B` written as `--baseline A --baseline B`."""
    written: list[str] = []
    after, taken = False, False
    for argument in arguments:
        if argument.startswith("-"):
            after, taken = argument == _BASELINE, False
        elif after and taken:
            written.append(_BASELINE)
        else:
            taken = after
        written.append(argument)
    return written


def command(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Folders of played runs.")],
    baseline: Annotated[
        list[Path],
        typer.Option(metavar="RUN...", help="Folders of the baseline runs."),
    ],
    metrics: Annotated[
        list[str] | None,
        typer.Option(
            "--metric",
            metavar="METRIC",
            help="success, p50, p95, p99, mean or goodput, alone or of a scope: p95(web.query). "
            "May be repeated; each must then be told. Default: all, where there are visits enough.",
            show_default=False,
        ),
    ] = None,
    min_effect: Annotated[
        list[str] | None,
        typer.Option(
            metavar="5%|1pt",
            help="What a difference must exceed to count: times and goodput in %, success in points. "
            "Default: 5% and 1pt.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the chart and the tables. Default: none.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> int:
    """Compare RUNs with a baseline, run by run: exit code 0 not worse, 1 worse, 3 cannot tell."""
    minimum = minimum_of(min_effect or ())
    compared = compare_folders(baseline, runs, metrics or (), minimum)
    written = None if out is None else write(out, compared)
    if as_json:
        say_json(comparison_json(compared))
    else:
        show(compared, written)
    return EXIT_CODES[compared.decision.verdict]


def minimum_of(given: Sequence[str]) -> Minimum:
    """Read `--min-effect`.

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
    ordinary = Minimum()
    return Minimum(relative=known.get("%", ordinary.relative), share=known.get("pt", ordinary.share))


def show(compared: Compared, written: Path | None = None) -> None:
    """Print the table, what was left out and why, and the verdict."""
    ranked = sorted(
        compared.differences, key=lambda each: (not each.is_main, _ORDER.index(each.finding), each.p or 0.0)
    )
    if ranked:
        show_table(_table(ranked[:_ROWS_MOST]))
        say(_legend(compared))
    if len(ranked) > _ROWS_MOST:
        say(f"… and {len(ranked) - _ROWS_MOST} more metrics: see --out or --json")
    for run in compared.left_out:
        say(f"left out: {run.name}: {run.reason}")
    for caution in compared.cautions:
        say(f"caution: {caution}")
    if written is not None:
        say(f"\nchart: {written}")
    say(f"\n{compared.decision.reason}")
    say(f"verdict: {compared.decision.verdict.value}")


def _table(differences: list[Difference]) -> Table:
    table = Table(
        title="Run by run: baseline and candidate",
        title_justify="left",
        box=None,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for head in ("metric", BASELINE, CANDIDATE, "difference", "95 % interval", "p (Holm)", "finding"):
        table.add_column(head, justify="left" if head in {"metric", "finding"} else "right")
    table.add_column("runs to tell", justify="right")
    for each in differences:
        table.add_row(
            str(each.metric),
            value_text(each.metric, each.baseline),
            value_text(each.metric, each.candidate),
            difference_text(each),
            _interval_text(each),
            "–" if each.p_holm is None else f"{each.p_holm:.2g}",
            each.finding.value,
            _runs_text(each),
            style="bold" if each.finding is Finding.WORSE else None,
        )
    return table


def _legend(compared: Compared) -> str:
    runs = f"{len(compared.candidate)} runs against {len(compared.baseline)}"
    size = f"{compared.minimum.relative * 100:g} %, or {compared.minimum.share * 100:g} pt of success"
    is_split = len({each.is_main for each in compared.differences}) > 1
    test = f"exact Mann–Whitney, Holm over {'the main and over all other' if is_split else 'all'} metrics"
    return f"{runs}; medians of runs; {test}; a difference counts beyond {size}."


def _interval_text(each: Difference) -> str:
    if each.low is None or each.high is None:
        return "–"
    return f"{sized(each.metric, each.low)} to {sized(each.metric, each.high)}"


def _runs_text(each: Difference) -> str:
    if each.finding is not Finding.UNKNOWN:
        return ""
    return f"{each.runs_needed} each" if each.runs_needed else "?"


group = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
group.command(name="compare", cls=Greedy)(command)
