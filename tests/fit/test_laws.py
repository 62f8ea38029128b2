"""A law's parameters are found again, with intervals that hold them, also where times were cut short."""

from collections.abc import Callable
from math import log

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray
from scipy import stats

from footfall._fit.distributions import FAMILIES, Sample, fit_distribution, sample
from footfall._fit.fitted_model import patience_of, time_of
from footfall._fit.patience_fit import fit_patience, fit_times, quantile
from footfall._model.durations import DistributionFamily

Array = NDArray[np.float64]
TIMES = 4000
TRUTH: dict[DistributionFamily, dict[str, float]] = {
    DistributionFamily.EXPONENTIAL: {"mean_s": 180.0},
    DistributionFamily.LOGNORMAL: {"mu": 4.92, "sigma": 0.89},
    DistributionFamily.GAMMA: {"shape": 2.5, "scale_s": 70.0},
    DistributionFamily.WEIBULL: {"shape": 1.6, "scale_s": 200.0},
}
DRAW: dict[DistributionFamily, Callable[[np.random.Generator, int], Array]] = {
    DistributionFamily.EXPONENTIAL: lambda rng, n: rng.exponential(180.0, n),
    DistributionFamily.LOGNORMAL: lambda rng, n: rng.lognormal(4.92, 0.89, n),
    DistributionFamily.GAMMA: lambda rng, n: rng.gamma(2.5, 70.0, n),
    DistributionFamily.WEIBULL: lambda rng, n: 200.0 * rng.weibull(1.6, n),
}
THEIRS: dict[DistributionFamily, Callable[[Array], float]] = {
    DistributionFamily.EXPONENTIAL: lambda t: float(stats.expon.logpdf(t, scale=t.mean()).sum()),
    DistributionFamily.LOGNORMAL: lambda t: float(
        stats.lognorm.logpdf(t, *stats.lognorm.fit(t, floc=0)).sum()
    ),
    DistributionFamily.GAMMA: lambda t: float(stats.gamma.logpdf(t, *stats.gamma.fit(t, floc=0)).sum()),
    DistributionFamily.WEIBULL: lambda t: float(
        stats.weibull_min.logpdf(t, *stats.weibull_min.fit(t, floc=0)).sum()
    ),
}


def drawn(law: DistributionFamily, seed: int, n: int = TIMES) -> Array:
    """Draw times of a law."""
    return DRAW[law](np.random.default_rng(seed), n)


@pytest.mark.parametrize("law", FAMILIES)
def test_a_law_s_parameters_lie_in_their_narrow_intervals(law: DistributionFamily) -> None:
    """At 95 %, four samples of ten thousand: at most one of the eight bounds may miss; within 5 %."""
    missed = 0
    for seed in range(4):
        for parameter in fit_distribution(law, sample(drawn(law, seed))).parameters:
            truth = TRUTH[law][parameter.name]
            missed += not parameter.low <= truth <= parameter.high
            assert parameter.value == pytest.approx(truth, rel=0.05)
            assert parameter.high - parameter.low < 0.11 * parameter.value
    assert missed <= 1


@pytest.mark.parametrize("law", FAMILIES)
def test_cut_times_give_the_same_law_within_its_interval(law: DistributionFamily) -> None:
    """Half of the times are cut by an exponential clock; without regard to that, they would look shorter."""
    rng = np.random.default_rng(11)
    times_s, clock_s = drawn(law, 3, 8000), rng.exponential(200.0, 8000)
    ended = times_s <= clock_s
    assert 0.3 < ended.mean() < 0.7
    found = fit_distribution(law, sample(np.minimum(times_s, clock_s), ended))
    for parameter in found.parameters:
        truth = TRUTH[law][parameter.name]
        assert parameter.low <= truth <= parameter.high
        assert parameter.high - parameter.low < 0.12 * parameter.value
    naive = fit_distribution(law, sample(np.minimum(times_s, clock_s)[ended]))
    assert naive.mean_s < 0.8 * found.mean_s


@pytest.mark.parametrize("law", FAMILIES)
def test_no_other_routine_finds_a_likelier_law(law: DistributionFamily) -> None:
    """SciPy's own fit reaches the same likelihood."""
    times_s = drawn(law, 5)
    assert fit_distribution(law, sample(times_s)).log_likelihood >= THEIRS[law](times_s) - 1e-3


def test_a_lognormal_s_interval_is_the_one_of_its_closed_form() -> None:
    """Mean and standard deviation of the logarithms, errors sigma/sqrt(n) and sigma/sqrt(2n)."""
    logs = np.log(drawn(DistributionFamily.LOGNORMAL, 1))
    mu, sigma = fit_distribution(DistributionFamily.LOGNORMAL, sample(np.exp(logs))).parameters
    assert mu.value == pytest.approx(logs.mean(), abs=1e-6)
    assert sigma.value == pytest.approx(logs.std(), rel=1e-6)
    assert mu.high - mu.low == pytest.approx(2 * 1.96 * logs.std() / TIMES**0.5, rel=1e-3)
    assert log(sigma.high / sigma.low) == pytest.approx(2 * 1.96 / (2 * TIMES) ** 0.5, rel=1e-3)


def test_an_exponential_with_cut_times_is_waited_time_over_those_who_left() -> None:
    """The textbook estimate, Lawless (2003), section 4.1."""
    rng = np.random.default_rng(2)
    waits_s, left = rng.exponential(50.0, 300), rng.random(300) < 0.4
    (mean,) = fit_distribution(DistributionFamily.EXPONENTIAL, sample(waits_s, left)).parameters
    assert mean.value == pytest.approx(waits_s.sum() / left.sum(), rel=1e-6)


