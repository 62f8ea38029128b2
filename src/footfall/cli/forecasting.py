"""`footfall validate --inputs fitted`: each month predicted from the months before it, as a planner must."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
from rich.table import Table

from footfall.chart.forecast import forecast_chart
from footfall.chart.save import save
from footfall.chart.style import Stamp
from footfall.chart.validation import days_chart, half_hours_chart
from footfall.cli.console import percent, progress, say, say_json, show_table
from footfall.cli.runs import begin_named, end
from footfall.measure.forecast import beside, by_day, by_half_hour, by_month, within_range
from footfall.records.errors import BadInputError
from footfall.records.log_file import read_log
from footfall.records.tables import write_csv
from footfall.simulate.fit.fit import Fitted
from footfall.simulate.hotline.forecast import LEARNED, Case, forecast, levels, recorded, with_own
from footfall.simulate.hotline.learn import Outlook, learned, months_ahead, outlooks
from footfall.simulate.hotline.records import days_of, offered_calls, regular_calls
from footfall.simulate.hotline.spec import Hotline


class Inputs(StrEnum):
    """Where a prediction takes its inputs from."""

    RECORDED = "recorded"
    FITTED = "fitted"


class Asked(NamedTuple):
    """What a person asked for."""

    model: Path
    calls: Path
    seed: int
    out: Path | None
    as_json: bool
    decompose: bool


class _Learned(NamedTuple):
    """A month ahead, and what its own calls would have taught."""

    outlook: Outlook
    own: Fitted


def check(inputs: Inputs, *, decompose: bool) -> None:
    """Refuse to decompose a prediction whose inputs are all the month's own.

    Raises:
        BadInputError: it is asked for.
    """
    if decompose and inputs is not Inputs.FITTED:
        raise BadInputError("--decompose", "every input is the month's own already", "--inputs fitted")


def refuse(inputs: Inputs) -> None:
    """Refuse anything but the one way in which service halls are predicted.

    Raises:
        BadInputError: it is asked for.
    """
    if inputs is Inputs.FITTED:
        raise BadInputError("--inputs fitted", "service halls are predicted in one way only", "a HOTLINE")


def run(hotline: Hotline, asked: Asked) -> None:
    """Learn from the months before each month, predict it, and set predicted beside recorded.

    Raises:
        BadInputError: the calls cannot be read, or are of one month only.
    """
    where = str(asked.calls)
    offered = offered_calls(read_log(asked.calls), where)
    ahead = months_ahead(offered, where)
    settings = {
        "model_file": asked.model.as_posix(),
        "calls": asked.calls.name,
        "inputs": Inputs.FITTED.value,
        "decompose": asked.decompose,
        "days": sum(map(len, ahead.values())),
    }
    folder, manifest = begin_named(
        "validate", hotline.name, hotline.fingerprint(), asked.seed, asked.out, settings=settings
    )
    regular = regular_calls(offered, where)
    with progress(f"learning {hotline.title} from earlier months") as bar:
        lessons = []
        for count, outlook in enumerate(outlooks(hotline, offered, where), 1):
            own = learned(hotline, regular.filter(pl.col("day").is_in(list(outlook.days))))
            lessons.append(_Learned(outlook, own))
            bar(count / len(ahead))
    with progress(f"predicting {len(ahead)} months of {hotline.title}") as bar:
        foretold = forecast(_cases(lessons, decompose=asked.decompose), asked.seed, progress=bar)
    tables = _tables(recorded(hotline, days_of(regular)), foretold, _inputs(hotline, lessons))
    _write(folder, tables, Stamp.of(manifest))
    end(folder, manifest)
    if asked.as_json:
        say_json(tables["months"].to_dicts())
    else:
        _tell(tables, folder, decompose=asked.decompose)


def _cases(lessons: Sequence[_Learned], *, decompose: bool) -> list[Case]:
    cases = []
    for outlook, own in lessons:
        fits = {LEARNED: outlook.earlier} | (with_own(outlook.earlier, own) if decompose else {})
        cases += [Case(name, outlook.month, outlook.days, fit) for name, fit in fits.items()]
    return cases


def _inputs(hotline: Hotline, lessons: Sequence[_Learned]) -> pl.DataFrame:
    """Give agents on duty and service times of each month, as they were and as they were foretold."""
    rows: list[dict[str, Any]] = []
    for outlook, own in lessons:
        row: dict[str, Any] = {"month": outlook.month}
        for world, fit in (("recorded", own), ("predicted", outlook.earlier)):
            found = levels(hotline, fit, outlook.days)
            row |= {f"{name}_{world}": value for name, value in found.items()}
        rows.append(row)
    return pl.DataFrame(rows, infer_schema_length=None)


def _tables(
    happened: pl.DataFrame, foretold: pl.DataFrame, inputs: pl.DataFrame
) -> Mapping[str, pl.DataFrame]:
    plain = foretold.filter(pl.col("own") == LEARNED)
    months = by_month(happened, plain).join(inputs, on="month", how="left", maintain_order="left")
    for own in foretold["own"].unique(maintain_order=True).to_list():
        if own != LEARNED:
            known = by_month(happened, foretold.filter(pl.col("own") == own))
            column = known.select("month", pl.col("wait_s_mean_predicted").alias(f"wait_s_mean_own_{own}"))
            months = months.join(column, on="month", how="left", maintain_order="left")
    half_hours = by_half_hour(beside(happened, plain))
    return {"months": months, "days": by_day(happened, plain), "half_hours": half_hours}


def _write(folder: Path, tables: Mapping[str, pl.DataFrame], stamp: Stamp) -> None:
    drawings = {"months": forecast_chart, "days": days_chart, "half_hours": half_hours_chart}
    for name, table in tables.items():
        write_csv(table, folder / f"{name}.csv")
        save(drawings[name](table, stamp), folder / "charts" / name)


def _tell(tables: Mapping[str, pl.DataFrame], folder: Path, *, decompose: bool) -> None:
    _show(tables["months"])
    if decompose:
        _show_own(tables["months"])
    inside, days = within_range(tables["days"]), tables["days"].height
    say("recorded, then predicted from earlier months alone; range: 95 of 100 months, if nothing changes;")
    say("before: the mean wait recorded in all months before, which a prediction has to beat")
    say(f"{inside} of {days} days lie in the range of 95 % of their weekday's; results in {folder}")


def _show(months: pl.DataFrame) -> None:
    heads = (
        "calls a day",
        "agents",
        "service, s",
        "mean wait, s",
        "range",
        "before",
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
        _number(row["wait_s_mean_earlier"], 0),
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
