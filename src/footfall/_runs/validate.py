"""Test a fitted model on later days of a log: coverage, errors, and which input was off."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from hashlib import sha256
from html import escape
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from footfall._chart.fit_charts import backtest_chart
from footfall._chart.style import Stamp, save
from footfall._fit import backtest
from footfall._fit.day_cells import OTHER
from footfall._fit.estimate_intervals import Intervals
from footfall._fit.fit import fit_rows, read_log
from footfall._fit.fitted_model import Named
from footfall._fit.log_rows import LogRows
from footfall._fit.swapped_inputs import check_is_fitted, has_queue
from footfall._fit.uncertainty import UNCERTAINTY_FILE, fitted_uncertainty, read_uncertainty
from footfall._model.model import Model
from footfall._records.errors import BadInputError, paths_of
from footfall._records.runs import read_limited
from footfall._records.tables import html_table, write_csv
from footfall._runs.content import models_in
from footfall._runs.fit_log import mapping_text, read_table_of
from footfall._runs.fit_tables import named
from footfall._runs.folder import begin_named, end
from footfall._runs.messages import QUIET, Messages, percent, seconds
from footfall._workload.log_mapping import WEEKDAYS, Mapping as LogMapping

_SPLIT = 0.7
"""Share of the days that a model is fitted to, unless said otherwise."""
_FIGURES_FILE = "fit.json"
DAYS_SIMULATED = backtest.REPLICATIONS
"""For each weekday, unless said otherwise."""
_DAYS_LEAST = 2
_CLASSES_MOST = 40


@dataclass(frozen=True, kw_only=True)
class Validation:
    """A fitted model, and later days of a log predicted by it."""

    model: str
    """Name of the model."""
    fitted_to: str
    """Which days it was fitted to, in words."""
    tested: tuple[date, ...]
    """Days predicted and compared."""
    rows: int
    """Rows of the log that count on these days."""
    seed: int
    replications: int
    """Simulated days for each weekday."""
    notes: tuple[str, ...]
    result: backtest.Backtest

    def fingerprint(self) -> str:
        """Give what tells this test from others: the figures that were recorded and predicted."""
        return sha256(json.dumps(self.as_dict(), sort_keys=True).encode()).hexdigest()

    def as_dict(self) -> dict[str, Any]:
        """Give everything as plain data, for JSON."""
        found = self.result
        cause = found.cause
        return {
            "model": self.model,
            "fitted_to": self.fitted_to,
            "days_tested": len(self.tested),
            "first_day": str(self.tested[0]),
            "last_day": str(self.tested[-1]),
            "rows": self.rows,
            "figures": [_figure_dict(each) for each in found.figures],
            "inputs": [
                {"input": each.name, "fitted": each.fitted, "recorded": each.recorded}
                | {f"{name}_predicted": value for name, value in each.predicted.items()}
                for each in found.inputs
            ],
            "as_fitted": dict(found.as_fitted),
            "all_recorded": dict(found.all_recorded),
            "cause": cause._asdict() if cause else None,
            "notes": list(self.notes),
            "days": [row | {"day": str(row["day"])} for row in found.days.iter_rows(named=True)],
        }

    def __repr__(self) -> str:
        """Return the model and the days that were tested."""
        first, last = self.tested[0], self.tested[-1]
        return f"<Validation of {self.model}: {len(self.tested)} days, {first} to {last}>"

    def _repr_html_(self) -> str:
        title = f"<p><b>{escape(repr(self)[1:-1])}</b>; fitted to {escape(self.fitted_to)}</p>"
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return title + _figures_html(self.result.figures) + _inputs_html(self.result) + notes


_FIGURE_NAMES = {"arrivals": "arrivals a day", "wait_s_mean": "mean wait", "abandoned_share": "abandoned"}


def _figures_html(figures: Sequence[backtest.FigureCheck]) -> str:
    heads = ("figure", "recorded", "predicted", "inside 95 %", "intervals")
    rows = [
        (
            _FIGURE_NAMES[each.figure],
            _figure_text(each.figure, each.recorded_mean),
            _figure_text(each.figure, each.predicted_mean),
            f"{each.inside} of {each.days} days",
            each.verdict,
        )
        for each in figures
    ]
    return html_table(heads, rows)


def _inputs_html(result: backtest.Backtest) -> str:
    """Return what each figure would have been with one input as recorded; marks the input that was off."""
    names = [each.figure for each in result.figures]
    worlds = [
        ("all inputs as fitted", result.as_fitted),
        *((f"{each.name} as recorded", each.predicted) for each in result.inputs),
        ("all inputs as recorded", result.all_recorded),
    ]
    off = result.cause.input if result.cause else None
    rows = [
        (
            f"{title} (was off)" if off and title.startswith(off) else title,
            *(_figure_text(name, figures[name]) for name in names),
        )
        for title, figures in worlds
    ]
    return html_table(("predicted with", *(_FIGURE_NAMES[name] for name in names)), rows)


def _figure_text(figure: str, value: float) -> str:
    if figure == "arrivals":
        return f"{value:,.0f}"
    return percent(value) if figure == "abandoned_share" else seconds(value)


def _figure_dict(check: backtest.FigureCheck) -> dict[str, Any]:
    known = isfinite(check.bias.low)
    return {
        "figure": check.figure,
        "days": check.days,
        "inside": check.inside,
        "inside_share_low": check.coverage.low,
        "inside_share_high": check.coverage.high,
        "intervals": check.verdict,
        "recorded_mean": check.recorded_mean,
        "predicted_mean": check.predicted_mean,
        "error_mean": check.error_mean,
        "bias_low": check.bias.low if known else None,
        "bias_high": check.bias.high if known else None,
        "is_off": check.is_off,
        "as_last_week": check.naive
        and {name: value if isfinite(value) else None for name, value in asdict(check.naive).items()},
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenModel:
    """A model that was fitted before, as it lies in its folder."""

    model: Model
    weekdays: Mapping[str, Model]
    path: Path


def validate(
    model: Path | str | None,
    log: Path | str | Sequence[Path | str],
    mapping: Path | str | None = None,
    *,
    split: float | None = None,
    from_day: date | str | None = None,
    seed: int = 1,
    replications: int = backtest.REPLICATIONS,
    messages: Messages = QUIET,
) -> Validation:
    """Predict later days of a log with a fitted model, and compare with what was recorded.

    `model` is a model file as `footfall fit` wrote it. It predicts the days from `from_day` on, or those
    after the first `split` of the days (a share, 0 to 1), or else all days after those that it was fitted to.
    Without a model (None), one is fitted to the days before `from_day`, or to the first `split` of the days
    (0.7). `mapping` is the TOML file that says what the log's columns mean; a queue_log needs none.
    Each weekday is simulated `replications` times, 39 or more.

        >>> import footfall as ff
        >>> found = ff.validate(None, calls, mapping, split=0.5, replications=39)
        >>> [figure.figure for figure in found.result.figures]
        ['arrivals', 'wait_s_mean', 'abandoned_share']

    Raises:
        BadInputError: a file cannot be read, the model has another form than a fitted one, or there are
            fewer than two days to fit to or to test on.
    """
    logs = paths_of(log, "log")
    first = _date(from_day)
    if first is not None and split is not None:
        raise BadInputError("--from", "names the first day to test, and so does --split", "one of them")
    if replications < backtest.REPLICATIONS_LEAST:
        expected = f"{backtest.REPLICATIONS_LEAST} or more, for an interval of 95 %"
        raise BadInputError(f"--replications {replications}", "too few", expected)
    text = None if mapping is None else mapping_text(Path(mapping))
    table, asked = read_table_of(logs, None if mapping is None else Path(mapping), text)
    given = None
    if model is not None:
        of_mean_day, weekdays = models_in(Path(model))
        given = GivenModel(model=of_mean_day, weekdays=weekdays, path=Path(model))
        check_is_fitted(given.model, asked.options.station, str(model))
        every_class = {"class_rows_least": 1, "classes_most": _CLASSES_MOST}
        asked = asked.model_copy(update={"options": asked.options.model_copy(update=every_class)})
    with messages.progress(f"reading {logs[0].name}"):
        try:
            rows = read_log(table, asked)
        except BadInputError as error:
            raise BadInputError(str(logs[0]), str(error)) from error
    known = _before(given, rows, asked, (split, first), logs)
    return _tested_on(known, rows, asked, backtest.PredictedDays(seed, replications), messages)


class _Known(NamedTuple):
    """A fitted model, and the days that it is to be tested on."""

    days: backtest.FittedDays
    fitted_to: str
    tested: list[date]
    notes: list[str]


def _before(
    given: GivenModel | None,
    rows: LogRows | Intervals,
    mapping: LogMapping,
    asked: tuple[float | None, date | None],
    logs: Sequence[Path],
) -> _Known:
    """Give the model, as it was given or fitted to the first days, and the days to test it on."""
    split, from_day = asked
    days = sorted(rows.frame["day"].unique())
    if given is None:
        first = _first_tested(days, split, from_day)
        before = replace(rows, frame=rows.frame.filter(pl.col("day") < first))
        fit = fit_rows(before, mapping.options)
        called = named(fit, logs)
        known = backtest.fitted_days(fit, called, fitted_uncertainty(before, mapping.options, fit, called))
        return _Known(known, _span(fit.arrivals.days), [day for day in days if day >= first], [])
    known, fitted_on, notes = _as_given(given)
    tested = _tested(days, fitted_on, split, from_day)
    if left_out := [day for day in tested if day in fitted_on]:
        notes.append(f"left out: {len(left_out)} days that the model was fitted to")
    fitted_to = _span(sorted(fitted_on)) if fitted_on else "days that are not known"
    return _Known(known, fitted_to, [day for day in tested if day not in fitted_on], notes)


def _tested_on(
    known: _Known,
    rows: LogRows | Intervals,
    mapping: LogMapping,
    asked: backtest.PredictedDays,
    messages: Messages,
) -> Validation:
    if len(known.tested) < _DAYS_LEAST:
        expected = f"{_DAYS_LEAST} or more days after those that the model was fitted to"
        raise BadInputError("the log", f"{len(known.tested)} days are left to test the model on", expected)
    if not has_queue(known.days.model):
        known.notes.append(
            "the model has no staff, since its log has no service times: only arrivals are compared"
        )
    kinds = [segment.name for segment in known.days.model.segments]
    later, renamed = _of_kinds(_on(rows, known.tested), kinds)
    own = backtest.fitted_days(
        fit_rows(later, mapping.options), Named("tested", "tested", "the tested days"), None
    )
    recorded = (backtest.recorded_days(later), backtest.recorded_days(rows))
    with messages.progress(f"predicting {len(known.tested)} days") as progress:
        result = backtest.backtest(known.days, own, recorded, asked, progress)
    return Validation(
        model=known.days.model.name,
        fitted_to=known.fitted_to,
        tested=tuple(known.tested),
        rows=later.frame.height,
        seed=asked.seed,
        replications=asked.replications,
        notes=(*known.notes, *renamed),
        result=result,
    )


def write_validation(
    found: Validation, log: Path, out: Path | None, *, overwrite: bool | None = None
) -> Path:
    """Write `days.csv`, `figures.csv`, `inputs.csv` and the chart of the days; gives the folder.

    Raises:
        BadInputError: the folder cannot be written, or holds another run.
    """
    settings = {
        "log": log.name,
        "fitted_to": found.fitted_to,
        "days_tested": len(found.tested),
        "first_day": str(found.tested[0]),
        "last_day": str(found.tested[-1]),
        "replications": found.replications,
    }
    folder, manifest = begin_named(
        "validate", found.model, found.fingerprint(), found.seed, out, settings=settings, overwrite=overwrite
    )
    data = found.as_dict()
    write_csv(found.result.days, folder / "days.csv")
    write_csv(_flat(data["figures"]), folder / "figures.csv")
    write_csv(_flat(data["inputs"]), folder / "inputs.csv")
    save(backtest_chart(found.result.days, Stamp.of(manifest)), folder / "charts" / "days")
    end(folder, manifest)
    return folder


def _flat(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Give rows as a table, what a row holds in a dictionary of its own in columns of their own."""
    flat = []
    for row in rows:
        inner = {
            f"{key}_{name}": value
            for key, each in row.items()
            if isinstance(each, dict)
            for name, value in each.items()
        }
        flat.append({key: value for key, value in row.items() if not isinstance(value, dict)} | inner)
    return pl.DataFrame(flat, infer_schema_length=None)


