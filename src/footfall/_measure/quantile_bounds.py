"""Between which times a quantile lies: the limits that the rule for percentiles would decide neither way."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from footfall._stats import LONGEST_EPISODE, response_times
from footfall._stats.intervals import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A limit of a time, and whether a visit that takes just so long keeps it."""

    seconds: float
    includes: bool = False

    def broken_by(self, times_s: response_times.Values) -> NDArray[np.bool_]:
        """Whether each time is beyond it."""
        return times_s > self.seconds if self.includes else times_s >= self.seconds


class Quantile:
    """A quantile of times in their order, held against limits."""

    def __init__(
        self,
        times_s: response_times.Values,
        quantile: float,
        customers: response_times.Customers | None = None,
        longest: float = LONGEST_EPISODE,
    ) -> None:
        """Read what the times remember, once for all limits."""
        self._times_s = times_s
        self._customers = customers
        self._longest = longest
        self._memory: response_times.Memory = response_times.memory_of(times_s, quantile, customers)
        self._kinds_s = np.unique(times_s)
        """The times that occur, each once."""
        self._guess = int(
            np.searchsorted(self._kinds_s, np.quantile(times_s, quantile, method="inverted_cdf"))
        )

    def beyond(self, limit: Limit) -> response_times.Slow:
        """Give the visits beyond a limit, and what they tell."""
        return response_times.slow_of(limit.broken_by(self._times_s), self._memory, self._customers)

    def most_s(self, known: Limit | None = None) -> float:
        """Give the upper bound: the least time that occurs and that the quantile is surely not above.

        The search starts from the `known` limit, so that bound and verdict agree: the bound keeps this limit
        just where the times surely do. Infinite where the times tell too little.
        """
        keeps = self._holds(lambda slow: response_times.slow_share_most(slow, self._longest) <= slow.allowed)
        at, last = self._index(known), len(self._kinds_s) - 1
        if known is not None and keeps(at):
            least, most = -1, at
        else:
            least, most = (self._guess if known is None else at), last
            if not keeps(last):
                return math.inf
        return float(self._kinds_s[_first(keeps, least, most)])

    def least_s(self, known: Limit | None = None) -> float:
        """Give the lower bound: the largest time that occurs and that the quantile is surely not below.

        As `most_s`: the bound breaks the `known` limit just where the times surely do.
        """
        allows = self._holds(
            lambda slow: response_times.slow_share_least(slow, self._longest) <= slow.allowed
        )
        at, last = self._index(known), len(self._kinds_s) - 1
        if known is not None and not allows(at):
            least, most = at, last
        else:
            least, most = -1, (self._guess if known is None else at)
            if allows(-1):
                return -math.inf
        return float(self._kinds_s[_first(allows, least, most)])

    def _index(self, limit: Limit | None) -> int:
        """Number of the last time that keeps a limit, -1 where none does."""
        if limit is None:
            return self._guess
        side: Literal["left", "right"] = "right" if limit.includes else "left"
        return int(np.searchsorted(self._kinds_s, limit.seconds, side)) - 1

    def _holds(self, says: Callable[[response_times.Slow], bool]) -> Callable[[int], bool]:
        """Whether a rule says so of the visits that took longer than the time of that number."""

        def holds(number: int) -> bool:
            slow = self._times_s > (self._kinds_s[number] if number >= 0 else -math.inf)
            return says(response_times.slow_of(slow, self._memory, self._customers))

        return holds


def quantile_bounds(
    times_s: response_times.Values, quantile: float, customers: response_times.Customers | None = None
) -> Interval:
    """95 % bounds of a quantile of times in their order; infinite where they tell too little.

    The limits that `slow_share_bounds` would neither pass nor fail, as times that occur: the test is turned
    round. Source: R. S. Woodruff, JASA 47 (1952) 635-646, for shares read as times.
    """
    found = Quantile(times_s, quantile, customers)
    return Interval(found.least_s(), found.most_s())


def _first(holds: Callable[[int], bool], least: int, most: int) -> int:
    """Give the first number above `least` for which it holds, up to `most`, where it does, by halving."""
    while most - least > 1:
        middle = (least + most) // 2
        if holds(middle):
            most = middle
        else:
            least = middle
    return most
