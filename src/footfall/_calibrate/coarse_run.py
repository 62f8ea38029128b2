"""A load test known by its totals and its seconds alone, and what speaks against learning from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from footfall._calibrate.closed_loop import ClosedPoint
from footfall._records.errors import BadInputError

Floats: TypeAlias = NDArray[np.float64]

LOOP_TOLERANCE_SHARE = 0.05
"""Users and throughput x (response + think time) of a closed loop may differ by so much."""
STALL_S_LEAST = 5
STALL_RATE_SHARE = 0.1
"""A stall: for `STALL_S_LEAST` seconds fewer responses come than this share of the usual."""
DRIFT_SHARE_LEAST = 0.08
"""A smaller change of the throughput from the first third to the last is not called drift."""
_SECONDS_LEAST = 15
_NORMAL_99 = 2.6
_BATCH_S = 5


@dataclass(frozen=True, kw_only=True, eq=False)
class SecondBySecond:
    """Responses of each second of a run, after its warm-up."""

    responses: Floats
    response_s_mean: Floats
    """Their mean response time; NaN where none came."""


@dataclass(frozen=True, kw_only=True)
class CoarseRun:
    """One load test, or a part of it with a constant number of users, by its figures."""

    name: str
    """Its file, and which part of it."""
    length_s: float
    """After the warm-up."""
    requests: int
    failures: int
    response_s_mean: float
    quantiles_s: Mapping[float, float]
    """Response times by probability."""
    users: int | None = None
    """Of a closed loop; None: not known."""
    think_s: float = 0.0
    """Mean time of a user between a response and the next request."""
    seconds: SecondBySecond | None = field(default=None, repr=False, compare=False)
    """None: only totals are known."""

    @property
    def throughput_per_s(self) -> float:
        """Responses per second."""
        return self.requests / self.length_s

    @property
    def busy_users(self) -> float:
        """Users that throughput, response and think time account for: N = X (R + Z) (Little 1961)."""
        return self.throughput_per_s * (self.response_s_mean + self.think_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """Why nothing is learned from a run."""

    flag: str
    """One or two words, such as `stalls`."""
    text: str


def objections(run: CoarseRun) -> tuple[Objection, ...]:
    """Return what speaks against learning a closed loop from a run; empty: nothing does."""
    found = [_failed(run), _loop(run)]
    if run.seconds is not None:
        found += [_too_short(run), _stalled(run.seconds), _drifted(run.seconds)]
    return tuple(one for one in found if one is not None)


def closed_point(run: CoarseRun) -> ClosedPoint:
    """Return a run's figures for the fit of a closed loop; users not known are counted by Little's law."""
    return ClosedPoint(
        users=run.users if run.users is not None else max(1, round(run.busy_users)),
        think_s=run.think_s,
        throughput_per_s=run.throughput_per_s,
        response_s_mean=run.response_s_mean,
        quantiles_s=run.quantiles_s,
        noise_share=None if run.seconds is None else _noise_share(run.seconds),
    )


def _failed(run: CoarseRun) -> Objection | None:
    share = run.failures / max(1, run.requests)
    if share > LOOP_TOLERANCE_SHARE:
        text = f"{share:.0%} of the requests failed, whose times say nothing of the work"
        return Objection(flag="failures", text=text)
    return None


def _loop(run: CoarseRun) -> Objection | None:
    if run.users is None:
        return None
    ratio = run.busy_users / run.users
    if abs(ratio - 1) <= LOOP_TOLERANCE_SHARE:
        return None
    counted = f"throughput x (response + think time) = {run.busy_users:.1f}, with {run.users} users"
    if ratio > 1:
        return Objection(flag="not a closed loop", text=f"{counted}: more requests were under way than users")
    missing = run.users / run.throughput_per_s - run.response_s_mean
    text = (
        f"{counted}: users paused about {missing:.3g} s a request (give --think), or requests came at a rate "
        "of their own"
    )
    return Objection(flag="think time", text=text)


def _too_short(run: CoarseRun) -> Objection | None:
    if run.length_s >= _SECONDS_LEAST:
        return None
    return Objection(
        flag="too short", text=f"{run.length_s:.0f} s after the warm-up; {_SECONDS_LEAST} or more are needed"
    )


def _stalled(seconds: SecondBySecond) -> Objection | None:
    usual = float(np.median(seconds.responses))
    longest = _longest_run(seconds.responses < STALL_RATE_SHARE * usual)
    if longest < STALL_S_LEAST:
        return None
    return Objection(flag="stalls", text=f"for {longest} s almost no response came")


def _longest_run(holds: NDArray[np.bool_]) -> int:
    edges = np.flatnonzero(np.diff(np.r_[False, holds, False].astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def _drifted(seconds: SecondBySecond) -> Objection | None:
    """Compare the first third with the last, by means of batches."""
    batches = _batches(seconds.responses)
    third = len(batches) // 3
    if third < 2:  # noqa: PLR2004  a spread needs two
        return None
    first, last = batches[:third], batches[-third:]
    change = float(last.mean() / first.mean() - 1) if first.mean() else 0.0
    error = float(np.sqrt(first.var(ddof=1) / third + last.var(ddof=1) / third) / batches.mean())
    if abs(change) <= max(DRIFT_SHARE_LEAST, _NORMAL_99 * error):
        return None
    text = f"the throughput changed by {change:+.0%} from the first third to the last"
    return Objection(flag="drift", text=text)


def _batches(responses: Floats) -> Floats:
    whole = len(responses) // _BATCH_S * _BATCH_S
    return np.asarray(responses[:whole].reshape(-1, _BATCH_S).mean(axis=1))


def _noise_share(seconds: SecondBySecond) -> float:
    """Return the standard error of a run's throughput over it, by means of batches."""
    batches = _batches(seconds.responses)
    if len(batches) < 3:  # noqa: PLR2004  a spread needs some
        return 0.05
    return float(batches.std(ddof=1) / np.sqrt(len(batches)) / batches.mean())


