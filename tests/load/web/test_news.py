"""What is new in an account: told once, and nothing left out."""

import random

from hypothesis import given, strategies as st

from footfall._load.results import RunResults
from footfall._load.web.page_runs import Reader, Updates
from footfall._records.rows import Arrival, Visit


def account_of(count: int) -> RunResults:
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


def play(account: RunResults, seed: int, looks: set[int]) -> list[Updates]:
    """Start all arrivals, some of them late and out of turn, end their visits; ask at these steps."""
    luck, reader, told = random.Random(seed), Reader(account), []
    order = sorted(range(len(account.arrivals)), key=lambda k: k + luck.randrange(4))
    for step, number in enumerate(order):
        account.start(number, luck.random())
        if luck.random() < 0.7:
            account.add_visit(visit_of(number, step))
        if step in looks:
            told.append(reader.news(now_s=max(order[: step + 1]) / 10))
    told.append(reader.news(now_s=1e9))
    return told


@given(st.integers(0, 60), st.integers(0, 1000), st.sets(st.integers(0, 60)))
def test_many_looks_tell_what_one_look_tells(count: int, seed: int, looks: set[int]) -> None:
    """The parts together are the whole: every visit in its order, every start once, every lag once."""
    parts, whole = play(account_of(count), seed, looks), play(account_of(count), seed, set())
    assert [row for news in parts for row in news.visits] == whole[0].visits
    starts = [start for news in parts for start in news.starts]
    assert sorted(number for number, _ in starts) == list(range(count))
    assert sorted(lag for _, lag in starts) == sorted(lag for _, lag in whole[0].starts)


def test_who_starts_late_is_told_when_they_start() -> None:
    """An arrival that was passed over is not forgotten."""
    account = account_of(3)
    reader = Reader(account)
    account.start(0, 0.0)
    account.start(2, 0.0)
    assert [number for number, _ in reader.news(0.25).starts] == [0, 2]
    assert reader.news(0.3).starts == []
    account.start(1, 0.5)
    assert reader.news(0.6).starts == [(1, 0.5)]
