"""The likelihood of supposed kinds of station: one queue before c slots, shared cores, separate queues."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from footfall._calibrate.law_fit import (
    QUICK,
    BinnedTimes,
    DelayPrior,
    FittedLaws,
    WorkTimes,
    fit_laws,
    request_log_likelihood,
)
from footfall._calibrate.observed import Observed, ObservedRun
from footfall._calibrate.queue_orders import SLOTS_MOST, distinct_slots, shared_work, slot_free_from
from footfall._calibrate.request_log import Floats, Integers
from footfall._calibrate.service_laws import FAMILIES
from footfall._calibrate.station_parameters import LawFamily

VOTE_MOST = 25.0
"""A block of 5 s counts against a station by this many log units at most: so one stop of the machine
does not decide."""
ROUGH, NEAR = 60.0, 20.0
MOST_CLOSE = 4
_PASSES = 3
_REFUSALS_LEAST = 10
_DELAY_SETTLED = 0.1
AGREES = 6.0
"""A block agrees with a station that is so many log units below its own best at most."""

_Value = TypeVar("_Value", bound=np.generic)
Discipline: TypeAlias = Literal["slots", "sharing", "round_robin", "random", "shortest"]


@dataclass(frozen=True, slots=True, order=True)
class Supposed:
    """A supposed kind of station: its number of slots, shared cores or queues of one slot each."""

    discipline: Discipline
    number: int


@dataclass(frozen=True, eq=False)
class Explained:
    """The logs as one supposed station explains them."""

    supposed: Supposed
    fitted: FittedLaws
    work: WorkTimes
    binned: BinnedTimes
    log_likelihood: Floats
    """By request."""


@dataclass(eq=False)
class StationProfile:
    """Likelihoods of the stations that were looked at, all over the same requests."""

    observed: Observed
    prior: DelayPrior
    explained: dict[Supposed, Explained] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Work out once what all supposed stations need."""
        runs = self.observed.runs
        most = min(self.observed.most_inside + 1, SLOTS_MOST)
        self._used = [
            shown | cut for shown, cut in zip(self.observed.has_worked, self.observed.cut, strict=True)
        ]
        self._free_from = [
            slot_free_from(run.ended_s[run.admitted], most)[used[run.admitted]]
            for run, used in zip(runs, self._used, strict=True)
        ]
        self.sent_s = self._all([run.sent_s for run in runs])
        self.response_s = self._all([run.ended_s - run.sent_s for run in runs])
        self.kind: Integers = self._all([run.log.kind for run in runs])
        self.block: Integers = self._all([run.block for run in runs])
        self.run: Integers = self._all(
            [np.full(run.log.requests, number, np.int64) for number, run in enumerate(runs)]
        )
        self.inside: Floats = self._all([_inside(run) for run in runs])
        self.is_cut = np.concatenate(
            [cut[used] for cut, used in zip(self.observed.cut, self._used, strict=True)]
        )
        self.most = most

    def look_at(
        self, supposed: Supposed, families: Sequence[LawFamily] = QUICK, *, closely: bool = False
    ) -> Explained:
        """Fit the laws under a supposed station; closely: with the delay found as exactly as it can be."""
        before = self.explained.get(supposed)
        delay_s = before.fitted.delay_s if before else self.prior.seen_s or 0.0
        for _ in range(_PASSES if closely else 1):
            work = self.work(supposed, delay_s)
            binned = BinnedTimes(work, len(self.observed.kinds))
            fitted = fit_laws(binned, self.prior, families, effort="close" if closely else "rough")
            settled = abs(fitted.delay_s - delay_s) < _DELAY_SETTLED * self.prior.scale_s
            delay_s = fitted.delay_s
            if settled:
                break
        value = request_log_likelihood(work, fitted, binned.scales_s)
        found = Explained(supposed, fitted, work, binned, value)
        self.explained[supposed] = found
        return found

    def work(self, supposed: Supposed, delay_s: float) -> WorkTimes:
        """Times of work under a supposed station, given about how long the delay on the way is."""
        if supposed.discipline == "sharing":
            return self._shared(supposed.number, delay_s)
        return self._one_queue(supposed.number, delay_s)

    def block_table(self) -> Floats:
        """Log likelihood of each station looked at (rows) in each block (columns)."""
        count = int(self.block.max()) + 1
        table: Floats = np.array(
            [np.bincount(self.block, one.log_likelihood, count) for one in self.explained.values()],
            np.float64,
        )
        return table

    def votes(self) -> dict[Supposed, float]:
        """Bounded log likelihood of each station looked at, the best at 0.

        Each block counts by how far it is below its own best, by at most 25.
        """
        table = self.block_table()
        below = np.maximum(table - table.max(axis=0), -VOTE_MOST).sum(axis=1)
        return dict(zip(self.explained, (below - below.max()).tolist(), strict=True))

    def _all(self, parts: Sequence[NDArray[_Value]]) -> NDArray[_Value]:
        return np.concatenate([part[used] for part, used in zip(parts, self._used, strict=True)])

    def _one_queue(self, slots: int, delay_s: float) -> WorkTimes:
        free_from = np.concatenate([table[:, slots - 1] for table in self._free_from])
        waits = free_from > self.sent_s + delay_s
        times_s = np.where(waits, self.response_s + self.sent_s - free_from, self.response_s)
        return WorkTimes(times_s, ~waits, self.kind, self.is_cut, np.zeros(len(times_s)))

    def _shared(self, cores: int, delay_s: float) -> WorkTimes:
        work, rate = [], []
        for run, used in zip(self.observed.runs, self._used, strict=True):
            inside = run.admitted
            # The delay holds no core: what is inside leaves so much earlier.
            ended_s = np.maximum(run.ended_s[inside] - delay_s, run.sent_s[inside])
            times_s, rates = shared_work(run.sent_s[inside], ended_s, cores)
            work.append(times_s[used[inside]])
            rate.append(rates[used[inside]])
        times = np.where(self.response_s > delay_s, np.concatenate(work) + delay_s, self.response_s)
        return WorkTimes(
            times, np.ones(len(times), bool), self.kind, self.is_cut, np.log(np.concatenate(rate))
        )


