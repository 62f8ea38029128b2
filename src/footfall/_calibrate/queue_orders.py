"""When the work on each request began, from arrivals and departures alone, for a supposed kind of station.

For one queue in the order of arrival before c slots, request i begins at b_i = max(a_i, D_i), D_i being the
c-th largest departure of those that came before: whatever the law of the work, b follows from the
departures. For cores that all requests inside share, the work done on each in a time dt is min(1, m/n) dt.
"""

from array import array
from bisect import insort
from collections.abc import Sequence

import numpy as np

from footfall._calibrate.request_log import Floats

SLOTS_MOST = 256
TOGETHER_S = 0.0003
_ALL_UP_TO, _FURTHER = 12, 1.12


def slot_free_from(ended_s: Floats, most: int) -> Floats:
    """When a slot was free for each request of a run, in the order sent: column c - 1 for c slots.

    -inf where fewer than c came before. A request that failed while it waited may stay in: it ended before
    any slot was free for it, so it is not among the c largest.
    """
    latest = [-np.inf] * most
    rows = array("d")
    for ended in ended_s.tolist():
        rows.extend(latest)
        if ended > latest[0]:
            insort(latest, ended)
            del latest[0]
    # Ascending within a row: the c-th largest is the c-th from its end.
    table: Floats = np.frombuffer(rows, np.float64).reshape(len(ended_s), most)[:, ::-1]
    return table


def slot_begins(sent_s: Floats, ended_s: Floats, free_from: Floats, slots: int) -> Floats:
    """When a slot was free for each request, where neighbours may have changed places on the way.

    Two requests that were sent within `TOGETHER_S` may come in the other order. They did if the later one
    would have ended before it began, and begins early enough in the other order. With S the departures before
    both, the first of them then begins at the c-th largest of S, the second at that of S and the first's end.

    `free_from`: the table of `slot_free_from`, of at least `slots` columns.
    """
    begins_s: Floats = free_from[:, slots - 1].copy()
    near = np.flatnonzero(np.diff(sent_s) < TOGETHER_S)
    later = near + 1
    near = near[ended_s[later] < np.maximum(sent_s[later], begins_s[later])]
    later, last = near + 1, -1
    # The c-th largest of S and one more is that one between the c-th and the one before it.
    above = free_from[near, slots - 2] if slots > 1 else np.full(len(near), np.inf)
    second = np.clip(ended_s[later], begins_s[near], above)
    gained = np.minimum(
        ended_s[later] - np.maximum(sent_s[later], begins_s[near]),
        ended_s[near] - np.maximum(sent_s[near], second),
    )
    better = gained > ended_s[later] - np.maximum(sent_s[later], begins_s[later])
    for at, other in zip(near[better].tolist(), second[better].tolist(), strict=True):
        if at > last:
            begins_s[at + 1], begins_s[at] = begins_s[at], other
            last = at + 1
    return begins_s


def shared_work(sent_s: Floats, ended_s: Floats, cores: float) -> tuple[Floats, Floats]:
    """Work done on each request of a run if all inside share the cores, and the rate just before its end.

    S_i is the integral of r = min(1, cores/n) over its time inside, n the requests inside; the density of
    the departures is the product of f(S_i) r_i (triangular in the order of departures).
    """
    n = len(sent_s)
    times = np.concatenate((sent_s, ended_s))
    step = np.concatenate((np.ones(n), -np.ones(n)))
    order = np.argsort(times, kind="stable")
    at = times[order]
    inside = step[order].cumsum()
    rate = np.minimum(1.0, cores / np.maximum(inside, 1.0))
    done = np.concatenate(([0.0], (np.diff(at) * rate[:-1]).cumsum()))
    place = np.empty(2 * n, np.int64)
    place[order] = np.arange(2 * n)
    before = np.concatenate(([1.0], rate[:-1]))
    return done[place[n:]] - done[place[:n]], before[place[n:]]


def distinct_slots(most_inside: int, most: int = SLOTS_MOST) -> Sequence[int]:
    """Numbers of slots worth a look, up to one more than were ever inside: all up to 12, then every 12 %."""
    top = min(most_inside + 1, most)
    found = [1]
    while found[-1] < top:
        further = round(found[-1] * _FURTHER) if found[-1] >= _ALL_UP_TO else 0
        found.append(min(top, max(found[-1] + 1, further)))
    return found
