"""Traces of load steps: the next customers of a pool, at an even rate."""

from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from footfall._behaviour import keyed
from footfall._behaviour.load_model import RunPace
from footfall._records.errors import BadInputError
from footfall._records.tables import ARRIVALS
from footfall._workload.trace import Trace

_ORDER = -5
"""Replication number of the order in which the pool is taken."""


class CustomerPool:
    """Customers of one mix, taken in turn by load steps; after the last comes the first again.

    The order of the pool is random, so that each step has the mix of the whole.
    """

    def __init__(self, pool: Trace) -> None:
        """Take the customers of a trace, with its channels and operations; their times are left."""
        self._pool = pool
        numbers = np.arange(pool.arrivals.height)
        keys = keyed.customer_keys(keyed.run_key(pool.info.seed, _ORDER), numbers)
        self._order = np.argsort(keyed.uniforms(keys, "order"), kind="stable")
        self._taken = 0

    def step(self, number: int, offered_per_s: float, length_s: float) -> Trace:
        """Return the trace of step `number` (from 1): Poisson arrivals, given their count.

        The count is the rate times the length, rounded, so that it adds no noise to the rate. Given their
        number, arrivals of a Poisson process are independent and uniform (Cox and Lewis 1966, chapter 2). The
        step's number is its replication: customers of two steps share no random numbers.

        Raises:
            BadInputError: no arrival fits into the step.
        """
        count = round(offered_per_s * length_s)
        if count < 1:
            problem = f"no arrival in {length_s:g} s at {offered_per_s:g} arrivals/s"
            raise BadInputError(f"step {number}", problem, "a longer step, or a higher rate")
        info = self._pool.info
        keys = keyed.customer_keys(keyed.run_key(info.seed, number), np.arange(count))
        due_s = np.sort(keyed.uniforms(keys, "time")) * length_s
        play = RunPace(
            starts_s=info.play.starts_s,
            length_s=length_s,
            speed=1,
            human_time_factor=info.play.human_time_factor,
        )
        update = {"replication": number, "play": play, "criteria": (), "has_prediction": False}
        return replace(
            self._pool, info=info.model_copy(update=update), arrivals=self._next(due_s, info.subscribers)
        )

    def _next(self, due_s: NDArray[np.float64], subscribers: int) -> pl.DataFrame:
        count, total = len(due_s), self._taken + np.arange(len(due_s))
        self._taken += count
        rows = self._pool.arrivals[self._order[total % len(self._order)]]
        own = {
            "arrival": pl.Series(np.arange(count)),
            "due_s": pl.Series(due_s),
            "at_s": pl.Series(due_s + self._pool.info.play.starts_s),
            "customer": pl.Series(total),
            "subscriber": pl.Series(total % subscribers),
        }
        return rows.with_columns(**own).select([pl.col(name).cast(kind) for name, kind in ARRIVALS.items()])
