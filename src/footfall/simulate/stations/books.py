"""Two accounts of who waits and who is served: the station's integrals, and the customers' times."""

from array import array
from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np

from footfall.simulate.laws.counts import Book, Floats
from footfall.simulate.laws.integrals import level_seconds


class Queue(Protocol):
    """Those who wait, counted; their own times beside it."""

    joined_s: "array[float]"
    left_s: "array[float]"

    def waiting_s(self, now_s: float) -> float:
        """Give the time integral of those who wait, from the start."""


class Servers(Protocol):
    """Those who serve, counted; their customers' times beside it."""

    begun_s: "array[float]"
    ended_s: "array[float]"
    staffed: list[tuple[float, int]]
    """Since when how many are on duty."""

    def busy_s(self, now_s: float) -> float:
        """Give the time integral of the busy servers, from the start."""


def waiting_and_service(
    queues: Sequence[Queue], servers: Sequence[Servers], *, by_visits: bool = True
) -> tuple[Book, ...]:
    """Give both accounts of a station's queues, and of its servers.

    Without `by_visits` some wait there for whom no visit does: clients that have given up.
    """
    return (
        Book(
            "waiting",
            lambda now_s: sum(queue.waiting_s(now_s) for queue in queues),
            lambda edges_s: level_seconds(
                _together(queue.joined_s for queue in queues),
                _together(queue.left_s for queue in queues),
                edges_s,
            ),
            by_visits=by_visits,
        ),
        Book(
            "service",
            lambda now_s: sum(one.busy_s(now_s) for one in servers),
            lambda edges_s: level_seconds(
                _together(one.begun_s for one in servers), _together(one.ended_s for one in servers), edges_s
            ),
        ),
    )


def _together(times: Iterable["array[float]"]) -> Floats:
    return np.concatenate([np.empty(0), *times])
