"""The message gateway is the D/1 queue of the simulated day."""

import pytest

from footfall._model.numbers import assumed
from footfall._model.station_specs import MessageGateway
from footfall._service.capacity_limits import MessageRateLimit
from tests.service.running import Clock


def gateway(clock: Clock, messages_per_s: float, queue: int) -> MessageRateLimit:
    """Give a gateway on a test's clock."""
    why = "for a test"
    spec = MessageGateway(messages_per_s=assumed(messages_per_s, why), queue=assumed(queue, why))
    return MessageRateLimit(spec, clock.now_s)


def test_messages_go_through_one_by_one(clock: Clock) -> None:
    """At ten a second the n-th of a burst is through after n tenths, and an idle gateway saves nothing up."""
    ten = gateway(clock, 10, 100)
    assert [ten.enter() for _ in range(3)] == pytest.approx([0.1, 0.2, 0.3])
    clock.set_forward(100)
    assert ten.enter() == pytest.approx(0.1)


@pytest.mark.parametrize("queue", [0, 1, 5])
def test_a_full_queue_takes_nothing_more_until_one_is_through(clock: Clock, queue: int) -> None:
    """One is let through, `queue` wait, and the next is refused."""
    small = gateway(clock, 1, queue)
    taken = [small.enter() is not None for _ in range(queue + 5)]
    assert taken.count(True) == queue + 1
    assert taken == sorted(taken, reverse=True)
    clock.set_forward(1.5)
    assert small.enter() is not None
