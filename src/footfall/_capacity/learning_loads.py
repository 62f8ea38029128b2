"""Low and middle loads to learn a service from, found without going near its limit if that can be helped.

After each step the limit is bounded from below by what waited in it: a queue of c slots makes requests wait
for a share of their work that is known from the offered load (Erlang 1917), so one that made them wait less
has more slots. The next step goes to `UPPER_SHARE` of that bound. Where the limit is reached all the same,
because nothing had waited before it, that step is not learned from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf, pi, sqrt

import numpy as np

from footfall._calibrate.request_log import RequestLog
from footfall._capacity.capacity_found import CapacityFound
from footfall._capacity.criterion_figures import usable
from footfall._capacity.load_steps import CapacityAsked, Floats, PlannedStep, PlayedStep
from footfall._capacity.step_evidence import evidence_of
from footfall._capacity.step_figures import UNLOADED, broken_by, figures_of
from footfall.theory.many_servers import erlang_c

FIND, MIDDLE, UPPER = "find", "middle", "upper"
LOW_SHARE, MIDDLE_SHARE, UPPER_SHARE = 0.2, 0.6, 0.7
"""Of the limit as far as it is known, of the three loads that are learned from."""
LEARNED_MOST_SHARE = 0.75
"""No load above this share of the limit is learned from."""
START_PER_S = 4.0
_TELLS_FROM_SHARE = 0.4
"""Of the limit: at a lower load hardly a request waits."""
_FIND_S, _FIND_REQUESTS = (2.0, 6.0), 40
_FIND_BUDGET_SHARE = 0.4
_LENGTH_S = (5.0, 60.0)
_LENGTH_SHARES = {UNLOADED: 0.22, MIDDLE: 0.35, UPPER: 0.6}
"""Of what is left of the budget when it is their turn."""
_BETWEEN_S = 1.5
"""Wall time that a step takes beyond its arrivals, about."""
_DRAIN_S = 6.0
_FACTORS = (2.0, 4.0)
_ALIKE = 1.5
_AGREES, _FAR = 2.7, 30.0
"""A sum of squares this much above the least agrees with it: 90 % of a chi-squared one; and far beyond."""
_MORE_SLOTS, _NO_MORE = 30, 1e-3
_BELOW = 0.7
"""A short step may have offered more than the service can do: its limit is sought from here on."""
_SERVED_FIRST, _FEWER, _SLOWER = 0.5, 0.1, 8.0
_VISITS_LEAST = 20
_SLOTS_MOST = 20_000
_TRIES = 2
_UPPERS_MOST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitBound:
    """What the loads played so far say about the limit."""

    at_least_per_s: float
    """Arrivals per second; a step that went beyond the limit has its throughput here."""
    is_seen: bool
    """Whether requests waited or failed, so that the limit is about there; else it may be far above."""
    passed_per_s: float = inf
    """Lowest rate of a step that went beyond it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningLoads:
    """Decides which loads are played to learn from: a search's `Decider`."""

    budget_s: float
    """Of wall time, for all of them."""

    def next_step(
        self, played: Sequence[PlayedStep], asked: CapacityAsked, spent_s: float
    ) -> PlannedStep | None:
        """Return the next load; None: all have been played, or the budget is spent."""
        left_s = self.budget_s - spent_s
        if gave_up(played) or generator_bound(played):
            return None
        if not _played(played, UNLOADED):
            is_over = spent_s > _FIND_BUDGET_SHARE * self.budget_s
            is_known = any(not one.invalid_reason for one in played)
            rate = None if is_over and is_known else _next_to_find(played, asked)
            if rate is not None:
                least_s, most_s = _FIND_S
                length_s = min(max(_FIND_REQUESTS / rate, least_s), most_s)
                return _step(played, FIND, rate, length_s)
        limit = limit_bound(played, asked)
        if limit is None:
            return None
        for purpose, share in ((UNLOADED, LOW_SHARE), (MIDDLE, MIDDLE_SHARE), (UPPER, UPPER_SHARE)):
            if not _played(played, purpose):
                rate = min(share * limit.at_least_per_s, asked.most_per_s or inf)
                return _step(played, purpose, rate, _length_s(purpose, left_s))
        # What the highest load has shown may allow a higher one; if not, more of it teaches more.
        uppers = sum(one.planned.purpose == UPPER for one in played)
        if uppers < _UPPERS_MOST and left_s > _LENGTH_S[0] + 2 * _BETWEEN_S:
            rate = min(UPPER_SHARE * limit.at_least_per_s, asked.most_per_s or inf)
            return _step(played, UPPER, rate, _length_s(UPPER, left_s))
        return None

    def findings(self, played: Sequence[PlayedStep], asked: CapacityAsked) -> CapacityFound:
        """Return that these loads show no capacity: they stay below it."""
        valid = [one for one in played if not one.invalid_reason]
        held = max((one.sent_per_s for one in valid if not broken_by(one, asked.criteria)), default=0.0)
        return CapacityFound(
            knee=None,
            plateau=None,
            beyond="unknown",
            limited_by="generator" if generator_bound(played) else "budget",
            flags=(),
            held_per_s=held,
            criteria=asked.criteria,
            sentences=("These loads are to learn from and stay below the capacity.",),
        )


