"""`footfall simulate --months`: its options, and what is printed of the months."""

from typing import Annotated, Any

import polars as pl
import typer
from rich.table import Table

from footfall._cli.output import say, say_json, show_table
from footfall._records.errors import BadInputError
from footfall._runs.messages import percent
from footfall._runs.simulate import FUTURES, KPI, MonthsAsked, SimulatedMonths, share_of

_ROWS_MOST = 14
Months = Annotated[
    int | None,
    typer.Option(
        min=1, max=120, help="Simulate this many months of adoption instead of a day.", show_default=False
    ),
]
Futures = Annotated[
    int | None,
    typer.Option(min=20, max=10_000, help=f"Futures of --months. Default: {FUTURES}.", show_default=False),
]
Kpi = Annotated[
    str | None,
    typer.Option(help=f"Electronic share that --months should meet. Default: {KPI}.", show_default=False),
]


def asked(
    months: int | None, futures: int | None, kpi: str | None, seed: int, share: str | None
) -> MonthsAsked | None:
    """Read the options; None when a day is asked for.

    Raises:
        BadInputError: an option of the months stands there without them, or the KPI is no share.
    """
    if months is None:
        for name, value in (("--futures", futures), ("--kpi", kpi)):
            if value is not None:
                raise BadInputError(name, "requires --months N")
        return None
    return MonthsAsked(months, futures or FUTURES, share_of(kpi or KPI), seed, share)


def show(done: SimulatedMonths, *, as_json: bool) -> None:
    """Print the months of the chosen share definition, and the finding."""
    counted = f"{done.definition.name}: {done.definition.text}"
    if as_json:
        told: dict[str, Any] = {"run": done.run, "folder": str(done.folder), "share_definition": counted}
        say_json(told | {"finding": done.finding, "months": done.months.to_dicts()})
        return
    _show(done.chosen)
    say(done.finding)
    say(f"share: {counted}; results in {done.folder}")


def _show(months: pl.DataFrame) -> None:
    last = int(months["month"].to_list()[-1])
    step = next(step for step in (1, 3, 6, 12) if last / step < _ROWS_MOST)
    table = Table(title="Electronic share by month", title_justify="left", box=None, pad_edge=False)
    for head in ("month", "upgraded", "median", "5 – 95 % of futures", "KPI met", "95 % interval"):
        table.add_column(head, justify="right")
    for row in months.iter_rows(named=True):
        if row["month"] % step and row["month"] != last:
            continue
        table.add_row(
            str(row["month"]),
            percent(row["upgraded_share"]),
            percent(row["electronic_share_p50"]),
            f"{percent(row['electronic_share_p05'])} – {percent(row['electronic_share_p95'])}",
            percent(row["met_share"]),
            f"{percent(row['met_share_low'])} – {percent(row['met_share_high'])}",
        )
    show_table(table)
