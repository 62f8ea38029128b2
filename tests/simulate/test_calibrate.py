"""Calibration: the expected first choices are the observed ones."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from footfall.simulate.arrivals import crowd
from footfall.simulate.calibrate import calibrated, expected_shares
from footfall.simulate.decide.chooser import NOBODY
from footfall.simulate.spec.channel import Channel
from footfall.simulate.spec.model import Model
from footfall.simulate.spec.number import Number
from footfall.simulate.spec.station import MessageGateway
from models.operator.demand import observed_shares

Shares = dict[str, dict[str, Number]]


@pytest.fixture(scope="session")
def two_channels(
    channel: Callable[..., Channel], model: Callable[..., Model], number: Callable[[float], Number]
) -> Model:
    """Give a model of two channels in two nests."""
    gateway = MessageGateway(messages_per_s=number(1), queue=number(1))
    return model(channel(gateway, name="hall"), channel(gateway, name="sms", nest="electronic"))


@pytest.mark.parametrize("operation", ["query", "recharge", "transact", "purchase", "roaming"])
def test_the_constants_reproduce_the_observed_shares(small_province: Model, operation: str) -> None:
    """To nine digits, with opening hours, reach and six segments in between."""
    found = expected_shares(small_province, operation)
    assert found == pytest.approx(dict(observed_shares(operation)), abs=1e-9)


def test_simulated_customers_choose_as_expected(small_province: Model) -> None:
    """Chi-square of a day's first choices against the observed shares."""
    people = crowd(small_province, 11, 0)
    operation = small_province.operations.index("recharge")
    chosen = people.channels[(people.operations == operation) & (people.channels != NOBODY)]
    shares = observed_shares("recharge")
    counts = np.array([np.sum(chosen == k) for k in range(len(small_province.channels))])
    expected = np.array([shares.get(c.name, 0.0) for c in small_province.channels]) * len(chosen)
    assert stats.chisquare(counts, expected).pvalue > 1e-4


def test_a_constant_is_the_logarithm_of_the_odds(
    two_channels: Model, number: Callable[[float], Number]
) -> None:
    """Two equal channels, observed 3 to 1: the constants differ by ln 3."""
    model = calibrated(two_channels, {"query": {"hall": number(0.25), "sms": number(0.75)}})
    constants = model.choice.constants["query"]
    assert not constants["hall"]
    assert constants["sms"] == pytest.approx(np.log(3), abs=1e-9)


@pytest.mark.parametrize(
    ("shares", "says"),
    [
        ({"hall": 0.5, "sms": 0.6}, "add up to 1.1, not 1"),
        ({"hall": 1.0}, "but it is offered at"),
        ({"hall": 0.5, "telex": 0.5}, "but it is offered at"),
    ],
)
def test_impossible_shares_are_refused(
    two_channels: Model, number: Callable[[float], Number], shares: dict[str, float], says: str
) -> None:
    """They must add up to one and be of the channels that offer the operation."""
    observed = {"query": {name: number(share) for name, share in shares.items()}}
    with pytest.raises(ValueError, match=says):
        calibrated(two_channels, observed)


def test_shares_that_no_constants_can_give_are_refused(
    two_channels: Model, segment: Callable[..., object], number: Callable[[float], Number]
) -> None:
    """Half of the people cannot use SMS at all, so 75 % of them never will."""
    half = two_channels.model_copy(update={"segments": (segment(reach={"sms": number(0.5)}),)})
    with pytest.raises(ValueError, match="no constants give the observed shares"):
        calibrated(half, {"query": {"hall": number(0.25), "sms": number(0.75)}})
