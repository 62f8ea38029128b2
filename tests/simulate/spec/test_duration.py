"""Every law of time has the mean and the variation that it was given."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import integrate

from footfall.simulate.spec.duration import Duration, Law
from footfall.simulate.spec.number import Grade, Number

FIXED = {Law.CONSTANT: 0.0, Law.EXPONENTIAL: 1.0}
TWO_PARAMETERS = [law for law in Law if law not in FIXED]


def made(law: Law, mean_s: float, cv: float) -> Duration:
    """Give a duration of test numbers."""
    numbers = [Number(value, Grade.ASSUMED, "test") for value in (mean_s, cv)]
    return Duration(law=law, mean_s=numbers[0], cv=None if law in FIXED else numbers[1])


@pytest.mark.parametrize("law", Law)
@pytest.mark.parametrize("cv", [0.3, 0.8, 1.5])
def test_the_quantiles_integrate_to_mean_and_variation(law: Law, cv: float) -> None:
    """The integral of the quantile function is the mean, of its square the second moment."""
    duration = made(law, 40, cv)
    mean_s = integrate.quad(duration.at, 0, 1, limit=400)[0]
    second = integrate.quad(lambda u: duration.at(u) ** 2, 0, 1, limit=400)[0]
    assert mean_s == pytest.approx(40, rel=1e-4)
    assert second / mean_s**2 - 1 == pytest.approx(FIXED.get(law, cv) ** 2, rel=5e-3, abs=1e-9)


@given(law=st.sampled_from(Law), cv=st.floats(0.1, 3), u=st.floats(0.001, 0.998), mean_s=st.floats(0, 1e5))
def test_a_greater_number_gives_no_shorter_time(law: Law, cv: float, u: float, mean_s: float) -> None:
    """Inversion is monotone, and a time is never negative."""
    duration = made(law, mean_s, cv)
    assert 0 <= duration.at(u) <= duration.at(u + 0.001)


@pytest.mark.parametrize("law", Law)
def test_a_mean_of_zero_is_no_time_at_all(law: Law) -> None:
    """Whatever the law."""
    assert made(law, 0, 1).at(0.7) == 0


@pytest.mark.parametrize("law", Law)
def test_a_multiple_keeps_the_shape(law: Law) -> None:
    """`times` scales every quantile alike and keeps the source."""
    duration = made(law, 10, 0.5)
    thrice = duration.times(3)
    assert thrice.at(0.3) == pytest.approx(3 * duration.at(0.3))
    assert "test" in thrice.mean_s.source
    assert duration.times(1.0) is duration


@pytest.mark.parametrize("law", TWO_PARAMETERS)
def test_a_law_of_two_parameters_without_variation_is_refused(
    law: Law, number: Callable[[float], Number]
) -> None:
    """It would have no meaning."""
    with pytest.raises(ValidationError, match="do not go together"):
        Duration(law=law, mean_s=number(1))


@pytest.mark.parametrize("law", FIXED)
def test_a_law_of_one_parameter_with_variation_is_refused(
    law: Law, number: Callable[[float], Number]
) -> None:
    """Its variation is fixed."""
    with pytest.raises(ValidationError, match="do not go together"):
        Duration(law=law, mean_s=number(1), cv=number(0.5))


def test_a_negative_mean_is_refused(number: Callable[[float], Number]) -> None:
    """Time does not run backwards."""
    with pytest.raises(ValidationError, match="mean_s"):
        Duration(law=Law.CONSTANT, mean_s=number(-1))