def _date(day: date | str | None) -> date | None:
    if not isinstance(day, str):
        return day
    try:
        return date.fromisoformat(day)
    except ValueError as error:
        raise BadInputError(f"--from {day}", "is not a date", "a date such as 2024-06-30") from error


def _first_tested(days: Sequence[date], split: float | None, from_day: date | None) -> date:
    """Give the first day to be tested, by share or by date.

    Raises:
        BadInputError: the share is none, or leaves fewer than two days on a side.
    """
    if from_day is not None:
        before = sum(day < from_day for day in days)
        where = f"--from {from_day}"
        if before < _DAYS_LEAST:
            raise BadInputError(
                where, f"{before} days of the log are before it", "two or more to fit a model to"
            )
        if before == len(days):
            raise BadInputError(
                where, f"no day of the log is on or after it ({_span(days)})", "an earlier date"
            )
        return from_day
    return _split_day(days, _SPLIT if split is None else split)


def _split_day(days: Sequence[date], split: float) -> date:
    if not 0 < split < 1:
        raise BadInputError(f"--split {split:g}", "out of range", "a share between 0 and 1, such as 0.7")
    learned = round(split * len(days))
    if min(learned, len(days) - learned) < _DAYS_LEAST:
        problem = f"of {len(days)} days, {learned} would be fitted and {len(days) - learned} tested"
        raise BadInputError(f"--split {split:g}", problem, "two or more days on each side")
    return days[learned]


