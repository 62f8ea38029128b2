"""`footfall compare`: whether some runs are worse than others."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from typer.core import TyperCommand

from footfall._cli.options import Json, option
from footfall._cli.output import say, say_json, show_table
from footfall._runs import compare as runs_compared
from footfall._runs.compare import Compared

_BASELINE = "--baseline"
_ROWS_MOST = 40
_TEXTS = frozenset({"metric", "finding"})


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
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Folders of load tests.")],
    baseline: Annotated[
        list[Path],
        typer.Option(metavar="RUN...", help="Folders of the baseline runs."),
    ],
    metrics: Annotated[
        list[str] | None,
        option(
            "--metric",
            metavar="METRIC",
            help="success, p50, p95, p99, mean or goodput, alone or of a scope: p95(web.query). "
            "May be repeated; each must then get a finding. Default: all, where there are visits enough.",
        ),
    ] = None,
    min_effect: Annotated[
        list[str] | None,
        option(
            metavar="5%|1pt",
            help="What a difference must exceed to count: times and goodput in %, success in points. "
            "Default: 5% and 1pt.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        option(help="Folder for the chart and the tables. Default: none."),
    ] = None,
    as_json: Json = False,
) -> int:
    """Compare RUNs with a baseline, run by run: exit code 0 not worse, 1 worse, 3 cannot tell."""
    minimum = runs_compared.minimum_of(min_effect or ())
    compared = runs_compared.compare(runs, baseline, metrics=metrics or (), minimum=minimum)
    show_compared(compared, out, as_json=as_json)
    return compared.exit_code


def show_compared(compared: Compared, out: Path | None, *, as_json: bool) -> None:
    """Write chart and tables where a folder is named, and print the comparison."""
    chart = None if out is None else runs_compared.write(out, compared)
    if as_json:
        say_json(runs_compared.as_json(compared) | ({} if out is None else {"folder": str(out)}))
        return
    ranked = compared.ranked
    if ranked:
        table = Table(
            title="Run by run: baseline and candidate",
            title_justify="left",
            box=None,
            pad_edge=False,
            padding=(0, 1, 0, 0),
        )
        for head in runs_compared.ROW_HEADS:
            table.add_column(head, justify="left" if head in _TEXTS else "right")
        for each in ranked[:_ROWS_MOST]:
            style = "bold" if each.finding.value == "worse" else None
            table.add_row(*runs_compared.row_texts(each), style=style)
        show_table(table)
        say(runs_compared.legend(compared))
    if len(ranked) > _ROWS_MOST:
        say(f"… and {len(ranked) - _ROWS_MOST} more metrics: see --out or --json")
    for run in compared.left_out:
        say(f"left out: {run.name}: {run.reason}")
    for caution in compared.cautions:
        say(f"caution: {caution}")
    if chart is not None:
        say(f"\nchart: {chart}")
    say(f"\n{compared.decision.reason}")
    say(f"verdict: {compared.decision.verdict.value}")


group = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
group.command(name="compare", cls=Greedy)(command)