def profile_station(observed: Observed) -> StationProfile:
    """Look at all numbers of slots and shared cores that the logs could show, closely near the best."""
    profile = StationProfile(observed, delay_prior(observed))
    for slots in distinct_slots(observed.most_inside, profile.most):
        profile.look_at(Supposed("slots", slots))
    for cores in distinct_slots(observed.most_inside - 1, profile.most):
        profile.look_at(Supposed("sharing", cores))
    # A rough look loses some units: those near the best closely, and the neighbours that were left out.
    looked: set[Supposed] = set()
    while True:
        votes = profile.votes()
        near = [one for one in votes if votes[one] > -ROUGH and one not in looked]
        near += [one for one in _neighbours(profile, votes) if one not in looked]
        if not near:
            break
        for supposed in near:
            profile.look_at(supposed, closely=True)
            looked.add(supposed)
    votes = profile.votes()
    for supposed in sorted(votes, key=lambda one: -votes[one])[:MOST_CLOSE]:
        if votes[supposed] > -NEAR:
            profile.look_at(supposed, FAMILIES, closely=True)
    return profile


def delay_prior(observed: Observed) -> DelayPrior:
    """What is known of the delay on the way: no response is shorter, and a refusal shows it alone."""
    responses = np.concatenate(
        [run.log.response_s[shown] for run, shown in zip(observed.runs, observed.has_worked, strict=True)]
    )
    usual = float(np.median(responses)) if len(responses) else 0.1
    most_s = float(np.quantile(responses, 0.005)) if len(responses) else 0.0
    refusals = np.concatenate([run.log.response_s[run.failures.refused] for run in observed.runs])
    scale_s = 0.01 * usual + 0.0015
    if len(refusals) < _REFUSALS_LEAST:
        return DelayPrior(max(most_s, 0.0), scale_s)
    seen_s = float(np.median(refusals))
    return DelayPrior(max(most_s, 1.2 * seen_s), scale_s, seen_s, seen_error_s=max(0.25 * seen_s, 0.0003))


def _inside(run: ObservedRun) -> Floats:
    """Admitted requests inside when each request was sent."""
    came = np.concatenate(([0], run.admitted.cumsum()[:-1]))
    gone = np.searchsorted(np.sort(run.ended_s[run.admitted]), run.sent_s, side="right")
    inside: Floats = np.maximum(came - gone, 0).astype(np.float64)
    return inside


def _neighbours(profile: StationProfile, votes: Mapping[Supposed, float]) -> list[Supposed]:
    """Numbers next to the best of each discipline, where that is near the best of all."""
    found = []
    disciplines: tuple[Discipline, ...] = ("slots", "sharing")
    for discipline in disciplines:
        own = {one.number: value for one, value in votes.items() if one.discipline == discipline}
        best = max(own, key=lambda number: own[number])
        if own[best] > -ROUGH:
            found += [
                Supposed(discipline, number)
                for number in (best - 1, best, best + 1)
                if 1 <= number <= profile.most
            ]
    return found
