"""Uncertainty of fitted numbers: a delete-a-group jackknife over the days of the log."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from math import exp, isclose
from typing import Any, Literal

import numpy as np
import polars as pl
import scipy
from numpy.typing import NDArray
from pydantic import Field, ValidationError, model_validator

from footfall._behaviour import keyed
from footfall._fit.arrival_fit import fit_busyness
from footfall._fit.distributions import Z_95
from footfall._fit.estimate_intervals import Intervals
from footfall._fit.fit import Fitted, KindFit, fit_rows
from footfall._fit.fitted_model import Named, model_of
from footfall._fit.log_rows import LogRows
from footfall._fit.patience_fit import PatienceFit, TimesFit
from footfall._model.model import Model
from footfall._model.numbers import Curve, Grade, Number, Profile, Spec, leaves
from footfall._records.errors import BadInputError
from footfall._workload.log_mapping import Options

# ── Joint uncertainty of the numbers of a fitted model

Array = NDArray[np.float64]
Part = Literal["values", "seconds", "shares"]
UNCERTAINTY_FILE = "uncertainty.json"
_DRAW = "fitted numbers"
_SHARE_MOST = 1 - 1e-6
_WHAT = (
    "How sure the numbers of model.toml are. Each deviation is what one group of the log's days does to a "
    "number; a draw of all numbers is each number plus the sum of its deviations, each times a normal number "
    "of its group (delete-a-group jackknife), on the scale named. A number that model.toml no longer has "
    "as it is here is left as it is."
)


class UncertainNumber(Spec):
    """A fitted number with its deviations."""

    path: str
    value: float
    scale: Literal["log", "logit", "plain"]
    deviations: tuple[float, ...]
    """One for each group of days, on the scale."""

    @property
    def is_share(self) -> bool:
        """Whether it lies between 0 and 1."""
        return _is_share(self.path)

    def at(self, normals: Array) -> float:
        """Return the number for given normal numbers of the groups."""
        moved = float(np.dot(normals, self.deviations))
        if self.scale == "log":
            return self.value * exp(moved)
        if self.scale == "logit":
            return float(scipy.special.expit(scipy.special.logit(self.value) + moved))
        return min(max(0.0, self.value + moved), 1.0 if self.is_share else float("inf"))


class UncertainCurve(Spec):
    """A day profile, or the seconds or shares of a measured curve, with their deviations."""

    path: str
    part: Part
    values: tuple[float, ...]
    deviations: tuple[tuple[float, ...], ...]
    """Per group of days, one deviation per value, in the values' unit."""

    @model_validator(mode="after")
    def _all_are_there(self) -> "UncertainCurve":
        if any(len(each) != len(self.values) for each in self.deviations):
            msg = f"{self.path}: needs as many deviations as values"
            raise ValueError(msg)
        return self

    def at(self, normals: Array) -> tuple[float, ...]:
        """Return the values for given normal numbers of the groups; a curve never decreases."""
        moved = np.maximum(np.array(self.values) + normals @ np.array(self.deviations), 0.0)
        if self.part == "values":
            return tuple(moved.tolist()) if moved.any() else self.values
        moved = np.maximum.accumulate(moved)
        if self.part == "shares":
            moved = np.minimum(moved, 1.0 if self.values[-1] == 1 else _SHARE_MOST)
        return tuple(moved.tolist())


class UncertainBusyness(Spec):
    """Coefficient of variation of a day's busyness, with its 95 % interval by likelihood."""

    value: float
    low: float
    high: float

    def at(self, normal: float) -> float:
        """Return the number for a given normal number: the bounds lie at ±1.96."""
        side = self.high - self.value if normal > 0 else self.value - self.low
        return max(0.0, self.value + normal / Z_95 * side)


