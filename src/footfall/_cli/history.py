"""`footfall history`: runs as a table over time, for tools that look for change points."""

from pathlib import Path
from typing import Annotated

import typer

from footfall._cli.options import option
from footfall._cli.output import TERMINAL, say
from footfall._runs.comparable_runs import add_to_history


def command(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Folders of load tests.")],
    out: Annotated[Path, typer.Option(help="CSV file; the runs are added to what it holds already.")],
    metrics: Annotated[
        list[str] | None,
        option(
            "--metric",
            metavar="METRIC",
            help="As in footfall compare. Default: those of the file, or all with visits enough.",
        ),
    ] = None,
    commit: Annotated[
        str | None,
        option(help="What was tested. Default: as the runs know it."),
    ] = None,
    otava: Annotated[
        Path | None,
        option(help="File for Apache Otava's configuration of this table."),
    ] = None,
) -> None:
    """Add RUNs to a CSV: a row each, with time, commit, branch and a column a metric."""
    done = add_to_history(runs, out, metrics=metrics or (), commit=commit, otava=otava, messages=TERMINAL)
    say(f"{out}: {done.table.height} runs, {len(done.metrics)} metrics")
