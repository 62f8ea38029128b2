"""People who tell each other, one by one, are what the monthly equations say of all of them."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from footfall._behaviour import keyed
from footfall._choice.month_step import Hazards, awareness_after, trust_after
from footfall.theory.fluid import bass_share

INNOVATION, IMITATION = 0.03 / 12, 0.38 / 12
"""Of the average innovation, per month (Sultan, Farley and Lehmann 1990)."""
PEOPLE, REPLICATIONS, MONTHS, STEPS_A_MONTH = 4000, 12, 36, 10
NEVER, USES, LEFT = range(3)
SEED = 5


def keys_of(people: int, replication: int) -> NDArray[np.uint64]:
    """Give the key of each person."""
    return keyed.customer_keys(keyed.run_key(SEED, replication), np.arange(people, dtype=np.int64))


def users_by_month(rates: tuple[float, float, float, float], start: float) -> NDArray[np.float64]:
    """Play everybody on a complete graph: whoever knows nobody who uses it begins at p, and q for all who do.

    The share who use it, by replication and month.
    """
    p, q, d, k = rates
    keys = np.stack([keys_of(PEOPLE, replication) for replication in range(REPLICATIONS)])
    state = np.where(np.arange(PEOPLE) < start * PEOPLE, USES, NEVER) * np.ones((REPLICATIONS, 1), dtype=int)
    shares = [np.mean(state == USES, axis=1)]
    for step in range(MONTHS * STEPS_A_MONTH):
        u = keyed.uniforms(keys, "tells", 0, step)
        hazard = (p + q * np.mean(state == USES, axis=1))[:, None] / STEPS_A_MONTH
        begins = (state == NEVER) & (u < -np.expm1(-hazard))
        returns = (state == LEFT) & (u < -np.expm1(-k * hazard))
        leaves = (state == USES) & (u < -np.expm1(-d / STEPS_A_MONTH))
        state = np.where(begins | returns, USES, np.where(leaves, LEFT, state))
        if (step + 1) % STEPS_A_MONTH == 0:
            shares.append(np.mean(state == USES, axis=1))
    return np.stack(shares, axis=1)


def interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """Give mean and half width of the 99 % interval of a mean."""
    error = float(values.std(ddof=1)) / np.sqrt(len(values))
    return float(values.mean()), float(stats.t.ppf(0.995, len(values) - 1)) * error


def test_agents_on_a_complete_graph_reproduce_bass() -> None:
    """Bass's closed form inside the 99 % interval of 12 towns of 4,000, which is within ± 1.5 points."""
    users = users_by_month((INNOVATION, IMITATION, 0.0, 0.0), 0.0)
    for month in (12, 24, 36):
        mean, half_width = interval(users[:, month])
        assert half_width < 0.015
        assert abs(mean - bass_share(month, INNOVATION, IMITATION)) < half_width


def test_agents_who_leave_and_come_back_reproduce_the_extended_equation() -> None:
    """With 3 % leaving a month and coming back half as readily, from 60 %."""
    rates = (INNOVATION, IMITATION, 0.03, 0.5)
    users = users_by_month(rates, 0.6)
    never, aware = np.array([0.4]), np.array([0.6])
    expected = [0.6]
    for _ in range(MONTHS):
        never, aware = awareness_after(never, aware, Hazards(*(np.array([rate]) for rate in rates)))
        expected.append(float(aware[0]))
    assert expected[36] < 0.55
    for month in (12, 24, 36):
        mean, half_width = interval(users[:, month])
        assert half_width < 0.015
        assert abs(mean - expected[month]) < half_width


@pytest.mark.parametrize("trust", [0.2, 0.9])
def test_mean_trust_of_people_who_visit_at_random_follows_the_equation(trust: float) -> None:
    """A Poisson number of visits each, 80 % served: the equation inside the 99.9 % interval, ± 0.005."""
    people, visits, success, gain, loss = 20_000, 4.0, 0.8, 0.1, 0.3
    keys = keys_of(people, 0)
    count = stats.poisson.ppf(keyed.uniforms(keys, "visits"), visits)
    held = np.full(people, trust)
    for visit in range(int(count.max())):
        is_served = keyed.uniforms(keys, "success", visit) < success
        after = np.where(is_served, held + gain * (1 - held), held - loss * held)
        held = np.where(visit < count, after, held)
    means = (trust, visits * success, visits * (1 - success), gain, loss)
    expected = trust_after(*(np.array([mean]) for mean in means))[0]
    half_width = 3.29 * float(held.std(ddof=1)) / np.sqrt(people)
    assert half_width < 0.005
    assert abs(float(held.mean()) - expected) < half_width
