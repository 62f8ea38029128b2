"""Little's law, L T = the sum of the times spent: the stations' integrals against the customers' times."""

import numpy as np
import polars as pl

from footfall.records.errors import BrokenLawError
from footfall.simulate.laws.counts import Account, Counts, Floats
from footfall.simulate.laws.evidence import interval
from footfall.simulate.laws.integrals import level_seconds

_RELATIVE = 1e-9
_ABSOLUTE_S = 1e-6
"""Two sums of the same times differ by their rounding; a customer who is lost, by seconds."""


def little(visits: pl.DataFrame, counts: Counts) -> int:
    """Hold L T = sum of overlaps in every interval of every station (Little 1961); returns the checks.

    What is present: visits under way; customers in line; customers in service; at a gateway, its work
    in hand (Brumelle 1971). Over the whole day a line's integral is also the sum of the visits' waits.

    Raises:
        BrokenLawError: the station counted another time than its customers tell.
    """
    checks = 0
    times = visits.select("channel", "due_s", "ended_s", "wait_s")
    for i, channel in enumerate(counts.channels):
        own = times.filter(pl.col("channel") == channel)
        told = level_seconds(own["due_s"].to_numpy(), own["ended_s"].to_numpy(), counts.edges_s)
        checks += _hold(Account(channel, "visits", counts.present_s[:, i], told), counts.edges_s)
        for account in (a for a in counts.accounts if a.channel == channel):
            checks += _hold(account, counts.edges_s)
            if account.by_visits:
                waits_s = np.array([own["wait_s"].sum()])
                whole = Account(channel, f"{account.what}, by the visits", account.counted[[0, -1]], waits_s)
                checks += _hold(whole, counts.edges_s[[0, -1]])
    return checks


def _hold(account: Account, edges_s: Floats) -> int:
    counted = np.diff(account.counted)
    bound = _ABSOLUTE_S + _RELATIVE * float(np.abs(account.counted).max())
    # Whatever is no number is no agreement.
    for k in np.flatnonzero(~(np.abs(counted - account.told) <= bound)):
        raise BrokenLawError(
            f"Little's law of {account.what}",
            f"{account.channel}, {interval(edges_s[k], edges_s[k + 1])}",
            f"the station counted {counted[k]:.9g} customer-seconds, "
            f"its customers tell {account.told[k]:.9g}",
        )
    return len(counted)
