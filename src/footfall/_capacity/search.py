"""The plan of a search for capacity: which load step to play next.

First quick steps from a low rate up, each three times the one before, until the service falls behind. Then
one long enough to see the service unloaded, and one or two near two thirds of the capacity, from which its
stations are learned: their simulation says where the knee should be. Long steps a little below and above it
confirm that. At last a short overload, for what lies beyond, and straight after it a load that held before:
whether it recovers.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import inf, sqrt
from random import Random

import numpy as np

from footfall._capacity.beyond import recovery_s
from footfall._capacity.enclosing import enclosing_step, stay_s
from footfall._capacity.load_steps import BETWEEN_S, CapacityAsked, PlannedStep, PlayedStep
from footfall._capacity.reading import BISECT, CONFIRM, STRUCTURE, Reading, has_many_channels, read
from footfall._capacity.service_recovery import PAUSES_S, PROBE_PER_S, PROBE_SHARE, PROBE_VISITS
from footfall._capacity.step_evidence import EXPLORE, OVERLOAD, PROBE, RECOVERY, Evidence, under_way
from footfall._capacity.step_figures import UNLOADED

FULL_S = 240.0
"""Budget for which the lengths below are meant; with less they are shorter, down to a third."""
START_PER_S = 4.0
FACTOR = 3.0
EXPLORE_S = 2.5
UNLOADED_S, STRUCTURE_S, CONFIRM_S, BISECT_S = 20.0, 14.0, (18.0, 55.0), 20.0
OVERLOAD_S, RECOVERY_S = 12.0, 15.0
RECOVERY_S_LEAST = 3.0
UNLOADED_SHARE, STRUCTURE_SHARE, OVERLOAD_SHARE, RECOVERY_SHARE = 0.2, 0.7, 1.3, 0.65
CONFIRM_SHARES = (0.95, 1.05)
CONFIRM_MOST, BISECT_MOST, STRUCTURE_MOST = 4, 6, 4
PROBE_S, PROBE_DRAIN_S = (2.0, 10.0), 2.0
END_SHARE = 0.02
"""Of the budget, for what is worked out after the last step."""
DRAIN_S = 6.0
NARROW_SHARE = 0.05
_RATE_MOST_PER_S = 200_000.0
_INVALID_MOST = 4
_STEPS_MOST = 60
_SAME = 0.01
_LOOKS = 2
_HIGHER = 2.2
_PLAYED_WHOLE = (OVERLOAD, PROBE, RECOVERY)
"""What becomes of the service is seen from what comes after its failures."""
_DOWN_MOST = 3
"""The service has fallen behind at a rate when it did so twice: the machine may have stopped once."""
_AS_GOOD = (0.75, 1.3)
"""A step this near to a rate teaches what one at that rate would."""
_CLOSE = 1.08
"""Rates that enclose the knee so closely are not divided further."""
_SERVED_LEAST = 0.9
_SLOWER = 5.0
_INSIDE_TIMES, _INSIDE_MORE = 3.0, 6.0
_Z = 2.0
_OF_THROUGHPUT = 0.8
_SHORTER = 0.6
"""A step may be so much shorter than wished, at the end of the budget."""


def next_step(played: Sequence[PlayedStep], asked: CapacityAsked, spent_s: float) -> PlannedStep | None:
    """Give the next load step; None: the search has ended, or the budget has.

    `spent_s` is the wall time since the search began.
    """
    left_s = asked.budget_s * (1 - END_SHARE) - spent_s
    if len(played) >= _STEPS_MOST:
        return None
    plan = _Plan(read(played, asked, is_over=False), asked, left_s)
    step = plan.next()
    if step is None or step.pause_s + step.length_s + BETWEEN_S > left_s:
        return None
    return step


class _Plan:
    """The rules of the search, over what was played."""

    def __init__(self, reading: Reading, asked: CapacityAsked, left_s: float) -> None:
        self.reading = reading
        self.asked = asked
        self.left_s = left_s
        self.scale = min(max(asked.budget_s / FULL_S, 1 / 3), 1.0)
        self.most_per_s = min(asked.most_per_s or inf, _RATE_MOST_PER_S)
        self.is_many = has_many_channels(reading.steps)

    def next(self) -> PlannedStep | None:
        if self._gave_up():
            return None
        return self._recovery() or self._probed(self._further())

    def _further(self) -> PlannedStep | None:
        return (
            self._explore()
            or self._unloaded()
            or self._structure()
            or self._confirm()
            or (self._enclose() if self.is_many else self._bisect())
            or self._overload()
            or self._narrow()
        )

    # ── The rules, in their order

    def _probed(self, step: PlannedStep | None) -> PlannedStep | None:
        """Before a step, see whether the service is back, where the last one was too much for it."""
        state = self.reading.state
        if not state.in_doubt or (step is None and state.probes):
            return step
        good, bad = self._looks()
        rate = min(PROBE_PER_S, PROBE_SHARE * (good or min(bad, default=inf)))
        length_s = min(max(PROBE_VISITS / rate, PROBE_S[0]), PROBE_S[1])
        return replace(
            self._step(PROBE, rate, length_s, drain_s=PROBE_DRAIN_S, scaled=False),
            pause_s=PAUSES_S[state.probes],
        )

    def _explore(self) -> PlannedStep | None:
        """Go up until the service falls behind twice at a rate, or the generator does."""
        if any(one.step.planned.purpose not in {EXPLORE, PROBE} for one in self.reading.evidence):
            return None
        good, bad = self._looks()
        refused = self._generator_bound_from()
        if bad:
            lowest = min(bad)
            if bad[lowest] < _LOOKS:
                return self._step(EXPLORE, lowest, EXPLORE_S)
            is_lower = not good and len(bad) < _DOWN_MOST
            return self._step(EXPLORE, lowest / FACTOR, EXPLORE_S) if is_lower else None
        start = self.asked.start_per_s or START_PER_S
        following = good * FACTOR if good else start
        if refused < inf:
            following = sqrt(max(good, start) * refused)
            if refused < max(good, start) * 1.5:
                return None
        if good >= self.most_per_s * 0.999:
            return None
        return self._step(EXPLORE, min(following, self.most_per_s), EXPLORE_S)

    def _unloaded(self) -> PlannedStep | None:
        """Measure the unloaded service, for relative limits, over 20 s, so that a stall would show."""
        if self._played(UNLOADED):
            return None
        return self._step(UNLOADED, max(UNLOADED_SHARE * self._rough(), 0.2), UNLOADED_S)

    def _structure(self) -> PlannedStep | None:
        """Load the service enough that requests wait, and learn what limits it."""
        if self.is_many:
            return None
        played = self._played(STRUCTURE)
        knee = self.reading.knee
        target = STRUCTURE_SHARE * (knee.value if knee else self._rough())
        if knee is None and played:
            # Nothing limits it yet: higher, unless the generator or the user forbids it.
            target = max(one.rate for one in played) * _HIGHER
        target = min(target, self.most_per_s, self._generator_bound_from() * 0.8)
        near = [one for one in played if _AS_GOOD[0] <= one.rate / target <= _AS_GOOD[1]]
        if near or len(played) >= STRUCTURE_MOST:
            return None
        return self._step(STRUCTURE, target, STRUCTURE_S)

    def _confirm(self) -> PlannedStep | None:
        """Play long steps below and above the knee of the learned stations, in random order."""
        knee = self.reading.knee
        played = self._played(CONFIRM)
        if knee is None or not self.reading.fits or len(played) >= CONFIRM_MOST:
            return None
        shares = [
            share
            for share in CONFIRM_SHARES
            if not any(_near(one.rate, share * knee.value) for one in played)
        ]
        rates = [share * knee.value for share in shares]
        rates = [rate for rate in rates if rate < min(self.most_per_s, self._generator_bound_from())]
        if not rates:
            return None
        least, most = (self.scale * length for length in CONFIRM_S)
        length = (self.left_s - self._reserve_s()) / len(rates) - BETWEEN_S - DRAIN_S / 2
        if length < least:
            return None
        rate = rates[Random(self.asked.seed * 1000 + len(played)).randrange(len(rates))]
        return self._step(CONFIRM, rate, min(length, most), scaled=False)

    def _bisect(self) -> PlannedStep | None:
        """Enclose the knee by steps where no learned station explains them."""
        played = self._played(BISECT)
        if self.reading.fits or len(played) >= BISECT_MOST:
            return None
        length = self.scale * BISECT_S
        if self.left_s - self._reserve_s() < length + BETWEEN_S:
            return None
        telling = [
            one
            for one in self.reading.valid
            if one.excess_sd < inf and (one.step.length_s >= 8 * self.scale or one.step.stopped_early)
        ]
        telling = [one for one in telling if one.step.planned.purpose not in {OVERLOAD, RECOVERY}]
        held = max((one.rate for one in telling if one.excess <= 0 and not one.grows), default=None)
        broken = min((one.rate for one in telling if one.excess > 0 or one.grows), default=None)
        if held is None and broken is None:
            return None
        if held is None:
            rate = (broken or 0) / 1.3
        elif broken is None:
            rate = min(held * 1.3, self.most_per_s)
        elif broken / held < _CLOSE:
            return None
        else:
            rate = sqrt(held * broken)
        if rate >= self._generator_bound_from() or any(_near(one.rate, rate, 0.01) for one in played):
            return None
        return self._step(BISECT, rate, length, scaled=False)

    def _enclose(self) -> PlannedStep | None:
        """Enclose the knee by steps alone, where learning the stations of many channels takes long."""
        left_s = self.left_s - BETWEEN_S - DRAIN_S - (0.0 if self._played(OVERLOAD) else self._reserve_s())
        most = min(self.most_per_s, self._generator_bound_from() * 0.98)
        found = enclosing_step(self.reading, self._between_looks(), most, self.scale)
        if found is None:
            return None
        rate, length_s = found
        if left_s < length_s * _SHORTER:
            return None
        return self._step(BISECT, rate, min(length_s, left_s), scaled=False)

    def _overload(self) -> PlannedStep | None:
        """Offer more than the service can do, for its limits and its goodput beyond."""
        knee = self.reading.knee
        if knee is None or self._played(OVERLOAD):
            return None
        most = self.reading.model.rate_most_per_s() if self.reading.model else inf
        # Of many channels others are to show their limits, too.
        rate = OVERLOAD_SHARE * max(knee.value, min(most, (1.6 if self.is_many else 2.5) * knee.value))
        rate = min(rate, self.most_per_s, self._generator_bound_from() * 0.9)
        if rate < knee.value * 1.05:
            return None
        # The load that comes next must meet what this one has left.
        return self._step(OVERLOAD, rate, OVERLOAD_S, drain_s=0.2)

    def _recovery(self) -> PlannedStep | None:
        """Go back to a load that held before, straight after the overload."""
        if not self.reading.evidence or self.reading.evidence[-1].spoiled:
            return None
        last = self.reading.evidence[-1].step
        knee = self.reading.knee
        if knee is None or last.planned.purpose != OVERLOAD or last.invalid_reason:
            return None
        rate = RECOVERY_SHARE * knee.value
        needed_s = 1.6 * recovery_s(self.reading, last, rate) + 4.0
        length = min(max(needed_s, RECOVERY_S * self.scale), 2.0 * RECOVERY_S, self.left_s - BETWEEN_S)
        return self._step(RECOVERY, rate, length, scaled=False) if length >= RECOVERY_S_LEAST else None

    def _narrow(self) -> PlannedStep | None:
        """Use what is left of the budget where the interval is still wide."""
        knee = self.reading.knee
        if knee is None or not self.reading.fits or knee.half_width_share <= NARROW_SHARE:
            return None
        if len(self._played(CONFIRM)) >= CONFIRM_MOST or not self._played(CONFIRM):
            return None
        length = min(self.left_s - BETWEEN_S - DRAIN_S, CONFIRM_S[1])
        return self._step(CONFIRM, knee.value, length, scaled=False) if length >= CONFIRM_S[0] else None

    # ── What the rules ask

    def _played(self, purpose: str) -> list[Evidence]:
        return [one for one in self.reading.valid if one.step.planned.purpose == purpose]

    def _gave_up(self) -> bool:
        """Whether nothing held at any rate, or the last steps were all invalid: what disturbs them stays."""
        last = self.reading.evidence[-(_INVALID_MOST + 1) :]
        good, bad = self._looks()
        if not good and len(bad) >= _DOWN_MOST and min(bad.values()) >= _LOOKS:
            return True
        if self.reading.state.stays_down:
            return True
        return len(last) > _INVALID_MOST and all(one.step.invalid_reason for one in last)

    def _generator_bound_from(self) -> float:
        """Give the lowest rate at which the generator was the limit, above all valid ones; inf: at none.

        Once may be chance, and so may twice at a rate at which it has kept up once: the machine was busy.
        """
        valid = [one.step.planned.offered_per_s for one in self.reading.valid]
        bound = [one.step.planned.offered_per_s for one in self.reading.evidence if one.step.invalid_reason]
        for rate in sorted(bound):
            times = sum(abs(other / rate - 1) < _SAME for other in bound)
            kept_up = sum(other >= rate * (1 - _SAME) for other in valid)
            if times > max(1, 2 * kept_up):
                return rate
        return inf

    def _rough(self) -> float:
        """Estimate the capacity from the first looks: goodput where it fell behind, or the highest rate."""
        good, bad = self._looks()
        if self.reading.knee is not None:
            return max(self.reading.knee.value, 0.5 * good)
        if not bad:
            return good or self.asked.start_per_s or START_PER_S
        looks = [one for one in self.reading.valid if one.step.planned.offered_per_s in bad]
        through = max(_throughput(one) for one in looks)
        return min(max(0.85 * through, good), *bad)

    def _between_looks(self) -> float:
        """Estimate a rate near the capacity: looks pass far above it, but show how much is served."""
        through = max((_throughput(one) for one in self.reading.valid), default=0.0)
        return _OF_THROUGHPUT * through or STRUCTURE_SHARE * self._rough()

    def _looks(self) -> tuple[float, dict[float, int]]:
        """Give the highest rate that the service kept up with, and how often it fell behind at each other.

        What it kept up with once it can: one look of two may meet a machine that has stopped.
        """
        looks = self.reading.valid
        behind: dict[float, int] = {}
        good = 0.0
        for one in looks:
            if _fell_behind(one, looks):
                rate = one.step.planned.offered_per_s
                behind[rate] = behind.get(rate, 0) + 1
            else:
                good = max(good, one.step.planned.offered_per_s)
        return good, {rate: times for rate, times in behind.items() if rate > good}

    def _reserve_s(self) -> float:
        """Wall time that what comes last will take."""
        return self.scale * (OVERLOAD_S + RECOVERY_S) + 2 * BETWEEN_S + DRAIN_S

    def _step(
        self, purpose: str, rate: float, length_s: float, *, drain_s: float = DRAIN_S, scaled: bool = True
    ) -> PlannedStep:
        length_s *= self.scale if scaled else 1.0
        behind_s = 1.2
        if purpose == EXPLORE:
            length_s = max(length_s, min(8 / rate, 8.0))
            behind_s += 1.5 * stay_s(self.reading) if self.is_many else 0.0
        return PlannedStep(
            number=len(self.reading.evidence) + 1,
            offered_per_s=rate,
            length_s=round(length_s, 3),
            purpose=purpose,
            under_way_most=max(24, round(behind_s * rate))
            if purpose == EXPLORE
            else max(200, round(8 * rate)),
            failed_in_a_row_most=None if purpose in _PLAYED_WHOLE else max(50, round(0.7 * rate)),
            drain_s=drain_s,
        )


def _near(rate: float, target: float, within: float = 0.035) -> bool:
    return abs(rate / target - 1) < within


def _throughput(one: Evidence) -> float:
    visits = one.step.visits
    in_time = visits.is_success & (visits.due_s + visits.response_s <= one.step.length_s)
    return float(in_time.sum()) / one.step.length_s


def _fell_behind(one: Evidence, looks: Sequence[Evidence]) -> bool:
    """Whether a quick look shows a service that does not keep up: failures, a backlog, or slow answers."""
    visits = one.step.visits
    if one.step.stopped_early or not visits.visits:
        return True
    # A few visits of a service that serves nearly so many say nothing yet.
    least = _SERVED_LEAST - _Z * sqrt(_SERVED_LEAST * (1 - _SERVED_LEAST) / visits.visits)
    if float(visits.is_success.mean()) < (least if has_many_channels([one.step]) else _SERVED_LEAST):
        return True
    first = min(looks, key=lambda look: look.rate)
    unloaded_s = _median(first)
    expected = one.rate * unloaded_s
    inside = under_way(visits, np.array([one.step.length_s]))[0]
    if min(inside, one.step.under_way_at_end) > _INSIDE_TIMES * expected + _INSIDE_MORE:
        return True
    is_far_beyond = one.excess > 1.0 and (one.excess_sd < inf or not has_many_channels([one.step]))
    return (is_far_beyond and one is not first) or _median(one) > _SLOWER * unloaded_s


def _median(one: Evidence) -> float:
    return float(np.median(one.step.visits.response_s)) if one.step.visits.visits else inf
