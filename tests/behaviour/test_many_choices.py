"""The nested logit of many situations is that of one, many times."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from footfall._behaviour.choice import nested_logit, nested_logit_of_many

NAMES = ("hall", "agent", "web", "sms", "wap")
NEST_OF = np.array([0, 0, 1, 1, 1])
NESTS = dict(zip(NAMES, ("physical", "physical", "electronic", "electronic", "electronic"), strict=True))
ROWS = st.lists(
    st.lists(st.one_of(st.floats(-30, 30), st.just(-np.inf)), min_size=5, max_size=5), min_size=1, max_size=4
)


@given(rows=ROWS, physical=st.floats(0.05, 1), electronic=st.floats(0.05, 1))
def test_each_row_has_the_shares_of_the_scalar_form(
    rows: list[list[float]], physical: float, electronic: float
) -> None:
    """To twelve digits, whatever is available; a row without any alternative has no shares."""
    found = nested_logit_of_many(np.array(rows), NEST_OF, np.array([physical, electronic])).shares
    for row, shares in zip(rows, found, strict=True):
        values = {name: value for name, value in zip(NAMES, row, strict=True) if np.isfinite(value)}
        known = nested_logit(values, NESTS, {"physical": physical, "electronic": electronic})
        expected = [known.get(name, 0.0) for name in NAMES]
        assert shares.tolist() == pytest.approx(expected, abs=1e-12)


def test_its_parts_multiply_to_the_shares() -> None:
    """A nest's share times the share within it."""
    values = np.array([[0.2, 0.0, 0.6, 1.2, -np.inf]])
    found = nested_logit_of_many(values, NEST_OF, np.array([0.5, 0.7]))
    assert found.within * found.of_nest[:, NEST_OF] == pytest.approx(found.shares)
    assert found.inclusive[0, 0] == pytest.approx(np.log(np.exp(0.4) + 1))
