"""One month of choices, visits and state variables, and futures drawn from assumed ranges."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from scipy import special

from footfall._behaviour import keyed
from footfall._choice.choice_situations import (
    Failing,
    Situations,
    calibrated,
    expected_shares,
    expected_visits,
    failing,
    situations,
)
from footfall._model.model import Model, ShareDefinition
from footfall._model.numbers import Number, assumed
from footfall._model.population import Adoption, Slope
from footfall._records.errors import BadInputError

# ── One month of choices and visits

Floats = NDArray[np.float64]
NESTS = ("physical", "electronic")
PHYSICAL, ELECTRONIC = range(2)
"""Indices of the nests on the last axis of arrays by nest."""


@dataclass(frozen=True, slots=True)
class Drivers:
    """Inputs to the choices and failures of a month; the first axis is the future."""

    aware: Floats
    """By channel: share that knows it, among those whom it reaches."""
    gain: Floats
    """By segment: utility gained by the electronic nest over the physical one since month 0."""
    failure_factor: Floats
    """Multiplies the failures of the electronic channels."""


@dataclass(frozen=True, slots=True)
class Month:
    """One month's choices and visits; the first axis is the future, the second the segment."""

    chosen: Floats
    """By nest: share of the segment's first choices."""
    attempted: Floats
    """By nest: visits of one customer of the segment."""
    succeeded: Floats
    """By nest: those of them that are served."""
    served: dict[str, Floats]
    """By operation, by channel: visits served, of one customer of the province."""
    names: tuple[str, ...]
    """Of the channels."""

    def counted(self, definition: ShareDefinition) -> tuple[Floats, Floats]:
        """Served visits that count as electronic, and that count at all, by future and segment."""
        whole = np.sum([self.served[name] for name in definition.operations if name in self.served], axis=0)
        electronic, counted = (
            np.asarray((whole * [name in among for name in self.names]).sum(axis=-1))
            for among in (definition.electronic, definition.counted)
        )
        return electronic, counted


def _one_month(
    model: Model,
    tables: Mapping[str, Sequence[Situations]],
    fails: Mapping[str, Failing],
    drivers: Drivers,
) -> Month:
    """Compute a month from the choices by operation and segment and the failures by operation."""
    by_nest = np.array([[channel.nest == nest for nest in NESTS] for channel in model.channels], dtype=float)
    factor = 1 + (drivers.failure_factor - 1)[:, None, None] * by_nest[:, ELECTRONIC]
    people = np.array([[float(segment.population_share)] for segment in model.segments])
    chosen, attempted, succeeded = np.zeros((3, *drivers.gain.shape, len(NESTS)))
    served = {}
    for operation, segments in tables.items():
        visits_due = np.array([[float(s.month_visits.get(operation, 0.0))] for s in model.segments])
        first = [table.shares(drivers.aware, drivers.gain[:, k]) for k, table in enumerate(segments)]
        first_choices = visits_due * np.stack(first, axis=1)
        failing = fails[operation].times(factor)
        tried, done = expected_visits(first_choices, failing, int(model.follow_ups.attempts_most))
        chosen += first_choices @ by_nest
        attempted += tried @ by_nest
        succeeded += done @ by_nest
        served[operation] = people * done
    everything = chosen.sum(axis=-1, keepdims=True)
    return Month(
        chosen=np.divide(chosen, everything, out=np.zeros_like(chosen), where=everything > 0),
        attempted=attempted,
        succeeded=succeeded,
        served=served,
        names=tuple(channel.name for channel in model.channels),
    )


# ── Update of the three state variables: habit, trust and awareness

_STEPS_A_MONTH = 4


class Hazards(NamedTuple):
    """Monthly rates of one channel; arrays with one value per future."""

    innovation: Floats
    imitation: Floats
    dis_adoption: Floats
    re_adoption_factor: Floats


def habit_after(habit: Floats, chosen: Floats, loss: Floats) -> Floats:
    """Return habit after a month with share `chosen` of the choices: H <- r H + (1 - r) chosen.

    Exponential smoothing of past choices (Guadagni and Little 1983, "loyalty"), r = 1 - loss.
    """
    kept = 1 - np.minimum(loss, 1.0)
    return kept * habit + (1 - kept) * chosen


def trust_after(trust: Floats, served: Floats, failed: Floats, gain: Floats, loss: Floats) -> Floats:
    """Return mean trust after a month with means of `served` and `failed` visits per customer.

    A success moves trust by the fraction `gain` towards 1, a failure by the fraction `loss` towards 0 (linear
    operators, Bush and Mosteller 1955). One visit changes the mean by served share * gain * (1 - T) - failed
    share * loss * T; over a Poisson number of visits it approaches its equilibrium as
    exp(-(gain served + loss failed)), exactly. It stays within 0 and 1.
    """
    up, down = np.minimum(gain, 1.0) * served, np.minimum(loss, 1.0) * failed
    pull = up + down
    at_rest = np.divide(up, pull, out=np.zeros_like(pull), where=pull > 0)
    after: Floats = at_rest + (trust - at_rest) * np.exp(-pull)
    return after