def learned_from(played: Sequence[PlayedStep], asked: CapacityAsked) -> tuple[PlayedStep, ...]:
    """Return the steps to learn from: valid, long, and at most `LEARNED_MOST_SHARE` of the limit.

    The limit is known best when all have been played, and a load may turn out to have been higher than was
    meant. It is kept only where those below it are too low to show how requests wait.
    """
    limit = limit_bound(played, asked)
    kept = sorted(
        (
            one
            for one in played
            if not one.invalid_reason and one.planned.purpose != FIND and not went_beyond(one, played)
        ),
        key=lambda one: one.sent_per_s,
    )
    if limit is None:
        return tuple(kept)
    kept = [one for one in kept if one.sent_per_s <= LEARNED_MOST_SHARE * limit.passed_per_s]
    most = LEARNED_MOST_SHARE * limit.at_least_per_s if limit.is_seen else inf
    low = [one for one in kept if one.sent_per_s <= most]
    if not low or low[-1].sent_per_s < _TELLS_FROM_SHARE * limit.at_least_per_s:
        low = kept[: len(low) + 1]
    return tuple(sorted(low, key=lambda one: one.planned.number))


def limit_bound(played: Sequence[PlayedStep], asked: CapacityAsked) -> LimitBound | None:
    """Bound the limit from below, in arrivals per second; None: no valid step says anything."""
    valid = [one for one in played if not one.invalid_reason and one.visits.visits]
    below = [one for one in valid if not went_beyond(one, played) and not _is_broken(one, asked)]
    above = [one for one in valid if one not in below]
    if not valid:
        return None
    passed = min((one.sent_per_s for one in above), default=inf)
    good = [one for one in below if one.sent_per_s < passed]
    if not good:
        # It may be anywhere below: the rate is taken from what was served.
        first = min(above, key=lambda one: one.sent_per_s)
        return LimitBound(
            at_least_per_s=max(figures_of(first).throughput_per_s, 0.05 * first.sent_per_s),
            is_seen=True,
            passed_per_s=passed,
        )
    highest = max(one.sent_per_s for one in good)
    bounds = [bound for channel in _channels(good) if (bound := _bound_of(channel, good)) is not None]
    least = min((bound.at_least_per_s for bound in bounds), default=highest)
    if above:
        lowest = min(above, key=lambda one: one.sent_per_s)
        least = min(least, figures_of(lowest).throughput_per_s)
    is_seen = bool(above) or any(bound.is_seen for bound in bounds)
    # Without waits nothing has contradicted the highest load; with them a short step may have been beyond.
    return LimitBound(
        at_least_per_s=least if is_seen else max(least, highest), is_seen=is_seen, passed_per_s=passed
    )


