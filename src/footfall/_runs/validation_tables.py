"""A fitted model tested on later days, as a person reads it: rows of tables, and lines."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from footfall._fit.backtest import LEVEL, Backtest, FigureCheck
from footfall._measure.prediction import sentence
from footfall._runs.messages import percent

_TITLES = {"arrivals": "arrivals", "wait_s_mean": "mean wait", "abandoned_share": "abandoned"}
_HEAD_UNITS = {"arrivals": "", "wait_s_mean": ", s", "abandoned_share": ", %"}
_DAYS_SHOWN_MOST = 40
_INPUT_UNITS = {"arrivals": "a day", "staff": "hours a day", "service times": "s", "patience": "s"}


def figure_lines(result: Backtest) -> list[str]:
    """Say of each figure how many days lie in their intervals, and whether "as last week" is nearer."""
    lines = [_coverage_line(each) for each in result.figures]
    return lines + [f"{_TITLES[each.figure]}: {_naive_line(each)}" for each in result.figures]


def _naive_line(each: FigureCheck) -> str:
    units = {"arrivals": ("a day", 1.0), "wait_s_mean": ("s", 1.0), "abandoned_share": ("points", 100.0)}
    unit, factor = units[each.figure]
    found = each.naive
    if found is not None:
        names = ("error_mean", "naive_error_mean", "gain_low")
        found = replace(found, **{name: factor * getattr(found, name) for name in names})
    return sentence(found, "as last week", "days", unit)


Rows = list[tuple[str, ...]]


def days_table(result: Backtest) -> tuple[list[str], Rows, str]:
    """Give heads and rows of the days (of many, those outside an interval), and a note of those left out."""
    days = result.days
    names = [each.figure for each in result.figures]
    note = ""
    if days.height > _DAYS_SHOWN_MOST:
        outside = pl.any_horizontal(*(~pl.col(f"{name}_inside").fill_null(value=True) for name in names))
        shown = days.filter(outside)
        note = (
            f"Of {days.height} days, the {shown.height} with a figure outside its interval; days.csv has all"
        )
        days = shown
    heads = ["day", *(_TITLES[name] + _HEAD_UNITS[name] for name in names)]
    rows = [
        (f"{row['day']:%a} {row['day']}", *(_cell(row, name) for name in names))
        for row in days.iter_rows(named=True)
    ]
    return heads, rows, note


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


def inputs_table(result: Backtest) -> tuple[list[str], Rows]:
    """Give heads and rows of the figures predicted with each input as recorded, in place of as fitted."""
    names = [each.figure for each in result.figures if each.figure != "arrivals"] or ["arrivals"]
    as_recorded = {each.figure: each.recorded_mean for each in result.figures}

    def predicted(values: Mapping[str, float]) -> list[str]:
        return [_precise(values[name], name) for name in names]

    rows: Rows = [("as fitted", "", "", "", *predicted(result.as_fitted))]
    for each in result.inputs:
        unit = _INPUT_UNITS[each.name]
        cells = ["–" if value is None else f"{value:.4g} {unit}" for value in (each.fitted, each.recorded)]
        change = (
            "–"
            if each.fitted is None or each.recorded is None or not each.fitted
            else f"{100 * (each.recorded / each.fitted - 1):+.0f} %"
        )
        rows.append((each.name, *cells, change, *predicted(each.predicted)))
    rows.append(("all of them", "", "", "", *predicted(result.all_recorded)))
    rows.append(("recorded", "", "", "", *predicted(as_recorded)))
    return ["input", "fitted", "recorded", "change", *(f"{_TITLES[name]} then" for name in names)], rows


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
    line = (
        f"{title} was predicted as {_precise(result.as_fitted[figure], figure)} and recorded as "
        f"{_precise(was, figure)}"
    )
    line = line[0].upper() + line[1:]
    if cause.input is None:
        return (
            f"{line}; no single input explains it. With all inputs as recorded it would have been "
            f"{_precise(result.all_recorded[figure], figure)}: what is still off then is the model itself."
        )
    if figure == "arrivals":
        off = f"The input that was off: arrivals, predicted as {line.partition(' as ')[2]} a day"
        return f"{off}; no other figure is off by more than chance."
    effect = next(each for each in result.inputs if each.name == cause.input)
    return (
        f"The input that was off: {cause.input}. {line}; with the recorded {cause.input} it would have been "
        f"predicted as {_precise(effect.predicted[figure], figure)}."
    )
