"""A day at the desk: theory where there is one, and every call ends in one state."""

from itertools import pairwise
from math import exp, sqrt
from statistics import fmean, stdev

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import stats

from footfall._behaviour import keyed
from footfall.theory.many_servers import erlang_a
from studies.hotline_1999.call_centre_day import CallCentreDay, Plan, PredictedDay, pause_s
from studies.hotline_1999.spec import Hotline
from tests.studies.hotline_1999.conftest import DayMaker, exponential_inputs, pauses

DAY_S = 86_400.0
AGENTS = 5
ARRIVALS_PER_S, SERVICE_S, PATIENCE_S = 0.02, 240.0, 180.0


def day_of(hotline: Hotline, recorded: DayMaker, replication: int, agents: int = AGENTS) -> PredictedDay:
    """Simulate a day of Poisson calls with agents on duty all day long."""
    keys = keyed.customer_keys(keyed.run_key(5, replication), np.arange(3000, dtype=np.int64))
    at_s = np.cumsum(-np.log(keyed.uniforms(keys, "gap")) / ARRIVALS_PER_S)
    day = recorded(at_s[at_s < DAY_S])
    names = [f"R{k}" for k in range(agents)]
    plan = Plan(day, day.kinds, {n: [(0.0, 2 * DAY_S)] for n in names}, {n: frozenset("A") for n in names})
    return CallCentreDay(hotline, exponential_inputs(SERVICE_S, PATIENCE_S), plan, 3, replication).run()


def agrees(values: list[float], expected: float, half_width_most: float) -> None:
    """Hold the law: theory within 4 standard errors, and the 95 % interval narrow (relative)."""
    error = stdev(values) / sqrt(len(values))
    assert abs(fmean(values) - expected) < 4 * error
    assert float(stats.t.ppf(0.975, len(values) - 1)) * error < half_width_most * expected


def test_agents_who_are_back_at_once_are_erlang_a(plain: Hotline, recorded: DayMaker) -> None:
    """Share of those who wait, mean wait and abandonment of M/M/c+M (Palm 1957)."""
    days = [day_of(plain, recorded, k) for k in range(30)]
    theory = erlang_a(AGENTS, ARRIVALS_PER_S, 1 / SERVICE_S, 1 / PATIENCE_S)
    agrees([float(day.waited.mean()) for day in days], theory.waits_share, 0.04)
    agrees([float(day.waited_s.mean()) for day in days], theory.wait_mean, 0.08)
    agrees([float(day.abandoned.mean()) for day in days], theory.abandons_share, 0.09)


def test_exponential_pauses_are_a_longer_service_for_capacity(plain: Hotline, recorded: DayMaker) -> None:
    """By Little's law agents are busy or away for (service + pause) of each call served."""
    hotline = plain.model_copy(update={"pauses": pauses(1 / 60)})
    shares = []
    for k in range(20):
        day = day_of(hotline, recorded, k)
        served_per_s = len(day.calls) / DAY_S
        busy_s = fmean(ended_s - began_s for _, began_s, ended_s, _ in day.calls)
        shares.append(served_per_s * busy_s / AGENTS)
        assert served_per_s * (busy_s + 60) / AGENTS < 1.03
    assert fmean(shares) < 1 / 1.2


def test_every_call_is_served_or_abandoned_and_a_seed_repeats(plain: Hotline, recorded: DayMaker) -> None:
    """Nobody both, nobody neither; who did not wait waited no second."""
    first, again = (day_of(plain, recorded, 1) for _ in range(2))
    served = np.zeros(first.waited.size, dtype=bool)
    served[[n for *_, n in first.calls]] = True
    assert (served ^ first.abandoned).all()
    assert (first.waited_s[~first.waited] == 0).all()
    assert not first.abandoned[~first.waited].any()
    assert np.array_equal(first.waited_s, again.waited_s)
    assert first.calls == again.calls


def test_an_agent_never_has_two_calls_at_once(plain: Hotline, recorded: DayMaker) -> None:
    """Between calls lies the pause."""
    by_agent: dict[str, list[tuple[float, float]]] = {}
    for agent, began_s, ended_s, _ in day_of(plain, recorded, 2).calls:
        by_agent.setdefault(agent, []).append((began_s, ended_s))
    for spans in by_agent.values():
        for (_, ended_s), (began_s, _) in pairwise(spans):
            assert began_s >= ended_s


def test_without_agents_everybody_leaves_when_their_patience_ends(plain: Hotline, recorded: DayMaker) -> None:
    """The mean wait is the mean patience."""
    days = [day_of(plain, recorded, k, agents=0) for k in range(10)]
    assert all(day.abandoned.all() for day in days)
    agrees([float(day.waited_s.mean()) for day in days], PATIENCE_S, 0.03)


@given(st.floats(1e-6, 1 - 1e-6), st.lists(st.floats(1e-4, 1.0), min_size=3, max_size=3))
def test_a_pause_is_the_inverse_of_its_rates(u: float, rates: list[float]) -> None:
    """The share still away at that second is u."""
    from_s = (0.0, 5.0, 30.0)
    seconds = pause_s(from_s, rates, u)
    ends = (5.0, 30.0, float("inf"))
    hazard = sum(
        rate * max(0.0, min(seconds, end) - start)
        for start, end, rate in zip(from_s, ends, rates, strict=True)
    )
    assert exp(-hazard) == pytest.approx(u, rel=1e-9)