def awareness_after(never: Floats, aware: Floats, hazards: Hazards) -> tuple[Floats, Floats]:
    """Return the shares that never used a channel and that use it, a month later; the rest gave it up.

    never' = -h never, aware' = h (never + k left) - d aware, with Bass's hazard h = p + q aware (Bass 1969),
    dis-adoption d and re-adoption k (after Saeed and Xu 2020). Fourth-order Runge-Kutta with weekly steps.
    """
    state = np.stack([never, aware])
    step = 1 / _STEPS_A_MONTH
    for _ in range(_STEPS_A_MONTH):
        first = _flow(state, hazards)
        second = _flow(state + step / 2 * first, hazards)
        third = _flow(state + step / 2 * second, hazards)
        fourth = _flow(state + step * third, hazards)
        state = state + step / 6 * (first + 2 * second + 2 * third + fourth)
    return state[0], state[1]


def _flow(state: Floats, hazards: Hazards) -> Floats:
    never, aware = state
    hazard = hazards.innovation + hazards.imitation * aware
    begins = hazard * never
    returns = hazards.re_adoption_factor * hazard * (1 - never - aware)
    return np.stack([-begins, begins + returns - hazards.dis_adoption * aware])


# ── Futures: every slope drawn from its range, as a function of the future's number

_FUTURES = -3
"""Replication number reserved for these draws."""
_Z_95 = float(special.ndtri(0.95))
Slopes = dict[str, Floats]
"""By path of the slope within `Adoption`: its value in every future; future 0 is the central one."""


def drawn(adoption: Adoption, seed: int, futures: int) -> Slopes:
    """Return every slope in the central future (all slopes at their value) and in futures 1 to `futures`.

    value * exp(z ln(range_factor) / 1.645) with z normal, keyed by (seed, future, path): a future does not
    depend on which others are drawn.
    """
    keys = keyed.customer_keys(keyed.run_key(seed, _FUTURES), np.arange(1, futures + 1, dtype=np.int64))
    return {path: _values(slope, path, keys) for path, slope in slopes(adoption)}


def slopes(spec: Any, path: str = "") -> Iterator[tuple[str, Slope]]:  # noqa: ANN401  any part of a spec
    """Yield every slope of a spec with its dotted path."""
    if isinstance(spec, Slope):
        yield path, spec
        return
    parts = spec if isinstance(spec, dict) else {}
    if isinstance(spec, BaseModel):
        parts = {name: getattr(spec, name) for name in type(spec).model_fields}
    for name, value in parts.items():
        yield from slopes(value, f"{path}.{name}" if path else str(name))


def _values(slope: Slope, path: str, keys: NDArray[np.uint64]) -> Floats:
    spread = np.log(float(slope.range_factor)) / _Z_95
    z = special.ndtri(keyed.uniforms(keys, f"adoption.{path}"))
    values: Floats = float(slope.value) * np.exp(spread * np.concatenate([[0.0], z]))
    return values


# ── The constant part of a simulation over months, and its initial state: the model's shares

_SHIFT_MOST = 10.0


@dataclass(frozen=True, slots=True)
class Stocks:
    """State variables carried from month to month; the first axis is the future."""

    habit: Floats
    """By segment and nest: smoothed share of past choices."""
    trust: Floats
    """By segment and nest."""
    never: Floats
    """By channel: share that never used it."""
    aware: Floats
    """By channel: share that knows and uses it; 1 if the model has no awareness."""


