"""Every law of time has the mean and the variation that it was given."""

from collections.abc import Callable
from math import exp, inf, sqrt

import pytest
from hypothesis import given, strategies as st
from scipy import integrate

from footfall._model.duration_quantiles import weibull_shape
from footfall._model.durations import (
    UNIFORM_CV_MOST,
    DistributionFamily,
    Duration,
    hyperexponential_s,
    uniform_s,
    warm_up,
)
from footfall._model.numbers import Grade, Number
from footfall._model.value_errors import BadModelError

FIXED = {DistributionFamily.CONSTANT: 0.0, DistributionFamily.EXPONENTIAL: 1.0}
TWO_PARAMETERS = [law for law in DistributionFamily if law not in FIXED]


def made(law: DistributionFamily, mean_s: float, cv: float) -> Duration:
    """Give a duration of test numbers; hyperexponential and uniform times have bounds of their variation."""
    cv += law is DistributionFamily.HYPEREXPONENTIAL
    cv = min(cv, UNIFORM_CV_MOST if law is DistributionFamily.UNIFORM else inf)
    numbers = [Number(value, Grade.ASSUMED, "test") for value in (mean_s, cv)]
    return Duration(law=law, mean_s=numbers[0], cv=None if law in FIXED else numbers[1])


@pytest.mark.parametrize("law", DistributionFamily)
@pytest.mark.parametrize("cv", [0.3, 0.8, 1.5])
def test_the_quantiles_integrate_to_mean_and_variation(law: DistributionFamily, cv: float) -> None:
    """The integral of the quantile function is the mean, of its square the second moment."""
    duration = made(law, 40, cv)
    mean_s = integrate.quad(duration.at, 0, 1, limit=400)[0]
    second = integrate.quad(lambda u: duration.at(u) ** 2, 0, 1, limit=400)[0]
    assert mean_s == pytest.approx(40, rel=1e-4)
    assert second / mean_s**2 - 1 == pytest.approx(duration.variation**2, rel=5e-3, abs=1e-9)
    assert duration.variation == FIXED.get(law, duration.cv)


@given(
    law=st.sampled_from(DistributionFamily),
    cv=st.floats(0.1, 3),
    u=st.floats(0.001, 0.998),
    mean_s=st.floats(0, 1e5),
)
def test_a_greater_number_gives_no_shorter_time(
    law: DistributionFamily, cv: float, u: float, mean_s: float
) -> None:
    """Inversion is monotone, and a time is never negative."""
    duration = made(law, mean_s, cv)
    assert 0 <= duration.at(u) <= duration.at(u + 0.001)


@given(law=st.sampled_from(DistributionFamily), cv=st.floats(0.1, 3), u=st.floats(0.001, 0.999))
def test_the_share_of_longer_times_is_what_the_quantile_leaves(
    law: DistributionFamily, cv: float, u: float
) -> None:
    """S(at(u)) = 1 - u, but for a time that never varies, which nothing outlasts."""
    duration = made(law, 40, cv)
    assert duration.survival(duration.at(u)) == pytest.approx(
        0 if law is DistributionFamily.CONSTANT else 1 - u, rel=1e-9
    )
    assert duration.survival(0) == pytest.approx(1, rel=1e-15)


def test_a_hyperexponential_time_is_one_of_two_of_balanced_means(number: Callable[[float], Number]) -> None:
    """SCV 4: shares (1 ± sqrt(3/5))/2, each part half of the mean (Tijms 2003, appendix B)."""
    duration = hyperexponential_s(number(10), number(2))
    shares = [(1 + sqrt(0.6)) / 2, (1 - sqrt(0.6)) / 2]
    expected = sum(share * exp(-2 * share * 7 / 10) for share in shares)
    assert duration.survival(7) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("cv", [1.0001, 2, 50])
def test_a_hyperexponential_time_is_found_to_the_last_digits(
    number: Callable[[float], Number], cv: float
) -> None:
    """Far out in both tails, the share that outlasts it is the share asked for."""
    duration = hyperexponential_s(number(10), number(cv))
    for u in (1e-12, 1e-6, 0.5, 1 - 1e-9, 1 - 1e-15):
        assert duration.survival(duration.at(u)) == pytest.approx(1 - u, rel=1e-12)


