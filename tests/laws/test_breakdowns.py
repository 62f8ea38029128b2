"""Terminals that break: availability for any law, and waits by the equations of balance."""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from footfall._model.durations import DistributionFamily, Duration, constant_s, exponential_s
from footfall._model.numbers import Number
from footfall._model.station_specs import Kiosks
from footfall._simulate.day import Day
from tests.laws.conftest import Found, model_of, poisson_crowd

Numbers = Callable[[float], Number]
Quantity = Callable[[pl.DataFrame], float]
UP_S, REPAIR_S = 300.0, 100.0
MOST_INSIDE = 120
"""Where the chain is cut: at its load the chance of so many is below 1e-12."""


def replications(
    kiosks: Kiosks, service: Duration, arrivals_per_s: float, *quantities: Quantity
) -> list[Found]:
    """Give quantities of days of one place, each with machine lives of its own."""
    model = model_of(kiosks, service)
    rows = []
    for replication in range(16):
        people = poisson_crowd(4000, arrivals_per_s, replication)
        visits = Day(model, people, 1000 + replication, float(people.at_s[-1]) + 1).run().visits
        settled = visits.filter(pl.col("due_s") >= people.at_s[400])
        rows.append([quantity(settled) for quantity in quantities])
    return [Found(list(column)) for column in zip(*rows, strict=True)]


def share_of(cause: str) -> Quantity:
    """Share of visits that ended for this cause."""
    return lambda visits: float((visits["cause"] == cause).to_numpy().mean())


def waits_share(visits: pl.DataFrame) -> float:
    """Share of visits that waited."""
    return float((visits["wait_s"] > 0).to_numpy().mean())


def mean_wait_s(visits: pl.DataFrame) -> float:
    """Mean wait of all who came."""
    return float(visits["wait_s"].to_numpy().mean())


@pytest.mark.parametrize(
    ("law", "cv"),
    [
        (DistributionFamily.CONSTANT, None),
        (DistributionFamily.EXPONENTIAL, None),
        (DistributionFamily.LOGNORMAL, 0.5),
    ],
    ids=["constant", "exponential", "lognormal"],
)
def test_a_machine_is_in_order_up_by_up_and_repair_whatever_the_laws(
    number: Numbers, endless: Duration, law: DistributionFamily, cv: float | None
) -> None:
    """One machine, 300 s up and 100 s in repair: a quarter of arrivals find it out of order (PASTA)."""
    up, repair = (
        Duration(law=law, mean_s=number(mean_s), cv=None if cv is None else number(cv))
        for mean_s in (UP_S, REPAIR_S)
    )
    kiosks = Kiosks(machines=number(1), up=up, repair=repair, patience=endless)
    (found,) = replications(kiosks, constant_s(number(1)), 0.05, share_of("out_of_order"))
    found.agrees_with(REPAIR_S / (UP_S + REPAIR_S), 0.05)


def test_machines_that_break_wait_and_fail_as_the_balance_equations_say(
    number: Numbers, endless: Duration
) -> None:
    """Two machines, 30 s a visit, an arrival in 25 s: who finds none in order, who waits, how long."""
    up, repair, service = (exponential_s(number(mean)) for mean in (UP_S, REPAIR_S, 30.0))
    kiosks = Kiosks(machines=number(2), up=up, repair=repair, patience=endless)
    expected = balance(2, 1 / 25, 1 / 30, 1 / UP_S, 1 / REPAIR_S)
    out_of_order, waits, wait_s = replications(
        kiosks, service, 1 / 25, share_of("out_of_order"), waits_share, mean_wait_s
    )
    out_of_order.agrees_with(expected["out_of_order"], 0.1)
    waits.agrees_with(expected["waits"], 0.05)
    wait_s.agrees_with(expected["wait_s"], 0.1)


def balance(
    machines: int, arrivals_per_s: float, services_per_s: float, breaks_per_s: float, repairs_per_s: float
) -> dict[str, float]:
    """Solve the chain of (visits begun, waiting, machines in order): who has begun is served to the end.

    Arrivals with no machine in order go away; with one, they are served at once or wait.
    """
    states = [
        (busy, waiting, up)
        for up in range(machines + 1)
        for busy in range(machines + 1)
        for waiting in range(MOST_INSIDE)
        if not waiting or busy >= up
    ]
    index = {state: n for n, state in enumerate(states)}
    rates = np.zeros((len(states), len(states)))

    def move(start: tuple[int, int, int], busy: int, waiting: int, up: int, rate: float) -> None:
        begun = max(0, min(waiting, up - busy))
        end = (busy + begun, waiting - begun, up)
        if end in index and rate:
            rates[index[start], index[end]] += rate

    for state in states:
        busy, waiting, up = state
        if up:
            is_free = busy < up and not waiting
            move(state, busy + is_free, waiting + (not is_free), up, arrivals_per_s)
        if busy:
            move(state, busy - 1, waiting, up, busy * services_per_s)
        if up:
            move(state, busy, waiting, up - 1, up * breaks_per_s)
        if up < machines:
            move(state, busy, waiting, up + 1, (machines - up) * repairs_per_s)
    equations = (rates - np.diag(rates.sum(axis=1))).T
    equations[-1] = 1
    shares = np.linalg.solve(equations, np.eye(len(states))[-1])
    by_state = dict(zip(states, shares, strict=True))
    assert sum(p for (_, waiting, _), p in by_state.items() if waiting > MOST_INSIDE - 5) < 1e-9
    queue = sum(waiting * p for (_, waiting, _), p in by_state.items())
    return {
        "out_of_order": sum(p for (_, _, up), p in by_state.items() if not up),
        "waits": sum(p for (busy, waiting, up), p in by_state.items() if up and (busy >= up or waiting)),
        "wait_s": queue / arrivals_per_s,
    }