# ── Ramps of a load generator with a limited number of threads

_RAMP_WINDOW_S = 10
_RAMP_WINDOWS_LEAST = 3
FLAT_SHARE = 0.08
"""Requests under way that stay so close together while the load rises are the generator's limit."""
_BEHIND_SHARE = 0.05
_FAILED_SHARE_MOST = 0.05
_UNDER_WAY_LEAST = 8.0
"""Fewer at once than this are no limit that a generator has."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Ramp:
    """An open load that rises, a row a second."""

    name: str
    asked_per_s: Floats
    """Arrivals that the plan asked for."""
    successes: Floats
    failures: Floats
    dropped: Floats
    """Arrivals that the generator did not send."""
    response_s_mean: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class RampFindings:
    """What a ramp says: how far the service followed, and whether the generator set the limit."""

    followed_to_per_s: float
    """Highest rate asked for that was answered."""
    throughput_per_s_most: float
    """Of a window of some seconds."""
    under_way_most: float
    """Throughput x response of the last windows (Little 1961)."""
    generator_bound: bool
    """The rate rose and the requests under way did not: the generator sent no more."""
    text: str


def ramp_findings(ramp: Ramp) -> RampFindings:
    """Say whether a ramp's limit is the generator's: throughput x response stays the same while it rises.

    A service that is asked for more than it can do keeps more and more requests, or refuses some. Where
    throughput falls behind the plan, nothing fails, and throughput x response stays at one number, that
    number is how many requests the generator can have under way.

    Raises:
        BadInputError: it has fewer rows than a window of 10 s.
    """
    asked_for = np.flatnonzero(ramp.asked_per_s > 0)
    rows = (int(asked_for[-1]) + 1 if len(asked_for) else 0) // _RAMP_WINDOW_S * _RAMP_WINDOW_S
    if not rows:
        raise BadInputError(
            ramp.name, f"has {len(asked_for)} rows with arrivals", f"{_RAMP_WINDOW_S} or more"
        )
    asked, good, bad, lost = (
        np.asarray(one[:rows].reshape(-1, _RAMP_WINDOW_S).mean(axis=1))
        for one in (ramp.asked_per_s, ramp.successes, ramp.failures, ramp.dropped)
    )
    work = np.nan_to_num(ramp.successes * ramp.response_s_mean)[:rows]
    under_way = np.asarray(work.reshape(-1, _RAMP_WINDOW_S).mean(axis=1))
    follows = good >= (1 - _BEHIND_SHARE) * asked
    behind = _tail(~follows)
    last = slice(len(asked) - behind, None) if behind else slice(len(asked) - 1, None)
    bound = behind >= _RAMP_WINDOWS_LEAST and _is_flat(under_way[last], asked[last], (bad[last], good[last]))
    answered = asked[follows & (asked > 0)]
    level = float(np.median(under_way[last]))
    return RampFindings(
        followed_to_per_s=float(answered.max(initial=0.0)),
        throughput_per_s_most=float(good.max(initial=0.0)),
        under_way_most=level,
        generator_bound=bool(bound),
        text=_ramp_text(
            bound=bool(bound),
            behind_s=behind * _RAMP_WINDOW_S,
            under_way=level,
            dropped=float(lost[last].sum()),
        ),
    )


def _tail(holds: NDArray[np.bool_]) -> int:
    """Return how many of the last elements hold without a break, one exception aside."""
    count = exceptions = 0
    for n, one in enumerate(holds[::-1], 1):
        exceptions += not one
        if exceptions > 1:
            break
        if one:
            count = n
    return count


def _is_flat(under_way: Floats, asked: Floats, answered: tuple[Floats, Floats]) -> bool:
    bad, good = answered
    failed = float(bad.sum() / max(1.0, (bad + good).sum()))
    level = float(np.median(under_way))
    spread = float(np.median(np.abs(under_way / level - 1))) if level else 1.0
    rises = bool(level) and float(np.ptp(asked)) > FLAT_SHARE * float(asked.mean())
    slope = np.polyfit(asked / asked.mean(), under_way / level, 1)[0] if rises else 0.0
    is_level = spread <= FLAT_SHARE and abs(float(slope)) <= 0.5  # noqa: PLR2004  half as steep as the load
    return level >= _UNDER_WAY_LEAST and failed <= _FAILED_SHARE_MOST and is_level


def _ramp_text(*, bound: bool, behind_s: int, under_way: float, dropped: float) -> str:
    if bound:
        return (
            f"generator-bound: in the last {behind_s} s throughput x response stays at {under_way:.0f}, "
            "as many requests as the generator can have under way; the service's limit is not known"
        )
    if behind_s:
        lost = f", {dropped:.0f} arrivals dropped" if dropped else ""
        return f"in the last {behind_s} s the throughput is below the plan ({under_way:.0f} under way{lost})"
    return "the throughput follows the plan to its end: no limit was reached"
