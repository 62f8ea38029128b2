"""Loads to learn a service from: low and middle ones, found without pushing it over."""

from dataclasses import dataclass, replace

import pytest

from footfall._calibrate.station_parameters import StationParameters
from footfall._capacity.learning_loads import (
    FIND,
    LearningLoads,
    generator_bound,
    learned_from,
    limit_bound,
    went_beyond,
)
from footfall._capacity.load_steps import CapacityAsked, PlayedStep
from footfall._capacity.step_figures import UNLOADED
from footfall._criteria.objects import Criterion
from tests.capacity.synthetic import SyntheticService, station

ASKED = CapacityAsked(criteria=(Criterion("success(*) >= 99%"),), p95_times_unloaded=4.0)
BUDGET_S, BETWEEN_S = 80.0, 2.0


@dataclass(frozen=True)
class Case:
    """A station, and the arrivals per second that it can work off."""

    station: StationParameters
    capacity_per_s: float


CASES = {
    "three slots": Case(station("lognormal", 0.05, 0.7, slots=3), 60),
    "six slots": Case(station("gamma", 0.06, 0.5, slots=6), 100),
    "constant work": Case(station("constant", 0.05, 0.0, slots=3), 60),
    "long and short work": Case(station("lognormal", 0.04, 2.0, slots=8), 200),
    "deadline": Case(station("gamma", 0.05, 0.5, slots=6, deadline_s=0.3), 120),
    "rate limit": Case(station(mean_s=0.025, slots=100, rate_limit_per_s=60.0, rate_limit_burst=10), 60),
}


def played(service: SyntheticService, budget_s: float = BUDGET_S) -> tuple[PlayedStep, ...]:
    """Play all loads of a service."""
    decider, spent_s = LearningLoads(budget_s=budget_s), 0.0
    while (step := decider.next_step(service.played, ASKED, spent_s)) is not None:
        spent_s += service.play(step).length_s + BETWEEN_S
    return tuple(service.played)


@pytest.mark.parametrize("name", CASES)
def test_what_is_learned_from_stays_below_the_limit(name: str) -> None:
    """Whatever limits the service: the loads kept are below it, most at 40 to 85 % of it."""
    case, shares = CASES[name], []
    for seed in range(1, 4):
        kept = learned_from(played(SyntheticService(case.station, seed=seed)), ASKED)
        assert kept, "something is learned"
        shares.append(max(one.sent_per_s for one in kept) / case.capacity_per_s)
    assert max(shares) < 1
    assert 0.4 <= sorted(shares)[1] <= 0.85


def test_no_more_than_the_budget_is_spent_and_most_of_it_at_the_loads_kept() -> None:
    """Steps on the way are short; the time goes to what is learned from."""
    service = SyntheticService(CASES["six slots"].station)
    steps = played(service, budget_s=60.0)
    wall_s = sum(one.length_s + BETWEEN_S for one in steps)
    assert wall_s <= 60 + max(one.length_s for one in steps)
    found_s = sum(one.length_s for one in steps if one.planned.purpose == FIND)
    assert found_s < 0.5 * sum(one.length_s for one in steps)
    assert sum(one.planned.purpose == UNLOADED for one in steps) == 1


def test_a_generator_that_is_the_limit_teaches_nothing_of_the_service() -> None:
    """Steps that the generator could not send are invalid: the loop must end there."""
    steps = played(SyntheticService(station("constant", 0.0005, 0.0, slots=8), generator_most_per_s=150.0))
    assert generator_bound(steps)
    assert all(not one.invalid_reason for one in learned_from(steps, ASKED))


def test_the_limit_is_bounded_from_below_by_what_waited() -> None:
    """With three slots of 50 ms, steps at a third and at two thirds bound 60/s to within a third."""
    service = SyntheticService(CASES["three slots"].station)
    steps = played(service)
    bound = limit_bound([one for one in steps if not went_beyond(one, steps)], ASKED)
    assert bound is not None
    assert bound.is_seen
    assert 40 < bound.at_least_per_s < 80


def test_a_first_step_that_is_too_high_is_followed_by_lower_ones() -> None:
    """A service that takes 1.5 a second is not learned from at 4."""
    steps = played(SyntheticService(station("gamma", 2.0, 0.5, slots=3)))
    kept = learned_from(steps, ASKED)
    assert kept
    assert max(one.sent_per_s for one in kept) < 1.5


def test_chance_failures_in_a_few_visits_are_no_limit() -> None:
    """A service that fails 3 % at any load, allowed 90 % success, is loaded until requests wait."""
    asked = CapacityAsked(criteria=(Criterion("success(*) >= 90%"),), p95_times_unloaded=4.0)
    service = SyntheticService(station("gamma", 0.06, 0.5, slots=6, fault_share=0.03))
    decider, spent_s = LearningLoads(budget_s=BUDGET_S), 0.0
    while (step := decider.next_step(service.played, asked, spent_s)) is not None:
        spent_s += service.play(step).length_s + BETWEEN_S
    assert max(one.sent_per_s for one in learned_from(service.played, asked)) > 40


def test_a_first_step_that_was_invalid_is_sent_again_however_late_it_is() -> None:
    """Without a valid step nothing is known, so the time for steps on the way is no reason to stop."""
    service = SyntheticService(CASES["six slots"].station)
    decider = LearningLoads(budget_s=20.0)
    first = decider.next_step((), ASKED, 0.0)
    assert first is not None
    invalid = replace(service.play(first), invalid_reason="the generator was late")
    again = decider.next_step((invalid,), ASKED, 15.0)
    assert again is not None
    assert again.offered_per_s == first.offered_per_s
    assert decider.next_step((invalid,) * 4, ASKED, 15.0) is None
