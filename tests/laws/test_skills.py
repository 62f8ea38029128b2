"""Two groups with skills agree with the equations of balance of their Markov chain, solved here."""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import polars as pl
from scipy import sparse
from scipy.sparse.linalg import spsolve

from footfall._model.durations import exponential_s
from footfall._model.station_specs import AgentGroup, Caller
from footfall._simulate.day import DayResult
from tests.laws.staffed import ABANDONED, WAIT_S, hotline, mean, of, replicated, two_kinds
from tests.made_up import always, number, seconds

SPECIALISTS, GENERALISTS = 2, 3
RATES = (2.2, 2.0)
"""Calls a minute: `query`, for whoever is idle, specialists first; `recharge`, for generalists alone."""
TALK_RATE, LEAVE_RATE = 1.0, 0.5
LONGEST = 25
State = tuple[int, int, int, int]
"""Specialists busy, generalists busy, queries waiting, recharges waiting."""


def moves(state: State) -> Iterator[tuple[float, State]]:
    """Give the moves of the N-design whose generalists take recharges first."""
    special, general, queries, recharges = state
    if special < SPECIALISTS:
        yield RATES[0], (special + 1, general, queries, recharges)
    elif general < GENERALISTS:
        yield RATES[0], (special, general + 1, queries, recharges)
    elif queries < LONGEST:
        yield RATES[0], (special, general, queries + 1, recharges)
    if general < GENERALISTS:
        yield RATES[1], (special, general + 1, queries, recharges)
    elif recharges < LONGEST:
        yield RATES[1], (special, general, queries, recharges + 1)
    yield special * TALK_RATE, (special - (not queries), general, max(queries - 1, 0), recharges)
    if recharges:
        yield general * TALK_RATE, (special, general, queries, recharges - 1)
    elif queries:
        yield general * TALK_RATE, (special, general, queries - 1, recharges)
    else:
        yield general * TALK_RATE, (special, general - 1, queries, recharges)
    yield queries * LEAVE_RATE, (special, general, queries - 1, recharges)
    yield recharges * LEAVE_RATE, (special, general, queries, recharges - 1)


@lru_cache(maxsize=1)
def stationary() -> dict[State, float]:
    """Solve π Q = 0 over the states that can be reached from the empty one."""
    number_of: dict[State, int] = {(0, 0, 0, 0): 0}
    rows, columns, rates = [], [], []
    todo = list(number_of)
    while todo:
        state = todo.pop()
        for rate, there in moves(state):
            if not rate:
                continue
            if there not in number_of:
                number_of[there] = len(number_of)
                todo.append(there)
            rows += [number_of[there], number_of[state]]
            columns += [number_of[state], number_of[state]]
            rates += [rate, -rate]
    size = len(number_of)
    balance = sparse.csr_matrix((rates, (rows, columns)), shape=(size, size)).tolil()
    balance[0] = np.ones(size)
    right = np.zeros(size)
    right[0] = 1.0
    found = spsolve(balance.tocsc(), right)
    return {state: float(found[k]) for state, k in number_of.items()}


def test_the_chain_conserves_its_flow() -> None:
    """Served and abandoned at the rate of arrivals, and nothing is lost where the states are cut."""
    chain = stationary()
    assert min(chain.values()) > -1e-15
    served = sum(p * (i + j) * TALK_RATE for (i, j, _, _), p in chain.items())
    left = sum(p * (a + b) * LEAVE_RATE for (_, _, a, b), p in chain.items())
    assert abs(served + left - sum(RATES)) < 1e-9


def test_specialists_and_generalists_share_the_calls_as_their_chain_says() -> None:
    """The N-design with abandonment: waits and losses of both kinds, occupancy of both groups."""
    chain = stationary()
    queue = [sum(p * state[2 + kind] for state, p in chain.items()) for kind in (0, 1)]
    busy = [sum(p * state[group] for state, p in chain.items()) for group in (0, 1)]
    patience = exponential_s(number(60 / LEAVE_RATE))
    station = hotline(
        GENERALISTS,
        groups=(AgentGroup(name="tellers", agents=always(SPECIALISTS), skills=("query",)),),
        priority={"recharge": number(1)},
        talk=exponential_s(number(60)),
        callers={name: Caller(patience=patience) for name in ("query", "recharge")},
    )

    def figures(result: DayResult, visits: pl.DataFrame) -> list[float]:
        duty = {name: rows.sum() for (name,), rows in result.staff.group_by("group")}
        return [
            *(mean(of(visits, kind), WAIT_S) for kind in ("first", "second")),
            *(mean(of(visits, kind), ABANDONED) for kind in ("first", "second")),
            *(duty[name]["busy_s"].item() / duty[name]["on_duty_s"].item() for name in ("tellers", "agents")),
        ]

    rates = (RATES[0] / 60, RATES[1] / 60)
    found = replicated(two_kinds(station, seconds(0)), rates, figures, customers=8_000)
    for kind in (0, 1):
        found[kind].agrees_with(queue[kind] / RATES[kind] * 60, 0.1)
        found[2 + kind].agrees_with(queue[kind] * LEAVE_RATE / RATES[kind], 0.1)
    found[4].agrees_with(busy[0] / SPECIALISTS, 0.02)
    found[5].agrees_with(busy[1] / GENERALISTS, 0.02)
