"""Independent days: a fixed number, or until a precision is reached; each key figure with its half-width."""

import math
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from footfall.measure.summary import ShareRule, electronic_share, measures
from footfall.model.model import Model
from footfall.records.errors import BadInputError
from footfall.records.tables import write_csv
from footfall.runs.messages import QUIET, Messages
from footfall.runs.text import percent
from footfall.simulate.day import DayResult
from footfall.simulate.replications import replicate
from footfall.stats.intervals import replicated
from footfall.stats.precision import Precision, enough, standing

DAYS_FILE = "days.csv"
DAY_BY_DAY_FILE = "day_by_day.csv"
DECLARED = ("electronic_share", "success_share(*", "wait_s_mean(*")
"""Key figures that a precision is asked of, unless others are named."""
BUDGET = 100
_TOLD_EVERY = 5

Day = Mapping[str, float]
"""Key figures of one day, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How many days are simulated."""

    replications: int
    """All of them; with a precision, the most."""
    precision: Precision | None = None
    declared: tuple[str, ...] = DECLARED
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
    return Plan(replications=budget, precision=wanted, declared=tuple(figures or DECLARED))


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
    """Simulate further days beside the first one, until there are enough."""
    summary = partial(key_figures, definition)
    found: list[Day] = [summary(first)]
    if plan.replications == 1:
        return found
    most = "at most " if plan.precision else ""
    with (
        messages.progress(f"simulating {most}{plan.replications - 1} more days") as bar,
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
        write_csv(pl.DataFrame(values, schema=schema, orient="row"), folder / DAY_BY_DAY_FILE)
        write_csv(pl.DataFrame(rows, infer_schema_length=None), folder / DAYS_FILE)


def told_of(found: Sequence[Day], plan: Plan, wanted: Precision) -> str:
    """Say how many of the declared figures are reached so far."""
    declared = _declared(series(found), plan)
    reached = sum(enough([values], wanted) for values in declared.values())
    return f"{len(found)} days: {reached} of {len(declared)} figures within ± {percent(wanted.relative)}"


def _is_enough(found: Sequence[Day], plan: Plan, wanted: Precision, messages: Messages) -> bool:
    if len(found) < wanted.least:
        return False
    if len(found) % _TOLD_EVERY == 0:
        messages.note(f"{told_of(found, plan, wanted)} …")
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