@pytest.mark.parametrize("law", FAMILIES)
def test_the_law_that_the_times_are_from_is_chosen(law: DistributionFamily) -> None:
    """By Akaike's criterion, in nine samples of ten; an exponential is a gamma of shape 1, too."""
    chosen = [fit.chosen for seed in range(10) if (fit := fit_times(drawn(law, 100 + seed, 2000)))]
    assert len(chosen) == 10
    near = (
        {DistributionFamily.EXPONENTIAL, DistributionFamily.GAMMA, DistributionFamily.WEIBULL}
        if law is DistributionFamily.EXPONENTIAL
        else {law}
    )
    assert sum(each in near for each in chosen) >= 9
    assert chosen.count(law) >= 6


def test_times_of_two_kinds_are_no_law_and_the_data_are_kept() -> None:
    """Half take ten seconds, half take ten minutes, no law has two hills."""
    rng = np.random.default_rng(4)
    times_s = np.concatenate([rng.normal(10, 1, 1000), rng.normal(600, 30, 1000)])
    fit = fit_times(times_s)
    assert fit is not None
    assert fit.chosen is None
    assert fit.distance_share > 0.1
    seconds, shares = fit.points
    assert np.interp(0.25, shares, seconds) == pytest.approx(10, abs=0.3)
    assert np.interp(0.75, shares, seconds) == pytest.approx(600, abs=5)


def test_a_small_sample_of_two_kinds_is_not_called_no_law() -> None:
    """Of sixty times, nobody can tell: the law stays."""
    times_s = np.random.default_rng(4).lognormal(3, 1, 60)
    fit = fit_times(times_s)
    assert fit is not None
    assert fit.chosen is not None


def test_short_times_are_counted_and_kept_out() -> None:
    """Those below the bound, and 0 always."""
    times_s = np.concatenate([np.zeros(5), np.full(7, 3.0), drawn(DistributionFamily.LOGNORMAL, 1, 200) + 10])
    fit = fit_times(times_s, 10.0)
    assert fit is not None
    assert (fit.short, fit.times) == (12, 200)
    assert fit.short_s_mean == pytest.approx(21 / 12)
    assert fit.short_share == pytest.approx(12 / 212)


def test_fewer_than_thirty_times_are_not_fitted() -> None:
    """29 are not, 30 are."""
    times_s = drawn(DistributionFamily.GAMMA, 1, 30)
    assert fit_times(times_s[:29]) is None
    assert fit_times(times_s) is not None


@pytest.mark.parametrize("law", FAMILIES)
def test_a_law_s_quantiles_are_the_inverse_of_its_survival(law: DistributionFamily) -> None:
    """To nine digits."""
    found = fit_distribution(law, sample(drawn(law, 1)))
    shares = np.array([0.01, 0.5, 0.99])
    assert 1 - found.survival(quantile(found, shares)) == pytest.approx(shares, abs=1e-9)


@pytest.mark.parametrize(
    "times",
    [sample([0.0, 1.0]), sample([1.0, 2.0], [0, 0]), sample([])],
    ids=["a time of 0", "none ended", "none at all"],
)
def test_times_without_a_law_are_refused(times: Sample) -> None:
    """ValueError, for the caller to prevent."""
    with pytest.raises(ValueError, match="a fit needs times above 0"):
        fit_distribution(DistributionFamily.WEIBULL, times)


@pytest.mark.parametrize("bad", [[-1.0], [float("nan")], [float("inf")]])
def test_a_time_that_is_none_is_no_sample(bad: list[float]) -> None:
    """Neither negative, nor unknown, nor endless."""
    with pytest.raises(ValueError, match="finite and not negative"):
        sample(bad)


@pytest.mark.parametrize("seconds", [180.0, 0.001, 7000.0])
def test_times_that_are_all_the_same_are_constant(seconds: float) -> None:
    """No law of scatter is looked for; the model's time is that time, for services and for patience."""
    fit = fit_times([seconds] * 40)
    assert fit is not None
    assert fit.chosen is DistributionFamily.CONSTANT
    assert (fit.mean_s.low, fit.mean_s.value, fit.mean_s.high) == (seconds,) * 3
    time = time_of(fit, "a log", "services")
    assert time is not None
    assert (time.mean_s, time.variation) == (seconds, 0.0)
    patience = fit_patience([seconds] * 40, [True] * 40)
    assert patience is not None
    assert patience.chosen is DistributionFamily.CONSTANT


@given(
    values=st.lists(st.floats(0, 7200), min_size=1, max_size=3),
    counts=st.lists(st.integers(1, 60), min_size=3, max_size=3),
)
@settings(max_examples=40)
def test_any_few_different_times_can_be_fitted_and_stand_in_a_model(
    values: list[float], counts: list[int]
) -> None:
    """Nearly constant ones, too: whatever is chosen is a time of a model."""
    seconds = [value for value, count in zip(values, counts, strict=False) for _ in range(count)]
    fit = fit_times(seconds)
    if fit is not None:
        time = time_of(fit, "a log", "services")
        assert time is not None
        assert time.mean_s >= 0
    patience_of(fit_patience(seconds, [k % 2 == 0 for k in range(len(seconds))]), "a log")
