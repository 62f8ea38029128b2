"""The likelihood's slopes, and the nests that it knows."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from footfall._records.errors import BadInputError
from studies.validation.estimate.choices import Choices
from studies.validation.estimate.likelihood import nests_of, picked_at, shares_at

NESTS = {"hall": "physical", "kiosk": "physical", "web": "electronic", "sms": "electronic"}
STEP = 1e-6


@settings(max_examples=30)
@given(
    coefficients=st.lists(st.floats(-1, 1), min_size=5, max_size=5),
    lam=st.tuples(st.floats(0.1, 1), st.floats(0.1, 1)),
    row=st.integers(0, 100),
)
def test_the_slopes_are_those_of_the_likelihood(
    nested: Choices, coefficients: list[float], lam: tuple[float, float], row: int
) -> None:
    """By central differences, in every coefficient and every λ, for every row and for their sum."""
    nests = nests_of(nested.alternatives, NESTS)
    part = slice(row, row + 20)
    few = Choices(
        nested.alternatives,
        nested.parameters,
        nested.attributes[part] / 10,
        nested.available[part],
        nested.chosen[part],
        nested.weights[part],
    )
    at = np.array([*coefficients, *lam])
    picked = picked_at(few, nests, at, few.chosen)
    slopes = picked.by_row()
    for k in range(len(at)):
        step = np.zeros(len(at))
        step[k] = STEP
        ahead, behind = (picked_at(few, nests, at + sign * step, few.chosen).log_shares for sign in (1, -1))
        assert slopes[:, k] == pytest.approx((ahead - behind) / (2 * STEP), rel=1e-5, abs=1e-6)
    assert picked.total(few.weights) == pytest.approx(slopes.sum(axis=0), abs=1e-9)


def test_what_is_not_available_has_no_share(nested: Choices) -> None:
    """Whatever its utility would be; the shares of the rest add up to one."""
    found = shares_at(nested, nests_of(nested.alternatives, NESTS), np.array([9.0, 0, 0, 0, 0, 0.5, 0.5]))
    assert (found.shares[~nested.available] == 0).all()
    assert found.shares.sum(axis=1) == pytest.approx(1)


def test_a_nest_of_one_has_no_dissimilarity_to_estimate() -> None:
    """Named or not, an alternative alone is its own nest, with λ 1."""
    nests = nests_of(("hall", "web", "sms"), {"hall": "physical", "web": "electronic", "sms": "electronic"})
    assert nests.parameters() == ("dissimilarity_electronic",)
    assert nests.dissimilarity(np.array([0.4])).tolist() == [1.0, 0.4]


def test_a_nest_of_a_stranger_is_refused() -> None:
    """The names of the alternatives are listed."""
    with pytest.raises(BadInputError, match="unknown alternative telex; expected hall, web"):
        nests_of(("hall", "web"), {"telex": "electronic"})
