"""The nested logit: its published values, its limits, and its tables."""

from collections.abc import Callable
from math import exp

import numpy as np
import pytest
from hypothesis import given, strategies as st

from footfall._behaviour import keyed
from footfall._behaviour.choice import (
    NO_CHANNEL,
    Chooser,
    choose,
    expected_waits,
    nested_logit,
    pick,
    probabilities,
)
from footfall._behaviour.customer_rules import CHOICE, out_of_reach
from footfall._model.channel import Channel, OpeningHours
from footfall._model.model import Model
from footfall._model.numbers import Number
from footfall._model.station_specs import MessageGateway
from footfall._workload.arrivals import Arrivals, draw_arrivals

PHYSICAL = ("own", "coop", "kiosk")
VALUES = {"own": 0.2, "coop": 0.0, "kiosk": -0.5, "web": 0.6, "sms": 1.2, "wap": -0.1, "hotline": 0.3}
NESTS = {name: "physical" if name in PHYSICAL else "electronic" for name in VALUES}
UTILITIES = st.dictionaries(st.sampled_from(sorted(VALUES)), st.floats(-30, 30), min_size=1)
DISSIMILARITY = st.fixed_dictionaries(
    {"physical": st.floats(0.05, 1), "electronic": st.floats(0.05, 1)},
)


@pytest.fixture(scope="session")
def customers(small_province: Model) -> Arrivals:
    """Give the customers of a small province's day."""
    return draw_arrivals(small_province, 3, 0)


def test_the_nested_logit_meets_its_check_value() -> None:
    """Seven channels, λ 0.5 and 0.7, terminals with the halls: computed by formula and by generator."""
    shares = nested_logit(VALUES, NESTS, {"physical": 0.5, "electronic": 0.7})
    assert shares["sms"] == pytest.approx(0.4048243720909112, rel=1e-12)
    electronic = sum(share for name, share in shares.items() if NESTS[name] == "electronic")
    assert electronic == pytest.approx(0.7517361635560469, rel=1e-12)


@given(values=UTILITIES, dissimilarity=DISSIMILARITY)
def test_the_probabilities_add_up_to_one(values: dict[str, float], dissimilarity: dict[str, float]) -> None:
    """Whatever is open and however unequal it is."""
    shares = nested_logit(values, NESTS, dissimilarity)
    assert sum(shares.values()) == pytest.approx(1, abs=1e-12)
    assert all(0 <= share <= 1 + 1e-12 for share in shares.values())


@given(values=UTILITIES)
def test_a_dissimilarity_of_one_is_the_plain_logit(values: dict[str, float]) -> None:
    """Nests then mean nothing."""
    shares = nested_logit(values, NESTS, {"physical": 1, "electronic": 1})
    top = max(values.values())
    total = sum(exp(value - top) for value in values.values())
    for name, value in values.items():
        assert shares[name] == pytest.approx(exp(value - top) / total, abs=1e-12)


@given(values=UTILITIES, dissimilarity=DISSIMILARITY, shift=st.floats(-50, 50))
def test_only_differences_of_utility_matter(
    values: dict[str, float], dissimilarity: dict[str, float], shift: float
) -> None:
    """The same amount added to all changes nothing."""
    shares = nested_logit(values, NESTS, dissimilarity)
    moved = nested_logit({name: value + shift for name, value in values.items()}, NESTS, dissimilarity)
    assert moved == pytest.approx(shares, abs=1e-9)


@given(shares=st.lists(st.floats(0.001, 1), min_size=1, max_size=8), u=st.floats(0, 1, exclude_max=True))
def test_a_pick_is_the_quantile_of_the_shares(shares: list[float], u: float) -> None:
    """What lies before the pick weighs at most u, with the pick it weighs more."""
    names = {str(k): share for k, share in enumerate(shares)}
    chosen = int(pick(names, u) or 0)
    total = sum(shares)
    assert sum(shares[:chosen]) <= u * total + 1e-9
    assert sum(shares[: chosen + 1]) >= u * total - 1e-9


def test_nobody_picks_from_nothing() -> None:
    """No channel is left, so none is chosen."""
    assert pick({}, 0.5) is None


@given(
    excluded=st.sets(st.sampled_from(["web", "sms", "hotline", "wap", "kiosk", "own_hall", "partner_hall"])),
    u=st.floats(0, 1, exclude_max=True),
    hour=st.integers(0, 23),
    segment=st.integers(0, 5),
    operation=st.sampled_from(["query", "recharge", "transact", "purchase", "roaming"]),
)
def test_the_table_chooses_as_the_formula_and_never_what_is_excluded(
    small_province: Model, excluded: set[str], u: float, hour: int, segment: int, operation: str
) -> None:
    """`Chooser` is `choose` with the exponentials taken once."""
    model, at_s = small_province, hour * 3600.0
    waits_s = expected_waits(model, at_s)
    chosen = choose(model, model.segments[segment], operation, waits_s, excluded, u)
    number = model.operations.index(operation)
    bits = sum(1 << k for k, known in enumerate(model.channels) if known.name in excluded)
    found = Chooser(model).choose(segment, number, at_s, bits, u)
    assert (None if found == NO_CHANNEL else model.channels[found].name) == chosen
    assert chosen not in excluded
    if chosen is not None:
        assert operation in model.channel(chosen).dialogues
        assert model.channel(chosen).open_at(at_s)


def test_first_choices_are_those_of_each_customer_alone(small_province: Model, customers: Arrivals) -> None:
    """The block of all customers gives what `choose` gives one by one."""
    model = small_province
    for n in range(0, len(customers), 37):
        segment = model.segments[customers.segments[n]]
        key = int(customers.keys[n])
        chosen = choose(
            model,
            segment,
            model.operations[customers.operations[n]],
            expected_waits(model, float(customers.at_s[n] // 1800 * 1800)),
            out_of_reach(segment, key),
            keyed.uniform(key, CHOICE),
        )
        found = customers.channels[n]
        assert (None if found == NO_CHANNEL else model.channels[found].name) == chosen


def test_a_longer_expected_wait_drives_customers_away(small_province: Model) -> None:
    """The wait weighs negatively, for every segment."""
    model = small_province
    waits_s = expected_waits(model, 11 * 3600)
    for segment in model.segments:
        before = probabilities(model, segment, "recharge", waits_s, ())
        after = probabilities(model, segment, "recharge", waits_s | {"own_hall": 3600.0}, ())
        assert after["own_hall"] < before["own_hall"]
        assert after["sms"] > before["sms"]


def test_a_customer_with_every_door_shut_has_nowhere_to_go(
    channel: Callable[..., Channel], model: Callable[..., Model], number: Callable[[float], Number]
) -> None:
    """The only channel opens from 10 to 11: earlier and later customers have no choice to make."""
    gateway = MessageGateway(messages_per_s=number(1000), queue=number(1000))
    hours = OpeningHours(opens_s=number(36_000), closes_s=number(39_600))
    people = draw_arrivals(model(channel(gateway, opening=hours), population=number(2000)), 1, 0)
    inside = (people.at_s >= 36_000) & (people.at_s < 39_600)
    assert inside.any()
    assert np.array_equal(people.channels != NO_CHANNEL, inside)
