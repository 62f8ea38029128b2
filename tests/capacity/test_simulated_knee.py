"""The knee of known stations, simulated, against two million requests a rate; and its parts."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, strategies as st

from footfall import theory
from footfall._calibrate.learned_station import GoodnessOfFit, LearnedStation
from footfall._calibrate.station_parameters import ServiceLaw, StationParameters
from footfall._capacity.criterion_figures import usable
from footfall._capacity.service_model import OperationTraffic, ServiceModel, Traffic, capacity_per_s
from footfall._capacity.simulated_knee import QUICK, Effort, KneeQuestion, crossing, simulated_knee
from footfall._criteria.objects import Criterion
from tests.capacity.synthetic import KIND, station

FIT = GoodnessOfFit(
    blocks=0,
    agreeing_share=1.0,
    autocorrelation=0.0,
    work_trend=0.0,
    refusals=0,
    refusals_misread=0,
    response_quantiles=(),
)
EFFORT = Effort(draws=12, arrivals=3000, streams=16)
SUCCESS = usable([Criterion("success(*) >= 99%")])


def known(one: StationParameters, spread: float = 0.0) -> LearnedStation:
    """A station whose numbers are known, but for a spread of its mean work."""
    rng = np.random.default_rng(1)
    laws = [
        tuple(replace(law, mean_s=law.mean_s * (1 + spread * z)) for law in one.laws)
        for z in rng.standard_normal(48)
    ]
    draws = tuple(replace(one, laws=law) for law in laws)
    return LearnedStation(parameters=one, draws=draws, numbers=(), unknown=(), flags=(), fit=FIT)


def model(one: StationParameters, spread: float = 0.0, requests: float = 1.0) -> ServiceModel:
    """A service of one channel whose visits make so many requests."""
    operation = OperationTraffic(channel="web", operation="get", share=1.0, requests=((KIND, requests),))
    return ServiceModel(
        traffic=Traffic(operations=(operation,)), stations={"web": known(one, spread)}, seed=1
    )


@pytest.mark.parametrize(
    ("one", "times", "knee"),
    [
        (station("lognormal", slots=3), 4.0, 67.9),
        (station("lognormal", 0.05, 0.5, slots=7, accept_queue=0), 4.0, 50.04),
        (station(mean_s=0.025, rate_limit_per_s=60.0, rate_limit_burst=10), 4.0, 52.96),
        (station("gamma", cv=0.5, slots=8, stall_length_s=2.0, stall_every_s=20.0), 4.0, 179.68),
    ],
)
def test_the_knee_is_that_of_long_simulations(one: StationParameters, times: float, knee: float) -> None:
    """99 % served, and p95 below four times that at 20/s: within 3 %, and inside the interval."""
    question = KneeQuestion(criteria=SUCCESS, p95_times_unloaded=times, unloaded_per_s=20.0)
    found = simulated_knee(model(one), question, EFFORT)
    assert found is not None
    assert found.knee.value == pytest.approx(knee, rel=0.03)
    assert found.knee.low <= knee <= found.knee.high


def test_the_interval_is_that_of_the_stations_numbers() -> None:
    """The knee of a pool is inversely proportional to its mean work: 3 % of that are 3 % of it."""
    question = KneeQuestion(criteria=usable([Criterion("p95(*) < 452ms")]))
    effort = replace(EFFORT, draws=48)
    exact = simulated_knee(model(station("lognormal", slots=3)), question, effort)
    unsure = simulated_knee(model(station("lognormal", slots=3), spread=0.03), question, effort)
    assert exact is not None
    assert unsure is not None
    assert exact.knee.half_width_share < 0.04
    assert 0.05 < unsure.knee.half_width_share < 0.11


def test_a_loss_system_loses_one_percent_where_erlang_says() -> None:
    """M/M/5/5: the rate at which Erlang B is 1 %, to 2 %."""
    one = station(mean_s=0.1, slots=5, accept_queue=0)
    rates = np.linspace(10.0, 20.0, 1001)
    exact = next(rate for rate in rates if theory.erlang_b(5, rate * 0.1) >= 0.01)
    found = simulated_knee(model(one), KneeQuestion(criteria=SUCCESS), replace(EFFORT, arrivals=6000))
    assert found is not None
    assert found.knee.value == pytest.approx(exact, rel=0.03)


def test_a_service_without_limits_has_no_knee() -> None:
    """Nothing that was learned bounds it, so no rate is invented."""
    question = KneeQuestion(criteria=usable([Criterion("p95(*) < 1s")]))
    assert simulated_knee(model(station()), question, QUICK) is None


def test_visits_of_two_requests_have_half_the_knee() -> None:
    """A station of so many requests per second takes half as many visits of two."""
    one = station("constant", 0.04, 0.0, slots=3)
    question = KneeQuestion(criteria=SUCCESS)
    once, twice = (simulated_knee(model(one, requests=requests), question, QUICK) for requests in (1.0, 2.0))
    assert once is not None
    assert twice is not None
    assert twice.knee.value == pytest.approx(once.knee.value / 2, rel=0.02)


def test_the_capacity_of_a_station_is_its_slots_over_its_work() -> None:
    """Of two kinds by their shares; less what stalls take; of cores where they are fewer than slots."""
    laws = tuple(ServiceLaw(family="exponential", mean_s=mean_s, cv=1.0) for mean_s in (0.1, 0.3))
    two = StationParameters(kinds=("a", "b"), laws=laws, fault_shares=(0.0, 0.0), slots=4)
    assert capacity_per_s(two, [0.5, 0.5]) == pytest.approx(20.0)
    assert capacity_per_s(replace(two, stall_length_s=1.0, stall_every_s=10.0), [1, 0]) == pytest.approx(36.0)
    assert capacity_per_s(replace(two, cores=2), [1, 0]) == pytest.approx(20.0)
    assert capacity_per_s(replace(two, slots=10**6), [1, 0]) == float("inf")


@given(st.floats(20.0, 80.0), st.floats(2.0, 12.0))
def test_a_straight_excess_is_crossed_exactly(knee: float, slope: float) -> None:
    """Where the excess is a line in the logarithm of the rate, its zero is found, at the ends too."""
    rates = np.geomspace(20.0, 80.0, 9)
    assert crossing(rates, slope * np.log(rates / knee)) == pytest.approx(knee, rel=0.17)
    if 25.0 < knee < 64.0:
        near = rates[(rates > knee * 0.7) & (rates < knee * 1.4)]
        assert crossing(near, np.clip(slope * np.log(near / knee), -3, 3)) == pytest.approx(knee, rel=1e-6)


def test_a_criterion_about_another_channel_leaves_the_knee_as_it_is() -> None:
    """It counts none of the visits, alone as well as together with one that counts them."""
    one = station("constant", 0.04, 0.0, slots=3)
    both = usable([Criterion("p95(sms.*) < 1ms"), Criterion("success(web.*) >= 99%")])
    alone, together = (
        simulated_knee(model(one), KneeQuestion(criteria=criteria), QUICK) for criteria in (SUCCESS, both)
    )
    assert alone is not None
    assert together is not None
    assert together.knee == alone.knee
    assert together.binding == 1
