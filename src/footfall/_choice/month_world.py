"""The constant part of a simulation over months, and its initial state: the model's shares."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from footfall._choice.calibration import calibrated, expected_shares
from footfall._choice.choice_situations import Failing, Situations, failing, situations
from footfall._choice.month_step import ELECTRONIC, NESTS, PHYSICAL, Drivers, Month, one_month
from footfall._model.model import Model, ShareDefinition
from footfall._model.numbers import Number, assumed
from footfall._model.population import Adoption
from footfall._records.errors import BadInputError

Floats = NDArray[np.float64]
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
        return one_month(self.model, self.tables, self.fails, drivers)

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
