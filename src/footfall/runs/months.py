"""Months of a model: habit, trust, awareness and upgrades over months, and whether a KPI is met."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from footfall.chart.month_charts import share_by_month
from footfall.chart.style import Stamp, save
from footfall.choice.month_world import world
from footfall.choice.months import AdoptionResult, over_months
from footfall.measure.time_series import fan, month_likely
from footfall.model.model import Model, ShareDefinition
from footfall.records.errors import BadInputError
from footfall.records.tables import write_csv
from footfall.runs.content import share_definition
from footfall.runs.folder import begin, end
from footfall.runs.messages import QUIET, Messages
from footfall.runs.text import percent

FUTURES = 400
KPI = "80%"
_SHARE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<sign>%?)")


@dataclass(frozen=True, slots=True)
class MonthsAsked:
    """How many months and futures, and which KPI."""

    months: int
    futures: int
    kpi_share: float
    seed: int
    share: str | None


def share_of(text: str) -> float:
    """Read a share: `80%` or `0.8`.

    Raises:
        BadInputError: it is none, or not above 0 and at most 1.
    """
    found = _SHARE.fullmatch(text.strip())
    share = float(found["number"]) / (100 if found["sign"] else 1) if found else 0.0
    if not 0 < share <= 1:
        raise BadInputError(f"--kpi {text}", "is not a share", "such as 80% or 0.8, above 0 and at most 100%")
    return share


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedMonths:
    """Months of adoption: their shares over futures, and where the files are."""

    months: pl.DataFrame
    """Electronic share by month and share definition, over futures, with the probability of the KPI."""
    result: AdoptionResult
    definition: ShareDefinition
    """Of the share that the finding speaks of."""
    folder: Path
    run: str

    @property
    def chosen(self) -> pl.DataFrame:
        """The months of the chosen share definition alone."""
        return self.months.filter(pl.col("definition") == self.definition.name)

    @property
    def finding(self) -> str:
        """Whether the KPI is likely met, and from when, in one sentence."""
        return finding(self.chosen)


def simulate_months(
    model: Model,
    wanted: MonthsAsked,
    out: Path | None,
    settings: dict[str, Any],
    *,
    overwrite: bool = False,
    messages: Messages = QUIET,
) -> SimulatedMonths:
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
    title = f"simulating {model.title} to month {wanted.months}, {wanted.futures} futures"
    with messages.progress(title) as bar:
        result = over_months(ready, wanted.months, wanted.seed, wanted.futures, bar)
    months = fan(result.shares, wanted.kpi_share).join(result.rollout, on="month", maintain_order="left")
    done = SimulatedMonths(months=months, result=result, definition=said, folder=folder, run=manifest.run)
    _write(folder, months, result)
    drawn = share_by_month(done.chosen, said.text, Stamp.of(manifest))
    save(drawn, folder / "charts" / "electronic_share_by_month")
    end(folder, manifest)
    return done


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
