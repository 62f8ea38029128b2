"""Maximum likelihood finds what customers were made with, and says when it cannot."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from footfall._records.errors import BadInputError
from studies.validation.estimate import Choices, Estimate, estimate, likelihood_ratio

NESTS = {"hall": "physical", "kiosk": "physical", "web": "electronic", "sms": "electronic"}
TRUE = np.array([-0.5, 0.4, 0.8, -0.06, -0.26])


@pytest.fixture(scope="module")
def found_plain(plain: Choices) -> Estimate:
    """Give the plain logit of customers to whom nests mean nothing."""
    return estimate(plain)


@pytest.fixture(scope="module")
def found_nested(nested: Choices) -> Estimate:
    """Give the nested logit of customers with λ 0.5 and 0.7."""
    return estimate(nested, NESTS)


def counted(first: int, second: int) -> Choices:
    """Give choices between two alternatives with a constant, so many of each."""
    rows = first + second
    attributes = np.zeros((rows, 2, 1))
    attributes[:, 1, 0] = 1.0
    chosen = np.repeat([0, 1], [first, second])
    return Choices(("a", "b"), ("constant",), attributes, np.ones((rows, 2), bool), chosen, np.ones(rows))


def test_a_constant_is_the_logarithm_of_the_odds() -> None:
    """30 to 70: ln(7/3), with the error sqrt(1/30 + 1/70) of a log-odds (Woolf 1955)."""
    found = estimate(counted(30, 70))
    assert found.value("constant") == pytest.approx(np.log(7 / 3), abs=1e-10)
    assert found.errors[0] == pytest.approx(np.sqrt(1 / 30 + 1 / 70), rel=1e-8)
    assert found.robust_errors[0] == pytest.approx(found.errors[0], rel=1e-8)
    assert found.log_likelihood == pytest.approx(30 * np.log(0.3) + 70 * np.log(0.7), abs=1e-10)
    assert found.log_likelihood_null == pytest.approx(100 * np.log(0.5))
    assert found.rho_square == pytest.approx(1 - found.log_likelihood / (100 * np.log(0.5)))
    assert found.rho_square_adjusted < found.rho_square


def test_the_plain_logit_recovers_its_customers(found_plain: Estimate) -> None:
    """Each within four standard errors, each error under a seventh of its coefficient."""
    off = (found_plain.values - TRUE) / found_plain.errors
    assert np.abs(off).max() < 4
    assert (found_plain.errors < np.abs(TRUE) / 7).all()
    assert found_plain.robust_errors == pytest.approx(found_plain.errors, rel=0.1)


def test_the_nested_logit_recovers_its_customers(found_nested: Estimate) -> None:
    """Coefficients and both λ within four standard errors; each λ known to a tenth."""
    true = np.array([*TRUE, 0.5, 0.7])
    assert found_nested.parameters[5:] == ("dissimilarity_physical", "dissimilarity_electronic")
    assert np.abs((found_nested.values - true) / found_nested.errors).max() < 4
    assert (found_nested.errors[5:] < 0.1 * true[5:]).all()
    assert (found_nested.errors[:5] < np.abs(TRUE) / 7).all()
    assert found_nested.at_bound == ()


def test_nests_that_exist_are_found_significant(nested: Choices, found_nested: Estimate) -> None:
    """The plain logit is refused against the nested one, on two degrees of freedom."""
    ratio = likelihood_ratio(estimate(nested), found_nested)
    assert ratio.degrees == 2
    assert ratio.p_value < 1e-12


def test_nests_that_do_not_exist_are_not_found(plain: Choices, found_plain: Estimate) -> None:
    """Each λ stays within four errors of 1, or at the bound, where it says so and has no error."""
    found = estimate(plain, NESTS)
    for name, value, error in zip(found.parameters[5:], found.values[5:], found.errors[5:], strict=True):
        assert value <= 1
        assert np.isnan(error) == (name in found.at_bound)
        assert name in found.at_bound or 1 - value < 4 * error
    assert likelihood_ratio(found_plain, found).p_value > 1e-3


def test_a_nest_held_at_its_bound_gives_the_plain_logit(simulated: Callable[..., Choices]) -> None:
    """With a nest across what substitutes least, λ would exceed 1: it ends at 1, the rest as without it."""
    choices = simulated(2000, 0.4, 0.4)
    across = {"hall": "odd", "sms": "odd"}
    found, without = estimate(choices, across), estimate(choices)
    assert found.at_bound == ("dissimilarity_odd",)
    assert found.value("dissimilarity_odd") == 1.0
    assert np.isnan(found.errors[-1])
    assert found.values[:-1] == pytest.approx(without.values, rel=1e-6)
    assert found.log_likelihood == pytest.approx(without.log_likelihood, abs=1e-8)
    assert found.free == without.free


def test_a_weight_of_two_is_the_row_twice_over() -> None:
    """In the estimate, its error and its likelihood."""
    twice, weighted = estimate(counted(60, 140)), counted(30, 70)
    found = estimate(replace(weighted, weights=np.full(100, 2.0)))
    assert found.values == pytest.approx(twice.values)
    assert found.errors == pytest.approx(twice.errors)
    assert found.log_likelihood == pytest.approx(twice.log_likelihood)


def test_units_do_not_matter(plain: Choices, found_plain: Estimate) -> None:
    """Waits in days instead of minutes: the coefficient and its error are 1440 times as large."""
    unit = np.array([1, 1, 1, 1440, 1])
    found = estimate(replace(plain, attributes=plain.attributes / unit))
    assert found.values == pytest.approx(found_plain.values * unit, rel=1e-8)
    assert found.errors == pytest.approx(found_plain.errors * unit, rel=1e-6)


def test_coefficients_that_cannot_be_told_apart_are_named(plain: Choices) -> None:
    """A constant for each alternative is one too many; the others are not blamed."""
    constant = np.zeros((len(plain), 4, 1))
    constant[:, 0, 0] = 1.0
    every = replace(
        plain,
        parameters=(*plain.parameters, "constant_hall"),
        attributes=np.concatenate([plain.attributes, constant], axis=2),
    )
    says = "cannot tell apart constant_kiosk, constant_web, constant_sms, constant_hall; expected attributes"
    with pytest.raises(BadInputError, match=says):
        estimate(every)


def test_what_is_alike_for_all_alternatives_is_refused(plain: Choices) -> None:
    """A customer's income moves all utilities alike, so it explains no choice."""
    income = np.broadcast_to(np.arange(len(plain))[:, None, None] % 7 + 1.0, (len(plain), 4, 1))
    with_income = replace(
        plain,
        parameters=(*plain.parameters, "income"),
        attributes=np.concatenate([plain.attributes, income], axis=2),
    )
    with pytest.raises(BadInputError, match="do not identify income"):
        estimate(with_income)


def test_a_coefficient_without_a_limit_is_named() -> None:
    """Nobody ever took b: its constant has no finite estimate."""
    with pytest.raises(BadInputError, match="constant runs off without end"):
        estimate(counted(50, 0))


def test_a_model_is_only_held_against_a_special_case_of_it(found_plain: Estimate) -> None:
    """The same model has no parameter more, and other rows cannot be compared."""
    with pytest.raises(ValueError, match="not a special case"):
        likelihood_ratio(found_plain, found_plain)
    with pytest.raises(ValueError, match="not a special case"):
        likelihood_ratio(estimate(counted(3, 7)), found_plain)
