"""One month of choices, visits and state variables, and futures drawn from assumed ranges."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from scipy import special

from footfall._behaviour import keyed
from footfall._choice.choice_situations import Failing, Situations, expected_visits
from footfall._model.model import Model, ShareDefinition
from footfall._model.population import Adoption, Slope

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


def one_month(
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
