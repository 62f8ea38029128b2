"""Laws that every simulated day must obey, whatever its model: two accounts of the same thing, held together.

The stations count for themselves, the customers tell their own times, and the visits are a third
account. A run in which they differ is not to be trusted, and ends.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from footfall._records.errors import InvariantError
from footfall._records.rows import OUTCOMES, Outcome
from footfall._records.tables import check_visits
from footfall._simulate import day_counts

# ── The words of a broken law: where, when, and both numbers

_MINUTE_S = 60


def interval(from_s: float, to_s: float) -> str:
    """Give an interval as a person reads it: by the clock where it falls on whole minutes."""
    if from_s % _MINUTE_S or to_s % _MINUTE_S:
        return f"{from_s:.9g} to {to_s:.9g} s"
    return f"{_clock(from_s)} to {_clock(to_s)}"


def _clock(at_s: float) -> str:
    minutes = int(at_s // _MINUTE_S)
    return f"{minutes // 60:02}:{minutes % 60:02}"


# ── Customers: all who come are served, lost or still inside, and their shares add up

_ROUNDING = 1e-12
_LOST = " + ".join(name for name in OUTCOMES if name not in {Outcome.SERVED, Outcome.UNFINISHED})


def flow(visits: day_counts.Seen, counts: day_counts.Counts) -> int:
    """Hold arrivals = served + each lost state + inside, exactly; returns the number of checks.

    In each interval, by station and operation: those whom the station counted on arrival are those whose
    visit was due, and are those whose visit ended and by whom it got fuller.

    Raises:
        InvariantError: a customer was lost, or counted twice.
    """
    stations = visits.channels * len(counts.operations) + visits.operations
    over = visits.outcomes != day_counts.UNFINISHED
    due = _by_interval(visits.due_s, stations, counts)
    gone = _by_interval(visits.ended_s[over], stations[over], counts)
    came, more = np.diff(counts.came, axis=0), np.diff(counts.inside, axis=0)
    _compare("flow: arrivals = visits due", came, due, "visits due", counts)
    words = f"served + {_LOST} + inside"
    _compare("flow: arrivals = served + lost + inside", came, gone + more, words, counts)
    return 2 * came.size


def shares(visits: day_counts.Seen, counts: day_counts.Counts) -> int:
    """Hold the shares of all outcomes among a station's arrivals to a sum of one; returns the checks.

    Raises:
        InvariantError: they add up to something else.
    """
    came = counts.came[-1]
    sizes = (*came.shape, day_counts.NAMELESS + 1)
    flat = (visits.channels * sizes[1] + visits.operations) * sizes[2] + visits.outcomes
    ends = np.bincount(flat, minlength=int(np.prod(sizes))).reshape(sizes)[:, :, : day_counts.NAMELESS]
    total = (ends / np.maximum(came, 1)[:, :, np.newaxis]).sum(axis=2)
    for i, j in np.argwhere(np.abs(total - (came > 0)) > _ROUNDING):
        where = f"{counts.channels[i]}.{counts.operations[j]}"
        whole = interval(counts.edges_s[0], counts.edges_s[-1])
        evidence = f"shares of the outcomes of {came[i, j]} arrivals add up to {total[i, j]:.9g}, not to 1"
        raise InvariantError("shares sum to one", f"{where}, {whole}", evidence)
    return int((came > 0).sum())


def _compare(
    law: str, came: day_counts.Ints, others: day_counts.Ints, words: str, counts: day_counts.Counts
) -> None:
    for k, i, j in np.argwhere(came != others):
        when = interval(counts.edges_s[k], counts.edges_s[k + 1])
        raise InvariantError(
            law,
            f"{counts.channels[i]}.{counts.operations[j]}, {when}",
            f"{came[k, i, j]} arrivals were counted, but {others[k, i, j]} {words}",
        )


def _by_interval(
    at_s: day_counts.Floats, stations: day_counts.Ints, counts: day_counts.Counts
) -> day_counts.Ints:
    """Count by interval, channel and operation; what comes after the last edge is left out."""
    sizes = len(counts.edges_s) - 1, len(counts.channels), len(counts.operations)
    places = day_counts.intervals(at_s, counts.edges_s)
    early = places < sizes[0]
    flat = places[early] * (sizes[1] * sizes[2]) + stations[early]
    counted: day_counts.Ints = np.bincount(flat, minlength=int(np.prod(sizes))).reshape(sizes)
    return counted


# ── Little's law, L T = the sum of the times spent: the stations' integrals against the customers' times

_RELATIVE = 1e-9
_ABSOLUTE_S = 1e-6
"""Two sums of the same times differ by their rounding; a customer who is lost, by seconds."""


def little(visits: day_counts.Seen, counts: day_counts.Counts) -> int:
    """Hold L T = sum of overlaps in every interval of every station (Little 1961); returns the checks.

    What is present: visits under way; customers in line; customers in service; at a gateway, its work
    in hand (Brumelle 1971). Over the whole day a line's integral is also the sum of the visits' waits.

    Raises:
        InvariantError: the station counted another time than its customers' times give.
    """
    edges_s, whole_s = counts.edges_s, counts.edges_s[[0, -1]]
    waits_s: day_counts.Floats = np.bincount(
        visits.channels, weights=visits.wait_s, minlength=len(counts.channels)
    ).astype(np.float64)
    checks = 0
    for i, channel in enumerate(counts.channels):
        own = visits.channels == i
        from_times = day_counts.level_seconds(visits.due_s[own], visits.ended_s[own], edges_s)
        checks += _hold(
            day_counts.IntervalCounts(channel, "visits", counts.present_s[:, i], from_times), edges_s
        )
        for account in (a for a in counts.accounts if a.channel == channel):
            checks += _hold(account, edges_s)
            if account.by_visits:
                what = f"{account.what}, by the visits"
                checks += _hold(
                    day_counts.IntervalCounts(channel, what, account.counted[[0, -1]], waits_s[[i]]), whole_s
                )
    return checks


def _hold(account: day_counts.IntervalCounts, edges_s: day_counts.Floats) -> int:
    counted = np.diff(account.counted)
    bound = _ABSOLUTE_S + _RELATIVE * float(np.abs(account.counted).max())
    # Whatever is no number is no agreement.
    for k in np.flatnonzero(~(np.abs(counted - account.from_times) <= bound)):
        raise InvariantError(
            f"Little's law of {account.what}",
            f"{account.channel}, {interval(edges_s[k], edges_s[k + 1])}",
            f"the station counted {counted[k]:.9g} customer-seconds, "
            f"its customers' times give {account.from_times[k]:.9g}",
        )
    return len(counted)


# ── Times: none negative, none out of order

_ORDER_ROUNDING = 1e-9
"""Of the clock: a wait is a difference of times."""


def order(visits: pl.DataFrame, counts: day_counts.Counts) -> int:
    """Hold every visit's times to their order, and its row to the laws of `Visit`; returns the checks.

    Raises:
        InvariantError: a wait is negative or longer than its visit, or a time lies before an earlier one.
    """
    started = pl.col("started_s").fill_null(pl.col("due_s"))
    served = pl.col("served_s").fill_null(started)
    ended, wait, human = pl.col("ended_s"), pl.col("wait_s"), pl.col("human_s")
    rules = {
        "no negative wait": (wait, pl.lit(0.0)),
        "no negative time of one's own": (human, pl.lit(0.0)),
        "no wait longer than its visit": (ended - pl.col("due_s") + _ORDER_ROUNDING * ended, wait),
        "started no sooner than due": (started, pl.col("due_s")),
        "served no sooner than started": (served, started),
        "ended no sooner than served": (ended, served),
    }
    # A comparison with a number that is none proves nothing.
    holds = {
        law: ((value >= least) & value.is_not_nan() & least.is_not_nan()).fill_null(value=False)
        for law, (value, least) in rules.items()
    }
    for law, all_hold in (
        visits.select(rule.all().alias(law) for law, rule in holds.items()).row(0, named=True).items()
    ):
        if not all_hold:
            value, least = rules[law]
            broken = visits.filter(~holds[law])
            one = broken.select("channel", "due_s", "ended_s", value=value, least=least).row(0, named=True)
            raise InvariantError(
                law,
                f"{one['channel']}, {interval(one['due_s'], one['ended_s'])}",
                f"{one['value']:.9g} s is below {one['least']:.9g} s ({broken.height} visits)",
            )
    check_visits(visits)
    return len(rules) * len(counts.channels)


# ── Limits: no more pass than a rate allows, and no wait is longer than a queue allows

_REQUESTS = 1e-6
_SECONDS = 1e-6
"""What sums of a day's times are exact to."""


