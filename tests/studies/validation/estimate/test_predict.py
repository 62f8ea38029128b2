"""Shares that an estimate expects, and how sure they are."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from studies.validation.estimate import Choices, estimate, share_change, shares, with_attribute


def test_with_a_constant_each_the_expected_shares_are_the_observed(plain: Choices) -> None:
    """The first-order condition of the plain logit's constants (Train 2009, section 3.7.1)."""
    observed = np.bincount(plain.chosen, minlength=4) / len(plain)
    assert shares(estimate(plain), plain).values == pytest.approx(observed, abs=1e-10)


def test_the_error_of_a_share_is_that_of_a_binomial() -> None:
    """With constants alone, sqrt(p (1 - p)/n)."""
    attributes = np.zeros((200, 3, 2))
    attributes[:, (1, 2), (0, 1)] = 1.0
    chosen = np.repeat([0, 1, 2], [100, 60, 40])
    choices = Choices(("a", "b", "c"), ("b", "c"), attributes, np.ones((200, 3), bool), chosen, np.ones(200))
    found = shares(estimate(choices), choices)
    p = np.array([0.5, 0.3, 0.2])
    assert found.values == pytest.approx(p, abs=1e-10)
    assert found.errors == pytest.approx(np.sqrt(p * (1 - p) / 200), rel=1e-6)


def test_the_error_of_a_change_is_the_spread_of_its_estimates(simulated: Callable[..., Choices]) -> None:
    """Of 30 samples of 800: the mean of the errors is the standard deviation of the changes, to a third."""
    changes, errors = [], []
    for seed in range(30):
        choices = simulated(800, seed=seed)
        waits = choices.attributes[:, :, 3] * [2.0, 1.0, 1.0, 1.0]
        found = share_change(estimate(choices), choices, with_attribute(choices, "wait_min", waits))
        assert found.values.sum() == pytest.approx(0, abs=1e-12)
        assert found.values[0] < 0
        changes.append(found.values)
        errors.append(found.errors)
    spread = np.std(changes, axis=0, ddof=1)
    assert np.mean(errors, axis=0) == pytest.approx(spread, rel=1 / 3)


def test_who_cannot_reach_a_channel_goes_elsewhere(plain: Choices) -> None:
    """Without web its share is 0, and the others' grow by it."""
    chosen = np.where(plain.chosen == 2, 3, plain.chosen)
    available = plain.available.copy()
    available[:, 2] = False
    found = share_change(estimate(plain), plain, replace(plain, available=available, chosen=chosen))
    assert found.values[2] == pytest.approx(-np.mean(plain.chosen == 2), abs=1e-10)
    assert (found.values[[0, 1, 3]] > 0).all()


def test_an_estimate_says_nothing_of_other_parameters(plain: Choices) -> None:
    """The names must be those of the estimate."""
    renamed = replace(plain, parameters=("a", "b", "c", "d", "e"))
    with pytest.raises(ValueError, match="the estimate is of"):
        shares(estimate(plain), renamed)
