"""What `simulate` says of a fitted model: ranges that hold how sure the fit is, too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from footfall.fit.uncertainty import UNCERTAINTY_FILE, Uncertainty, read_uncertainty
from footfall.measure.summary import ShareRule
from footfall.model.model import Model
from footfall.model.numbers import Grade, leaves
from footfall.records.runs import read_limited
from footfall.runs.content import drawn_with_changes
from footfall.runs.messages import QUIET, Messages
from footfall.runs.replications import Day, key_figures, series
from footfall.simulate.replications import replicate_each
from footfall.stats.fitted_range import days_of_draws, fitted_range
from footfall.stats.intervals import Paired

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


def uncertainty_beside(model_file: Path) -> Uncertainty | None:
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


def told(model: Model, uncertainty: Uncertainty | None, days: int) -> str | None:
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
