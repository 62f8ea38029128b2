"""All laws of a day at once."""

from dataclasses import dataclass

import polars as pl

from footfall.simulate.laws.counts import Counts
from footfall.simulate.laws.flow import flow, shares
from footfall.simulate.laws.limits import limits
from footfall.simulate.laws.little import little
from footfall.simulate.laws.order import order
from footfall.simulate.laws.seen import seen
from footfall.simulate.laws.staffing import staffing


@dataclass(frozen=True, slots=True)
class LawsHeld:
    """How many times each law was checked in a day; all of them held."""

    flow: int
    """In each interval, by station and operation: arrivals = served + lost + inside."""
    little: int
    """In each interval, by station: the number present, over time, is the time spent by those present."""
    order: int
    """By station: no wait below 0 or longer than its visit, and every visit's times in order."""
    shares: int
    """By station and operation: shares of the outcomes add up to one."""
    staffing: int
    """By line of servers: no service began with more in service than servers on duty or finishing."""
    limits: int = 0
    """Rate limits and longest waits: none was exceeded."""

    @property
    def checks(self) -> int:
        """All checks together."""
        return self.flow + self.little + self.order + self.shares + self.staffing + self.limits


def hold(visits: pl.DataFrame, counts: Counts) -> LawsHeld:
    """Hold a day's visits (columns of `VISITS`) and its stations' counts to every law.

    Raises:
        BrokenLawError: a law is broken; the text names it, the station, the interval and both numbers.
    """
    in_order = order(visits, counts)
    columns = seen(visits, counts)
    return LawsHeld(
        order=in_order,
        flow=flow(columns, counts),
        little=little(columns, counts),
        shares=shares(columns, counts),
        staffing=staffing(counts),
        limits=limits(counts),
    )
