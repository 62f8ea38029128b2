"""Futures are drawn by key, within the range that a slope names."""

from collections.abc import Callable

import numpy as np
import pytest

from footfall._choice.month_step import drawn
from footfall._model.model import Model
from footfall._model.population import Awareness, Trust
from tests.choice.small import slope

FUTURES = 4000


@pytest.fixture
def ranged(operator: Callable[..., Model], awareness: Callable[..., Awareness]) -> Model:
    """Give an operator with ranges on trust and on the web's imitation."""
    wide = slope(0.02, 2)
    trust = Trust(gain_per_success=wide, loss_per_failure=wide)
    return operator(trust=trust, awareness={"web": awareness(0.9, imitation_per_month=wide)})


def test_nine_tenths_of_the_futures_lie_in_the_range_of_a_slope(ranged: Model) -> None:
    """0.01 to 0.04 for 0.02 and a factor of 2: 90 %, within four standard errors, half of them below 0.02."""
    assert ranged.adoption
    values = drawn(ranged.adoption, 5, FUTURES)["trust.gain_per_success"][1:]
    inside = np.mean((values > 0.01) & (values < 0.04))
    assert inside == pytest.approx(0.9, abs=4 * np.sqrt(0.09 / FUTURES))
    assert np.mean(values < 0.02) == pytest.approx(0.5, abs=4 * np.sqrt(0.25 / FUTURES))


def test_the_central_future_has_every_slope_at_its_value(ranged: Model) -> None:
    """Future 0; a slope without a range has its value in all futures."""
    assert ranged.adoption
    slopes = drawn(ranged.adoption, 5, 10)
    assert slopes["awareness.web.imitation_per_month"][0] == 0.02
    assert set(slopes["upgrade.failure_factor"]) == {1.0}


def test_a_future_is_the_same_whichever_others_are_drawn(ranged: Model) -> None:
    """Bit for bit; another seed, another slope give others."""
    assert ranged.adoption
    few, many, other = (drawn(ranged.adoption, *asked) for asked in ((5, 3), (5, 300), (6, 3)))
    for path, values in few.items():
        assert values.tolist() == many[path][:4].tolist()
    gain = few["trust.gain_per_success"]
    assert gain[1:].tolist() != other["trust.gain_per_success"][1:].tolist()
    assert gain[1:].tolist() != few["trust.loss_per_failure"][1:].tolist()
