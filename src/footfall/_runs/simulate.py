"""Simulate a day or months of a model."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import polars as pl

from footfall._chart.day_charts import arrivals_over_day, share_by_channel, wait_heat_map
from footfall._chart.month_charts import share_by_month
from footfall._chart.run_charts import outcomes_by_cause, success_against_target
from footfall._chart.style import Chart, Stamp, save
from footfall._choice.month_step import world
from footfall._choice.months import AdoptionResult, over_months
from footfall._fit.uncertainty import Uncertainty
from footfall._measure import summary
from footfall._measure.prediction import bounds
from footfall._measure.summary import electronic_share, measures
from footfall._measure.time_series import due_by_half_hour, fan, month_likely, waits_by_hour
from footfall._model.model import Model, ShareDefinition
from footfall._model.numbers import DAY_S
from footfall._records.errors import BadInputError, path_of, shown
from footfall._records.runs import Manifest
from footfall._records.tables import html_table, write_csv, write_parquet
from footfall._runs import replicate, replicate as versus_days
from footfall._runs.content import change_texts, model_for, share_definition, targets, with_changes
from footfall._runs.folder import begin, begin_described, described, end, measures_html
from footfall._runs.messages import QUIET, Messages, form_of, percent
from footfall._runs.replicate import (
    Day,
    Plan,
    check_figures,
    days as simulated_days,
    over_days,
    plan,
    write as write_days,
)
from footfall._simulate.day import DayResult, simulate_day
from footfall._simulate.staff_tables import Unstaffed, unstaffed
from footfall._stats.intervals import Paired
from footfall._workload.arrivals import check_rates

# ── Simulate a model's day, or several independent ones: visits, measures, intervals, charts, files

_DAY_CHARTS = "charts"


@dataclass(frozen=True, slots=True)
class DayFigures:
    """A day's visits as measures and share."""

    visits: pl.DataFrame
    measures: pl.DataFrame
    bounds: pl.DataFrame
    """Within this one day, of means and percentiles: rows as those of `measures`."""
    eventual: pl.DataFrame
    share: summary.ElectronicShare
    definition: summary.ShareRule
    unstaffed: Sequence[Unstaffed] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysAsked:
    """Which days are simulated, and where the results go."""

    seed: int
    plan: Plan
    changes: Sequence[str] = ()
    """Of the model's numbers, as `path=value`."""
    against: Sequence[str] = ()
    """Further changes: the same days are simulated with them as well, and compared."""
    share: str | None = None
    """Share definition of the model; None: its first."""
    uncertainty: Uncertainty | None = None
    """Of a fitted model's numbers; None: not known."""
    model_file: str = ""
    out: Path | None = None
    overwrite: bool = False
    keep: bool = True
    """False: nothing is written."""


@dataclass(frozen=True, kw_only=True, repr=False)
class SimulatedDays:
    """Simulated days: visits and measures of the first, key figures over all, and charts.

    A notebook shows the measures of the first day, and the key figures over all days.
    """

    model: Model
    figures: DayFigures
    """Of the first day."""
    result: DayResult
    figures_by_day: Sequence[Day]
    """Key figures of each day, by name."""
    over_days: Sequence[Mapping[str, Any]]
    """A row a key figure: mean, half-width and bounds over the days; empty for a single day."""
    paired: Mapping[str, Paired]
    """With changes to compare with: by key figure, the paired difference."""
    range_text: str | None
    """What the range of a fitted model holds; None: it is not fitted."""
    manifest: Manifest
    folder: Path | None
    """None: nothing was written."""

    @property
    def visits(self) -> pl.DataFrame:
        """A row a visit of the first day (columns of `VISITS`); times in seconds after midnight."""
        return self.figures.visits

    @property
    def measures(self) -> pl.DataFrame:
        """Success, waits and response times of the first day by channel and operation, `*` for all.

        Columns of `MEASURES`, and the bounds within the day (`_low`, `_high`) of means and percentiles.
        """
        return with_bounds(self.figures)

    @property
    def days(self) -> pl.DataFrame:
        """A row a key figure over the days: mean, 95 % half-width and bounds; empty for a single day."""
        return pl.DataFrame(list(self.over_days), infer_schema_length=None)

    @property
    def differences(self) -> pl.DataFrame:
        """With `versus`: a row a key figure, as it is, as changed, and the paired difference with bounds."""
        return pl.DataFrame(versus_days.rows(self.paired), infer_schema_length=None)

    @property
    def electronic_share(self) -> float | None:
        """Share of the completed operations that went through electronic channels, 0 to 1."""
        return self.figures.share.share

    @property
    def charts(self) -> dict[str, Chart]:
        """Charts of the first day, by name; a notebook shows each as a picture."""
        return dict(zip(_DAY_CHART_NAMES, charts(self.figures, self.manifest), strict=True))

    def __repr__(self) -> str:
        """Give the model, how many days, and how many visits the first has."""
        days = len(self.figures_by_day)
        count = "1 day" if days == 1 else f"{days} days"
        return f"<{self.model.name}: {count}, {self.visits.height:,} visits on the first>"

    def _repr_html_(self) -> str:
        heads = ("quantity", "days", "mean ± 95 %")
        rows = [
            (
                str(row["quantity"]),
                str(row["replications"]),
                form_of(row["quantity"])(row["mean"], row["half_width"]),
            )
            for row in self.over_days
        ]
        title = f"<p><b>{escape(self.model.title)}</b></p>"
        return title + measures_html(self.measures) + html_table(heads, rows)


