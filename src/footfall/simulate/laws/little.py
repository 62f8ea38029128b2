"""Little's law, L T = the sum of the times spent: the stations' integrals against the customers' times."""

import numpy as np

from footfall.records.errors import BrokenLawError
from footfall.simulate.laws.counts import Account, Counts, Floats
from footfall.simulate.laws.evidence import interval
from footfall.simulate.laws.integrals import level_seconds
from footfall.simulate.laws.seen import Seen

_RELATIVE = 1e-9
_ABSOLUTE_S = 1e-6
"""Two sums of the same times differ by their rounding; a customer who is lost, by seconds."""


def little(visits: Seen, counts: Counts) -> int:
    """Hold L T = sum of overlaps in every interval of every station (Little 1961); returns the checks.

    What is present: visits under way; customers in line; customers in service; at a gateway, its work
    in hand (Brumelle 1971). Over the whole day a line's integral is also the sum of the visits' waits.

    Raises:
        BrokenLawError: the station counted another time than its customers tell.
    """
    edges_s, whole_s = counts.edges_s, counts.edges_s[[0, -1]]
    waits_s: Floats = np.bincount(
        visits.channels, weights=visits.wait_s, minlength=len(counts.channels)
    ).astype(np.float64)
    checks = 0
    for i, channel in enumerate(counts.channels):
        own = visits.channels == i
        told = level_seconds(visits.due_s[own], visits.ended_s[own], edges_s)
        checks += _hold(Account(channel, "visits", counts.present_s[:, i], told), edges_s)
        for account in (a for a in counts.accounts if a.channel == channel):
            checks += _hold(account, edges_s)
            if account.by_visits:
                what = f"{account.what}, by the visits"
                checks += _hold(Account(channel, what, account.counted[[0, -1]], waits_s[[i]]), whole_s)
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
