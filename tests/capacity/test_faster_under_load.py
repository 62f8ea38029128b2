"""More load makes no queue shorter: a service that answers faster at a higher load did other work."""

from dataclasses import replace

import numpy as np
import pytest

from footfall._capacity.capacity_found import FASTER_UNDER_LOAD
from footfall._capacity.faster_under_load import faster_under_load
from footfall._capacity.findings import findings
from footfall._capacity.load_steps import CapacityAsked, PlayedStep
from footfall._criteria.objects import Criterion
from tests.capacity.synthetic import SyntheticService, station
from tests.capacity.test_service_recovery import planned

ASKED = CapacityAsked(criteria=(Criterion("success(*) >= 99%"),), p95_times_unloaded=4.0, budget_s=120.0)
RATES = (10.0, 30.0, 60.0, 90.0)


def played(service: SyntheticService, means_s: tuple[float, ...] = ()) -> list[PlayedStep]:
    """Steps at rising rates; with `means_s`, the mean work in each of them."""
    steps = []
    for number, rate in enumerate(RATES, 1):
        if means_s:
            service.station = station("lognormal", means_s[number - 1], slots=4)
        steps.append(service.play(planned(number, rate, 5.0, "structure")))
    return steps


@pytest.mark.parametrize(
    ("means_s", "numbers"),
    [
        ((0.2, 0.2, 0.03, 0.03), (1, 3)),  # warm after a while
        ((0.03, 0.03, 0.03, 0.002), (1, 4)),  # cached, or an error page with status 200
    ],
)
def test_answers_that_get_faster_are_flagged_with_the_two_steps(
    means_s: tuple[float, ...], numbers: tuple[int, int]
) -> None:
    """The flag, and a sentence that names the steps and what to look at."""
    steps = played(SyntheticService(station()), means_s)
    faster = faster_under_load(steps)
    assert faster is not None
    assert tuple(each.planned.number for each in faster) == numbers
    found = findings(tuple(steps), ASKED)
    assert FASTER_UNDER_LOAD in found.flags
    assert any(f"(step {numbers[1]}) than at" in each and "error page" in each for each in found.sentences)


@pytest.mark.parametrize("limits", [{}, {"accept_queue": 0}, {"deadline_s": 0.1}, {"rate_limit_per_s": 40.0}])
def test_a_service_that_does_the_same_work_is_not(limits: dict[str, float]) -> None:
    """Queues, refusals and deadlines make nothing faster, and chance does not at the usual laws."""
    for seed in range(20):
        service = SyntheticService(station("lognormal", cv=1.5, slots=4, **limits), seed=seed)
        assert faster_under_load(played(service)) is None


def test_few_visits_milliseconds_and_a_service_that_got_slower_say_nothing() -> None:
    """A machine at rest is slow by milliseconds; a fast step before a slow one is drift, at the most."""
    slow, fast = played(SyntheticService(station()), (0.2, 0.2, 0.03, 0.03))[::3]
    assert faster_under_load([slow, fast]) == (slow, fast)
    assert faster_under_load([fast, slow]) is None
    assert faster_under_load([slow, replace(fast, sent_per_s=slow.sent_per_s * 1.1)]) is None
    few = replace(slow.visits, is_success=np.arange(slow.visits.visits) < 19)
    assert faster_under_load([replace(slow, visits=few), fast]) is None
    waking = played(SyntheticService(station()), (0.004, 0.004, 0.001, 0.001))
    assert faster_under_load(waking) is None
