"""Every kind of station agrees with exact theory: inside the interval, and the interval narrow.

Expected values: Erlang's and Palm's formulas and birth-death equations, as published in queueing
textbooks (Gross and Harris; Mandelbaum and Zeltyn 2007) and computed by two routes each.
"""

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from footfall.simulate.spec.base import constant
from footfall.simulate.spec.duration import Duration
from footfall.simulate.spec.number import Grade, Number
from footfall.simulate.spec.station import CallCentre, Counters, Kiosks, MessageGateway, RequestServer

Experiment = Callable[..., list[Any]]
Halls = Callable[..., Counters]
Exponential = Callable[[float], Duration]
Numbers = Callable[[float], Number]
Quantity = Callable[[pl.DataFrame], float]


def mean_wait_s(visits: pl.DataFrame) -> float:
    """Mean wait of those who began, seconds."""
    return _mean(visits.filter(pl.col("started_s").is_not_null())["wait_s"])


def waits_share(visits: pl.DataFrame) -> float:
    """Share of arrivals that waited."""
    return _mean(visits["wait_s"] > 0)


def share_of(outcome: str) -> Quantity:
    """Share of arrivals that ended so."""
    return lambda visits: _mean(visits["outcome"] == outcome)


@pytest.fixture(scope="module")
def counters(number: Numbers, endless: Duration) -> Halls:
    """Make a hall of a number of clerks."""

    def make(clerks: int, patience: Duration = endless, room: int = 10**6) -> Counters:
        return Counters(
            clerks=constant(clerks, Grade.ASSUMED, "test"),
            clerks_factor=number(1),
            room=number(room),
            patience=patience,
            balk_wait=endless,
        )

    return make


def test_a_hall_waits_as_erlang_c_says(
    experiment: Experiment, counters: Halls, exponential: Exponential
) -> None:
    """M/M/10 at load 8: P(wait) 0.4092, and the mean wait C/(cμ-λ)."""
    waits, wait_s = experiment(counters(10), exponential(60), 8 / 60, waits_share, mean_wait_s)
    waits.agrees_with(0.40918015079644354, 0.06)
    wait_s.agrees_with(0.40918015079644354 * 60 / 2, 0.12)


def test_a_hall_with_impatient_customers_loses_as_erlang_a_says(
    experiment: Experiment, counters: Halls, exponential: Exponential
) -> None:
    """M/M/14+M, 10 erlangs, patience 2 min: P(wait) 0.12698, P(abandon) 0.022839."""
    waits, abandons = experiment(
        counters(14, exponential(120)), exponential(180), 10 / 180, waits_share, share_of("abandoned")
    )
    waits.agrees_with(0.1269763400797955, 0.08)
    abandons.agrees_with(0.022839286531818777, 0.15)


def test_a_full_hall_turns_away_as_birth_and_death_say(
    experiment: Experiment, counters: Halls, exponential: Exponential
) -> None:
    """M/M/4/20 at 1.2/min, 3 min: blocking 0.016805, wait of the admitted 3.585 min."""
    blocked, wait_s = experiment(
        counters(4, room=16), exponential(180), 1.2 / 60, share_of("blocked"), mean_wait_s
    )
    blocked.agrees_with(0.016804982302188652, 0.25)
    wait_s.agrees_with(3.585000937990499 * 60, 0.08)


def test_a_hotline_without_free_lines_loses_as_erlang_b_says(
    experiment: Experiment, number: Numbers, exponential: Exponential, endless: Duration
) -> None:
    """M/M/10/10 at 7 erlangs: 7.874 % of calls find no line."""
    hotline = CallCentre(
        lines=number(10),
        agents=constant(1, Grade.ASSUMED, "test"),
        agents_factor=number(1),
        patience=endless,
        talk=exponential(1),
        wrap_up=exponential(1),
        agent_share={},
    )
    (blocked,) = experiment(hotline, exponential(60), 7 / 60, share_of("blocked"))
    blocked.agrees_with(0.07874088296957026, 0.05)


def test_kiosks_that_never_break_wait_as_erlang_c_says(
    experiment: Experiment, number: Numbers, exponential: Exponential, endless: Duration
) -> None:
    """M/M/3 at load 2: P(wait) 4/9."""
    kiosks = Kiosks(machines=number(3), up=exponential(0), repair=exponential(1), patience=endless)
    (waits,) = experiment(kiosks, exponential(60), 2 / 60, waits_share)
    waits.agrees_with(4 / 9, 0.04)


def test_request_slots_wait_as_erlang_c_says(
    experiment: Experiment, number: Numbers, exponential: Exponential
) -> None:
    """M/M/14 at 10 erlangs: P(wait) 0.17413."""
    server = RequestServer(slots=number(14), accept_queue=number(10**6), deadline_s=number(1e9))
    (waits,) = experiment(server, exponential(0.18), 100 / 1.8, waits_share)
    waits.agrees_with(0.17413193359505, 0.08)


def test_a_full_accept_queue_throttles_as_birth_and_death_say(
    experiment: Experiment, number: Numbers, exponential: Exponential
) -> None:
    """M/M/4/20 again, as slots and accept queue: 0.016805 throttled."""
    server = RequestServer(slots=number(4), accept_queue=number(16), deadline_s=number(1e9))
    (throttled,) = experiment(server, exponential(0.18), 20, share_of("throttled"))
    throttled.agrees_with(0.016804982302188652, 0.25)


def test_the_message_gateway_waits_as_pollaczek_and_khinchine_say(
    experiment: Experiment, number: Numbers, exponential: Exponential
) -> None:
    """M/D/1 at 80 %: the mean wait before service is 2 service times, P(W <= 2.5) = 0.70485."""
    gateway = MessageGateway(messages_per_s=number(1), queue=number(10**6))

    def in_line_s(visits: pl.DataFrame) -> float:
        return _mean(visits["wait_s"] - 1.0)

    def within(visits: pl.DataFrame) -> float:
        return _mean(visits["wait_s"] - 1.0 <= 2.5)

    line_s, share = experiment(gateway, exponential(0.001), 0.8, in_line_s, within)
    line_s.agrees_with(2.0, 0.06)
    share.agrees_with(0.7048523534916219, 0.03)


def _mean(values: pl.Series) -> float:
    return float(values.cast(pl.Float64).to_numpy().mean())
