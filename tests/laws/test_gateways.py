"""Message gateways agree with exact theory: bounded queues, several connections, windows."""

from collections.abc import Callable

import polars as pl

from footfall._model.durations import Duration
from footfall._model.numbers import Number
from footfall._model.station_specs import MessageGateway
from footfall.theory.many_servers import mdc_wait_mean
from footfall.theory.one_server import md1k, mg1_wait_mean
from tests.laws.conftest import Experiment

Numbers = Callable[[float], Number]
Exponential = Callable[[float], Duration]
PASSAGE_S = 1.0


def in_line_s(visits: pl.DataFrame) -> float:
    """Mean wait before a message's passage, of those that were let in."""
    admitted = visits.filter(pl.col("outcome") == "served")
    return float(admitted["wait_s"].to_numpy().mean()) - PASSAGE_S


def throttled(visits: pl.DataFrame) -> float:
    """Share of messages turned away."""
    return float((visits["outcome"] == "throttled").to_numpy().mean())


def test_a_full_gateway_throttles_as_the_embedded_chain_says(
    experiment: Experiment, number: Numbers, exponential: Exponential
) -> None:
    """M/D/1/5 at 0.9: 5.4 % throttled, the others wait 1.4 passages."""
    gateway = MessageGateway(messages_per_s=number(1), queue=number(4))
    share, line_s = experiment(gateway, exponential(0.001), 0.9, throttled, in_line_s, customers=8000)
    expected = md1k(5, 0.9, 1)
    share.agrees_with(expected.blocked_share, 0.05)
    line_s.agrees_with(expected.wait_mean, 0.03)


def test_an_overloaded_gateway_throttles_what_it_must(
    experiment: Experiment, number: Numbers, exponential: Exponential
) -> None:
    """M/D/1/3 at 1.5: a little more than the third that is beyond its rate."""
    gateway = MessageGateway(messages_per_s=number(1), queue=number(2))
    share, line_s = experiment(gateway, exponential(0.001), 1.5, throttled, in_line_s, customers=8000)
    expected = md1k(3, 1.5, 1)
    assert 1 / 3 < expected.blocked_share < 0.4
    share.agrees_with(expected.blocked_share, 0.02)
    line_s.agrees_with(expected.wait_mean, 0.03)


def test_three_connections_wait_as_crommelin_says(
    experiment: Experiment, number: Numbers, exponential: Exponential
) -> None:
    """M/D/3 at 2.4 erlangs: 0.5539 passages."""
    gateway = MessageGateway(messages_per_s=number(1), queue=number(10**6), connections=number(3))
    (line_s,) = experiment(gateway, exponential(0.001), 2.4, in_line_s, customers=12_000)
    line_s.agrees_with(mdc_wait_mean(3, 2.4, 1), 0.06)


def test_a_window_of_one_makes_the_acknowledgement_a_part_of_the_passage(
    experiment: Experiment, number: Numbers, exponential: Exponential
) -> None:
    """1 s through and 1.5 s to the acknowledgement: M/D/1 of 2.5 s at 0.3/s, so a mean wait of 3.75 s."""
    gateway = MessageGateway(
        messages_per_s=number(1), queue=number(10**6), window=number(1), ack_s=number(1.5)
    )
    (line_s,) = experiment(gateway, exponential(0.001), 0.3, in_line_s, customers=8000)
    line_s.agrees_with(mg1_wait_mean(0.3, 2.5, 0), 0.08)
