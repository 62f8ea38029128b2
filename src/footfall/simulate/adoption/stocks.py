"""How one month moves the three stocks: habit, trust, and who knows of a channel."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_STEPS_A_MONTH = 4


class Hazards(NamedTuple):
    """Rates of one channel, per month; arrays with one value a future."""

    innovation: Floats
    imitation: Floats
    dis_adoption: Floats
    re_adoption_factor: Floats


def habit_after(habit: Floats, chosen: Floats, loss: Floats) -> Floats:
    """Habit after a month in which a share `chosen` of the errands went that way: H <- r H + (1 - r) chosen.

    Exponential smoothing of one's own past choices (Guadagni and Little 1983, "loyalty"), r = 1 - loss.
    """
    kept = 1 - np.minimum(loss, 1.0)
    return kept * habit + (1 - kept) * chosen


def trust_after(trust: Floats, served: Floats, failed: Floats, gain: Floats, loss: Floats) -> Floats:
    """Mean trust after a month with means of `served` and `failed` visits a customer.

    A success takes trust the part `gain` of the way to 1, a failure the part `loss` of the way to 0 (linear
    operators, Bush and Mosteller 1955). One visit moves the mean by served share * gain * (1 - T) - failed
    share * loss * T; over a Poisson number of visits it nears its
    resting value as exp(-(gain served + loss failed)), exactly. It stays within 0 and 1.
    """
    up, down = np.minimum(gain, 1.0) * served, np.minimum(loss, 1.0) * failed
    pull = up + down
    at_rest = np.divide(up, pull, out=np.zeros_like(pull), where=pull > 0)
    after: Floats = at_rest + (trust - at_rest) * np.exp(-pull)
    return after


def awareness_after(never: Floats, aware: Floats, hazards: Hazards) -> tuple[Floats, Floats]:
    """Shares who never used a channel and who use it, a month later; the rest gave it up.

    never' = -h never, aware' = h (never + k left) - d aware, with Bass's hazard h = p + q aware (Bass 1969),
    dis-adoption d and re-adoption k (after Saeed and Xu 2020). Runge-Kutta of fourth order, a week a step.
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