def limits(counts: day_counts.Counts) -> int:
    """Hold every rate limit and every longest wait; returns the number of those held.

    Raises:
        InvariantError: more passed than the rate and its burst allow, or a wait was too long.
    """
    for channel, bound in counts.bounds:
        if isinstance(bound, day_counts.RateBound):
            _hold_rate(channel, bound)
        else:
            _hold_wait(channel, bound, float(counts.edges_s[-1]))
    return len(counts.bounds)


def _hold_rate(channel: str, bound: day_counts.RateBound) -> None:
    """At most rate t + burst + 1 pass in t seconds: i - rate t_i stays within burst of its least so far."""
    passed_s = np.sort(np.asarray(bound.passed_s, dtype=np.float64))
    surplus = np.arange(len(passed_s)) - bound.requests_per_s * passed_s
    over = surplus - np.minimum.accumulate(surplus) - bound.burst if len(passed_s) else surplus
    for k in np.flatnonzero(~(over <= _REQUESTS)):
        raise InvariantError(
            "passed <= rate x time + burst + 1",
            f"{channel}, second {passed_s[k]:.9g}",
            f"{over[k]:.9g} more than {bound.requests_per_s:g}/s and a burst of {bound.burst:g} allow",
        )


def _hold_wait(channel: str, bound: day_counts.WaitBound, until_s: float) -> None:
    """Where every wait is within a bound, so are the differences of the sorted times, left and joined."""
    joined_s = np.sort(np.asarray(bound.joined_s, dtype=np.float64))
    left_s = np.full(len(joined_s), until_s)
    known = np.sort(np.asarray(bound.left_s, dtype=np.float64))
    left_s[: len(known)] = known
    for k in np.flatnonzero(~(left_s - joined_s <= bound.longest_s + _SECONDS)):
        raise InvariantError(
            "no wait longer than its bound",
            f"{channel}, second {joined_s[k]:.9g}",
            f"a wait of {left_s[k] - joined_s[k]:.9g} s, and {bound.longest_s:g} s are the most",
        )


