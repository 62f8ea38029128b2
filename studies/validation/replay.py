"""Customers whose arrivals and service times a record tells: a day that leaves nothing to luck."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from footfall._behaviour import keyed
from footfall._behaviour.customer_rules import HUMAN, SERVICE, TALK
from footfall._model.durations import AnyDuration
from footfall._model.model import Model
from footfall._simulate.customer_state import Customer
from footfall._simulate.day import Day, DayResult
from footfall._simulate.sampler import Draw, Sampler
from footfall._workload.arrivals import Arrivals

_SERVED_BY = {"counters": HUMAN, "kiosks": HUMAN, "call_centre": TALK}
"""What the service of a station is drawn for; at the others, the systems' time of the first page."""


class Recorded(Sampler):
    """Draws of which one purpose is told by a record, in the order of arrival."""

    def __init__(self, keys: NDArray[np.uint64], purpose: str, seconds: Sequence[float]) -> None:
        """Take the record of a purpose's first turn; all else is drawn as ever."""
        super().__init__(keys)
        self._purpose = purpose
        self._recorded = list(seconds)

    def seconds(self, duration: AnyDuration, purpose: str, turn: int = 0) -> Draw:
        """Give what the record says of a customer, whatever the distribution; else a draw of it."""
        if (purpose, turn) != (self._purpose, 0):
            return super().seconds(duration, purpose, turn)
        recorded = self._recorded

        def told(customer: Customer) -> float:
            return recorded[customer.n]

        return told


def replay(model: Model, at_s: Sequence[float], service_s: Sequence[float]) -> DayResult:
    """Run customers who came at these seconds to the model's first channel and were served for so long.

    They are of the first segment, and want the first operation. Everything else is the model's: servers,
    room, patience, what follows a failure.

    Raises:
        ValueError: the two records are of another length, or the arrivals are not in order.
    """
    if len(at_s) != len(service_s) or list(at_s) != sorted(at_s):
        msg = f"{len(at_s)} arrivals in order, with a service each, not {len(service_s)}"
        raise ValueError(msg)
    people = _people(at_s)
    purpose = _SERVED_BY.get(model.channels[0].station.kind, SERVICE)
    length_s = float(at_s[-1]) + float(sum(service_s)) + 1.0 if len(at_s) else 1.0
    return Day(model, people, 0, length_s, Recorded(people.keys, purpose, service_s)).run()


def _people(at_s: Sequence[float]) -> Arrivals:
    numbers = np.arange(len(at_s), dtype=np.int64)
    zeros = np.zeros(len(at_s), dtype=np.int64)
    return Arrivals(
        customers=numbers,
        keys=keyed.customer_keys(keyed.run_key(0, 0), numbers),
        at_s=np.array(at_s, dtype=np.float64),
        segments=zeros,
        operations=zeros,
        subscribers=zeros,
        channels=zeros,
    )