class Uncertainty(Spec):
    """Joint uncertainty of the numbers of a fitted model, from the days of its log."""

    what: str = _WHAT
    days: int = Field(ge=2)
    groups: int = Field(ge=2)
    """Number of groups of days; one day each if there are few days."""
    busyness: UncertainBusyness | None
    numbers: tuple[UncertainNumber, ...]
    curves: tuple[UncertainCurve, ...]

    @model_validator(mode="after")
    def _all_groups_are_there(self) -> "Uncertainty":
        counts = {each.path: len(each.deviations) for each in self.numbers}
        counts |= {each.path: len(each.deviations) for each in self.curves}
        for path, count in counts.items():
            if count != self.groups:
                msg = f"{path}: {count} deviations for {self.groups} groups of days"
                raise ValueError(msg)
        return self

    @property
    def draws_a_block(self) -> int:
        """Draws that together use every deviation exactly once: one more than there are groups."""
        return self.groups + 1


def read_uncertainty(text: str, where: str) -> Uncertainty:
    """Read the text of an `uncertainty.json`.

    Raises:
        BadInputError: it is not valid.
    """
    try:
        return Uncertainty.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        problem = f"{place}: {first['msg']}" if place else first["msg"]
        expected = "the file as written by `footfall fit`, or no file: then ranges do not include the fit"
        raise BadInputError(where, problem, expected) from error


def uncertainty_text(uncertainty: Uncertainty) -> str:
    """Return the text of an `uncertainty.json`."""
    return uncertainty.model_dump_json(indent=1) + "\n"


def _uncertainty_of(
    model: Model, without: Sequence[Model], days: int, busyness: UncertainBusyness | None
) -> Uncertainty:
    """Return the uncertainty of a fitted model, from models fitted without each group of days.

    The covariance of estimates from g groups is (g - 1)/g times the sum of squares and products of the
    deviations of the leave-one-out estimates from their mean: M. H. Quenouille (1956); P. S. Kott, Journal
    of Official Statistics 17 (2001) 521-526. The models differ only in their numbers.
    """
    first, others = dict(leaves(model)), [dict(leaves(each)) for each in without]
    numbers: list[UncertainNumber] = []
    curves: list[UncertainCurve] = []
    for path, leaf in first.items():
        if leaf.grade is not Grade.FITTED or _is_kept(path):
            continue
        found = [each[path] for each in others if path in each]
        if len(found) < len(others):
            continue
        if isinstance(leaf, Number):
            values = [float(each) for each in found if isinstance(each, Number)]
            if ".month_visits." in path:
                values = [
                    float(leaf) * _rate(one, path) / _rate(first, path) if _rate(first, path) else 0.0
                    for one in others
                ]
            numbers += _number(path, float(leaf), values)
        else:
            curves += _curve(path, leaf, found)
    return Uncertainty(
        days=days,
        groups=len(without),
        busyness=busyness,
        numbers=tuple(numbers),
        curves=tuple(curves),
    )


def drawn(model: Model, uncertainty: Uncertainty, seed: int, number: int) -> Model:
    """Return the model with all fitted numbers drawn jointly: draw `number` of the seed.

    A number that differs from the fitted one was edited and is kept.
    """
    normals = _normals(uncertainty.draws_a_block, seed, number)
    groups, values = normals[:-1], {}
    present = dict(leaves(model))
    for each in uncertainty.numbers:
        leaf = present.get(each.path)
        if isinstance(leaf, Number) and isclose(leaf, each.value, rel_tol=1e-6):
            values[each.path] = Number(each.at(groups), leaf.grade, leaf.source)
    busyness = uncertainty.busyness
    if busyness and isclose(model.busyness_cv, busyness.value, rel_tol=1e-6):
        known = model.busyness_cv
        values["busyness_cv"] = Number(busyness.at(float(normals[-1])), known.grade, known.source)
    found: dict[str, Any] = dict(values)
    for curve in uncertainty.curves:
        leaf = present.get(curve.path)
        if isinstance(leaf, Profile | Curve) and _alike(getattr(leaf, curve.part, ()), curve.values):
            found[curve.path] = type(leaf)(**leaf.model_dump() | {curve.part: curve.at(groups)})
    whole: Model = _with(model, found, "")
    return whole


