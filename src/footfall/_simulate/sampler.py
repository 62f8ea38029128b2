"""The one place where a day's random numbers are made: in blocks for first attempts, keyed always."""

from collections.abc import Callable
from math import exp, log1p

import numpy as np
import scipy
from numpy.typing import NDArray

from footfall._behaviour import keyed
from footfall._behaviour.customer_rules import SERVICE, SERVICE_FAULT, WRAP_UP
from footfall._model.duration_quantiles import lognormal_parameters
from footfall._model.durations import AnyDuration, DistributionFamily, Duration
from footfall._simulate.customer_state import Customer

Draw = Callable[[Customer], float]

OPERATORS = frozenset({SERVICE, SERVICE_FAULT, WRAP_UP})
"""Purposes that are the operator's and no customer's: a run at a live service draws them anew."""
_BITS = 12
_BLOCK = 1 << _BITS
_BLOCKS_KEPT = 16
"""Blocks of 4,096 customers kept for each purpose: enough for those who still wait, and bounded."""


class Sampler:
    """Draws for the customers of one replication, the same however they are asked for."""

    def __init__(self, keys: NDArray[np.uint64], redraw: int = 0) -> None:
        """Take the customers' keys, in order of arrival; each `redraw` has its own operator's numbers."""
        self._keys = keys
        self._redraw = redraw
        self._streams: dict[tuple[str, int, bool], _Stream] = {}

    def uniform(self, purpose: str, turn: int = 0) -> Draw:
        """Give a draw of uniform numbers in (0, 1)."""
        return self._stream(purpose, turn, normal=False).draw()

    def normal(self, purpose: str, turn: int = 0) -> Draw:
        """Give a draw of standard normal numbers, by inversion."""
        return self._stream(purpose, turn, normal=True).draw()

    def seconds(self, duration: AnyDuration, purpose: str, turn: int = 0) -> Draw:
        """Give a draw of seconds of a distribution; equal to `duration.at` of the uniform number."""
        if not isinstance(duration, Duration):
            u_of = self.uniform(purpose, turn)
            return lambda customer: duration.at(u_of(customer))
        mean_s = float(duration.mean_s)
        if duration.law is DistributionFamily.CONSTANT or mean_s == 0:
            return lambda _customer: mean_s
        if duration.law is DistributionFamily.LOGNORMAL:
            mu, sigma = lognormal_parameters(mean_s, float(duration.cv or 0))
            return self._stream(purpose, turn, normal=True).exponential_of(mu, sigma)
        uniform = self.uniform(purpose, turn)
        if duration.law is DistributionFamily.EXPONENTIAL:
            return lambda customer: -mean_s * log1p(-uniform(customer))
        return lambda customer: duration.at(uniform(customer))

    def of_the_operator(self, run: int) -> int:
        """Give the key of what does not depend on who comes (stalls, rosters, breakdowns) of a run."""
        return keyed.mix(run ^ keyed.offset("redraw", 0, self._redraw)) if self._redraw else run

    def _stream(self, purpose: str, turn: int, *, normal: bool) -> "_Stream":
        """Give the one stream of a purpose and turn, for all channels: a customer is at one at a time."""
        if self._redraw and purpose in OPERATORS:
            purpose = f"{purpose}.{self._redraw}"
        key = (purpose, turn, normal)
        if key not in self._streams:
            self._streams[key] = _Stream(self._keys, purpose, turn, normal=normal)
        return self._streams[key]


class _Stream:
    """The numbers of all customers for one purpose and turn."""

    def __init__(self, keys: NDArray[np.uint64], purpose: str, turn: int, *, normal: bool) -> None:
        self._keys = keys
        self._purpose = purpose
        self._turn = turn
        self._normal = normal
        self._blocks: dict[int, list[float]] = {}

    def draw(self) -> Draw:
        """Give the draw of the numbers as they are."""
        find, block, single = self._blocks.get, self._block, self._single

        def draw(customer: Customer) -> float:
            if customer.attempt > 1:
                return single(customer)
            number = customer.n >> _BITS
            return (find(number) or block(number))[customer.n & _BLOCK - 1]

        return draw

    def exponential_of(self, mu: float, sigma: float) -> Draw:
        """Give the draw of exp(mu + sigma z), one call deep: half of all draws of a day are this one."""
        find, block, single = self._blocks.get, self._block, self._single

        def draw(customer: Customer) -> float:
            if customer.attempt > 1:
                return exp(mu + sigma * single(customer))
            number = customer.n >> _BITS
            return exp(mu + sigma * (find(number) or block(number))[customer.n & _BLOCK - 1])

        return draw

    def _block(self, number: int) -> list[float]:
        """Make the numbers of 4,096 neighbours at once."""
        u = keyed.uniforms(self._keys[number << _BITS : (number + 1) << _BITS], self._purpose, 1, self._turn)
        if len(self._blocks) >= _BLOCKS_KEPT:
            del self._blocks[next(iter(self._blocks))]
        made: list[float] = (scipy.special.ndtri(u) if self._normal else u).tolist()
        self._blocks[number] = made
        return made

    def _single(self, customer: Customer) -> float:
        u = keyed.uniform(customer.key, self._purpose, customer.attempt, self._turn)
        return float(scipy.special.ndtri(u)) if self._normal else u
