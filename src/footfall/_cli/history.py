"""`footfall history`: runs as a table over time, for tools that look for change points."""

from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from polars.exceptions import PolarsError

from footfall._cli.output import note, say
from footfall._measure.run_metrics import (
    ATTRIBUTES,
    TIME,
    HistoryRow,
    Metric,
    chosen_metrics,
    history,
    metrics_of,
    otava_config,
    value_of,
)
from footfall._records.errors import BadInputError
from footfall._records.tables import read_csv, write_csv, write_text
from footfall._runs.compare import ComparedRun, LeftOut, check_same_trace, named, read_run


def command(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Folders of played runs.")],
    out: Annotated[Path, typer.Option(help="CSV file; the runs are added to what it holds already.")],
    metrics: Annotated[
        list[str] | None,
        typer.Option(
            "--metric",
            metavar="METRIC",
            help="As in footfall compare. Default: those of the file, or all with visits enough.",
            show_default=False,
        ),
    ] = None,
    commit: Annotated[
        str | None,
        typer.Option(help="What was tested. Default: as the runs know it.", show_default=False),
    ] = None,
    otava: Annotated[
        Path | None,
        typer.Option(help="File for Apache Otava's configuration of this table.", show_default=False),
    ] = None,
) -> None:
    """Add RUNs to a CSV: a row each, with time, commit, branch and a column a metric."""
    names = named(runs)
    read = [read_run(folder, names[folder]) for folder in dict.fromkeys(runs)]
    kept = [run for run in read if isinstance(run, ComparedRun)]
    left_out = [run for run in read if isinstance(run, LeftOut)]
    for run in left_out:
        note(f"left out: {run.name}: {run.reason}")
    if not kept:
        raise BadInputError(
            "footfall history", "no run can be used", "a finished run that started its arrivals on time"
        )
    check_same_trace(kept)
    before = _before(out)
    chosen = _metrics(kept, metrics or (), before)
    table = history([_row(run, chosen, commit) for run in kept], before)
    write_csv(table, out)
    if otava is not None:
        name = kept[0].manifest.scenario or kept[0].manifest.model
        write_text(otava_config(table, name, out.as_posix()), otava)
    say(f"{out}: {table.height} runs, {len(chosen)} metrics")


def _row(run: ComparedRun, metrics: list[Metric], commit: str | None) -> HistoryRow:
    known = run.manifest.settings
    return HistoryRow(
        time=run.manifest.started_at,
        commit=commit or str(known.get("commit", "")),
        branch=str(known.get("branch", "")),
        run=run.name,
        values={metric: value_of(metric, run.played) for metric in metrics},
    )


def _metrics(
    runs: list[ComparedRun], asked: list[str] | tuple[str, ...], before: pl.DataFrame | None
) -> list[Metric]:
    if before is not None and not asked:
        return metrics_of(before)
    return list(chosen_metrics(asked, [run.played for run in runs]))


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
    texts = {TIME, *ATTRIBUTES}
    if not texts <= set(names):
        raise BadInputError(f"--out {path}", "is not a history", "one written by footfall, or a new file")
    return read_csv(path, pl.Schema({name: pl.String if name in texts else pl.Float64 for name in names}))