def generator_bound(played: Sequence[PlayedStep]) -> bool:
    """Whether the generator was the limit twice, and at no valid step as high."""
    bound = [one for one in played if one.generator.bound_by]
    valid = max((one.planned.offered_per_s for one in played if not one.invalid_reason), default=0.0)
    return sum(one.planned.offered_per_s > valid for one in bound) >= _TRIES


def gave_up(played: Sequence[PlayedStep]) -> bool:
    """Whether the last steps were all invalid, or nothing was served at any rate."""
    last = played[-4:]
    if len(last) == 4 and all(one.invalid_reason for one in last):  # noqa: PLR2004  as many as are taken
        return True
    valid = [one for one in played if not one.invalid_reason]
    beyond = [one for one in valid if went_beyond(one, played)]
    return len(beyond) >= 3 and len(beyond) == len(valid)  # noqa: PLR2004  rates a quarter of each other


def went_beyond(step: PlayedStep, played: Sequence[PlayedStep]) -> bool:
    """Whether a step shows a service that does not keep up: failures, a backlog, or slow responses."""
    visits = step.visits
    if step.stopped_early or not visits.visits:
        return True
    first = min((one for one in played if one.visits.visits), key=lambda one: one.planned.offered_per_s)
    served, median_s = float(visits.is_success.mean()), float(np.median(visits.response_s))
    if first is step:
        return served < _SERVED_FIRST or median_s > 0.5 * step.length_s
    fewer = served < float(first.visits.is_success.mean()) - _FEWER and visits.visits >= _VISITS_LEAST
    return fewer or median_s > _SLOWER * float(np.median(first.visits.response_s))


# ── From loads to a limit


def _is_broken(step: PlayedStep, asked: CapacityAsked) -> bool:
    """Whether a criterion is surely broken, and not by chance in a few visits."""
    criteria = usable(asked.criteria)
    return bool(criteria) and evidence_of(step, criteria).judged.verdict == "broken"


def _next_to_find(played: Sequence[PlayedStep], asked: CapacityAsked) -> float | None:
    """Return the next rate on the way up; None: the limit is known as well as short steps can tell."""
    most = asked.most_per_s or inf
    if not played:
        return min(asked.start_per_s or START_PER_S, most)
    last = played[-1]
    tries = sum(one.planned.offered_per_s == last.planned.offered_per_s for one in played)
    if last.invalid_reason:
        is_known = any(not one.invalid_reason for one in played)
        return last.planned.offered_per_s if tries < _TRIES or not is_known else None
    limit = limit_bound(played, asked)
    if limit is None:
        return None
    rate = last.planned.offered_per_s
    if limit.passed_per_s < inf:
        nothing_held = all(went_beyond(one, played) for one in played if not one.invalid_reason)
        return rate / _FACTORS[1] if nothing_held else None
    least, furthest = _FACTORS
    target = UPPER_SHARE * limit.at_least_per_s
    if limit.is_seen and target < rate * 1.2:
        return None
    following = min(max(target, 0.0 if limit.is_seen else least * rate), furthest * rate, most)
    return following if following > rate * 1.05 else None


def _channels(steps: Sequence[PlayedStep]) -> list[str]:
    return sorted({channel for one in steps for channel in one.logs})


@dataclass(frozen=True, slots=True)
class _Wait:
    """How long requests of one step waited at one station, on average."""

    load: float
    """Requests that arrive during the work of one."""
    share: float
    """Of the work of a request."""
    blur: float
    """Standard deviation of that."""
    works: float
    """Length of the step over the work of a request."""

    def off(self, slots: int, form: float) -> float:
        """Return how many standard deviations it is from what so many slots make of that load.

        In the long run requests wait as in M/M/c (Erlang 1917), times `form`. A step begins with an idle
        service; over a short one near the limit the queue grows as a reflected Brownian motion does
        (Harrison 1985, section 1.9), on average to two thirds of sqrt(2 variance time / pi), and above the
        limit by what the service cannot work off.
        """
        share = inf if self.load >= slots else form * erlang_c(slots, self.load) / (slots - self.load)
        grown = sqrt(4 * form * self.load * self.works / pi) * 2 / 3 / slots
        grown += max(self.load / slots - 1, 0.0) * self.works / 2
        return (self.share - min(share, grown)) / max(self.blur, 0.005)


