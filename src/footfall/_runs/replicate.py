"""Days simulated several times over: how sure their figures are, and differences between models."""

import math
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from footfall._fit.uncertainty import UNCERTAINTY_FILE, Uncertainty, read_uncertainty
from footfall._measure.summary import ShareRule, electronic_share, measures
from footfall._model.model import Model
from footfall._model.numbers import Grade, leaves
from footfall._records.errors import BadInputError
from footfall._records.runs import read_limited
from footfall._records.tables import write_csv
from footfall._runs.content import drawn_with_changes
from footfall._runs.messages import QUIET, Messages, percent
from footfall._simulate.day import DayResult, replicate, replicate_each
from footfall._stats.intervals import Paired, paired, replicated
from footfall._stats.precision import Precision, days_of_draws, enough, fitted_range, standing

# ── Independent days: a fixed number, or until a precision is reached; each key figure with its half-width

_DAYS_FILE = "days.csv"
_DAY_BY_DAY_FILE = "day_by_day.csv"
_DECLARED = ("electronic_share", "success_share(*", "wait_s_mean(*")
"""Key figures that a precision is asked of, unless others are named."""
BUDGET = 100
_NOTED_EVERY = 5

Day = Mapping[str, float]
"""Key figures of one day, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How many days are simulated."""

    replications: int
    """All of them; with a precision, the most."""
    precision: Precision | None = None
    declared: tuple[str, ...] = _DECLARED
    """Patterns of the key figures that must reach the precision."""

    def settings(self) -> dict[str, Any]:
        """Give what a manifest says of it."""
        asked = (
            {"precision": self.precision.relative, "figures": list(self.declared)} if self.precision else {}
        )
        return {"replications": self.replications} | asked


def plan(replications: int | None, precision: str | None, figures: Sequence[str] | None) -> Plan:
    """Read the options.

    Raises:
        BadInputError: the precision is no share, or cannot be reached with so few replications.
    """
    if precision is None:
        if figures:
            raise BadInputError("--figure", "requires --precision 5%")
        return Plan(replications=replications or 1)
    wanted = Precision(relative=_share(precision))
    budget = replications or BUDGET
    if budget < wanted.least:
        expected = f"{wanted.least} or more: {wanted.start}, and {wanted.look_ahead} that must agree"
        raise BadInputError(f"--replications {budget}", "too few for --precision", expected)
    return Plan(replications=budget, precision=wanted, declared=tuple(figures or _DECLARED))


def check_figures(plan: Plan, model: Model) -> None:
    """Find out before the work that a pattern names no figure that the model could have.

    Raises:
        BadInputError: a pattern fits none.
    """
    pairs = [f"({channel.name}.{operation})" for channel in model.channels for operation in model.operations]
    known = ["electronic_share"]
    known += [
        f"{kind}{pair}" for kind in ("success_share", "wait_s_mean", "response_s_p95") for pair in pairs
    ]
    for pattern in plan.declared if plan.precision else ():
        if not any(fnmatchcase(name, pattern) for name in known):
            expected = f"a name or pattern such as {known[1]} or 'wait_s_mean(*)'"
            raise BadInputError(f"--figure {pattern}", "matches no key figure of the model", expected)


def key_figures(definition: ShareRule, result: DayResult) -> dict[str, float]:
    """Give the key figures of one day, by name."""
    share = electronic_share(result.visits, definition).share
    figures = {} if share is None or not definition.electronic else {"electronic_share": share}
    for row in measures(result.visits, "predicted").iter_rows(named=True):
        if "*" not in {row["channel"], row["operation"]}:
            for name in ("success_share", "wait_s_mean", "response_s_p95"):
                if row[name] is not None:
                    figures[f"{name}({row['channel']}.{row['operation']})"] = row[name]
    return figures