def simulate(
    model: Model | Path | str,
    *,
    seed: int = 1,
    replications: int | None = None,
    precision: float | str | None = None,
    figures: Sequence[str] = (),
    changes: Mapping[str, float | str] | Sequence[str] | None = None,
    versus: Mapping[str, float | str] | Sequence[str] | None = None,
    share: str | None = None,
    out: Path | str | None = None,
    overwrite: bool = False,
    messages: Messages = QUIET,
) -> SimulatedDays:
    """Simulate a model's day: who comes, which channel they choose, what they meet.

    `model` is one, or the path of its file. With `replications`, independent days add intervals over days;
    with a `precision` (such as 0.05 or `5%`) days are added until each of `figures` (patterns of key figures,
    by default the electronic share, success shares and mean waits) is known so precisely, at most
    `replications` (100). `changes` are numbers of the model by their path, such as
    `{"hall.clerks": 4}`; with `versus`, the same days are simulated with further changes, for the same
    customers and random numbers, and compared. `share` is the name of a share definition of the model.
    Nothing is written unless `out` names a folder.

        >>> import footfall as ff
        >>> day = ff.simulate("models/mm3.py", seed=7, out=folder / "day")
        >>> day.visits.height
        509

    Raises:
        BadInputError: the model cannot be read, a change or figure fits nothing, or the folder is taken.
    """
    asked_precision = None if precision is None else f"{precision}"
    other = change_texts(versus)
    file = None if isinstance(model, Model) else path_of(model, "model")
    _check_whole("seed", seed, 0)
    if replications is not None:
        _check_whole("replications", replications, 1)
    wanted = versus_days.replications(replications, asked_precision) if other else replications
    asked = DaysAsked(
        seed=seed,
        plan=plan(wanted, asked_precision, list(figures) or None),
        changes=change_texts(changes),
        against=other,
        share=share,
        uncertainty=None if file is None else replicate.uncertainty_next_to(file),
        model_file="" if file is None else file.as_posix(),
        out=None if out is None else path_of(out, "out"),
        overwrite=overwrite,
        keep=out is not None,
    )
    return simulate_days(model_for(model), asked, messages)


def _check_whole(name: str, given: object, least: int) -> None:
    if not isinstance(given, int) or isinstance(given, bool) or given < least:
        raise BadInputError(name, f"{shown(given)} is not allowed here", f"a whole number, {least} or more")