def _bound_of(channel: str, good: Sequence[PlayedStep]) -> LimitBound | None:
    """Bound the limit by the waits at one station: by the fewest slots that agree with all of them."""
    steps = [one for one in good if channel in one.logs and one.logs[channel].is_success.sum() > 2]  # noqa: PLR2004  a spread needs some
    if not steps:
        return None
    lowest = min(one.sent_per_s for one in steps)
    highest = max(steps, key=lambda one: one.sent_per_s)
    unloaded = [one for one in steps if one.sent_per_s <= max(lowest, 0.3 * highest.sent_per_s)]
    lows = np.concatenate([_times_s(one.logs[channel]) for one in unloaded])
    work_s, cv = float(lows.mean()), float(lows.std() / lows.mean())
    waits = [_wait(one.logs[channel], work_s, cv / sqrt(len(lows))) for one in steps if one not in unloaded]
    # A wait in proportion to (1 + cv²)/2, as in M/G/c (Lee and Longton 1959).
    form = (1.0 + min(cv, 2.0) ** 2) / 2.0
    load = highest.logs[channel].offered_per_s * work_s
    slots, is_seen = _fewest_slots(waits, load, form)
    return LimitBound(at_least_per_s=highest.sent_per_s * slots / load, is_seen=is_seen)


def _times_s(log: RequestLog) -> Floats:
    return log.response_s[log.is_success]


def _wait(log: RequestLog, work_s: float, unloaded_blur: float) -> _Wait:
    times_s = _times_s(log)
    ratio = float(times_s.mean()) / work_s
    own = float(times_s.std() / times_s.mean()) / sqrt(len(times_s))
    return _Wait(
        load=log.offered_per_s * work_s,
        share=ratio - 1,
        # Times that follow each other are alike, which a count of them overlooks.
        blur=ratio * sqrt((_ALIKE * own) ** 2 + unloaded_blur**2),
        works=log.length_s / work_s,
    )


def _fewest_slots(waits: Sequence[_Wait], load: float, form: float) -> tuple[int, bool]:
    """Return the fewest slots that agree with all waits, and whether more would agree less."""
    slots = max(ceil(_BELOW * load), 1)
    misfits: list[float] = []
    while slots + len(misfits) < _SLOTS_MOST:
        misfits.append(sum(one.off(slots + len(misfits), form) ** 2 for one in waits))
        best = min(misfits)
        is_settled = len(misfits) > _MORE_SLOTS and misfits[-1] - best < _NO_MORE
        if is_settled or misfits[-1] > best + _FAR or len(misfits) > 4 * _MORE_SLOTS + 2 * load:
            break
    best = min(misfits)
    fewest = next(place for place, misfit in enumerate(misfits) if misfit <= best + _AGREES)
    return slots + fewest, misfits[-1] > best + _AGREES


def _played(played: Sequence[PlayedStep], purpose: str) -> bool:
    """Whether a load has been played, and if it was invalid, once more."""
    own = [one for one in played if one.planned.purpose == purpose]
    return len(own) >= _TRIES or any(not one.invalid_reason for one in own)


def _length_s(purpose: str, left_s: float) -> float:
    least_s, most_s = _LENGTH_S
    return min(max(_LENGTH_SHARES[purpose] * left_s - _BETWEEN_S, least_s), most_s)


def _step(played: Sequence[PlayedStep], purpose: str, rate: float, length_s: float) -> PlannedStep:
    return PlannedStep(
        number=len(played) + 1,
        offered_per_s=rate,
        length_s=round(max(length_s, 2 / rate), 3),
        purpose=purpose,
        under_way_most=max(24, round(1.2 * rate)) if purpose == FIND else max(200, round(8 * rate)),
        drain_s=_DRAIN_S,
    )