def days(
    spec: Model,
    seed: int,
    plan: Plan,
    definition: ShareRule,
    first: DayResult,
    messages: Messages = QUIET,
) -> list[Day]:
    """Simulate further days after the first one, until there are enough."""
    summary = partial(key_figures, definition)
    found: list[Day] = [summary(first)]
    if plan.replications == 1:
        return found
    most = "at most " if plan.precision else ""
    noun = "day" if plan.replications == 2 else "days"  # noqa: PLR2004  the first and one more
    with (
        messages.progress(f"simulating {most}{plan.replications - 1} more {noun}") as bar,
        closing(replicate(spec, seed, range(1, plan.replications), summary, bar)) as more,
    ):
        for day in more:
            found.append(day)
            if plan.precision and _is_enough(found, plan, plan.precision, messages):
                break
    return found


def series(found: Sequence[Day]) -> dict[str, list[float]]:
    """Give the values of each key figure, in the order of the days that have it."""
    names = sorted({name for day in found for name in day}, key=_in_order)
    return {name: [day[name] for day in found if name in day] for name in names}


def over_days(found: Sequence[Day], plan: Plan) -> list[dict[str, Any]]:
    """Give mean, half-width and bounds of each key figure, and where it stands with the precision."""
    if len(found) == 1:
        return []
    by_name = series(found)
    rows = replicated(by_name).to_dicts()
    if plan.precision is None:
        return rows
    return [row | _standing(by_name[row["quantity"]], row["quantity"], plan, plan.precision) for row in rows]


