"""A whole search at simulated services of known capacity: which steps, which knee, which words."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from footfall._capacity.capacity_found import DOES_NOT_RECOVER, RateEstimate
from footfall._capacity.findings import findings, findings_so_far
from footfall._capacity.learned_curve import learned_curve
from footfall._capacity.load_steps import CapacityAsked, GuardFigures, PlannedStep, PlayedStep
from footfall._capacity.search import next_step
from footfall._criteria.objects import Criterion
from tests.capacity.synthetic import SyntheticService, search, station
from tests.capacity.test_simulated_knee import model

SUCCESS = Criterion("success(*) >= 99%")
ASKED = CapacityAsked(criteria=(SUCCESS,), p95_times_unloaded=4.0, budget_s=150.0)
SHORT = replace(ASKED, budget_s=80.0)


def test_the_knee_of_a_pool_is_found_and_confirmed() -> None:
    """M/G/3, lognormal work of 0.2 s, knee 13.6/s: inside an interval of 10 % at most; 15/s beyond it."""
    searched = search(SyntheticService(station("lognormal", 0.2, slots=3)), ASKED)
    found = searched.found
    assert found.knee is not None
    assert found.plateau is not None
    assert found.knee.low <= 13.58 <= found.knee.high
    assert found.knee.half_width_share <= 0.1
    assert found.plateau.low <= 15.0 <= found.plateau.high
    assert (found.limited_by, found.beyond) == ("service", "graceful")
    assert DOES_NOT_RECOVER not in found.flags
    assert searched.wall_s <= 150.0
    purposes = [step.planned.purpose for step in searched.steps]
    assert purposes[0] == "explore"
    assert purposes.count("unloaded") == 1
    assert purposes[purposes.index("overload") + 1] == "recovery"
    confirms = sorted(step.sent_per_s for step in searched.steps if step.planned.purpose == "confirm")
    assert confirms[0] < 1.02 * found.knee.value
    assert confirms[-1] > 0.98 * found.knee.value
    assert [step.planned.number for step in searched.steps] == list(range(1, len(purposes) + 1))
    assert [one.number for one in found.steps] == list(range(1, len(purposes) + 1))
    assert found.by_channel["web"].knee == found.knee
    rates = [point.offered_per_s for point in found.curve]
    assert rates == sorted(rates)
    so_far = findings_so_far(searched.steps, ASKED)
    assert (so_far.knee, so_far.steps, so_far.criteria) == (found.knee, found.steps, found.criteria)
    assert (so_far.held_per_s, so_far.limited_by) == (found.held_per_s, found.limited_by)
    assert set(so_far.flags) <= set(found.flags)


def test_a_service_without_limits_is_bound_by_the_generator() -> None:
    """What the generator cannot offer is no capacity of the service: no knee, and the reason is said."""
    service = SyntheticService(station("constant", 0.01, 0.0), generator_most_per_s=70.0)
    searched = search(service, SHORT)
    assert searched.found.knee is None
    assert searched.found.limited_by == "generator"
    assert 30.0 < searched.found.held_per_s <= 70.0
    assert any("busy" in sentence for sentence in searched.found.sentences)


def test_a_highest_rate_is_not_exceeded() -> None:
    """Where nothing is broken at the highest rate allowed, no knee is stated, and what held is."""
    asked = replace(SHORT, most_per_s=30.0)
    searched = search(SyntheticService(station(slots=3)), asked)
    assert max(step.planned.offered_per_s for step in searched.steps) <= 30.0
    assert searched.found.held_per_s == pytest.approx(30.0, rel=0.05)
    assert searched.found.knee is None or searched.found.knee.value > 30.0


def test_a_service_that_answers_nothing_has_no_capacity() -> None:
    """All requests fail from the first step on: no knee, no exception, and the search ends."""
    searched = search(SyntheticService(station(fault_share=1.0, slots=3)), ASKED)
    assert searched.found.knee is None
    assert searched.found.held_per_s == 0.0
    assert searched.found.limited_by == "service"
    assert searched.wall_s < 60.0
    assert any("any rate" in sentence for sentence in searched.found.sentences)


def test_invalid_steps_say_nothing() -> None:
    """The same steps, all invalid: nothing was found, and five in a row end the search."""
    service = SyntheticService(station(slots=3))
    played: list[PlayedStep] = []
    for _ in range(5):
        planned = next_step(tuple(played), ASKED, 0.0)
        assert planned is not None
        played.append(replace(service.play(planned), invalid_reason="arrivals were late"))
    assert next_step(tuple(played), ASKED, 10.0) is None
    found = findings(tuple(played), ASKED)
    assert found.knee is None
    assert found.held_per_s == 0.0
    assert {one.verdict for one in found.steps} == {"invalid"}


def test_before_the_first_step_nothing_is_known() -> None:
    """No step, no finding; a budget too small for one step plans none."""
    assert next_step((), replace(ASKED, budget_s=2.0), 0.0) is None
    found = findings((), ASKED)
    assert found.knee is None
    assert found.limited_by == "budget"
    assert found.budget_needed_s is not None


def test_the_first_rate_is_the_one_that_was_asked_for() -> None:
    """And the next is higher, where the service held it."""
    asked = replace(ASKED, start_per_s=7.0)
    first = next_step((), asked, 0.0)
    assert first is not None
    assert first.offered_per_s == 7.0
    step = SyntheticService(station(slots=3)).play(first)
    second = next_step((step,), asked, 3.0)
    assert second is not None
    assert second.offered_per_s == pytest.approx(21.0)


def test_a_generator_that_is_busy_for_once_does_not_end_the_search() -> None:
    """One invalid step is looked at again, lower, and the knee is found all the same."""
    service = SyntheticService(station("lognormal", slots=3))
    first = next_step((), ASKED, 0.0)
    assert first is not None
    spoiled = replace(
        service.play(first), invalid_reason="busy", generator=GuardFigures(bound_by="its CPU was busy")
    )
    again = next_step((spoiled,), ASKED, 3.0)
    assert again is not None
    assert again.offered_per_s <= first.offered_per_s
    assert np.isfinite(again.offered_per_s)


def test_a_generator_at_its_limit_at_the_highest_rate_is_the_limit_even_if_it_kept_up_there_once() -> None:
    """A rate at which it could just follow is no reason to call the budget the limit."""
    service = SyntheticService(station("constant", 0.01, 0.0))
    plans = [
        PlannedStep(number=k, offered_per_s=rate, length_s=2.5, purpose="explore", under_way_most=100)
        for k, rate in enumerate((4.0, 12.0, 36.0, 36.0, 36.0, 36.0), 1)
    ]
    steps = [service.play(planned) for planned in plans]
    reason = "its event loop was busy"
    bound = [replace(s, invalid_reason=reason, generator=GuardFigures(bound_by=reason)) for s in steps[3:]]
    found = findings((*steps[:3], *bound), SHORT)
    assert (found.knee, found.limited_by) == (None, "generator")


def test_a_service_that_serves_nothing_beyond_its_capacity_has_no_percentiles_there() -> None:
    """Stale work is served beyond the deadline: at high rates nothing is in time, and the curve says so."""
    service = model(station("gamma", 0.05, 0.5, slots=6, deadline_s=0.3, stale_work="served"))
    points = learned_curve(service, RateEstimate(value=109.0, low=105.0, high=113.0))
    assert [point.p50_s is None for point in points] == [point.success_share == 0 for point in points]
    assert points[0].success_share == pytest.approx(1.0)
    assert points[-1].success_share == 0
    json.dumps([asdict(point) for point in points], allow_nan=False)
