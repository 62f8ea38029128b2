"""New results of a run are given once, and none is left out."""

import random

from hypothesis import given, strategies as st

from footfall._load.results import RunResults
from footfall._load.web.page_runs import ResultsReader, Updates
from footfall._records.rows import Arrival, Visit


def new_results(count: int) -> RunResults:
    """Give the account of a play of so many arrivals, ten a second."""
    return RunResults(
        [
            Arrival(
                arrival=k,
                due_s=k / 10,
                at_s=k / 10,
                customer=k,
                subscriber=k,
                segment="all",
                operation="query",
                channel="web",
            )
            for k in range(count)
        ]
    )


def visit_of(customer: int, ended_s: float) -> Visit:
    """Give a visit that was served at once."""
    times = (ended_s, ended_s, ended_s, ended_s, 0.0)
    return Visit(customer, 0, "all", "query", "web", 0, 1, *times, "served", "")


def play(results: RunResults, seed: int, looks: set[int]) -> list[Updates]:
    """Start all arrivals, some of them late and out of turn, end their visits; ask at these steps."""
    rng, reader, reported = random.Random(seed), ResultsReader(results), []
    order = sorted(range(len(results.arrivals)), key=lambda k: k + rng.randrange(4))
    for step, number in enumerate(order):
        results.start(number, rng.random())
        if rng.random() < 0.7:
            results.add_visit(visit_of(number, step))
        if step in looks:
            reported.append(reader.updates(now_s=max(order[: step + 1]) / 10))
    reported.append(reader.updates(now_s=1e9))
    return reported


@given(st.integers(0, 60), st.integers(0, 1000), st.sets(st.integers(0, 60)))
def test_many_looks_tell_what_one_look_tells(count: int, seed: int, looks: set[int]) -> None:
    """The parts together are the whole: every visit in its order, every start once, every lag once."""
    parts, whole = play(new_results(count), seed, looks), play(new_results(count), seed, set())
    assert [row for news in parts for row in news.visits] == whole[0].visits
    starts = [start for news in parts for start in news.starts]
    assert sorted(number for number, _ in starts) == list(range(count))
    assert sorted(lag for _, lag in starts) == sorted(lag for _, lag in whole[0].starts)


def test_a_late_start_is_reported_when_it_happens() -> None:
    """An arrival that was passed over is not forgotten."""
    results = new_results(3)
    reader = ResultsReader(results)
    results.start(0, 0.0)
    results.start(2, 0.0)
    assert [number for number, _ in reader.updates(0.25).starts] == [0, 2]
    assert reader.updates(0.3).starts == []
    results.start(1, 0.5)
    assert reader.updates(0.6).starts == [(1, 0.5)]
