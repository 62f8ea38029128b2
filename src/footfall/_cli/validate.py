"""`footfall validate`: a fitted model tested on later days of one's own log."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer
from rich.table import Table

from footfall._cli.options import DEFAULT_SEED, Json, Out, Overwrite, Seed
from footfall._cli.output import TERMINAL, say, say_json, show_table
from footfall._fit.backtest import LEVEL, REPLICATIONS, Backtest, FigureCheck
from footfall._measure.prediction import sentence
from footfall._records.errors import BadInputError
from footfall._runs.messages import percent
from footfall._runs.validate import Validation, validate, write_validation

STUDIES = {
    "bank_hotline.py": "python -m studies.hotline_1999 CALLS",
    "city_offices.py": "python -m studies.offices_warsaw SNAPSHOTS",
}
"""Model files of former versions, and what does their work now."""
_FORMER = {"\nHOTLINE = Hotline(": "bank_hotline.py", "\nOFFICES = Offices(": "city_offices.py"}
_TITLES = {"arrivals": "arrivals", "wait_s_mean": "mean wait", "abandoned_share": "abandoned"}
_HEAD_UNITS = {"arrivals": "", "wait_s_mean": ", s", "abandoned_share": ", %"}
_DAYS_SHOWN_MOST = 40
_INPUT_UNITS = {"arrivals": "a day", "staff": "hours a day", "service times": "s", "patience": "s"}


def command(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="[MODEL] LOG...",
            help="Model file as `footfall fit` wrote it, and the log. Without a model, one is fitted to the "
            "first days of the log.",
            show_default=False,
        ),
    ],
    mapping: Annotated[
        Path | None,
        typer.Option(
            "--map",
            help="TOML file: which column means what, as for `footfall fit`. A queue_log needs none.",
            show_default=False,
        ),
    ] = None,
    split: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            help="Test on the days after this share of the log's days. Default without MODEL: 0.7.",
            show_default=False,
        ),
    ] = None,
    from_day: Annotated[
        str | None,
        typer.Option("--from", metavar="DATE", help="Test on the days from this one on.", show_default=False),
    ] = None,
    replications: Annotated[
        int, typer.Option(metavar="DAYS", help="Simulated days for each weekday; 39 or more.")
    ] = REPLICATIONS,
    seed: Seed = DEFAULT_SEED,
    out: Out = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Predict later days of LOG with a fitted model, day by day, and compare with what was recorded.

    Tells how many days lie in their 95 % intervals, whether "as last week" is nearer, and which input was
    off: arrivals, staff, service times or patience.
    """
    model, logs = _parted(paths)
    found = validate(
        model,
        logs,
        mapping,
        split=split,
        from_day=from_day,
        seed=seed,
        replications=replications,
        messages=TERMINAL,
    )
    folder = write_validation(found, logs[0], out, overwrite=overwrite)
    if as_json:
        say_json(found.as_dict() | {"folder": str(folder)})
        return
    _show(found)
    say(f"results in {folder}")


def _parted(paths: list[Path]) -> tuple[Path | None, list[Path]]:
    """Part the arguments into the model, if one is named, and the files of the log.

    Raises:
        BadInputError: no log is named, or the model is one of a study of its own.
    """
    model = paths[0] if paths[0].suffix in {".py", ".toml"} else None
    logs = paths if model is None else paths[1:]
    if model is not None and (study := _study_of(model)):
        problem = "became a study of its own"
        raise BadInputError(str(model), problem, f"in Footfall's repository: {study}")
    if not logs:
        raise BadInputError("LOG", "no log is named", "footfall validate MODEL LOG --map FILE.toml")
    return model, logs


def _study_of(model: Path) -> str | None:
    """Give the command of the study that a former kind of model file belongs to; None: it is none."""
    if not model.is_file():
        return STUDIES.get(model.name)
    text = "\n" + model.read_text(encoding="utf-8", errors="replace")
    return next((STUDIES[name] for word, name in _FORMER.items() if word in text), None)


def _show(found: Validation) -> None:
    result = found.result
    first, last = found.tested[0], found.tested[-1]
    say(f"{found.model}: fitted to {found.fitted_to}; {len(found.tested)} days predicted, {first} to {last}")
    say("\nRecorded, then predicted (95 % interval)")
    show_table(_days_table(result))
    for each in result.figures:
        say(_coverage_line(each))
    for each in result.figures:
        say(f"{_TITLES[each.figure]}: {_naive_line(each)}")
    say("\nEach input as recorded, in place of as fitted")
    show_table(_inputs_table(result))
    say(cause_line(result))
    for note in found.notes:
        say(f"note: {note}")


def _naive_line(each: FigureCheck) -> str:
    units = {"arrivals": ("a day", 1.0), "wait_s_mean": ("s", 1.0), "abandoned_share": ("points", 100.0)}
    unit, factor = units[each.figure]
    found = each.naive
    if found is not None:
        names = ("error_mean", "naive_error_mean", "gain_low")
        found = replace(found, **{name: factor * getattr(found, name) for name in names})
    return sentence(found, "as last week", "days", unit)