@pytest.mark.parametrize("law", DistributionFamily)
def test_a_mean_of_zero_is_no_time_at_all(law: DistributionFamily) -> None:
    """Whatever the law."""
    assert made(law, 0, 1).at(0.7) == 0


@pytest.mark.parametrize("law", DistributionFamily)
def test_a_multiple_keeps_the_shape(law: DistributionFamily) -> None:
    """`times` scales every quantile alike and keeps the source."""
    duration = made(law, 10, 0.5)
    thrice = duration.times(3)
    assert thrice.at(0.3) == pytest.approx(3 * duration.at(0.3))
    assert "test" in thrice.mean_s.source
    assert duration.times(1.0) is duration


@pytest.mark.parametrize("law", TWO_PARAMETERS)
def test_a_law_of_two_parameters_without_variation_is_refused(
    law: DistributionFamily, number: Callable[[float], Number]
) -> None:
    """It would have no meaning."""
    with pytest.raises(BadModelError, match="do not go together"):
        Duration(law=law, mean_s=number(1))


@pytest.mark.parametrize("law", FIXED)
def test_a_law_of_one_parameter_with_variation_is_refused(
    law: DistributionFamily, number: Callable[[float], Number]
) -> None:
    """Its variation is fixed."""
    with pytest.raises(BadModelError, match="do not go together"):
        Duration(law=law, mean_s=number(1), cv=number(0.5))


def test_a_hyperexponential_time_that_varies_no_more_than_an_exponential_one_is_refused(
    number: Callable[[float], Number],
) -> None:
    """There is none."""
    with pytest.raises(BadModelError, match="do not go together"):
        hyperexponential_s(number(10), number(1))


def test_a_negative_mean_is_refused(number: Callable[[float], Number]) -> None:
    """Time does not run backwards."""
    with pytest.raises(BadModelError, match="mean_s"):
        Duration(law=DistributionFamily.CONSTANT, mean_s=number(-1))


def test_a_uniform_time_lies_between_its_bounds_and_all_are_alike(number: Callable[[float], Number]) -> None:
    """Three to seven minutes: mean five, a quarter of the times in each minute, none outside."""
    duration = uniform_s(number(180), number(420))
    assert float(duration.mean_s) == 300.0
    assert duration.variation * 300 == pytest.approx(240 / sqrt(12))
    assert [duration.at(u) for u in (1e-12, 0.25, 0.5, 1 - 1e-12)] == pytest.approx([180, 240, 300, 420])
    assert [duration.survival(t_s) for t_s in (0, 179, 240, 421)] == pytest.approx([1, 1, 0.75, 0])


@pytest.mark.parametrize("bounds", [(7, 3), (5, 5), (-1, 3)])
def test_bounds_that_are_none_are_refused(
    number: Callable[[float], Number], bounds: tuple[float, float]
) -> None:
    """Equal, reversed, negative or not a number."""
    with pytest.raises(ValueError, match="two bounds, the smaller first"):
        uniform_s(number(bounds[0]), number(bounds[1]))


def test_nan_is_no_number() -> None:
    """Neither given bare nor within one that has a source."""
    for bound in (float("nan"), Number(float("nan"), Grade.ASSUMED, "test")):
        with pytest.raises(BadModelError, match=r"uniform: .*nan"):
            uniform_s(bound, 3)


def test_a_uniform_time_that_would_be_negative_is_refused(number: Callable[[float], Number]) -> None:
    """A variation of 0.6 needs times below 0; from 0 on it is 1/sqrt 3."""
    assert uniform_s(number(0), number(10)).at(1e-9) >= 0
    with pytest.raises(BadModelError, match="at most 1/sqrt 3"):
        Duration(law=DistributionFamily.UNIFORM, mean_s=number(10), cv=number(0.6))


def test_warming_up_a_spec_solves_for_its_durations_beforehand() -> None:
    """The first customer of a run need not wait for it, wherever in the spec the duration stands."""
    weibull_shape.cache_clear()
    warm_up({"a": (made(DistributionFamily.WEIBULL, 2.0, 0.37),)})
    assert weibull_shape.cache_info().currsize == 1
