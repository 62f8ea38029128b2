"""The command line of the study: fit July's and August's arrivals, and compare them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from footfall._cli.app import run_function
from footfall._cli.options import Json
from footfall._cli.output import progress, say, say_json, show_table
from studies.web_1995.measures import compared, month_fits, read_requests

PACKAGE = "studies.web_1995"
Requests = Annotated[
    Path,
    typer.Argument(
        metavar="REQUESTS", help="Requests of each second, Parquet or CSV: part, n.", show_default=False
    ),
]


def main(arguments: Sequence[str]) -> int:
    """Run the command line; returns the exit code."""
    return run_function(command, f"python -m {PACKAGE}", arguments)


def command(requests: Requests, as_json: Json = False) -> None:
    """Fit the arrivals of July and of August, workdays and weekends apart, and compare them."""
    table = read_requests(requests)
    with progress("fitting two months"):
        rows = compared(month_fits(table, "jul"), month_fits(table, "aug"))
    if as_json:
        say_json(rows)
    else:
        _show(rows)
        say("The model is fitted to July. Days on which the server was off are left out.")


def _show(rows: Sequence[dict[str, Any]]) -> None:
    table = Table(title="July and August", title_justify="left", box=None, pad_edge=False)
    heads = ("days", "half hours, r", "requests a day", "ratio", "July's cv (95 %)", "August's cv (95 %)")
    for head in heads:
        table.add_column(head, justify="left" if head == "days" else "right")
    for row in rows:
        july, august = row["requests_per_day_july"], row["requests_per_day_august"]
        table.add_row(
            row["days"],
            f"{row['half_hours_correlation']:.3f}",
            f"{july:,.0f} → {august:,.0f}",
            f"{august / july:.2f}",
            *(_variation(row, f"busyness_cv_{name}") for name in ("july", "august")),
        )
    show_table(table)


def _variation(row: dict[str, Any], name: str) -> str:
    if row[name] is None:
        return "–"
    return f"{row[name]:.2f} ({row[f'{name}_low']:.2f} to {row[f'{name}_high']:.2f})"