def write(folder: Path, found: Sequence[Day], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write `days.csv`, the rows over days, and the values behind it, `day_by_day.csv`. One day has none.

    Raises:
        BadInputError: the folder cannot be written.
    """
    if rows:
        values = [(number, name, value) for number, day in enumerate(found) for name, value in day.items()]
        schema = {"replication": pl.Int64, "quantity": pl.String, "value": pl.Float64}
        write_csv(pl.DataFrame(values, schema=schema, orient="row"), folder / _DAY_BY_DAY_FILE)
        write_csv(pl.DataFrame(rows, infer_schema_length=None), folder / _DAYS_FILE)


def _progress_text(found: Sequence[Day], plan: Plan, wanted: Precision) -> str:
    """Say how many of the declared figures are reached so far."""
    declared = _declared(series(found), plan)
    reached = sum(enough([values], wanted) for values in declared.values())
    return f"{len(found)} days: {reached} of {len(declared)} figures within ± {percent(wanted.relative)}"


def _is_enough(found: Sequence[Day], plan: Plan, wanted: Precision, messages: Messages) -> bool:
    if len(found) < wanted.least:
        return False
    if len(found) % _NOTED_EVERY == 0:
        messages.note(f"{_progress_text(found, plan, wanted)} …")
    return enough(_declared(series(found), plan).values(), wanted)


def _declared(by_name: Mapping[str, list[float]], plan: Plan) -> dict[str, list[float]]:
    return {name: values for name, values in by_name.items() if _is_declared(name, plan)}


def _is_declared(name: str, plan: Plan) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in plan.declared)


def _standing(values: Sequence[float], name: str, plan: Plan, wanted: Precision) -> dict[str, Any]:
    if len(values) == 1:
        known = dict.fromkeys(("relative_half_width", "reached_at", "replications_needed"))
    else:
        at = standing(values, wanted)
        known = {
            "relative_half_width": at.relative_half_width,
            "reached_at": at.reached_at,
            "replications_needed": at.needed,
        }
    return known | {"declared": _is_declared(name, plan)}


def _in_order(name: str) -> tuple[bool, str]:
    """The share of all first, then by kind."""
    return "(" in name, name


def _share(text: str) -> float:
    number, percent_sign, rest = text.strip().partition("%")
    try:
        share = float(number) / (100 if percent_sign else 1)
    except ValueError:
        share = math.nan
    if rest or not 0 < share < 1:
        raise BadInputError(f"--precision {text}", "is not a share of the mean", "such as 5%, below 100%")
    return share


# ── What `simulate` says of a fitted model: ranges that hold how sure the fit is, too

REPLICATIONS = 20
_EXPECTED = "the file that `footfall fit` wrote next to the model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """Days that were simulated with drawn numbers, with the same days as the model is."""

    uncertainty: Uncertainty
    days: Sequence[Day]
    """As the model is, by number."""
    draws: Sequence[tuple[int, int]]
    """Draw and day of each of `drawn`."""
    drawn: Sequence[Day]

    def pairs(self, name: str) -> list[tuple[dict[int, float], dict[int, float]]]:
        """Give a figure of each draw: by day as the model is, and as drawn."""
        found: dict[int, tuple[dict[int, float], dict[int, float]]] = {}
        for (draw, day), figures in zip(self.draws, self.drawn, strict=True):
            as_is, as_drawn = found.setdefault(draw, ({}, {}))
            if name in figures and name in self.days[day]:
                as_is[day], as_drawn[day] = self.days[day][name], figures[name]
        return list(found.values())


def uncertainty_next_to(model_file: Path) -> Uncertainty | None:
    """Read the `uncertainty.json` next to a model file; None: there is none.

    Raises:
        BadInputError: it is damaged.
    """
    path = model_file.parent / UNCERTAINTY_FILE
    return read_uncertainty(read_limited(path, _EXPECTED), str(path)) if path.exists() else None


def draw(
    model: Model,
    uncertainty: Uncertainty | None,
    seed: int,
    definition: ShareRule,
    changes: Sequence[str],
    days: Sequence[Day],
    messages: Messages = QUIET,
) -> Drawing | None:
    """Simulate days again with the fitted numbers drawn; None: one day, or nothing says how sure they are.

    The changes are made in the fitted model after its numbers have been drawn.
    """
    if uncertainty is None or len(days) == 1:
        return None
    order = days_of_draws(len(days), uncertainty.draws_a_block)
    drawn = [
        drawn_with_changes(model, uncertainty, (seed, number), changes)
        for number in sorted({number for number, _ in order})
    ]
    with messages.progress(f"simulating {len(order)} days with the fitted numbers drawn") as bar:
        found = list(replicate_each(drawn, seed, order, partial(key_figures, definition), bar))
    return Drawing(uncertainty=uncertainty, days=days, draws=order, drawn=found)


def with_ranges(rows: Sequence[Mapping[str, Any]], drawing: Drawing | None) -> list[dict[str, Any]]:
    """Add to the rows over days where the true system's long-run mean lies (null where it is not known)."""
    if drawing is None:
        return [dict(row) for row in rows]
    by_name = series(drawing.days)
    return [dict(row) | _range(row["quantity"], by_name, drawing) for row in rows]


def with_fit(
    differences: Mapping[str, Paired], first: Drawing | None, second: Drawing | None
) -> dict[str, Paired]:
    """Widen the intervals of differences by how sure the fit is: both sides have the same draws and days."""
    if first is None or second is None:
        return dict(differences)
    return {name: _widened(name, each, first, second) for name, each in differences.items()}


def range_text(model: Model, uncertainty: Uncertainty | None, days: int) -> str | None:
    """Say in one sentence what the range of a fitted model holds; None: the model is not fitted."""
    is_fitted = any(leaf.grade is Grade.FITTED for _, leaf in leaves(model))
    if not is_fitted:
        return None
    if uncertainty is None:
        return (
            f"caution: this model is fitted, but no {UNCERTAINTY_FILE} is next to it: intervals leave "
            "out how sure the fitted numbers are; `footfall fit` writes it for logs of two days or more"
        )
    if days == 1:
        return (
            f"caution: one day of a fitted model; --replications {REPLICATIONS} gives the range in which "
            "the long-run mean lies, with how sure the fitted numbers are"
        )
    return (
        f"range: 95 % for the long-run mean: the chance of the {days} simulated days, as in ±, and how sure "
        f"the numbers are that {uncertainty.days} days of the log gave, as in differences; a day varies more"
    )


def _range(name: str, by_name: Mapping[str, list[float]], drawing: Drawing) -> dict[str, float | None]:
    of_time = "_s_" in name.partition("(")[0]
    found = fitted_range(
        by_name[name], drawing.pairs(name), drawing.uncertainty.groups, "time" if of_time else "share"
    )
    if found is None:
        return dict.fromkeys(("fit_error", "range_low", "range_high"))
    return {
        "fit_error": found.fit_error,
        "range_low": found.interval.low,
        "range_high": found.interval.high,
    }


def _widened(name: str, known: Paired, first: Drawing, second: Drawing) -> Paired:
    pairs = zip(first.days, second.days, strict=True)
    days = [two[name] - one[name] for one, two in pairs if name in one and name in two]
    draws = [
        (_less(as_is, other_as_is), _less(as_drawn, other_as_drawn))
        for (as_is, as_drawn), (other_as_is, other_as_drawn) in zip(
            first.pairs(name), second.pairs(name), strict=True
        )
    ]
    found = fitted_range(days, draws, first.uncertainty.groups, "difference")
    return known if found is None else replace(known, interval=found.interval)


def _less(first: Mapping[int, float], second: Mapping[int, float]) -> dict[int, float]:
    return {day: second[day] - first[day] for day in first if day in second}


# ── The same days twice, as they are and with a change: the same customers and random numbers

VERSUS_FILE = "versus.csv"
VERSUS_REPLICATIONS = 10
_DAYS_LEAST = 2
_NOISE_SHARE = 1e-9
DAYS_TELLING = 5
"""Below, a 95 % half-width is at least 1.4 times what it would be if the spread were known (Student's t)."""


def replications(given: int | None, precision: str | None) -> int:
    """Give the days that a comparison takes.

    Raises:
        BadInputError: too few for an interval, or a precision that would stop them.
    """
    if precision is not None:
        raise BadInputError("--versus", "cannot be combined with --precision", "--replications N")
    if given is not None and given < _DAYS_LEAST:
        raise BadInputError(f"--replications {given}", "too few for --versus", f"{_DAYS_LEAST} or more")
    return given or VERSUS_REPLICATIONS


def changed_days(
    count: int, changed: Model, seed: int, definition: ShareRule, messages: Messages = QUIET
) -> list[Day]:
    """Simulate the same days with the change."""
    with messages.progress(f"simulating {count} days with the change") as bar:
        return list(replicate(changed, seed, range(count), partial(key_figures, definition), bar))


def differences(days: Sequence[Day], others: Sequence[Day]) -> dict[str, Paired]:
    """Compare days with the same days changed, by key figure, over the days on which both have it."""
    found = {}
    for name in dict.fromkeys(name for day in (*days, *others) for name in day):
        pairs = [(a[name], b[name]) for a, b in zip(days, others, strict=True) if name in a and name in b]
        if len(pairs) >= _DAYS_LEAST:
            found[name] = paired([one for one, _ in pairs], [two for _, two in pairs])
    return found


def rows(found: Mapping[str, Paired]) -> list[dict[str, float | int | str | None]]:
    """Give the differences as rows of `versus.csv`, in the units of the quantities."""
    return [
        {
            "quantity": name,
            "replications": each.replications,
            "as_is_mean": each.first_mean,
            "changed_mean": each.second_mean,
            "difference_mean": each.difference,
            "half_width": each.interval.half_width,
            "difference_low": each.interval.low,
            "difference_high": each.interval.high,
            "unpaired_half_width": each.unpaired_half_width,
            "variance_reduction": each.variance_reduction,
        }
        for name, each in found.items()
    ]


def write_versus(folder: Path, found: Mapping[str, Paired]) -> None:
    """Write `versus.csv`.

    Raises:
        BadInputError: the folder cannot be written.
    """
    write_csv(pl.DataFrame(rows(found), infer_schema_length=None), folder / VERSUS_FILE)


def is_same(each: Paired) -> bool:
    """Whether a figure is the same on every day, but for the last digits of a sum taken in another order."""
    least = _NOISE_SHARE * max(abs(each.first_mean), abs(each.second_mean))
    return max(abs(each.difference), each.interval.half_width) <= least
