"""`--inputs fitted`: each month predicted from the months before it, as a planner must."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
from rich.table import Table

from footfall._chart.style import Stamp, save
from footfall._cli.output import progress, say, say_json, show_table
from footfall._fit.fit import Fitted
from footfall._measure.prediction import sentence
from footfall._records.errors import BadInputError
from footfall._records.log_file import read_log
from footfall._records.tables import write_csv
from footfall._runs.folder import begin_named, end
from footfall._runs.messages import percent
from studies.hotline_1999.charts import days_chart, half_hours_chart
from studies.hotline_1999.forecast import BEFORE, LEARNED, Case, forecast, levels, recorded, with_own
from studies.hotline_1999.forecast_chart import forecast_chart
from studies.hotline_1999.forecast_measures import (
    against_last_month,
    against_last_week,
    beside,
    by_day,
    by_half_hour,
    by_month,
    calibrated,
    with_level,
    within_range,
)
from studies.hotline_1999.learn import Outlook, learned, months_ahead, outlooks
from studies.hotline_1999.level import Level, with_own_level
from studies.hotline_1999.model import PACKAGE
from studies.hotline_1999.records import calls_on, days_of, offered_calls
from studies.hotline_1999.spec import Hotline


class Inputs(StrEnum):
    """Where a prediction takes its inputs from."""

    RECORDED = "recorded"
    FITTED = "fitted"


class Asked(NamedTuple):
    """What a person asked for."""

    calls: Path
    seed: int
    out: Path | None
    as_json: bool
    decompose: bool


class _Learned(NamedTuple):
    """A month ahead, its calls, and what they would have taught: to compare with, not to predict from."""

    outlook: Outlook
    calls: pl.DataFrame
    """Of the month itself."""
    own: Fitted


def check(inputs: Inputs, *, decompose: bool) -> None:
    """Refuse to decompose a prediction whose inputs are all the month's own.

    Raises:
        BadInputError: it is asked for.
    """
    if decompose and inputs is not Inputs.FITTED:
        raise BadInputError("--decompose", "every input is the month's own already", "--inputs fitted")


def run(hotline: Hotline, asked: Asked) -> None:
    """Learn from the months before each month, predict it, and set predicted beside recorded.

    Raises:
        BadInputError: the calls cannot be read, or are of one month only.
    """
    where = str(asked.calls)
    offered = offered_calls(read_log(asked.calls), where)
    ahead = months_ahead(hotline, offered, where)
    settings = {
        "calls": asked.calls.name,
        "inputs": Inputs.FITTED.value,
        "decompose": asked.decompose,
        "days": sum(map(len, ahead.values())),
    }
    folder, manifest = begin_named(
        PACKAGE, hotline.name, hotline.fingerprint(), asked.seed, asked.out, settings=settings
    )
    with progress(f"learning {hotline.title} from earlier months") as bar:
        lessons = []
        for count, outlook in enumerate(outlooks(hotline, offered, where), 1):
            calls = calls_on(outlook.days, offered)
            lessons.append(_Learned(outlook, calls, learned(hotline, calls)))
            bar(count / len(ahead))
    with progress(f"predicting {len(ahead)} months of {hotline.title}") as bar:
        foretold = forecast(_cases(lessons, decompose=asked.decompose), asked.seed, progress=bar)
    tables = _tables(hotline, lessons, foretold)
    _write(folder, tables, Stamp.of(manifest))
    end(folder, manifest)
    if asked.as_json:
        say_json(tables["months"].to_dicts())
    else:
        _tell(hotline, tables, folder, decompose=asked.decompose)


def _cases(lessons: Sequence[_Learned], *, decompose: bool) -> list[Case]:
    """Give what is simulated of each month, and the months before it as their own fit has them.

    Where only one month is before, that is the same fit at the same level.
    """
    cases = []
    for outlook, _, own in lessons:
        month, level = outlook.month, outlook.level
        cases.append(Case(LEARNED, month, outlook.days, outlook.earlier, level))
        if level != Level():
            cases.append(Case(BEFORE, month, outlook.earlier.arrivals.days, outlook.earlier))
        if decompose:
            fits = with_own(outlook.earlier, own)
            cases += [
                Case(name, month, outlook.days, fit, with_own_level(level, name))
                for name, fit in fits.items()
            ]
    return cases


def _inputs(hotline: Hotline, lessons: Sequence[_Learned]) -> pl.DataFrame:
    """Give agents on duty and service times of each month, as they were and as they were foretold."""
    rows: list[dict[str, Any]] = []
    for outlook, _, own in lessons:
        row: dict[str, Any] = {"month": outlook.month}
        for world, fit, level in (("recorded", own, Level()), ("predicted", outlook.earlier, outlook.level)):
            found = levels(hotline, fit, outlook.days if world == "predicted" else fit.arrivals.days, level)
            row |= {f"{name}_{world}": value for name, value in found.items()}
        rows.append(row)
    return pl.DataFrame(rows, infer_schema_length=None)


def _tables(hotline: Hotline, lessons: Sequence[_Learned], foretold: pl.DataFrame) -> dict[str, pl.DataFrame]:
    known = {each.outlook.month: recorded(hotline, days_of(each.outlook.before)) for each in lessons}
    happened = pl.concat([recorded(hotline, days_of(each.calls)) for each in lessons])
    plain = foretold.filter(pl.col("own") == LEARNED)
    modelled = foretold.filter(pl.col("own") == BEFORE)
    # With one month before, what is predicted is that month as its own fit has it.
    before = pl.concat([modelled, plain.filter(~pl.col("month").is_in(modelled["month"].unique().implode()))])
    plain = calibrated(plain, before, known)
    months = by_month(happened, plain, known).join(
        _inputs(hotline, lessons), on="month", how="left", maintain_order="left"
    )
    for own in foretold["own"].unique(maintain_order=True).to_list():
        if own not in {LEARNED, BEFORE}:
            simulated = calibrated(foretold.filter(pl.col("own") == own), before, known)
            column = pl.col("wait_s_mean_predicted").alias(f"wait_s_mean_own_{own}")
            months = months.join(
                by_month(happened, simulated, known).select("month", column),
                on="month",
                how="left",
                maintain_order="left",
            )
    days = with_level(by_day(happened, plain, known), months)
    return {"months": months, "days": days, "half_hours": by_half_hour(beside(happened, plain))}


def _write(folder: Path, tables: Mapping[str, pl.DataFrame], stamp: Stamp) -> None:
    drawings = {"months": forecast_chart, "days": days_chart, "half_hours": half_hours_chart}
    for name, table in tables.items():
        write_csv(table, folder / f"{name}.csv")
        save(drawings[name](table, stamp), folder / "charts" / name)


def _tell(hotline: Hotline, tables: Mapping[str, pl.DataFrame], folder: Path, *, decompose: bool) -> None:
    months, days = tables["months"], tables["days"]
    _show(months)
    if decompose:
        _show_own(months)
    say("recorded, then predicted from earlier months alone; range: 95 of 100 months should lie in it, by")
    say("the errors of the months before and by how much weeks change")
    say(sentence(against_last_month(months), "as last month", "months", "s"))
    say(sentence(against_last_week(days), "as last week", "days", "s"))
    counted = (
        f"{within_range(months)} of {months.height} months and {within_range(days)} of {days.height} days"
    )
    say(f"{counted} lie in their ranges, which should hold 95 of 100")
    unusual = [f"{day}" for day in days.filter(pl.col("unusual"))["day"]]
    if unusual:
        say(f"compared all the same, though far fewer called than was usual: {', '.join(unusual)}")
    if not hotline.holidays:
        say("the hotline names no holidays: every Sunday to Thursday with a call counts as a day of work")
    say(f"results in {folder}")


def _show(months: pl.DataFrame) -> None:
    heads = (
        "calls a day",
        "agents",
        "service, s",
        "mean wait, s",
        "range",
        "last month",
        "waited",
        "> 20 s",
        "abandoned",
        "evening",
        "days' r",
    )
    rows = [_cells(row) for row in months.iter_rows(named=True)]
    _print("Recorded, and predicted from earlier months", heads, rows)


def _cells(row: dict[str, Any]) -> list[str]:
    daily = [row[name] / row["days"] for name in ("offered", "offered_predicted")]
    low, high = (row[f"wait_s_mean_predicted_{bound}"] for bound in ("low", "high"))
    shares = [
        f"{percent(row[f'{name}_recorded'])} {percent(row[f'{name}_predicted'])}"
        for name in ("waited_share", "waited_20_s_share", "abandoned_share")
    ]
    return [
        row["month"],
        " ".join(f"{value:,.0f}" for value in daily),
        _both(row, "agents_on_duty_mean", 1),
        _both(row, "service_s_mean", 0),
        _both(row, "wait_s_mean", 1),
        "–" if low is None else f"{low:.0f}–{high:.0f}",
        _number(row["wait_s_mean_last_month"], 0),
        *shares,
        _both(row, "evening_wait_s_mean", 0),
        _number(row["day_correlation"], 2),
    ]


def _show_own(months: pl.DataFrame) -> None:
    """Print what the mean wait would have been foretold, had one of the inputs been known."""
    heads = ("recorded", "learned", "own arrivals", "own staff", "own talk & patience", "all own")
    names = ("recorded", "predicted", "own_arrivals", "own_staff", "own_handling", "own_all")
    rows = [
        [row["month"], *(_number(row[f"wait_s_mean_{name}"], 1) for name in names)]
        for row in months.iter_rows(named=True)
    ]
    _print("\nMean wait in seconds, had an input been known", heads, rows)


def _print(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("month")
    for head in heads:
        table.add_column(head, justify="right")
    for row in rows:
        table.add_row(*row)
    show_table(table)


def _both(row: dict[str, Any], name: str, digits: int) -> str:
    return " ".join(_number(row[f"{name}_{world}"], digits) for world in ("recorded", "predicted"))


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