def _number(path: str, value: float, values: Sequence[float]) -> list[UncertainNumber]:
    scale: Literal["log", "logit", "plain"] = "logit" if _is_share(path) else "log"
    most = 1.0 if _is_share(path) else float("inf")
    if not all(0 < each < most for each in (value, *values)):
        scale = "plain"
    forms = {"log": np.log, "logit": scipy.special.logit, "plain": np.asarray}
    deviations = _deviations(forms[scale](np.array(values, dtype=np.float64)))
    if not deviations.any():
        return []
    rounded = tuple(_rounded(deviations))
    return [UncertainNumber(path=path, value=value, scale=scale, deviations=rounded)]


def _curve(path: str, leaf: Profile | Curve, found: Sequence[Any]) -> list[UncertainCurve]:
    part: Part = "values"
    if isinstance(leaf, Curve):
        part = "seconds" if all(each.shares == leaf.shares for each in found) else "shares"
    values = getattr(leaf, part)
    others = [np.array(getattr(each, part)) for each in found]
    if any(each.shape != (len(values),) for each in others):
        return []
    if path.endswith(".day_profile"):  # only its shape matters: the sum is in month_visits
        others = [each * (sum(values) / each.sum()) if each.any() else np.array(values) for each in others]
    deviations = _deviations(np.array(others))
    if not deviations.any():
        return []
    rows = tuple(tuple(_rounded(row)) for row in deviations)
    return [UncertainCurve(path=path, part=part, values=values, deviations=rows)]


def _deviations(values: Array) -> Array:
    groups = values.shape[0]
    found: Array = np.sqrt((groups - 1) / groups) * (values - values.mean(axis=0))
    found[np.abs(found) < 1e-12] = 0.0  # noqa: PLR2004  rounding
    return found


def _rounded(values: Array) -> list[float]:
    return [float(f"{value:.5g}") for value in values]


def _rate(found: Mapping[str, Any], path: str) -> float:
    """Return the arrivals of a kind per month in a model; 0: it has none."""
    share = path.partition(".month_visits.")[0] + ".population_share"
    return float(found["population"] * found.get(share, 0.0) * found.get(path, 0.0))


def _is_share(path: str) -> bool:
    return path.rpartition(".")[2] in {"share", "retry_share"}


def _is_kept(path: str) -> bool:
    """Return whether a number is not drawn: counts, numbers covered by `month_visits`, and the busyness."""
    return path in {"population", "busyness_cv"} or path.endswith((".population_share", ".slots"))


def _alike(present: Sequence[float], values: Sequence[float]) -> bool:
    return len(present) == len(values) and bool(np.allclose(present, values, rtol=1e-6, atol=1e-12))


@lru_cache(maxsize=256)
def _block(size: int, seed: int, block: int) -> Array:
    """Draw a random rotation times the root of its size: orthogonal rows of normal numbers.

    Source: F. Mezzadri, Notices of the AMS 54 (2007) 592-604: the factor Q of a normal matrix, signs of R.
    """
    run = keyed.run_key(seed, block)
    u = keyed.uniforms(keyed.customer_keys(run, np.arange(size * size)), _DRAW)
    q, r = np.linalg.qr(scipy.special.ndtri(u).reshape(size, size))
    found: Array = q * np.sign(np.diag(r)) * np.sqrt(size)
    return found


def _normals(size: int, seed: int, number: int) -> Array:
    block, row = divmod(number, size)
    found: Array = _block(size, seed, block)[row]
    return found