def _tested(
    days: Sequence[date], fitted_on: frozenset[date], split: float | None, from_day: date | None
) -> list[date]:
    """Give the days that a given model is tested on."""
    if from_day is not None:
        if from_day > days[-1]:
            raise BadInputError(
                f"--from {from_day}",
                f"no day of the log is on or after it ({_span(days)})",
                "an earlier date",
            )
        return [day for day in days if day >= from_day]
    if split is not None:
        first = _split_day(days, split)
        return [day for day in days if day >= first]
    return [day for day in days if not fitted_on or day > max(fitted_on)]


def _as_given(given: GivenModel) -> tuple[backtest.FittedDays, frozenset[date], list[str]]:
    """Give a model with what lies next to it: how sure its numbers are, and which days it was fitted to.

    Raises:
        BadInputError: a file next to it is damaged.
    """
    folder, notes = given.path.parent, []
    sure, figures = folder / UNCERTAINTY_FILE, folder / _FIGURES_FILE
    uncertainty = None
    if sure.exists():
        uncertainty = read_uncertainty(read_limited(sure, "the file as `footfall fit` wrote it"), str(sure))
    else:
        notes.append(f"no {UNCERTAINTY_FILE} next to the model: intervals leave out how sure its numbers are")
    fitted_on: frozenset[date] = frozenset()
    weekdays: dict[str, int] = {}
    if figures.exists():
        fitted_on, weekdays = _fitted_on(figures)
    else:
        notes.append(f"no {_FIGURES_FILE} next to the model: which days it was fitted to is not known")
    known = backtest.FittedDays(
        model=given.model, weekdays=given.weekdays, days=weekdays, uncertainty=uncertainty
    )
    return known, fitted_on, notes


