"""Self-service terminals, worked out by hand."""

from collections.abc import Callable

import polars as pl
import pytest

from footfall._behaviour.capacity_rules import starts_down
from footfall._model.channel import Channel
from footfall._model.durations import Duration
from footfall._model.model import Model
from footfall._model.numbers import Number
from footfall._model.station_specs import Kiosks

SEED = 7
Terminals = Callable[..., Kiosks]
Channels = Callable[..., Channel]
Models = Callable[..., Model]
Visits = Callable[..., pl.DataFrame]


@pytest.fixture(scope="session")
def kiosks(number: Callable[[float], Number], exactly: Callable[[float], Duration]) -> Terminals:
    """Make a place of one machine that breaks after 1000 s and is repaired in 10 s."""

    def make(machines: int = 1, up_s: float = 1000, repair_s: float = 10) -> Kiosks:
        return Kiosks(
            machines=number(machines), up=exactly(up_s), repair=exactly(repair_s), patience=exactly(200)
        )

    return make


def test_a_machine_that_breaks_in_use_fails_that_visit_and_then_the_place_is_out_of_order(
    kiosks: Terminals, channel: Channels, model: Models, visits: Visits
) -> None:
    """It breaks at 1000 s under the first; the second finds none in order; the third waits for the first."""
    place = channel(kiosks(), human_s=100)
    assert not starts_down(place, SEED, 0, 0)
    found = visits(model(place), [950, 1005, 1020])
    assert found["outcome"].to_list() == ["error", "error", "served"]
    assert found["cause"].to_list() == ["breakdown", "out_of_order", ""]
    assert found["ended_s"].to_list() == [1050, 1005, 1150]


def test_a_repaired_machine_serves_those_who_wait(
    kiosks: Terminals, channel: Channels, model: Models, visits: Visits
) -> None:
    """It breaks at 1000 s with nobody before it; from 1010 s on it is up again."""
    found = visits(model(channel(kiosks(), human_s=100)), [899, 1010.5])
    assert found["outcome"].to_list() == ["served", "served"]


def test_who_waits_too_long_for_a_machine_leaves(
    kiosks: Terminals, channel: Channels, model: Models, visits: Visits
) -> None:
    """Patience is 200 s, a visit takes 300 s."""
    found = visits(model(channel(kiosks(up_s=0), human_s=300)), [0, 50])
    assert found["outcome"].to_list() == ["served", "abandoned"]
    assert found["ended_s"].to_list() == [300, 250]


def test_machines_are_down_at_the_start_as_often_as_in_the_long_run(
    kiosks: Terminals, channel: Channels
) -> None:
    """A quarter of the time in repair: a quarter of 4,000 machines, within 4 standard errors."""
    place = channel(kiosks(up_s=300, repair_s=100))
    down = sum(starts_down(place, SEED, site, machine) for site in range(1000) for machine in range(4))
    assert abs(down / 4000 - 0.25) < 4 * (0.25 * 0.75 / 4000) ** 0.5


def test_machines_that_never_break_start_in_order(kiosks: Terminals, channel: Channels) -> None:
    """A mean time of 0 between breakdowns stands for never."""
    place = channel(kiosks(up_s=0))
    assert not any(starts_down(place, SEED, site, 0) for site in range(100))