@dataclass(frozen=True, slots=True)
class World:
    """A model prepared for simulation over months."""

    adoption: Adoption
    model: Model
    """The model with constants that give the observed shares although awareness is partial."""
    tables: dict[str, tuple[Situations, ...]]
    """By operation: one for each segment."""
    fails: dict[str, Failing]
    start: Stocks
    """State of month 0, in one future."""
    shift: float
    """Utility of the electronic nest that gives the declared share in month 0."""

    def month(self, stocks: Stocks, gain: Floats, failure_factor: Floats) -> Month:
        """Simulate one month from this state; `gain` is the electronic utility from upgrades, by future."""
        gained = self._gained(stocks) + (gain + self.shift)[:, None]
        drivers = Drivers(aware=stocks.aware, gain=gained, failure_factor=failure_factor)
        return _one_month(self.model, self.tables, self.fails, drivers)

    def first_month(self) -> Month:
        """Month 0, in one future."""
        return self.month(self.start, np.zeros(1), np.ones(1))

    def stocks(self, futures: int) -> Stocks:
        """Return the state of month 0, the same in all futures."""
        start = self.start
        each = (start.habit, start.trust, start.never, start.aware)
        return Stocks(*(np.repeat(stock, futures, axis=0) for stock in each))

    def _gained(self, stocks: Stocks) -> Floats:
        """Return the electronic over physical utility added by habit and trust since month 0."""
        tastes = [segment.taste for segment in self.model.segments]
        habit = (stocks.habit - self.start.habit) * [[float(taste.per_habit)] for taste in tastes]
        trust = (stocks.trust - self.start.trust) * [[float(taste.per_trust)] for taste in tastes]
        gained: Floats = (habit + trust)[..., ELECTRONIC] - (habit + trust)[..., PHYSICAL]
        return gained


def world(model: Model) -> World:
    """Prepare a model. Habit starts at the choices of month 0, an equilibrium that only changes disturb.

    Raises:
        BadInputError: the model has no adoption, or its month 0 is infeasible: too few know a channel, no
            constants give the declared share, or a definition counts nothing.
    """
    adoption = model.adoption
    if adoption is None:
        raise BadInputError(
            f"model {model.name}",
            "has no adoption data, so its months cannot be simulated",
            "a model with `adoption`",
        )
    known, learnt = _with_awareness(model, adoption), frozenset(adoption.awareness)
    made = World(
        adoption=adoption,
        model=known,
        tables={
            operation: tuple(situations(known, segment, operation, learnt) for segment in model.segments)
            for operation in model.operations
        },
        fails={operation: failing(model, operation) for operation in model.operations},
        start=_unmoved(model, adoption),
        shift=0.0,
    )
    if adoption.start_share is not None:
        made = replace(made, shift=_shift(made, model.share_definitions[0], float(adoption.start_share)))
    first = made.first_month()
    for definition in model.share_definitions:
        if not first.counted(definition)[1].sum() > 0:
            where, problem = f"share definition {definition.name}", "counts no served visits"
            raise BadInputError(where, problem, "channels and operations that the model has")
    return replace(made, start=replace(made.start, habit=first.chosen))


def _unmoved(model: Model, adoption: Adoption) -> Stocks:
    trust = [[float(s.taste.trust.get(nest, 0.0)) for nest in NESTS] for s in model.segments]
    known = adoption.awareness
    aware = np.array([[float(known[c.name].start_share) if c.name in known else 1.0 for c in model.channels]])
    return Stocks(habit=np.zeros((1, len(trust), 2)), trust=np.array([trust]), never=1 - aware, aware=aware)


def _with_awareness(model: Model, adoption: Adoption) -> Model:
    """Return the model with constants that keep its choices although awareness is partial."""
    if all(awareness.start_share >= 1 for awareness in adoption.awareness.values()):
        return model
    reached = tuple(
        segment.model_copy(update={"reach": {**segment.reach, **_known(segment.reach, adoption)}})
        for segment in model.segments
    )
    observed = {operation: _expected(model, operation) for operation in model.operations}
    try:
        fitted = calibrated(model.model_copy(update={"segments": reached}), observed)
    except ValueError as error:
        problem = f"fewer know a channel than choose it ({error})"
        raise BadInputError(
            f"adoption of {model.name}", problem, "a higher start_share of its awareness"
        ) from error
    # The reach is unchanged: each month multiplies it by the awareness of that month.
    return model.model_copy(update={"choice": fitted.choice})


def _known(reach: dict[str, Number], adoption: Adoption) -> dict[str, Number]:
    return {
        name: assumed(reach.get(name, 1.0) * awareness.start_share, "within reach, and known")
        for name, awareness in adoption.awareness.items()
    }


def _expected(model: Model, operation: str) -> dict[str, Number]:
    shares = expected_shares(model, operation)
    return {name: assumed(share, "expected first choices of the model") for name, share in shares.items()}


def _shift(made: World, definition: ShareDefinition, start_share: float) -> float:
    from scipy import optimize  # a day does without

    def excess(shift: float) -> float:
        electronic, counted = replace(made, shift=shift).first_month().counted(definition)
        return float(electronic.sum() / counted.sum()) - start_share

    try:
        return float(optimize.brentq(excess, -_SHIFT_MOST, _SHIFT_MOST, xtol=1e-14))
    except ValueError as error:
        raise BadInputError(
            "adoption.start_share",
            f"no choice of {made.model.name} gives an electronic share of {start_share:g}",
            "a share that its channels can have",
        ) from error
