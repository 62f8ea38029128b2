"""Closed loops: the network is exact, its numbers come back, and what was not seen widens the interval."""

from functools import cache

import pytest

from footfall._calibrate.closed_loop import (
    MISFIT_MOST,
    ClosedLoopFit,
    ClosedParameters,
    ClosedPoint,
    PredictedFigure,
    learn_closed_loop,
)
from footfall._records.errors import BadInputError
from footfall.theory.networks import Scalability, closed_loop


def station(**changed: float) -> ClosedParameters:
    """Give a station of 130 requests a second with a second one of half the work and 60 ms of delay."""
    numbers = {"rate_per_s": 130.0, "decline": 0.0, "second_share": 0.5, "delay_s": 0.06, "narrowing": 0.0}
    return ClosedParameters(**numbers | changed)


def measured(throughput_per_s: float, users: int, think_s: float = 0.0) -> ClosedPoint:
    """Give what a run without noise measures."""
    response_s = users / throughput_per_s - think_s
    return ClosedPoint(
        users=users,
        think_s=think_s,
        throughput_per_s=throughput_per_s,
        response_s_mean=response_s,
        quantiles_s={0.95: 2 * response_s},
    )


@cache
def fitted(users: tuple[int, ...], truth: ClosedParameters | None = None) -> ClosedLoopFit:
    """Learn from runs of so many users."""
    return learn_closed_loop([measured((truth or station()).throughput_per_s(n), n) for n in users])


def figure(found: tuple[PredictedFigure, ...], name: str) -> PredictedFigure:
    """Give the figure of a name."""
    return next(one for one in found if one.name == name)


@pytest.mark.parametrize(("users", "think_s"), [(1, 0.0), (10, 0.0), (60, 2.5), (400, 0.0), (700, 20.0)])
def test_the_throughput_is_that_of_mean_value_analysis(users: int, think_s: float) -> None:
    """Without decline the network is that of exact mean value analysis, the delay being think time."""
    exact = closed_loop(users, 0.06 + think_s, [1 / 130, 0.5 / 130]).throughput
    assert station().throughput_per_s(users, think_s) == pytest.approx(exact, rel=1e-9)


def test_a_declining_service_falls_by_the_same_share_at_each_doubling() -> None:
    """With no delay all users are at the stations; with decline d the rate of n falls as n^-d."""
    busy = station(decline=0.05, delay_s=1e-6, second_share=1e-6)
    assert busy.throughput_per_s(200) / busy.throughput_per_s(100) == pytest.approx(2**-0.05, rel=1e-6)


@pytest.mark.parametrize("truth", [None, station(decline=0.03)])
def test_more_users_than_measured_are_predicted(truth: ClosedParameters | None) -> None:
    """From 10 and 50 users: twice and six times as many lie inside intervals of 15 and 25 percent width."""
    fit = fitted((10, 50), truth)
    for users, width in ((100, 0.15), (300, 0.25)):
        found = figure(fit.predict(users), "throughput_per_s")
        assert found.low <= (truth or station()).throughput_per_s(users) <= found.high
        assert (found.high - found.low) / found.value < width


def test_between_the_loads_measured_the_interval_is_narrow() -> None:
    """At the loads measured the prediction is what was measured, within the noise of a run."""
    truth = station()
    fit = learn_closed_loop([measured(truth.throughput_per_s(users), users) for users in (10, 25, 50)])
    found = figure(fit.predict(40), "throughput_per_s")
    assert found.value == pytest.approx(truth.throughput_per_s(40), rel=0.02)
    assert (found.high - found.low) / found.value < 0.1


def test_littles_law_holds_in_every_prediction() -> None:
    """Throughput x (response + think time) is the number of users."""
    truth = station()
    fit = learn_closed_loop([measured(truth.throughput_per_s(n, 1.0), n, 1.0) for n in (50, 150)])
    found = fit.predict(200, 1.0)
    users = figure(found, "throughput_per_s").value * (figure(found, "response_s_mean").value + 1.0)
    assert users == pytest.approx(200, rel=0.01)


def test_percentiles_keep_their_ratio_to_the_mean_where_they_were_measured() -> None:
    """At a load that was measured the 95th percentile is twice the mean, as it was there."""
    found = fitted((10, 50)).predict(50)
    ratio = figure(found, "response_s_p95").value / figure(found, "response_s_mean").value
    assert ratio == pytest.approx(2, rel=0.03)


def test_a_series_that_no_station_describes_has_an_interval_that_holds_what_came() -> None:
    """A serial part with a cost of coherence: from 1 to 24 processors, what comes at 48 and 64 is inside."""
    law = Scalability(contention=0.03, coherence=1e-4, rate=20.0)
    fit = learn_closed_loop([measured(law.throughput(n), n) for n in (1, 4, 8, 12, 24)])
    assert fit.misfit > MISFIT_MOST
    for users in (48, 64):
        found = figure(fit.predict(users), "throughput_per_s")
        assert found.low <= law.throughput(users) <= found.high


def test_one_number_of_users_leaves_open_how_it_goes_on() -> None:
    """From 10 users alone: 50 may find no room at all, or all that they need."""
    truth = station()
    fit = learn_closed_loop([measured(truth.throughput_per_s(10), 10)])
    found = figure(fit.predict(50), "throughput_per_s")
    assert found.low < 1.2 * truth.throughput_per_s(10)
    assert found.high > 1.5 * truth.throughput_per_s(10)
    assert found.low <= truth.throughput_per_s(50) <= found.high


def test_the_same_seed_gives_the_same_numbers() -> None:
    """Draws are those of the seed."""
    again = learn_closed_loop([measured(station().throughput_per_s(n), n) for n in (10, 50)])
    assert again.draws == fitted((10, 50)).draws


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        ([], "no run"),
        ([measured(110.0, 10), measured(110.0, 0)], "0 cannot be calculated"),
        ([measured(110.0, 10_000)], "10000 cannot be calculated"),
        ([measured(5.0, 10, 3.0)], "answered no request"),
    ],
)
def test_points_that_say_nothing_are_refused(points: list[ClosedPoint], reason: str) -> None:
    """No run, no users, or no response time: one line."""
    with pytest.raises(BadInputError, match=reason):
        learn_closed_loop([p if p.think_s == 0 else zero_response(p) for p in points])


def zero_response(point: ClosedPoint) -> ClosedPoint:
    """Give the point without a response time."""
    return ClosedPoint(
        users=point.users,
        think_s=point.think_s,
        throughput_per_s=point.throughput_per_s,
        response_s_mean=0.0,
        quantiles_s={},
    )
