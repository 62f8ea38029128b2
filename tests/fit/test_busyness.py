"""The busyness of days is found again, neither too small for few days nor where there is none."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from numpy.typing import NDArray

from footfall._fit.arrival_fit import Busyness, fit_busyness, fit_dispersion

CV = 0.15


def days(rng: np.random.Generator, cv: float, means: tuple[float, ...], each: int) -> list[list[float]]:
    """Draw the arrivals of days of some weekdays: gamma factors, then Poisson."""
    found = []
    for mean in means:
        factors = rng.gamma(cv**-2, cv**2, each) if cv else np.ones(each)
        found.append(rng.poisson(mean * factors).astype(float).tolist())
    return found


def found(rng: np.random.Generator, cv: float, means: tuple[float, ...], each: int) -> Busyness:
    """Fit days that were drawn."""
    fit = fit_busyness(days(rng, cv, means, each))
    assert fit is not None
    return fit


def test_the_busyness_lies_in_its_interval_in_95_of_100_logs() -> None:
    """200 logs of twenty days, four of each weekday: 95 % ± 4 % hold it, and the mean is right within 5 %."""
    rng = np.random.default_rng(1)
    fits = [found(rng, CV, (1200, 1000, 1100, 900, 1300), 4) for _ in range(200)]
    held = np.mean([fit.low <= CV <= fit.high for fit in fits])
    assert held == pytest.approx(0.95, abs=0.04)
    assert np.mean([fit.cv for fit in fits]) == pytest.approx(CV, rel=0.05)


def test_with_many_days_the_interval_is_narrow() -> None:
    """Three hundred days tell it within ± 9 %."""
    fit = found(np.random.default_rng(2), CV, (1200.0,), 300)
    assert fit.low <= CV <= fit.high
    assert fit.high - fit.low < 0.18 * CV
    assert fit.days == 300


def test_days_that_differ_by_chance_alone_have_no_busyness() -> None:
    """Poisson days: the interval begins at 0 and ends below 3 %."""
    fit = found(np.random.default_rng(3), 0.0, (1000.0, 1500.0), 30)
    assert fit.low == 0.0
    assert fit.cv < 0.015
    assert fit.high < 0.03


def test_weekdays_that_differ_are_no_busyness() -> None:
    """Fridays with a third of the calls."""
    fit = found(np.random.default_rng(4), 0.0, (1500.0, 500.0), 30)
    assert fit.low == 0.0


@pytest.mark.parametrize("few", [[], [[5.0]], [[5.0, 6.0, 7.0, 8.0]], [[1.0], [2.0], [3.0]], [[0.0] * 9]])
def test_too_few_days_tell_nothing(few: list[list[float]]) -> None:
    """Four of one weekday, or one of each."""
    assert fit_busyness(few) is None


@given(st.lists(st.lists(st.integers(0, 500).map(float), min_size=5, max_size=8), min_size=1, max_size=3))
def test_whatever_the_days_the_interval_holds_the_estimate(groups: list[list[float]]) -> None:
    """And nothing overflows."""
    fit = fit_busyness(groups)
    if fit is not None:
        assert 0 <= fit.low <= fit.cv <= fit.high <= 3.001


@pytest.mark.parametrize(("days", "chi_square"), [(2, 0.455), (3, 0.693), (5, 0.839), (200, 0.997)])
def test_poisson_arrivals_are_compared_with_poisson_arrivals_on_as_many_days(
    days: int, chi_square: float
) -> None:
    """Variance over mean of n days is chi-square at n - 1 by n - 1: its median is 1 only for many days."""
    counts: NDArray[np.float64] = np.random.default_rng(5).poisson(40, (days, 40)).astype(float)
    found = fit_dispersion([counts])
    assert found is not None
    assert found.poisson_median == pytest.approx(chi_square, abs=0.05)
    assert found.poisson_low <= found.median <= found.poisson_high


def test_half_hours_that_are_hardly_used_and_lone_days_are_not_compared() -> None:
    """One day says nothing of how days differ."""
    assert fit_dispersion([np.full((1, 48), 9.0)]) is None
    assert fit_dispersion([np.full((5, 48), 0.2)]) is None
    assert fit_dispersion([]) is None
