"""The likelihood of supposed kinds of station: one queue before c slots, shared cores, separate queues."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from footfall._calibrate.law_fit import (
    QUICK,
    DelayPrior,
    DelaySearch,
    FittedLaws,
    fit_laws,
    request_log_likelihood,
)
from footfall._calibrate.observed import Observed, ObservedRun
from footfall._calibrate.queue_orders import (
    SLOTS_MOST,
    distinct_slots,
    shared_work,
    slot_begins,
    slot_free_from,
)
from footfall._calibrate.request_log import Floats, Integers
from footfall._calibrate.service_laws import FAMILIES
from footfall._calibrate.station_parameters import LawFamily
from footfall._calibrate.work_times import BinnedTimes, WorkTimes
from footfall._calibrate.worker_queues import REQUESTS_MOST, Dispatch, QueuedRun, fit_queues, round_of

VOTE_MOST = 25.0
"""A block of 5 s counts against a station by this many log units at most: so one stop of the machine
does not decide."""
ROUGH, NEAR = 60.0, 20.0
MOST_CLOSE = 4
QUEUES_MOST, QUEUED_MOST = 24, 5
"""Separate queues that are looked for, and requests inside for each while it is clear who went where."""
DISPATCHES: tuple[Dispatch, ...] = ("round_robin", "random", "shortest")
CLIMB_MOST = 16
_PASSES = 3
_WORK_LEAST, _WORK_LEAST_S = 0.05, 0.0005
_AGREEING_LEAST, _DEPENDENT = 0.5, 0.08
_CLOCK_S, _CLOCK_SHARE, _CLOCK_SHARE_MOST = 0.003, 0.03, 0.15
"""Delays of requests vary by 3 ms or 3 % of their work, whatever is more, but not by 15 % of it."""
_DELAY_OF_CONSTANT = 3.0
_MANY = 50
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
    slots: int = 0
    """Of shared cores: requests in work at once, the others wait; 0: all are in work."""


@dataclass(frozen=True, eq=False)
class Explained:
    """The logs as one supposed station explains them."""

    supposed: Supposed
    fitted: FittedLaws
    work: WorkTimes
    binned: BinnedTimes
    log_likelihood: Floats
    """By request."""
    rows: Integers | None = None
    """Requests that the work times are of, by their row among all; None: all."""

    def of_its_rows(self, values: NDArray[_Value]) -> NDArray[_Value]:
        """Those of the values of all requests that belong to its work times."""
        return values if self.rows is None else values[self.rows]


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
        self._free_from = [slot_free_from(run.ended_s[run.admitted], most) for run in runs]
        self._used_admitted = [used[run.admitted] for run, used in zip(runs, self._used, strict=True)]
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
            choices = [tuple(families)] * len(self.observed.kinds)
            search = DelaySearch(0.0, self.prior.most_s, levels=3 if closely else 2)
            fitted = fit_laws(binned, self.prior, search, choices)
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
            return self._shared(supposed, delay_s)
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

    def best(self) -> Supposed:
        """The station with the most votes."""
        votes = self.votes()
        return max(votes, key=lambda one: votes[one])

    def queued_runs(self, delay_s: float, most_inside: int) -> list[QueuedRun]:
        """The first admitted requests of each run, as separate queues take them, until many are inside."""
        found = []
        for run, used in zip(self.observed.runs, self._used_admitted, strict=True):
            crowded = np.flatnonzero(_inside(run)[run.admitted] > most_inside)
            first = slice(0, min(REQUESTS_MOST, int(crowded[0]) if len(crowded) else REQUESTS_MOST))
            sent_s = run.sent_s[run.admitted][first]
            ended_s = np.maximum(run.ended_s[run.admitted][first] - delay_s, sent_s)
            found.append(QueuedRun(sent_s, ended_s, run.log.kind[run.admitted][first], used[first]))
        return found

    def rows_of(self, firsts: Sequence[int]) -> Integers:
        """Rows, among all used requests, of those among the first admitted ones of each run."""
        rows, before = [], 0
        for used, first in zip(self._used_admitted, firsts, strict=True):
            rows.append(before + np.arange(int(used[:first].sum())))
            before += int(used.sum())
        return np.concatenate(rows)

    def _all(self, parts: Sequence[NDArray[_Value]]) -> NDArray[_Value]:
        return np.concatenate([part[used] for part, used in zip(parts, self._used, strict=True)])

    def _one_queue(self, slots: int, delay_s: float) -> WorkTimes:
        begins = [
            slot_begins(run.sent_s[run.admitted], run.ended_s[run.admitted], table, slots)[used]
            for run, table, used in zip(self.observed.runs, self._free_from, self._used_admitted, strict=True)
        ]
        free_from = np.concatenate(begins)
        waits = free_from > self.sent_s + delay_s
        times_s = np.where(waits, self.response_s + self.sent_s - free_from, self.response_s)
        return WorkTimes(times_s, ~waits, self.kind, self.is_cut, np.zeros(len(times_s)))

    def _shared(self, supposed: Supposed, delay_s: float) -> WorkTimes:
        work, rate = [], []
        for run, used, free_from in zip(
            self.observed.runs, self._used_admitted, self._free_from, strict=True
        ):
            begins_s = run.sent_s[run.admitted]
            # The delay holds no core: what is inside leaves so much earlier.
            ended_s = run.ended_s[run.admitted] - delay_s
            if supposed.slots:
                begins_s = np.maximum(begins_s, free_from[:, supposed.slots - 1] - delay_s)
            times_s, rates = shared_work(begins_s, np.maximum(ended_s, begins_s), supposed.number)
            work.append(times_s[used])
            rate.append(rates[used])
        times = np.where(self.response_s > delay_s, np.concatenate(work) + delay_s, self.response_s)
        return WorkTimes(
            times, np.ones(len(times), bool), self.kind, self.is_cut, np.log(np.concatenate(rate))
        )


def profile_station(observed: Observed, seed: int = 1) -> StationProfile:
    """Look at the kinds of station that the logs could show; without runs that none of them explains."""
    profile = _profiled(observed, seed)
    while misfits(profile, profile.explained[profile.best()]):
        lighter = observed.without_heaviest()
        if lighter is None:
            break
        observed = lighter
        profile = _profiled(observed, seed)
    return profile


def _profiled(observed: Observed, seed: int) -> StationProfile:
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
        ordered = sorted(votes, key=lambda one: -votes[one])
        near = [one for one in ordered[:MOST_CLOSE] if one not in looked]
        near += [one for one in ordered[MOST_CLOSE:] if votes[one] > -ROUGH and one not in looked]
        near += [one for one in _neighbours(profile, votes) if one not in looked]
        if not near:
            break
        for supposed in near:
            profile.look_at(supposed, closely=True)
            looked.add(supposed)
    _climb(profile)
    best = profile.best()
    if best.discipline == "sharing" or misfits(profile, profile.explained[best]):
        _look_at_slots(profile)
    best = profile.best()
    # Shared cores imitate separate queues well enough to hide them.
    votes = profile.votes()
    one_queue = max(votes[one] for one in votes if one.discipline == "slots")
    if one_queue < -AGREES and (best.discipline == "sharing" or misfits(profile, profile.explained[best])):
        _look_at_queues(profile, seed)
    return profile


def _climb(profile: StationProfile) -> None:
    """Look with all families at the best and its neighbours, until none of those is better."""
    tried: set[Supposed] = set()
    families: Sequence[LawFamily] = FAMILIES
    while len(tried) < CLIMB_MOST:
        best = profile.best()
        votes = profile.votes()
        # A rival of another kind that is as good, and two steps to each side: with the wrong family
        # a number of slots may be off by more than one.
        rivals = [one for one in votes if one.discipline != best.discipline and votes[one] > -NEAR]
        steps = [Supposed(best.discipline, best.number + step) for step in (0, -1, 1, -2, 2)]
        todo = [one for one in steps + rivals[:2] if one not in tried and 1 <= one.number <= profile.most]
        if not todo:
            return
        for supposed in todo:
            looked = profile.look_at(supposed, families, closely=True)
            tried.add(supposed)
            # Families that are far from the best law of each kind need no second look.
            families = (
                [one for one in FAMILIES if looked.fitted.is_likely(one)] if len(tried) == 1 else families
            )


def _look_at_slots(profile: StationProfile) -> None:
    """With shared cores: how many requests may be in work at once, the others waiting in order."""
    votes = profile.votes()
    shared = [one for one in votes if one.discipline == "sharing"]
    if not shared:
        return
    cores = max(shared, key=lambda one: votes[one]).number
    most = min(profile.observed.most_inside, profile.most)
    numbers = [number for number in distinct_slots(most, profile.most) if cores < number < most]
    for slots in numbers[::2]:
        profile.look_at(Supposed("sharing", cores, slots))
    close: set[Supposed] = set()
    while (best := profile.best()).slots:
        steps = [Supposed("sharing", cores, best.slots + step) for step in (0, -2, -1, 1, 2)]
        todo = [one for one in steps if cores < one.slots < most and one not in close]
        if not todo:
            break
        for supposed in todo:
            profile.look_at(supposed, closely=True)
            close.add(supposed)
    if best.slots:
        profile.look_at(best, FAMILIES, closely=True)


def _look_at_queues(profile: StationProfile, seed: int) -> None:
    """Separate queues of one slot each: as many as the slots or cores that fit best, and their neighbours."""
    first = profile.explained[profile.best()]
    middle = first.supposed.number
    if middle > QUEUES_MOST:
        return
    # Where many are inside the order of the departures says most about a round.
    queues = round_of(profile.queued_runs(0.0, REQUESTS_MOST), QUEUES_MOST)
    for dispatch in DISPATCHES:
        at = queues if dispatch == "round_robin" else max(middle, 2)
        _add_queues(profile, first, Supposed(dispatch, at), seed)
    # With the wrong number none of them may be better yet: the best of the three counts.
    votes = profile.votes()
    likely = max((one for one in votes if one.discipline in DISPATCHES), key=lambda one: votes[one])
    for step in (-1, 1):
        if 1 < likely.number + step <= QUEUES_MOST:
            _add_queues(profile, first, Supposed(likely.discipline, likely.number + step), seed)
    while (best := profile.best()).discipline in DISPATCHES:
        steps = [Supposed(best.discipline, best.number + step) for step in (-1, 1)]
        todo = [one for one in steps if 1 < one.number <= QUEUES_MOST and one not in profile.explained]
        if not todo:
            return
        for supposed in todo:
            _add_queues(profile, first, supposed, seed)


def _add_queues(profile: StationProfile, first: Explained, supposed: Supposed, seed: int) -> None:
    """Look at separate queues over the first requests of each run; the others count as with `first`."""
    # With the wrong kind of station the delay is not to be trusted: not a long one at least.
    delay_s = profile.prior.seen_s or min(first.fitted.delay_s, profile.prior.scale_s)
    runs = profile.queued_runs(delay_s, QUEUED_MOST * first.supposed.number)
    dispatch = next(one for one in DISPATCHES if one == supposed.discipline)
    found = fit_queues(runs, supposed.number, dispatch, first.fitted, seed)
    rows = profile.rows_of([len(run.sent_s) for run in runs])
    value = first.log_likelihood.copy()
    value[rows] = np.concatenate(
        [one[run.shows_work] for one, run in zip(found.log_likelihood, runs, strict=True)]
    )
    fitted = replace(found.fitted, delay_s=delay_s)
    profile.explained[supposed] = Explained(supposed, fitted, found.work, found.binned, value, rows)


def delay_prior(observed: Observed) -> DelayPrior:
    """What is known of the delay on the way: no response is shorter, and a refusal shows it alone."""
    responses = np.concatenate(
        [run.log.response_s[shown] for run, shown in zip(observed.runs, observed.has_worked, strict=True)]
    )
    usual = float(np.median(responses)) if len(responses) else 0.1
    # Of the usual response a part at least is work: else all of a constant one might be the way.
    most_s = float(np.quantile(responses, 0.005)) if len(responses) else 0.0
    most_s = min(most_s, usual - max(_WORK_LEAST * usual, _WORK_LEAST_S))
    refusals = np.concatenate([run.log.response_s[run.failures.refused] for run in observed.runs])
    scale_s = 0.01 * usual + 0.0015
    if len(responses) and _is_nearly_constant(responses):
        # How such times vary is the way's doing: their form says nothing about how long that is.
        most_s = min(most_s, _DELAY_OF_CONSTANT * scale_s)
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


# ── Signs that the supposed station is not the right one


def misfits(profile: StationProfile, explained: Explained) -> bool:
    """Whether a station explains the logs so badly that another kind is worth a look."""
    return agreeing_share(profile, explained) < _AGREEING_LEAST or (
        not _varies_as_clocks_do(explained)
        and (
            abs(autocorrelation(profile, explained)) > _DEPENDENT
            or abs(work_trend(profile, explained)) > _DEPENDENT
        )
    )


def _varies_as_clocks_do(explained: Explained) -> bool:
    """Whether the work hardly varies: what it depends on then is what delays on the way depend on."""
    own_s = _own_s(explained)
    for kind in np.unique(explained.work.kind):
        if not _is_nearly_constant(own_s[explained.work.kind == kind]):
            return False
    return True


def _is_nearly_constant(times_s: Floats) -> bool:
    """Whether times vary no more than delays on the way do."""
    low, middle, high = np.quantile(times_s, (0.25, 0.5, 0.75))
    clock_s = max(_CLOCK_SHARE * middle, min(_CLOCK_S, _CLOCK_SHARE_MOST * middle))
    return bool(high - low <= clock_s)


def agreeing_share(profile: StationProfile, explained: Explained) -> float:
    """Share of the blocks in which no other station looked at is better by more than `AGREES`."""
    table = profile.block_table()
    own = np.bincount(profile.block, explained.log_likelihood, table.shape[1])
    used = np.unique(profile.block)
    return float(np.mean((table.max(axis=0) - own)[used] <= AGREES))


def autocorrelation(profile: StationProfile, explained: Explained) -> float:
    """Correlation of the work of one request with that of the next."""
    score, run = _work_scores(explained), explained.of_its_rows(profile.run)
    same = run[1:] == run[:-1]
    before, after = score[:-1][same], score[1:][same]
    if len(before) < _MANY or before.std() == 0 or after.std() == 0:
        return 0.0
    return float(np.corrcoef(before, after)[0, 1])


def work_trend(profile: StationProfile, explained: Explained) -> float:
    """Rank correlation of the work with the requests inside at its arrival (Spearman 1904)."""
    score, inside = _work_scores(explained), explained.of_its_rows(profile.inside)
    if len(score) < _MANY or np.all(inside == inside[0]) or np.all(score == score[0]):
        return 0.0
    return float(stats.spearmanr(score, inside).statistic)


def _work_scores(explained: Explained) -> Floats:
    """Service times as ranks within their kind, -1 to 1: independent if the station is right."""
    own_s = _own_s(explained)
    score = np.zeros(len(own_s))
    for kind in np.unique(explained.work.kind):
        of_kind = explained.work.kind == kind
        ranks = stats.rankdata(own_s[of_kind])
        score[of_kind] = 2 * (ranks - 0.5) / len(ranks) - 1
    return score


def _own_s(explained: Explained) -> Floats:
    """Service times without the delay on the way."""
    own_s: Floats = explained.work.times_s - np.where(explained.work.has_delay, explained.fitted.delay_s, 0.0)
    return own_s
