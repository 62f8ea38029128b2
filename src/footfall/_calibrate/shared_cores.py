"""Demands of classes of requests at shared cores, learned from their response times and the utilisation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import inf
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import root

from footfall._calibrate.closed_loop import PredictedFigure
from footfall._records.errors import BadInputError

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

CORES_MOST = 64
USERS_MOST = 60
"""More users of a class than this are as good as any number: its arrivals do not depend on who is inside."""
POPULATION_GAIN = 3.0
"""Log-likelihood by which a number of users must beat arrivals that do not depend on who is inside."""
_STATES_MOST = 60_000
_REQUESTS_LEAST = 30
_BLOCK_S = 30.0
_NORMAL_95 = 1.96


@dataclass(frozen=True, kw_only=True, eq=False)
class ClassTimes:
    """The requests of one class, sorted by their end."""

    name: str
    ended_s: Floats
    response_s: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Utilisation:
    """Samples of how busy the cores were, 0 to 1, each the mean since the one before."""

    at_s: Floats
    share: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassDemand:
    """What one class of requests asks of the cores."""

    name: str
    demand_s: float
    """Mean time on a core of a request."""
    demand_s_low: float
    demand_s_high: float
    """Of a 95 % interval, by means of blocks."""
    demand_cv: float
    users: int | None
    """Of a closed loop; None: arrivals do not depend on how many are inside."""
    throughput_per_s: float
    """As learned from."""
    response_s_mean: float
    """As learned from."""
    response_noise_share: float
    """Standard deviation of the mean response over it, in a run as long as the one learned from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedCores:
    """Cores that all requests in work share, and the demands of their classes."""

    classes: tuple[ClassDemand, ...]
    cores: int
    background_share: float
    """Utilisation that no request explains."""
    length_s: float
    """Of the run learned from."""
    utilisation_error: float
    """Standard deviation of sampled less explained utilisation; NaN without samples."""
    work_by_found: float
    """Correlation of a request's work with how many it found inside; about 0 where cores are shared."""

    def predict(self, throughputs_per_s: Mapping[str, float], length_s: float) -> tuple[PredictedFigure, ...]:
        """Predict utilisation and mean responses in a run of some length with these throughputs by class.

        Utilisation is background + sum X D / cores (Denning and Buzen 1978). With users that are known, mean
        responses are those of exact mean value analysis (Reiser and Lavenberg 1980) whose think times give
        the throughputs; otherwise D/(1 - U) of processor sharing (Kleinrock 1976), for several cores with the
        wait of Erlang C's queue in proportion to the demand.

        Raises:
            BadInputError: a class is not known, or the cores cannot do so much.
        """
        unknown = sorted(set(throughputs_per_s) - {one.name for one in self.classes})
        if unknown:
            raise BadInputError(
                f"class {unknown[0]!r}", "was not learned", " or ".join(c.name for c in self.classes)
            )
        rates = np.array([throughputs_per_s.get(one.name, 0.0) for one in self.classes])
        demands = np.array([one.demand_s for one in self.classes])
        busy = float(rates @ demands) / self.cores
        if busy + self.background_share >= 1:
            raise BadInputError("throughput", f"needs {busy:.0%} of the cores", "less than they can do")
        responses = self._responses(rates, demands)
        spreads = np.array(
            [(one.demand_s_high - one.demand_s_low) / (2 * _NORMAL_95) for one in self.classes]
        )
        error = float(np.sqrt(((rates * spreads) ** 2).sum())) / self.cores
        noise = error * np.sqrt(1 + self.length_s / length_s)
        found = [_figure("utilisation_share", busy + self.background_share, noise)]
        for one, response in zip(self.classes, responses, strict=True):
            share = one.response_noise_share * np.sqrt(1 + self.length_s / length_s)
            found.append(_figure(f"response_s_mean({one.name})", float(response), float(response * share)))
        return tuple(found)

    def _responses(self, rates: Floats, demands: Floats) -> Floats:
        users = [one.users for one in self.classes]
        states = np.prod([1 + (count or 0) for count in users], dtype=float)
        if self.cores == 1 and states <= _STATES_MOST and all(users):
            found = _closed_responses(tuple(count for count in users if count), rates, demands)
            if found is not None:
                return found
        return demands * _slowdown(float(rates @ demands), self.cores)


