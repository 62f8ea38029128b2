"""When a server stalls: the same times in every run of a replication."""

from collections.abc import Iterator
from itertools import count
from math import log1p

from footfall.simulate.decide import keyed
from footfall.simulate.spec.limits import Stalls


def stall_times(stalls: Stalls, run: int, name: str) -> Iterator[tuple[float, float]]:
    """Give beginning and end of each stall, in seconds of the run and in order, without end.

    `run` is the key of the replication and `name` that of the channel. Without `first_s` the run begins at
    a time like any other: in a stall with probability length_s/every_s.
    """
    length_s, every_s = float(stalls.length_s), float(stalls.every_s)
    if not length_s:
        return
    is_random = stalls.spacing == "random"
    key = keyed.mix(run ^ keyed.offset(f"stall.{name}", 0, 0))

    def gap_s(number: int) -> float:
        """Time from the end of a stall to the next."""
        if not is_random:
            return every_s - length_s
        return -(every_s - length_s) * log1p(-keyed.uniform(keyed.customer_key(key, number), "stall"))

    since_start_s = keyed.uniform(key, "stall") * every_s
    if stalls.first_s is not None:
        begins_s = float(stalls.first_s)
    elif is_random and since_start_s >= length_s:
        begins_s = gap_s(0)
    else:
        begins_s = -since_start_s if is_random else since_start_s - length_s
    for number in count(1):
        ends_s = begins_s + length_s
        yield max(begins_s, 0.0), ends_s
        begins_s = ends_s + gap_s(number)
