"""Shared cores: the work of each request comes back exactly, with cores and users."""

import heapq

import numpy as np
import pytest

from footfall._calibrate.shared_cores import (
    ClassTimes,
    SharedCores,
    Utilisation,
    busy_shares,
    learn_shared_cores,
    shared_work,
)
from footfall._records.errors import BadInputError

DEMANDS_S = {"small": 0.02, "large": 0.1}


def shared(arrived_s: np.ndarray, work_s: np.ndarray, cores: int) -> np.ndarray:
    """Give when each request ends at cores that all in work share: virtual time in a heap."""
    heap: list[tuple[float, int]] = []
    ended, now, done, next_one = np.empty(len(arrived_s)), 0.0, 0.0, 0
    while next_one < len(arrived_s) or heap:
        speed = min(1.0, cores / len(heap)) if heap else 1.0
        leaves = now + (heap[0][0] - done) / speed if heap else np.inf
        if next_one < len(arrived_s) and arrived_s[next_one] <= leaves:
            done += (arrived_s[next_one] - now) * speed if heap else 0.0
            now = float(arrived_s[next_one])
            heapq.heappush(heap, (done + work_s[next_one], next_one))
            next_one += 1
        else:
            done, now = heap[0][0], leaves
            ended[heapq.heappop(heap)[1]] = now
    return ended


def opened(rate_per_s: float, length_s: float, cores: int, seed: int = 1) -> tuple[np.ndarray, ...]:
    """Give arrivals, ends, kinds and work of an open load, half of each class."""
    rng = np.random.default_rng(seed)
    arrived = np.sort(rng.uniform(0, length_s, int(rate_per_s * length_s)))
    kind = rng.integers(0, 2, len(arrived))
    work = rng.exponential(np.array(list(DEMANDS_S.values()))[kind])
    return arrived, shared(arrived, work, cores), kind, work


def classes_of(arrived: np.ndarray, ended: np.ndarray, kind: np.ndarray) -> list[ClassTimes]:
    """Give the response times by class, sorted by their end."""
    found = []
    for n, name in enumerate(DEMANDS_S):
        order = np.argsort(ended[kind == n])
        response = (ended - arrived)[kind == n][order]
        found.append(ClassTimes(name=name, ended_s=ended[kind == n][order], response_s=response))
    return found


def samples(arrived: np.ndarray, ended: np.ndarray, cores: int, background: float = 0.0) -> Utilisation:
    """Give the utilisation of every 10 s."""
    edges = np.arange(0, ended.max(), 10.0)
    return Utilisation(at_s=edges[1:], share=busy_shares(arrived, ended, edges, cores) + background)


@pytest.mark.parametrize("cores", [1, 3])
def test_the_work_of_each_request_comes_back_exactly(cores: int) -> None:
    """From arrivals and ends alone: its share of the cores, integrated over its stay."""
    arrived, ended, _, work = opened(12.0 * cores, 100, cores)
    assert shared_work(arrived, ended, cores) == pytest.approx(work, abs=1e-9)


def learned(cores: int, background: float = 0.0) -> tuple[SharedCores, list[float]]:
    """Learn an open load of 60 % with samples of utilisation; gives the true mean work of each class, too."""
    arrived, ended, kind, work = opened(10.0 * cores, 600, cores)
    found = learn_shared_cores(classes_of(arrived, ended, kind), samples(arrived, ended, cores, background))
    return found, [float(work[kind == n].mean()) for n in (0, 1)]


@pytest.mark.parametrize("cores", [1, 2, 4])
def test_cores_demands_and_background_come_back(cores: int) -> None:
    """The number of cores and the mean work exactly, the background within half a point."""
    found, true_s = learned(cores, 0.05)
    assert found.cores == cores
    assert found.background_share == pytest.approx(0.05, abs=0.005)
    assert found.utilisation_error < 0.01
    assert abs(found.work_by_found) < 0.05
    for one, mean_s in zip(found.classes, true_s, strict=True):
        assert one.demand_s == pytest.approx(mean_s, rel=1e-6)
        assert one.demand_s_low <= mean_s <= one.demand_s_high
        assert one.demand_s_high - one.demand_s_low < 0.3 * one.demand_s