# ── Servers: no service without a server on duty


def staffing(counts: day_counts.Counts) -> int:
    """Hold, at each start of a service: in service <= servers on duty; returns the number of lines checked.

    Servers that are busy when the number drops finish, but none begins until it is back within it.

    Raises:
        InvariantError: a service began without a server.
    """
    for shift in counts.shifts:
        _hold_staffing(shift)
    return len(counts.shifts)


def _hold_staffing(shift: day_counts.Shift) -> None:
    begun, ended = (np.sort(times, kind="stable") for times in (shift.begun_s, shift.ended_s))
    in_service = np.arange(1, len(begun) + 1) - np.searchsorted(ended, begun, side="right")
    # At the very second of changes each of the numbers may have been in force, those between two changes too.
    first, last = (
        np.maximum(np.searchsorted(shift.changed_s, begun, side=side) - 1, 0) for side in ("left", "right")
    )
    servers = np.maximum(shift.servers[first], shift.servers[last])
    for k in np.flatnonzero(last - first > 1):
        servers[k] = shift.servers[first[k] : last[k] + 1].max()
    for k in np.flatnonzero(in_service > servers):
        raise InvariantError(
            "busy <= staffed or finishing",
            f"{shift.channel}, site {shift.site}, second {begun[k]:.9g}",
            f"{in_service[k]} are in service as one begins, but {servers[k]:g} servers are on duty",
        )


# ── All laws of a day at once


@dataclass(frozen=True, slots=True)
class InvariantsHeld:
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


def check_invariants(visits: pl.DataFrame, counts: day_counts.Counts) -> InvariantsHeld:
    """Hold a day's visits (columns of `VISITS`) and its stations' counts to every law.

    Raises:
        InvariantError: a law is broken; the text names it, the station, the interval and both numbers.
    """
    in_order = order(visits, counts)
    columns = day_counts.seen(visits, counts)
    return InvariantsHeld(
        order=in_order,
        flow=flow(columns, counts),
        little=little(columns, counts),
        shares=shares(columns, counts),
        staffing=staffing(counts),
        limits=limits(counts),
    )
