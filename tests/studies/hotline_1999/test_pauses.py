"""What is calibrated from a day is what the day was simulated with."""

import numpy as np
import pytest

from footfall._behaviour import keyed
from studies.hotline_1999.call_centre_day import CallCentreDay, Plan
from studies.hotline_1999.pauses import calibrated
from studies.hotline_1999.records import RecordedDay
from studies.hotline_1999.spec import Hotline
from tests.studies.hotline_1999.conftest import DayMaker, exponential_inputs, pauses

RATE_PER_S = 1 / 25
ARRIVALS_PER_S, SERVICE_S, PATIENCE_S, AGENTS = 0.03, 150.0, 300.0, 5
FROM_S, UNTIL_S = 8 * 3600.0, 20 * 3600.0


def as_recorded(hotline: Hotline, recorded: DayMaker, replication: int) -> RecordedDay:
    """Simulate a day and give it as its records would be."""
    keys = keyed.customer_keys(keyed.run_key(9, replication), np.arange(3000, dtype=np.int64))
    at_s = FROM_S + np.cumsum(-np.log(keyed.uniforms(keys, "gap")) / ARRIVALS_PER_S)
    day = recorded(at_s[at_s < UNTIL_S])
    names = [f"R{k}" for k in range(AGENTS)]
    plan = Plan(day, day.kinds, {n: [(FROM_S, UNTIL_S)] for n in names}, {n: frozenset("A") for n in names})
    run = CallCentreDay(hotline, exponential_inputs(SERVICE_S, PATIENCE_S), plan, 1, replication).run()
    agents = [""] * at_s.size
    began, ended = np.full(day.arrived_s.size, np.nan), np.full(day.arrived_s.size, np.nan)
    for agent, began_s, ended_s, n in run.calls:
        agents[n], began[n], ended[n] = agent, began_s, ended_s
    return RecordedDay(
        day=day.day,
        arrived_s=day.arrived_s,
        kinds=day.kinds,
        priority=day.priority,
        waited_s=run.waited_s,
        served=~run.abandoned,
        agents=tuple(agents[: day.arrived_s.size]),
        began_s=began,
        ended_s=ended,
        service_s=ended - began,
    )


@pytest.fixture(scope="module")
def days(plain: Hotline, recorded: DayMaker) -> list[RecordedDay]:
    """Give days whose agents are away for 25 s after a call, exponentially."""
    hotline = plain.model_copy(update={"pauses": pauses(RATE_PER_S)})
    return [as_recorded(hotline, recorded, k) for k in range(12)]


def test_the_rate_of_coming_back_is_found_again(plain: Hotline, days: list[RecordedDay]) -> None:
    """Up to a minute, whoever waits; in the first seconds, only where somebody waited from the beginning."""
    found = calibrated(plain, days, 1.0, "made up")
    for waiting, row in enumerate(found.day_per_s):
        seen_from_s = 0.0 if waiting else 10.0
        for from_s, rate in zip(found.from_s, row, strict=True):
            if seen_from_s <= from_s < 60:
                assert rate == pytest.approx(RATE_PER_S, rel=0.25), (waiting, from_s)
    common = np.array(found.day_per_s)[1:, 1:5]
    assert common.mean() == pytest.approx(RATE_PER_S, rel=0.04)


def test_agents_who_are_alike_have_factors_near_one(plain: Hotline, days: list[RecordedDay]) -> None:
    """And so has every share of the last hour in which somebody waited, and every time of day."""
    found = calibrated(plain, days, 1.0, "made up")
    assert set(found.agents) == {f"R{k}" for k in range(AGENTS)}
    for short, long in found.agents.values():
        assert short == pytest.approx(1, abs=0.1)
        assert long == pytest.approx(1, abs=0.15)
    for factor in (*found.short_factors, *found.long_factors, *found.hour_short_factors):
        assert factor == pytest.approx(1, abs=0.15)
    for factor in found.hour_long_factors:
        assert factor == pytest.approx(1, abs=0.25)


def test_eagerness_multiplies_every_rate(plain: Hotline, days: list[RecordedDay]) -> None:
    """To four digits, to which the rates are kept."""
    one, half = (calibrated(plain, days, eagerness, "made up") for eagerness in (1.0, 0.5))
    assert np.array(half.day_per_s) == pytest.approx(np.array(one.day_per_s) / 2, rel=1e-3)
    assert half.agents == one.agents