def test_an_open_load_has_no_users_and_is_predicted_by_processor_sharing() -> None:
    """At half the load: utilisation sum X D, responses of an M/G/1 that shares its core."""
    found, _ = learned(1)
    assert all(one.users is None for one in found.classes)
    figures = {one.name: one for one in found.predict({"small": 2.5, "large": 2.5}, 900)}
    busy = 2.5 * sum(DEMANDS_S.values())
    assert figures["utilisation_share"].low <= busy <= figures["utilisation_share"].high
    for name, demand_s in DEMANDS_S.items():
        exact = demand_s / (1 - busy)  # Kleinrock 1976
        one = figures[f"response_s_mean({name})"]
        assert one.low <= exact <= one.high
        assert one.high - one.low < 0.4 * one.value


def looped(users: int, think_s: float, length_s: float, seed: int = 2) -> tuple[np.ndarray, ...]:
    """Give a closed loop of so many users of each class at one shared core."""
    rng = np.random.default_rng(seed)
    demands = list(DEMANDS_S.values())
    coming = [(rng.exponential(think_s), k) for k in (0, 1) for _ in range(users)]
    heapq.heapify(coming)
    inside: list[tuple[float, float, int]] = []
    now = done = 0.0
    rows = []
    while now < length_s:
        leaves = now + (inside[0][0] - done) * len(inside) if inside else np.inf
        if coming and coming[0][0] <= leaves:
            at, kind = heapq.heappop(coming)
            done += (at - now) / len(inside) if inside else 0.0
            now = at
            heapq.heappush(inside, (done + rng.exponential(demands[kind]), now, kind))
        else:
            done, now = inside[0][0], leaves
            _, came, kind = heapq.heappop(inside)
            rows.append((came, now, kind))
            heapq.heappush(coming, (now + rng.exponential(think_s), kind))
    table = np.array(rows)
    return table[:, 0], table[:, 1], table[:, 2].astype(int)


def test_a_closed_loop_is_recognised_and_predicted_better_than_by_an_open_formula() -> None:
    """Six users of each class: arrivals slow down as more are inside, and responses are shorter for it."""
    arrived, ended, kind = looped(6, 0.9, 1500)
    found = learn_shared_cores(classes_of(arrived, ended, kind), samples(arrived, ended, 1))
    assert all(one.users is not None and 4 <= one.users <= 12 for one in found.classes)
    figures = {
        one.name: one for one in found.predict({c.name: c.throughput_per_s for c in found.classes}, 1500)
    }
    busy = sum(c.throughput_per_s * c.demand_s for c in found.classes)
    for one in found.classes:
        closed = figures[f"response_s_mean({one.name})"]
        assert closed.low <= one.response_s_mean <= closed.high
        assert abs(closed.value - one.response_s_mean) < abs(one.demand_s / (1 - busy) - one.response_s_mean)


def test_requests_that_say_nothing_are_refused() -> None:
    """Too few requests, neither cores nor utilisation, an unknown class, more work than the cores can do."""
    arrived, ended, kind, _ = opened(10.0, 60, 1)
    several = classes_of(arrived, ended, kind)
    with pytest.raises(BadInputError, match="--cores or --utilisation"):
        learn_shared_cores(several)
    few = ClassTimes(name="few", ended_s=np.arange(5.0), response_s=np.ones(5))
    with pytest.raises(BadInputError, match="5 requests"):
        learn_shared_cores([few], cores=1)
    found = learn_shared_cores(several, cores=1)
    with pytest.raises(BadInputError, match="not learned"):
        found.predict({"other": 1.0}, 60)
    with pytest.raises(BadInputError, match="of the cores"):
        found.predict({"large": 30.0}, 60)
    with pytest.raises(BadInputError, match="too few samples"):
        learn_shared_cores(several, Utilisation(at_s=np.arange(1e6, 1e6 + 10), share=np.full(10, 0.5)))
