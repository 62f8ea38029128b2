"""`footfall simulate --months`: habit, trust, awareness and upgrades over months, and the KPI."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer
from rich.table import Table

from footfall.chart.month_charts import share_by_month
from footfall.chart.style import Stamp, save
from footfall.choice.month_world import world
from footfall.choice.months import AdoptionResult, over_months
from footfall.cli.console import percent, progress, say, say_json, show_table
from footfall.cli.runs import begin, end, share_definition
from footfall.measure.time_series import fan, month_likely
from footfall.model.model import Model
from footfall.records.errors import BadInputError
from footfall.records.tables import write_csv

FUTURES = 400
KPI = "80%"
_ROWS_MOST = 14
_SHARE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<sign>%?)")

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


@dataclass(frozen=True, slots=True)
class MonthsAsked:
    """What the command line asks of the months."""

    months: int
    futures: int
    kpi_share: float
    seed: int
    share: str | None


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
                raise BadInputError(name, "a day has none", "--months N beside it")
        return None
    return MonthsAsked(months, futures or FUTURES, share_of(kpi or KPI), seed, share)


def share_of(text: str) -> float:
    """Read a share: `80%` or `0.8`.

    Raises:
        BadInputError: it is none, or not above 0 and at most 1.
    """
    found = _SHARE.fullmatch(text.strip())
    share = float(found["number"]) / (100 if found["sign"] else 1) if found else 0.0
    if not 0 < share <= 1:
        raise BadInputError(f"--kpi {text}", "no share", "such as 80% or 0.8, above 0 and at most 100%")
    return share


def simulate_months(
    model: Model,
    wanted: MonthsAsked,
    out: Path | None,
    settings: dict[str, Any],
    *,
    as_json: bool,
    overwrite: bool,
) -> None:
    """Run the months of a model and write months.csv, segments.csv, provinces.csv and the chart.

    Raises:
        BadInputError: the model has no adoption, cannot begin at its share, or the folder cannot be written.
    """
    said, _ = share_definition(model, wanted.share)
    ready = world(model)
    settings = settings | {"months": wanted.months, "futures": wanted.futures, "kpi_share": wanted.kpi_share}
    counted = f"{said.name}: {said.text}"
    folder, manifest = begin(
        *("simulate", model, wanted.seed, out),
        share_definition=counted,
        settings=settings,
        overwrite=overwrite,
    )
    with progress(f"simulating {model.title} to month {wanted.months}, {wanted.futures} futures") as bar:
        result = over_months(ready, wanted.months, wanted.seed, wanted.futures, bar)
    months = fan(result.shares, wanted.kpi_share).join(result.rollout, on="month", maintain_order="left")
    here = months.filter(pl.col("definition") == said.name)
    _write(folder, months, result)
    save(share_by_month(here, said.text, Stamp.of(manifest)), folder / "charts" / "electronic_share_by_month")
    end(folder, manifest)
    if as_json:
        told = {"run": manifest.run, "folder": str(folder), "share_definition": counted}
        say_json(told | {"finding": finding(here), "months": months.to_dicts()})
        return
    _show(here)
    say(finding(here))
    say(f"share: {counted}; results in {folder}")


def finding(months: pl.DataFrame) -> str:
    """Say whether the KPI is likely met, and when, of the months of one definition."""
    last = months.sort("month").row(-1, named=True)
    kpi, likely = percent(last["kpi_share"]), month_likely(months)
    when = "in no month" if likely is None else f"from month {likely} on"
    bounds = f"{percent(last['met_share_low'])} – {percent(last['met_share_high'])}"
    return (
        f"an electronic share of {kpi} is more likely than not {when}; "
        f"in month {last['month']} with probability {percent(last['met_share'])} ({bounds})"
    )


def _write(folder: Path, months: pl.DataFrame, result: AdoptionResult) -> None:
    write_csv(months, folder / "months.csv")
    write_csv(result.segments, folder / "segments.csv")
    write_csv(result.provinces, folder / "provinces.csv")


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
