"""Patience is found again behind service that cuts the waits, whatever its law."""

import numpy as np
import pytest
from numpy.typing import NDArray

from footfall._fit.fitted_model import patience_of
from footfall._fit.patience_fit import PatienceFit, fit_patience
from footfall._model.durations import DistributionFamily, Empirical

Array = NDArray[np.float64]


def fitted(patience_s: Array, offered_s: Array) -> PatienceFit:
    """Fit what is seen of a patience: waits that service cut short, or did not."""
    fit = fit_patience(np.minimum(patience_s, offered_s), patience_s <= offered_s)
    assert fit is not None
    return fit


def test_an_exponential_patience_is_told_with_its_narrow_interval() -> None:
    """300 s, most waits cut; the interval holds it within 8 %."""
    rng = np.random.default_rng(1)
    fit = fitted(rng.exponential(300, 20_000), rng.exponential(100, 20_000))
    assert fit.mean_s.low <= 300 <= fit.mean_s.high
    assert fit.mean_s.high - fit.mean_s.low < 0.08 * 300
    assert fit.chosen in {
        DistributionFamily.EXPONENTIAL,
        DistributionFamily.GAMMA,
        DistributionFamily.WEIBULL,
    }
    time = patience_of(fit, "test")
    assert time is not None
    assert time.survival(120.0) == pytest.approx(np.exp(-0.4), abs=0.01)


def test_a_patience_of_two_kinds_is_the_curve_itself() -> None:
    """A third leave within seconds, the others hardly ever: no law bends so."""
    rng = np.random.default_rng(2)
    hurried = rng.random(20_000) < 0.33
    patience_s = np.where(hurried, rng.uniform(1, 10, 20_000), rng.exponential(2000, 20_000))
    fit = fitted(patience_s, rng.exponential(150, 20_000))
    assert fit.chosen is None
    time = patience_of(fit, "test")
    assert isinstance(time, Empirical)
    for t_s in (5.0, 10.0, 60.0, 300.0):
        truth = 0.33 * max(0.0, 1 - max(t_s - 1, 0) / 9) + 0.67 * np.exp(-t_s / 2000)
        assert fit.curve.at(t_s) == pytest.approx(truth, abs=4 * fit.curve.error_at(t_s) + 0.005)
        assert time.survival(t_s) == pytest.approx(fit.curve.at(t_s), abs=0.02)


def test_beyond_the_curve_people_leave_as_they_did_in_its_second_half() -> None:
    """A constant rate of leaving goes on: the mean further wait is 2000 s, within 15 %."""
    rng = np.random.default_rng(2)
    patience_s = np.where(rng.random(40_000) < 0.33, 5.0, rng.exponential(2000, 40_000))
    fit = fitted(patience_s, rng.exponential(150, 40_000))
    assert fit.beyond_s == pytest.approx(2000, rel=0.15)


def test_of_nobody_who_left_nothing_is_told() -> None:
    """All waits were cut."""
    assert fit_patience([1.0, 5.0], [False, False]) is None


def test_of_a_few_who_left_a_constant_rate_is_told() -> None:
    """Three left in 6000 s of waiting."""
    waits_s = [1000.0] * 6
    fit = fit_patience(waits_s, [True, True, True, False, False, False])
    assert fit is not None
    assert fit.chosen is DistributionFamily.EXPONENTIAL
    assert fit.mean_s.value == 2000.0
    assert fit.mean_s.low < 1000
    assert fit.mean_s.high > 4000


def test_who_all_left_at_once_leave_at_once_in_the_model() -> None:
    """A tenth hang up when they hear that they must wait; nobody leaves later."""
    waits_s = np.concatenate([np.zeros(100), np.full(900, 60.0)])
    fit = fit_patience(waits_s, waits_s == 0)
    assert fit is not None
    time = patience_of(fit, "test")
    assert isinstance(time, Empirical)
    assert time.at(0.05) == 0.0
    assert time.survival(1000.0) == pytest.approx(0.9)
    assert time.at(0.5) == float("inf")
