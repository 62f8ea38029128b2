"""Servers: nobody is served by one who is not there."""

import numpy as np

from footfall.records.errors import BrokenLawError
from footfall.simulate.laws.counts import Counts, Shift


def staffing(counts: Counts) -> int:
    """Hold, at each start of a service: in service <= servers on duty; returns the number of lines checked.

    Whoever is busy when the number drops finishes, but nobody begins until it is back within it.

    Raises:
        BrokenLawError: a service began without a server.
    """
    for shift in counts.shifts:
        _hold(shift)
    return len(counts.shifts)


def _hold(shift: Shift) -> None:
    begun, ended = (np.sort(times, kind="stable") for times in (shift.begun_s, shift.ended_s))
    in_service = np.arange(1, len(begun) + 1) - np.searchsorted(ended, begun, side="right")
    # At the very second of a change either number may have been in force.
    before, after = (
        shift.servers[np.maximum(np.searchsorted(shift.changed_s, begun, side=side) - 1, 0)]
        for side in ("left", "right")
    )
    servers = np.maximum(before, after)
    for k in np.flatnonzero(in_service > servers):
        raise BrokenLawError(
            "busy <= staffed or finishing",
            f"{shift.channel}, site {shift.site}, second {begun[k]:.9g}",
            f"{in_service[k]} are in service as one begins, but {servers[k]:g} servers are on duty",
        )