def learn_shared_cores(
    classes: Sequence[ClassTimes], utilisation: Utilisation | None = None, cores: int | None = None
) -> SharedCores:
    """Learn demands exactly: the work of a request at shared cores is the integral of its share of them.

    Who was inside when is known from the response times, so the rate min(1, cores/n) at which each went on is
    known at every instant, and its integral over a request's stay is its work. The number of cores, unless
    given, is the one whose busy share explains the samples of utilisation best. Users of a closed loop show
    in arrivals that become rarer the more of their class are inside: a Poisson likelihood of rate
    (users - n)/think.

    Raises:
        BadInputError: a class has too few requests, or neither cores nor utilisation are known.
    """
    for one in classes:
        if len(one.ended_s) < _REQUESTS_LEAST:
            raise BadInputError(one.name, f"has {len(one.ended_s)} requests", f"{_REQUESTS_LEAST} or more")
    arrived = np.concatenate([one.ended_s - one.response_s for one in classes])
    ended = np.concatenate([one.ended_s for one in classes])
    kind = np.repeat(np.arange(len(classes)), [len(one.ended_s) for one in classes])
    count, background, error = _cores(arrived, ended, utilisation, cores)
    work = shared_work(arrived, ended, count)
    start, length_s = float(ended.min()), float(np.ptp(ended))
    users = _populations(arrived, ended, kind, len(classes))
    found = inside_at(arrived, arrived, ended)
    return SharedCores(
        classes=tuple(
            _demand(one, work[kind == n], users[n], (start, length_s)) for n, one in enumerate(classes)
        ),
        cores=count,
        background_share=background,
        length_s=length_s,
        utilisation_error=error,
        work_by_found=_within_classes(work, found, kind),
    )


def shared_work(arrived_s: Floats, ended_s: Floats, cores: int) -> Floats:
    """Return each request's work: the integral of min(1, cores/n) over its stay, n being inside."""
    at, inside = _inside(arrived_s, ended_s)
    rate = np.where(inside > 0, np.minimum(1.0, cores / np.maximum(inside, 1)), 0.0)
    done = np.r_[0.0, np.cumsum(rate[:-1] * np.diff(at))]
    return np.asarray(np.interp(ended_s, at, done) - np.interp(arrived_s, at, done))


def inside_at(instants_s: Floats, arrived_s: Floats, ended_s: Floats) -> Integers:
    """Return how many were inside just before each instant."""
    came = np.searchsorted(np.sort(arrived_s), instants_s, side="left")
    left = np.searchsorted(np.sort(ended_s), instants_s, side="left")
    return np.asarray(came - left, dtype=np.int64)


def busy_shares(arrived_s: Floats, ended_s: Floats, edges_s: Floats, cores: int) -> Floats:
    """Return the mean of min(n, cores)/cores between each two edges."""
    at, inside = _inside(arrived_s, ended_s)
    busy = np.r_[0.0, np.cumsum(np.minimum(inside[:-1], cores) / cores * np.diff(at))]
    return np.asarray(np.diff(np.interp(edges_s, at, busy)) / np.diff(edges_s))


def _inside(arrived_s: Floats, ended_s: Floats) -> tuple[Floats, Integers]:
    """Return the instants of change, and how many are inside from each on."""
    at = np.r_[arrived_s, ended_s]
    step = np.r_[np.ones(len(arrived_s), np.int64), -np.ones(len(ended_s), np.int64)]
    order = np.lexsort((-step, at))  # a request of no length comes before it goes
    return at[order], np.cumsum(step[order])


def _cores(
    arrived: Floats, ended: Floats, utilisation: Utilisation | None, given: int | None
) -> tuple[int, float, float]:
    """Return the cores, the background, and the standard deviation of what stays unexplained."""
    if utilisation is None:
        if given is None:
            raise BadInputError(
                "--cores", "neither cores nor utilisation are given", "--cores or --utilisation"
            )
        return given, 0.0, float("nan")
    at, share = utilisation.at_s, utilisation.share
    edges = np.r_[at[0] - np.median(np.diff(at)), at]
    covered = (edges[:-1] >= arrived.min()) & (edges[1:] <= ended.max())
    if covered.sum() < 5:  # noqa: PLR2004  to tell one number of cores from another
        raise BadInputError(
            "--utilisation", "has too few samples within the run", "5 or more, of the same clock"
        )
    best = (given or 1, 0.0, inf)
    for cores in [given] if given else range(1, CORES_MOST + 1):
        off = (share - busy_shares(arrived, ended, edges, cores))[covered]
        background = max(0.0, float(np.mean(off)))
        error = float(np.sqrt(np.mean((off - background) ** 2)))
        if error < best[2]:
            best = (cores, background, error)
    return best