def _fitted_on(path: Path) -> tuple[frozenset[date], dict[str, int]]:
    expected = "the file as `footfall fit` wrote it"
    try:
        data = json.loads(read_limited(path, expected))
        days = frozenset(date.fromisoformat(day) for day in data["days"])
        return days, {name: int(count) for name, count in data["weekdays"].items() if name in WEEKDAYS}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInputError(str(path), f"damaged ({type(error).__name__}: {error})", expected) from error


def _on(rows: LogRows | Intervals, days: Sequence[date]) -> LogRows | Intervals:
    return replace(rows, frame=rows.frame.filter(pl.col("day").is_in(list(days))))


def _of_kinds(rows: LogRows | Intervals, kinds: Sequence[str]) -> tuple[LogRows | Intervals, list[str]]:
    """Give the rows with classes that the model does not know as one that it knows, and say so."""
    unknown = sorted(set(rows.frame["kind"].unique()) - set(kinds))
    if not unknown:
        return rows, []
    counts = dict(rows.frame["kind"].value_counts().iter_rows())
    taken = OTHER if OTHER in kinds else max(kinds, key=lambda kind: counts.get(kind, 0))
    count = sum(counts[kind] for kind in unknown)
    named = pl.when(pl.col("kind").is_in(unknown)).then(pl.lit(taken)).otherwise("kind").alias("kind")
    note = f"{count:,} rows of classes that the model does not know ({', '.join(unknown)}) count as {taken}"
    return replace(rows, frame=rows.frame.with_columns(named)), [note]


def _span(days: Sequence[date]) -> str:
    count = f"{len(days)} day" if len(days) == 1 else f"{len(days)} days"
    return f"{count}, {days[0]}" if len(days) == 1 else f"{count}, {days[0]} to {days[-1]}"