def _days_table(result: Backtest) -> Table:
    days = result.days
    names = [each.figure for each in result.figures]
    table = Table(box=None, pad_edge=False)
    table.add_column("day")
    for name in names:
        table.add_column(_TITLES[name] + _HEAD_UNITS[name], justify="right")
    shown = days
    if days.height > _DAYS_SHOWN_MOST:
        outside = pl.any_horizontal(*(~pl.col(f"{name}_inside").fill_null(value=True) for name in names))
        shown = days.filter(outside)
        say(f"Of {days.height} days, the {shown.height} with a figure outside its interval; days.csv has all")
    for row in shown.iter_rows(named=True):
        table.add_row(f"{row['day']:%a} {row['day']}", *(_cell(row, name) for name in names))
    return table


def _cell(row: dict[str, Any], name: str) -> str:
    was, expected, low, high = (row[f"{name}_{what}"] for what in ("recorded", "predicted", "low", "high"))
    if was is None or expected is None:
        return "–"
    bounds = "" if low is None else f" ({_value(low, name)}–{_value(high, name)})"
    mark = "  " if row[f"{name}_inside"] in {True, None} else " *"
    return f"{_value(was, name)}  {_value(expected, name)}{bounds}{mark}"


def _value(value: float, name: str) -> str:
    return f"{100 * value if name == 'abandoned_share' else value:,.0f}"


def _coverage_line(each: FigureCheck) -> str:
    if not each.days:
        return f"{_TITLES[each.figure]}: too few simulated days have one to give an interval"
    share, bounds = percent(each.inside / each.days), each.coverage
    verdict = {
        "as promised": "as promised, as far as so many days can tell",
        "too narrow": "fewer than the 95 % promised: the intervals are too narrow, or an input was off",
        "too wide": "more than the 95 % promised: the intervals are too wide",
    }[each.verdict]
    return (
        f"{_TITLES[each.figure]}: {each.inside} of {each.days} days inside their {LEVEL:.0%} interval "
        f"({share}, 95 % interval {percent(bounds.low)} – {percent(bounds.high)}): {verdict}"
    ).replace("95% interval", "95 % interval")


def _inputs_table(result: Backtest) -> Table:
    names = [each.figure for each in result.figures if each.figure != "arrivals"] or ["arrivals"]
    table = Table(box=None, pad_edge=False)
    table.add_column("input")
    for head in ("fitted", "recorded", "change", *(f"{_TITLES[name]} then" for name in names)):
        table.add_column(head, justify="right")
    as_recorded = {each.figure: each.recorded_mean for each in result.figures}
    table.add_row("as fitted", "", "", "", *(_precise(result.as_fitted[name], name) for name in names))
    for each in result.inputs:
        unit = _INPUT_UNITS[each.name]
        cells = ["–" if value is None else f"{value:.4g} {unit}" for value in (each.fitted, each.recorded)]
        change = (
            "–"
            if each.fitted is None or each.recorded is None or not each.fitted
            else f"{100 * (each.recorded / each.fitted - 1):+.0f} %"
        )
        table.add_row(each.name, *cells, change, *(_precise(each.predicted[name], name) for name in names))
    table.add_row("all of them", "", "", "", *(_precise(result.all_recorded[name], name) for name in names))
    table.add_row("recorded", "", "", "", *(_precise(as_recorded[name], name) for name in names))
    return table


def _precise(value: float, name: str) -> str:
    return (
        percent(value)
        if name == "abandoned_share"
        else f"{value:.1f}" + (" s" if name == "wait_s_mean" else "")
    )


def cause_line(result: Backtest) -> str:
    """Say in a sentence which input was off, if any was."""
    cause = result.cause
    if cause is None:
        return "No figure is off by more than chance on these days; no input has to be named."
    figure = cause.figure
    was = next(each for each in result.figures if each.figure == figure).recorded_mean
    title = _TITLES[figure]
    told = (
        f"{title} was predicted as {_precise(result.as_fitted[figure], figure)} and recorded as "
        f"{_precise(was, figure)}"
    )
    told = told[0].upper() + told[1:]
    if cause.input is None:
        return (
            f"{told}; no single input explains it. With all inputs as recorded it would have been "
            f"{_precise(result.all_recorded[figure], figure)}: what is still off then is the model itself."
        )
    if figure == "arrivals":
        off = f"The input that was off: arrivals, predicted as {told.partition(' as ')[2]} a day"
        return f"{off}; no other figure is off by more than chance."
    effect = next(each for each in result.inputs if each.name == cause.input)
    return (
        f"The input that was off: {cause.input}. {told}; with the recorded {cause.input} it would have been "
        f"predicted as {_precise(effect.predicted[figure], figure)}."
    )