def _populations(arrived: Floats, ended: Floats, kind: Integers, classes: int) -> list[int | None]:
    """Return the users of each class by likelihood; None where all classes together do not show them."""
    found = [_population(arrived[kind == n], ended[kind == n]) for n in range(classes)]
    is_closed = sum(gain for _, gain in found) > POPULATION_GAIN
    return [users if is_closed else None for users, _ in found]


def _population(arrived: Floats, ended: Floats) -> tuple[int, float]:
    """Return the likeliest users of a class, and how much likelier they are than any number."""
    at, inside = _inside(arrived, ended)
    most = int(inside.max())
    time = np.bincount(inside[:-1], np.diff(at), minlength=most + 1)
    came = np.bincount(inside_at(arrived, arrived, ended).clip(0, most), minlength=most + 1)
    numbers = np.arange(most + 1)

    def likelihood(users: float) -> float:
        rate = np.maximum(users - numbers, 1e-9)
        think = float(rate @ time) / came.sum()
        return float(came @ np.log(rate / think) - came.sum())

    tried = np.arange(most + 1, max(USERS_MOST, most + 1) + 1)
    scores = np.array([likelihood(float(one)) for one in tried])
    return int(tried[scores.argmax()]), max(0.0, float(scores.max() - likelihood(1e9)))


def _demand(one: ClassTimes, work: Floats, users: int | None, over: tuple[float, float]) -> ClassDemand:
    start, length_s = over
    block = ((one.ended_s - start) // _BLOCK_S).astype(np.int64).clip(0)
    spread = _block_error(work, block)
    mean = float(work.mean())
    response = float(one.response_s.mean())
    return ClassDemand(
        name=one.name,
        demand_s=mean,
        demand_s_low=mean - _NORMAL_95 * spread,
        demand_s_high=mean + _NORMAL_95 * spread,
        demand_cv=float(work.std() / mean),
        users=users,
        throughput_per_s=len(work) / length_s,
        response_s_mean=response,
        response_noise_share=_block_error(one.response_s, block) / response,
    )


def _block_error(values: Floats, block: Integers) -> float:
    """Return the standard error of a mean over blocks of unlike sizes (Cochran 1977, ratio estimator)."""
    sums, sizes = np.bincount(block, values), np.bincount(block)
    miss = sums - values.mean() * sizes
    number = max(2, int((sizes > 0).sum()))
    return float(np.sqrt(number / (number - 1) * (miss**2).sum()) / len(values))


def _within_classes(work: Floats, found: Integers, kind: Integers) -> float:
    """Return the correlation of work over its class's mean with the number found inside."""
    means = np.bincount(kind, work) / np.bincount(kind)
    if found.std() == 0:
        return 0.0
    return float(np.corrcoef(work / means[kind], found)[0, 1])


def _closed_responses(users: Sequence[int], rates: Floats, demands: Floats) -> Floats | None:
    """Return mean responses of a closed loop with these throughputs; None: no think time gives them."""
    count = np.array(users)

    def off(think: Floats) -> Floats:
        return np.asarray(count / (np.abs(think) + _mva(users, np.abs(think), demands)) / rates - 1)

    solved = root(off, np.maximum(count / rates - 2 * demands, demands), method="hybr")
    if not solved.success:
        return None
    return _mva(users, np.abs(solved.x), demands)


def _mva(users: Sequence[int], think: Floats, demands: Floats) -> Floats:
    """Return mean responses by class: R_k(n) = D_k (1 + Q(n - e_k)) (Reiser and Lavenberg 1980)."""
    queue = np.zeros([count + 1 for count in users])
    responses = demands
    for state in product(*(range(count + 1) for count in users)):
        n = np.array(state)
        if not n.any():
            continue
        fewer = [queue[tuple(n - (np.arange(len(n)) == k))] if n[k] else 0.0 for k in range(len(n))]
        responses = demands * (1 + np.array(fewer))
        queue[state] = float((n / (think + responses)) @ responses)
    return responses


def _slowdown(work_per_s: float, cores: int) -> float:
    """Return mean response over demand of an open station that shares its cores: 1 + C/(c - a)."""
    from footfall.theory.many_servers import erlang_c

    return 1 + erlang_c(cores, work_per_s) / (cores - work_per_s)


def _figure(name: str, value: float, spread: float) -> PredictedFigure:
    return PredictedFigure(
        name=name, value=value, low=max(0.0, value - _NORMAL_95 * spread), high=value + _NORMAL_95 * spread
    )