def _with(spec: Any, values: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401  any part of a spec
    """Return a spec with the numbers at some paths of `leaves` replaced."""
    if path in values:
        return values[path]
    if not any(each.startswith(f"{path}." if path else "") for each in values):
        return spec
    under = f"{path}." if path else ""
    if isinstance(spec, dict):
        return {key: _with(item, values, f"{under}{key}") for key, item in spec.items()}
    if isinstance(spec, tuple):
        return tuple(
            _with(item, values, f"{under}{getattr(item, 'name', place)}") for place, item in enumerate(spec)
        )
    if not isinstance(spec, Spec):
        return spec
    names = type(spec).model_fields
    return type(spec)(**{name: _with(getattr(spec, name), values, f"{under}{name}") for name in names})


# ── Refit the log without some of its days

_GROUPS_MOST = 20
DAYS_LEAST = 2
_SEED = 1


def fitted_uncertainty(
    rows: LogRows | Intervals, options: Options, fit: Fitted, named: Named
) -> Uncertainty | None:
    """Return the uncertainty of the numbers of a fit's model; None if the log has only one day."""
    days = fit.arrivals.days
    if len(days) < DAYS_LEAST:
        return None
    model = model_of(fit, named)
    models = [
        model_of(_in_form_of(fit, fit_rows(_without_days(rows, group), options, fit)), named)
        for group in groups_of(days)
    ]
    cv, all_days = fit.arrivals.busyness, [fit.arrivals.totals["arrivals"].to_list()]
    # With too few days per weekday, the variation of all days, weekdays included, is an upper bound.
    known = cv or fit_busyness(all_days)
    value = float(model.busyness_cv)
    busyness = (
        UncertainBusyness(value=value, low=min(known.low, value), high=max(known.high, value))
        if known
        else None
    )
    return _uncertainty_of(model, models, len(days), busyness)


def groups_of(days: Sequence[date]) -> list[list[date]]:
    """Split days into at most 20 groups of nearly equal size, at random with a fixed seed.

    At random, because every k-th day could be the same weekday.
    """
    order = np.random.default_rng(_SEED).permutation(len(days))
    count = min(len(days), _GROUPS_MOST)
    return [[days[k] for k in order[start::count]] for start in range(count)]


def _without_days(rows: LogRows | Intervals, days: Sequence[date]) -> LogRows | Intervals:
    return replace(rows, frame=rows.frame.filter(~pl.col("day").is_in(list(days))))


def _in_form_of(fit: Fitted, again: Fitted) -> Fitted:
    """Return a fit of fewer days with the families of the whole log, which also fills missing parts."""
    kinds = {name: _kind(kind, again.kinds.get(name)) for name, kind in fit.kinds.items()}
    known, staff = fit.staff, again.staff
    if known is not None and staff is not None:
        staff = replace(staff, wrap_up=_times(known.wrap_up, staff.wrap_up))
    return replace(
        again,
        kinds=kinds,
        every=_kind(fit.every, again.every),
        staff=staff or known,
        redial=again.redial or fit.redial,
    )


def _kind(first: KindFit, again: KindFit | None) -> KindFit:
    if again is None:
        return first
    return replace(
        again,
        service=_times(first.service, again.service),
        patience=_patience(first.patience, again.patience),
    )


def _times(first: TimesFit | None, again: TimesFit | None) -> TimesFit | None:
    if first is None or again is None:
        return first
    distributions = [each for each in again.distributions if each.family is first.best.family]
    return replace(again, distributions=tuple(distributions), chosen=first.chosen) if distributions else first


def _patience(first: PatienceFit | None, again: PatienceFit | None) -> PatienceFit | None:
    if first is None or again is None:
        return first
    if first.chosen is None:
        seconds = first.points[0]
        shares = tuple(1 - again.curve.at(each) for each in seconds)
        beyond = first.beyond_s if again.beyond_s is None else again.beyond_s
        return replace(again, chosen=None, points=(seconds, shares), beyond_s=beyond)
    distributions = [each for each in again.distributions if each.family is first.best.family]
    return replace(again, distributions=tuple(distributions), chosen=first.chosen) if distributions else first
