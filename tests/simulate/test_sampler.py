"""Draws of a day: the same numbers however they are asked for."""

from collections.abc import Callable

import numpy as np
import pytest

from footfall._behaviour import keyed
from footfall._model.durations import DistributionFamily, Duration
from footfall._model.numbers import Number
from footfall._simulate.customer_state import Customer
from footfall._simulate.sampler import Sampler

KEYS = keyed.customer_keys(keyed.run_key(5, 0), np.arange(3000))


def customer(n: int, attempt: int) -> Customer:
    """Give the customer at a place of the order of arrival, in one attempt."""
    made = Customer(n, int(KEYS[n]), 0, 0, 0, 0)
    made.attempt = attempt
    return made


@pytest.mark.parametrize("law", DistributionFamily)
@pytest.mark.parametrize("attempt", [1, 2, 3])
def test_a_draw_is_the_quantile_of_the_keyed_number(
    law: DistributionFamily, attempt: int, number: Callable[[float], Number]
) -> None:
    """Blocks and single draws give `Duration.at(keyed.uniform(…))` to a few units of the last place."""
    cv = (
        None
        if law in {DistributionFamily.CONSTANT, DistributionFamily.EXPONENTIAL}
        else number(0.5 if law is DistributionFamily.UNIFORM else 1.2)
    )
    duration = Duration(law=law, mean_s=number(90), cv=cv)
    draw = Sampler(KEYS).seconds(duration, "service", 3)
    for n in range(0, 3000, 97):
        expected = duration.at(keyed.uniform(int(KEYS[n]), "service", attempt, 3))
        assert draw(customer(n, attempt)) == pytest.approx(expected, rel=1e-14)


def test_draws_do_not_depend_on_the_order_of_asking(number: Callable[[float], Number]) -> None:
    """Backwards, with other draws between, and after blocks were dropped: the same numbers."""
    duration = Duration(law=DistributionFamily.LOGNORMAL, mean_s=number(10), cv=number(1))
    ahead = Sampler(KEYS)
    first, other = ahead.seconds(duration, "human"), ahead.uniform("fault")
    forwards = [(first(customer(n, 1)), other(customer(n, 1))) for n in range(3000)]
    behind = Sampler(KEYS)
    other, first = behind.uniform("fault"), behind.seconds(duration, "human")
    backwards = [(first(customer(n, 1)), other(customer(n, 1))) for n in reversed(range(3000))]
    assert forwards == backwards[::-1]


def test_a_second_attempt_has_luck_of_its_own() -> None:
    """Attempts of one customer differ."""
    draw = Sampler(KEYS).uniform("service")
    assert len({draw(customer(7, attempt)) for attempt in range(1, 6)}) == 5


def test_blocks_are_bounded_in_number() -> None:
    """A day of any length keeps a bounded number of them, and dropped blocks come back the same."""
    keys = keyed.customer_keys(keyed.run_key(5, 0), np.arange(100 * 1024))
    sampler = Sampler(keys)
    draw = sampler.uniform("service")
    found = []
    for n in (*range(0, len(keys), 1024), 0):
        one = Customer(n, int(keys[n]), 0, 0, 0, 0)
        one.attempt = 1
        found.append(draw(one))
    assert found[0] == found[-1] == keyed.uniform(int(keys[0]), "service", 1)
    assert all(len(stream._blocks) <= 48 for stream in sampler._streams.values())


def test_a_redraw_changes_what_is_the_operator_s_and_nothing_of_the_customers() -> None:
    """Service times and faults are drawn anew; people's own times, slips, patience and choices stay."""
    first, again, other = Sampler(KEYS), Sampler(KEYS, 1), Sampler(KEYS, 2)
    for purpose in ("service", "fault.service", "wrap_up"):
        drawn = [sampler.uniform(purpose, 2)(customer(7, 1)) for sampler in (first, again, other)]
        assert len(set(drawn)) == 3
    for purpose in ("human", "fault.customer", "patience", "balk", "agent", "talk", "forget"):
        drawn = [sampler.uniform(purpose, 2)(customer(7, 1)) for sampler in (first, again, other)]
        assert len(set(drawn)) == 1


def test_a_redraw_has_its_own_stalls_rosters_and_breakdowns() -> None:
    """Their key is the run's in redraw 0, which a service with the same seed shares."""
    run = keyed.run_key(5, 0)
    keys = [Sampler(KEYS, redraw).of_the_operator(run) for redraw in range(4)]
    assert keys[0] == run
    assert len(set(keys)) == 4
