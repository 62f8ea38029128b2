"""`footfall compare`: whether some runs are worse than others."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from footfall.cli import contrast
from footfall.cli.comparing import compare_folders
from footfall.cli.console import say_json
from footfall.cli.options import Json
from footfall.measure.run_comparison import EXIT_CODES, Minimum
from footfall.records.errors import BadInputError

_BASELINE = "--baseline"
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
        typer.Option(metavar="RUN...", help="Folders of the runs that they are held against."),
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
    written = None if out is None else contrast.write(out, compared)
    if as_json:
        say_json(contrast.as_json(compared))
    else:
        contrast.show(compared, written)
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
            raise BadInputError(f"--min-effect {text}", "is no size", "such as 5% (times) and 1pt (success)")
        known[match["unit"]] = float(match["number"]) / 100
    ordinary = Minimum()
    return Minimum(relative=known.get("%", ordinary.relative), share=known.get("pt", ordinary.share))


group = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
group.command(name="compare", cls=Greedy)(command)
