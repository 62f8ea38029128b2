"""Calibration: the expected first choices are the observed ones."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import optimize, stats

from footfall._behaviour.choice import NO_CHANNEL, probabilities
from footfall._choice.choice_situations import calibrated, expected_shares
from footfall._model.channel import Channel
from footfall._model.model import Model
from footfall._model.numbers import Number
from footfall._model.population import NestedLogit, Segment
from footfall._model.station_specs import MessageGateway
from footfall._workload.arrivals import draw_arrivals
from models.operator.demand import observed_shares
from tests import made_up

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
    people = draw_arrivals(small_province, 11, 0)
    operation = small_province.operations.index("recharge")
    chosen = people.channels[(people.operations == operation) & (people.channels != NO_CHANNEL)]
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


SHARES = {"own": 0.15, "coop": 0.08, "kiosk": 0.04, "web": 0.14, "sms": 0.42, "wap": 0.04, "hotline": 0.13}
PHYSICAL = ("own", "coop", "kiosk")
ACCESS_MIN = {"own": 20, "coop": 12, "kiosk": 7, "web": 1, "sms": 0.3, "wap": 0.5, "hotline": 0.2}


@pytest.fixture(scope="module")
def seven_channels(
    channel: Callable[..., Channel], model: Callable[..., Model], segment: Callable[..., Segment]
) -> Model:
    """Give seven channels, λ 0.6 and 0.8, and two kinds of people, who differ in trust and haste."""
    number = made_up.number
    gateway = MessageGateway(messages_per_s=number(1), queue=number(1))
    channels = [
        channel(
            gateway,
            name=name,
            nest="physical" if name in PHYSICAL else "electronic",
            access_s_mean=number(60 * ACCESS_MIN[name]),
        )
        for name in SHARES
    ]

    def kind(name: str, share: float, trust: float, per_access_min: float) -> Segment:
        taste = made_up.INDIFFERENT.model_copy(
            update={
                "per_access_min": number(per_access_min),
                "per_trust": number(1),
                "trust": {"physical": number(0.9), "electronic": number(trust)},
            }
        )
        return segment(name=name, population_share=number(share), taste=taste)

    lam = {"physical": number(0.6), "electronic": number(0.8)}
    return model(
        *channels,
        segments=(kind("young", 0.6, 0.8, -0.04), kind("old", 0.4, 0.1, -0.01)),
        choice=NestedLogit(dissimilarity=lam, constants={}, expected_wait_s={}),
    )


def test_the_constants_are_the_root_of_the_shares(seven_channels: Model) -> None:
    """Two kinds of people, seven channels: as Powell's hybrid method finds it, to eight digits."""
    observed = {name: made_up.number(share) for name, share in SHARES.items()}
    found = calibrated(seven_channels, {"query": observed}).choice.constants["query"]
    names = list(SHARES)
    waits_s = dict.fromkeys(names, 0.0)

    def excess(constants: np.ndarray) -> list[float]:
        values = dict(zip(names, map(made_up.number, [0.0, *constants]), strict=True))
        choice = seven_channels.choice.model_copy(update={"constants": {"query": values}})
        model = seven_channels.model_copy(update={"choice": choice})
        shares = [probabilities(model, s, "query", waits_s, ()) for s in model.segments]
        weights = [float(s.population_share) for s in model.segments]
        return [
            sum(w * of[name] for w, of in zip(weights, shares, strict=True)) - SHARES[name]
            for name in names[1:]
        ]

    root = optimize.root(excess, np.zeros(6), method="hybr", options={"xtol": 1e-14})
    assert [float(found[name]) for name in names[1:]] == pytest.approx(root.x.tolist(), abs=1e-8)
    assert not found["own"]
    assert np.abs(excess(np.array([float(found[name]) for name in names[1:]]))).max() < 1e-10