def simulate_days(model: Model, asked: DaysAsked, messages: Messages = QUIET) -> SimulatedDays:
    """Simulate days of a model, work out the figures, and write tables and charts if they are to be kept.

    Raises:
        BadInputError: a change, figure or share definition is impossible, or the folder cannot be written.
    """
    plan, seed = asked.plan, asked.seed
    spec = with_changes(model, asked.changes, messages=messages)
    check_rates(spec)
    changed = with_changes(spec, asked.against, where="--versus", messages=messages)
    check_figures(plan, spec)
    said, definition = share_definition(spec, asked.share)
    settings = {"model_file": asked.model_file, "set": list(asked.changes)} | plan.settings()
    if asked.against:
        settings |= {"versus": list(asked.against)}
    counted = f"{said.name}: {said.text}"
    manifest = described("simulate", spec, seed, share_definition=counted, settings=settings)
    folder = None
    if asked.keep:
        folder, manifest = begin_described(manifest, asked.out, overwrite=asked.overwrite)
    with messages.progress(f"simulating {spec.title}") as bar:
        result = simulate_day(spec, seed, progress=bar)
    days = simulated_days(spec, seed, plan, definition, result, messages)
    draw = partial(replicate.draw, model, asked.uncertainty, seed, definition, messages=messages)
    drawing, differences = draw(asked.changes, days), {}
    if asked.against:
        others = versus_days.changed_days(len(days), changed, seed, definition, messages)
        found = versus_days.differences(days, others)
        differences = replicate.with_fit(found, drawing, draw((*asked.changes, *asked.against), others))
    done = SimulatedDays(
        model=spec,
        figures=figures(result, targets(spec), definition, spec),
        result=result,
        figures_by_day=days,
        over_days=replicate.with_ranges(over_days(days, plan), drawing),
        paired=differences,
        range_text=replicate.range_text(spec, asked.uncertainty, len(days)),
        manifest=manifest,
        folder=folder,
    )
    if folder is not None:
        _write(folder, done)
    return done


def _write(folder: Path, done: SimulatedDays) -> None:
    write(folder, done.figures, charts(done.figures, done.manifest))
    write_csv(done.result.staff, folder / "staff.csv")
    write_days(folder, done.figures_by_day, done.over_days)
    if done.paired:
        versus_days.write_versus(folder, done.paired)
    end(folder, done.manifest)


def figures(
    result: DayResult,
    targets: dict[tuple[str, str], float],
    definition: summary.ShareRule,
    model: Model | None = None,
) -> DayFigures:
    """Work out what a person wants to know of a day."""
    visits = result.visits
    return DayFigures(
        visits=visits,
        measures=measures(visits, "predicted", targets),
        bounds=bounds(visits, "predicted"),
        eventual=summary.first_try_and_eventual(visits),
        share=electronic_share(visits, definition),
        definition=definition,
        unstaffed=unstaffed(model, visits) if model else (),
    )


def charts(day: DayFigures, manifest: Manifest, window_s: tuple[float, float] | None = None) -> list[Chart]:
    """Draw the day."""
    stamp = Stamp.of(manifest)
    # The few second tries after midnight would stand there as a day of their own.
    visits = day.visits.filter(pl.col("due_s") < DAY_S)
    completed = summary.completed_by_half_hour(visits, day.definition)
    return [
        share_by_channel(completed, day.share.definition, stamp),
        wait_heat_map(waits_by_hour(visits), stamp),
        success_against_target(day.measures, stamp),
        arrivals_over_day(due_by_half_hour(visits.filter(pl.col("attempt") == 1)), window_s, stamp),
        outcomes_by_cause(summary.outcomes(day.visits), stamp),
    ]


_DAY_CHART_NAMES = ("share_by_channel", "waits", "success", "arrivals", "failures")


def write(folder: Path, day: DayFigures, drawn: Sequence[Chart]) -> None:
    """Write `visits.parquet`, `measures.csv`, `intervals.csv` and the charts.

    Raises:
        BadInputError: the folder cannot be written.
    """
    write_parquet(day.visits, folder / "visits.parquet")
    write_csv(day.measures, folder / "measures.csv")
    write_csv(day.bounds, folder / "intervals.csv")
    for name, chart in zip(_DAY_CHART_NAMES, drawn, strict=True):
        save(chart, folder / _DAY_CHARTS / name)


def as_json(day: DayFigures) -> dict[str, Any]:
    """Give the figures of a day, names carrying units."""
    share = day.share
    return {
        "visits": day.visits.height,
        "electronic_share": share.share,
        "electronic_share_low": share.share_low,
        "electronic_share_high": share.share_high,
        "share_definition": share.definition,
        "measures": with_bounds(day).to_dicts(),
        "unstaffed": [asdict(each) for each in day.unstaffed],
    }


def with_bounds(day: DayFigures) -> pl.DataFrame:
    """Give the measures of a day with their bounds within the day."""
    return day.measures.join(
        day.bounds, on=["world", "channel", "operation"], how="left", maintain_order="left"
    )


# ── Months of a model: habit, trust, awareness and upgrades over months, and whether a KPI is met

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
    _write_months(folder, months, result)
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


def _write_months(folder: Path, months: pl.DataFrame, result: AdoptionResult) -> None:
    write_csv(months, folder / "months.csv")
    write_csv(result.segments, folder / "segments.csv")
    write_csv(result.provinces, folder / "provinces.csv")
