"""Several connections of a gateway, and windows of unacknowledged messages, worked out by hand."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, strategies as st

from footfall._model.channel import Channel
from footfall._model.model import Model
from footfall._model.station_specs import MessageGateway
from footfall._simulate.stations.guarded_server import Connections
from tests import made_up

Channels = Callable[..., Channel]
Models = Callable[..., Model]
Visits = Callable[..., pl.DataFrame]


def gateway(queue: float = 100, **numbers: float) -> MessageGateway:
    """Make a gateway of a message a second, any number changed."""
    fields: dict[str, Any] = {name: made_up.number(value) for name, value in numbers.items()}
    return MessageGateway(**{"messages_per_s": made_up.number(1), "queue": made_up.number(queue)} | fields)


def through_s(one: Connections, times_s: list[float]) -> list[float | None]:
    """Times at which messages that come at given times are through."""
    return [one.enter(at_s) for at_s in times_s]


def test_two_connections_let_two_messages_through_at_a_time() -> None:
    """Five at once at a second each: through at 1, 1, 2, 2 and 3 s."""
    assert through_s(Connections(gateway(connections=2)), [0] * 5) == [1, 1, 2, 2, 3]


def test_the_queue_is_common_to_all_connections() -> None:
    """Two on their way, three wait, the sixth is throttled; at 1 s two places are free again."""
    one = Connections(gateway(3, connections=2))
    assert through_s(one, [0] * 6) == [1, 1, 2, 2, 3, None]
    assert through_s(one, [0.5, 1, 1, 1]) == [None, 3, 4, None]


def test_a_full_window_waits_for_its_oldest_acknowledgement() -> None:
    """Two unacknowledged at most, 3 s to an acknowledgement: messages begin at 0, 1, then 4, 5, then 8 s.

    So 2/(1 + 3) messages a second go through, half the rate of the connection.
    """
    one = Connections(gateway(window=2, ack_s=3))
    assert through_s(one, [0] * 6) == [1, 2, 5, 6, 9, 10]


def test_a_window_wide_enough_limits_nothing() -> None:
    """Four in 1 s + 3 s: the first is acknowledged when the fifth begins."""
    assert through_s(Connections(gateway(window=4, ack_s=3)), [0] * 6) == [1, 2, 3, 4, 5, 6]


def test_an_idle_connection_has_its_whole_window() -> None:
    """After a pause, acknowledgements have come: two pass at once again."""
    one = Connections(gateway(window=2, ack_s=3))
    assert through_s(one, [0, 0, 100, 100, 100]) == [1, 2, 101, 102, 105]


def test_throttled_messages_of_a_visit_say_so(channel: Channels, model: Models, visits: Visits) -> None:
    """The station answers as with one connection: served, waited, throttled."""
    found = visits(model(channel(gateway(1, window=1, ack_s=2))), [0, 0, 0])
    assert found["outcome"].to_list() == ["served", "served", "throttled"]
    assert found["ended_s"].to_list() == [1, 4, 0]
    assert found["wait_s"].to_list() == [1, 4, 0]


@example(seed=794, queue=4, share=2.0)  # the clock stops a rounding short of when a message is let through
@given(seed=st.integers(0, 1000), queue=st.integers(0, 4), share=st.sampled_from([0.7, 1.0, 2.0]))
def test_one_connection_without_a_limit_is_the_plain_gateway(
    seed: int, queue: int, share: float, channel: Channels, model: Models, visits: Visits
) -> None:
    """A window that is never full changes nothing, not even a bit."""
    times_s = np.sort(np.random.default_rng(seed).uniform(0, 30 / share, 30)).tolist()
    plain, windowed = (visits(model(channel(gateway(queue, window=w))), times_s) for w in (0, 1000))
    assert plain.equals(windowed)


@pytest.mark.parametrize("numbers", [{"connections": 0}, {"window": -1}, {"window": 0.5}, {"ack_s": -1}])
def test_impossible_connections_are_refused(numbers: dict[str, float]) -> None:
    """No connection, a negative or half a message, a negative time."""
    with pytest.raises(ValueError, match=next(iter(numbers))):
        gateway(**numbers)
