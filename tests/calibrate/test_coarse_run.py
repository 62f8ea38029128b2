"""Coarse runs: what speaks against a run is found, and a ramp that the generator ended is said to be so."""

import numpy as np
import pytest

from footfall._calibrate.coarse_run import (
    CoarseRun,
    Ramp,
    SecondBySecond,
    closed_point,
    objections,
    ramp_findings,
)
from footfall._records.errors import BadInputError

RNG_SEED = 3


def run_of(responses: np.ndarray, users: int | None = 20, think_s: float = 0.0) -> CoarseRun:
    """Give a closed loop without think time that answered so many in each second."""
    length_s = float(len(responses))
    response_s = length_s * 20 / responses.sum()
    return CoarseRun(
        name="run",
        length_s=length_s,
        requests=int(responses.sum()),
        failures=0,
        response_s_mean=response_s,
        quantiles_s={},
        users=users,
        think_s=think_s,
        seconds=SecondBySecond(responses=responses, response_s_mean=np.full(len(responses), response_s)),
    )


def steady(seconds: int = 120) -> np.ndarray:
    """Give about 100 responses a second."""
    return np.random.default_rng(RNG_SEED).poisson(100, seconds).astype(float)


def flags(run: CoarseRun) -> list[str]:
    """Give the words of what speaks against it."""
    return [one.flag for one in objections(run)]


def test_nothing_speaks_against_a_steady_run() -> None:
    """Its users are what throughput x response says, no second is without response, nothing changes."""
    assert flags(run_of(steady())) == []


def test_a_stall_of_half_a_minute_is_found() -> None:
    """30 s in which almost nothing comes: the run is not one to learn from."""
    responses = steady()
    responses[50:80] = 0
    responses[62] = 2
    assert "stalls" in flags(run_of(responses))


def test_single_seconds_without_a_response_are_no_stall() -> None:
    """Clocks that skip a second, or three of a slow service, are not called a stall."""
    responses = steady()
    responses[[20, 40, 41, 42, 60]] = 0
    assert "stalls" not in flags(run_of(responses))


def test_a_throughput_that_sinks_is_called_drift() -> None:
    """A fifth less in the last third than in the first, far beyond the noise."""
    assert flags(run_of(steady() * np.linspace(1.1, 0.85, 120))) == ["drift"]


def test_users_who_pause_are_seen_by_littles_law() -> None:
    """20 users of whom 10 are accounted for: they paused for as long as they were answered."""
    found = objections(run_of(steady(), users=40))
    assert [one.flag for one in found] == ["think time"]
    assert "give --think" in found[0].text
    assert "paused about 0.199 s" in found[0].text


def test_more_requests_under_way_than_users_is_no_closed_loop() -> None:
    """Ten users cannot keep 20 requests under way."""
    assert flags(run_of(steady(), users=10)) == ["not a closed loop"]


def test_users_that_are_not_known_are_counted() -> None:
    """Without a number of users throughput x response gives it."""
    assert closed_point(run_of(steady(), users=None)).users == 20


def ramp_of(most_per_s: float, threads: float, capacity_per_s: float, seconds: int = 120) -> Ramp:
    """Give an open ramp played by so many threads at a service with a capacity.

    While arrivals are below the capacity the response is 50 ms. Above it all threads become busy and the
    generator's arrivals wait for one: throughput is the capacity, response threads/capacity.
    """
    rng = np.random.default_rng(RNG_SEED)
    asked = np.linspace(0, most_per_s, seconds)
    done = np.minimum(asked, capacity_per_s) * rng.normal(1, 0.03, seconds)
    response = np.where(asked > capacity_per_s, threads / capacity_per_s, 0.05) * rng.normal(1, 0.03, seconds)
    none = np.zeros(seconds)
    return Ramp(
        name="ramp",
        asked_per_s=asked,
        successes=done,
        failures=none,
        dropped=none,
        response_s_mean=response,
    )


@pytest.mark.parametrize("threads", [16, 256])
def test_a_ramp_that_ends_at_the_generators_threads_is_called_generator_bound(threads: int) -> None:
    """Throughput x response stays at the number of threads while the plan goes on rising."""
    found = ramp_findings(ramp_of(2000, threads, 1300))
    assert found.generator_bound
    assert found.under_way_most == pytest.approx(threads, rel=0.05)
    assert f"stays at {found.under_way_most:.0f}" in found.text


def test_seconds_after_the_plan_do_not_hide_the_limit() -> None:
    """Half a minute in which nothing more is asked for: what came before it still counts."""
    base = ramp_of(2000, 256, 1300)
    after = np.zeros(30)
    found = ramp_findings(
        Ramp(
            name="ramp",
            asked_per_s=np.r_[base.asked_per_s, after],
            successes=np.r_[base.successes, after],
            failures=np.r_[base.failures, after],
            dropped=np.r_[base.dropped, after],
            response_s_mean=np.r_[base.response_s_mean, after],
        )
    )
    assert found.generator_bound


def test_a_ramp_that_is_followed_to_its_end_is_not() -> None:
    """It reached no limit, and says so."""
    found = ramp_findings(ramp_of(1000, 256, 5000))
    assert not found.generator_bound
    assert found.followed_to_per_s == pytest.approx(962, rel=0.01)
    assert "no limit" in found.text


def test_a_service_that_keeps_more_and_more_is_its_own_limit() -> None:
    """An open generator with threads enough: requests under way go on rising above the capacity."""
    base = ramp_of(2000, 256, 1300)
    waiting = np.cumsum(np.maximum(base.asked_per_s - 1300, 0))
    response = np.where(waiting > 0, 0.05 + waiting / 1300, 0.05)
    found = ramp_findings(
        Ramp(
            name="ramp",
            asked_per_s=base.asked_per_s,
            successes=base.successes,
            failures=base.failures,
            dropped=base.dropped,
            response_s_mean=response,
        )
    )
    assert not found.generator_bound
    assert "below the plan" in found.text


def test_a_service_that_refuses_is_its_own_limit() -> None:
    """A loss system holds a constant number too, but refuses the rest: its limit is its own."""
    base = ramp_of(2000, 256, 1300)
    found = ramp_findings(
        Ramp(
            name="ramp",
            asked_per_s=base.asked_per_s,
            successes=base.successes,
            failures=np.maximum(base.asked_per_s - base.successes, 0),
            dropped=base.dropped,
            response_s_mean=base.response_s_mean,
        )
    )
    assert not found.generator_bound


def test_a_short_ramp_says_nothing_wrong() -> None:
    """Fewer rows than a window: no limit was reached, and nothing breaks."""
    assert not ramp_findings(ramp_of(100, 256, 5000, seconds=12)).generator_bound
    with pytest.raises(BadInputError, match="4 rows with arrivals"):
        ramp_findings(ramp_of(100, 256, 5000, seconds=5))
