"""A service that stays busy after an overload: probes, pauses, what is used, the capacity of a gateway."""

from dataclasses import replace
from math import inf

import numpy as np
import pytest

from footfall._capacity.capacity_found import DIED, DOES_NOT_RECOVER
from footfall._capacity.findings import findings
from footfall._capacity.load_steps import CapacityAsked, PlannedStep
from footfall._capacity.retrying_gateway import Gateway, gateway_knee, learn_gateway, replayed, tips_over
from footfall._capacity.search import next_step
from footfall._capacity.service_recovery import PAUSES_S, refused_for_a_while, state_after
from footfall._capacity.step_evidence import PROBE
from footfall._criteria.objects import Criterion
from tests.capacity.gateway import RetryingGateway
from tests.capacity.synthetic import Service, SyntheticService, search, station
from tests.capacity.test_simulated_knee import known

ASKED = CapacityAsked(criteria=(Criterion("success(*) >= 99%"),), p95_times_unloaded=4.0, budget_s=240.0)


def planned(number: int, rate: float, length_s: float, purpose: str = "explore") -> PlannedStep:
    """A step without limits, so that what comes after it meets what it has left."""
    return PlannedStep(number=number, offered_per_s=rate, length_s=length_s, purpose=purpose, drain_s=2.0)


def explored(service: Service, most: int) -> list[str]:
    """Purposes of the first steps of a search."""
    spent_s = 0.0
    for _ in range(most):
        step = next_step(tuple(service.played), ASKED, spent_s)
        if step is None or step.purpose not in {"explore", PROBE}:
            break
        spent_s += step.pause_s + service.play(step).length_s + 2.0
    return [step.planned.purpose for step in service.played]


def test_a_service_that_is_driven_down_is_left_alone_until_it_is_back() -> None:
    """After each step that is too much a probe, pauses that grow, and no step at a busy service."""
    service = RetryingGateway()
    purposes = explored(service, 12)
    assert purposes[:5] == ["explore"] * 4 + [PROBE]
    pauses_s = [step.planned.pause_s for step in service.played if step.planned.purpose == PROBE]
    assert 0.0 in pauses_s
    assert max(pauses_s) > 0
    state = state_after(service.played)
    assert state.busy_after
    assert not state.spoiled
    assert not state.in_doubt
    assert not state.stays_down


def test_a_service_that_is_back_at_once_is_not_waited_for() -> None:
    """A pool with an endless queue, which needs no probe, and one that refuses: one, and no pause."""
    for limits, has_probes in (({}, False), ({"accept_queue": 0}, True)):
        service = SyntheticService(station("lognormal", slots=3, **limits))
        explored(service, 12)
        probes = [step for step in service.played if step.planned.purpose == PROBE]
        assert bool(probes) == has_probes
        assert all(step.planned.pause_s == 0 for step in probes)
        assert not state_after(service.played).busy_after


def test_a_service_that_does_not_come_back_has_died() -> None:
    """All pauses, then the end: no knee, the flag, which step it was, and no advice about the budget."""
    service = RetryingGateway(dies_at_wait_s=1.0)
    searched = search(service, ASKED)
    found = searched.found
    probes = [step.planned for step in searched.steps if step.planned.purpose == PROBE]
    assert [one.pause_s for one in probes] == list(PAUSES_S)
    assert found.knee is None
    assert {DIED, DOES_NOT_RECOVER} <= set(found.flags)
    assert any("died: after step 4" in sentence for sentence in found.sentences)
    assert found.held_per_s == pytest.approx(36.0)
    assert found.budget_needed_s is None
    assert searched.wall_s < ASKED.budget_s


def test_a_step_that_meets_a_busy_service_says_nothing() -> None:
    """A rate that held before breaks straight after an overload: not used, and the service is probed."""
    service = RetryingGateway()
    for number, (rate, length_s) in enumerate(((4, 2.5), (36, 2.5), (108, 8.0), (36, 5.0)), 1):
        service.play(planned(number, rate, length_s))
    state = state_after(service.played)
    assert [number for number, _ in state.spoiled] == [4]
    assert state.busy_after == (3,)
    assert findings(tuple(service.played), ASKED).steps[3].verdict == "undecided"
    following = next_step(tuple(service.played), ASKED, 30.0)
    assert following is not None
    assert following.purpose == PROBE


def test_the_capacity_of_a_gateway_is_where_it_stays_up() -> None:
    """4 slots of 40 ms, 4 tries after 0.25 s: another event simulation gives 76/s, steps of 20 s 90/s."""
    service = RetryingGateway(seed=3)
    steps = [("explore", 4, 2.5), ("explore", 36, 2.5), ("explore", 108, 2.5), (PROBE, 4, 2), (PROBE, 4, 2)]
    steps += [("unloaded", 10, 20), ("structure", 60, 14), ("confirm", 80, 20), ("explore", 115, 3)]
    for number, (purpose, rate, length_s) in enumerate(steps, 1):
        pause_s = 10.0 if number in {5, 6} else 0.0
        service.play(replace(planned(number, rate, length_s, purpose), pause_s=pause_s))
    service.play(planned(len(steps) + 1, 4, 2, PROBE))
    found = findings(tuple(service.played), ASKED)
    assert found.knee is not None
    assert found.knee.value == pytest.approx(74.0, rel=0.06)
    assert found.knee.low <= 76.2 <= found.knee.high
    assert found.knee.half_width_share <= 0.1
    assert DOES_NOT_RECOVER in found.flags
    assert found.beyond == "metastable"
    assert any("4 times in all" in sentence for sentence in found.sentences)


def test_stale_work_alone_is_no_gateway() -> None:
    """A deadline after which the work goes on leaves a backlog too, but one try is what explains it."""
    one = station("gamma", 0.04, 0.5, slots=4)
    service = RetryingGateway(tries=1, timeout_s=0.5, seed=2)
    steps = [service.play(planned(number, rate, 3)) for number, rate in enumerate((70.0, 85.0, 150.0), 1)]
    learned = learn_gateway(known(one), steps[:2], steps[2:], seed=1)
    assert learned is None or learned.tries == 1


def test_without_tries_to_come_nothing_tips_over() -> None:
    """One try at half the capacity: never; four tries at nearly all of it: within seconds."""
    one, rng = station("gamma", 0.04, 0.5, slots=4), np.random.default_rng(1)
    assert tips_over(one, Gateway(tries=1, timeout_s=0.25), 50.0, 20_000, rng)[0] == 0
    tips, up_s = tips_over(one, Gateway(tries=4, timeout_s=0.25), 98.0, 20_000, rng)
    assert 1.0 < up_s / tips < 20.0
    assert gateway_knee(known(one), Gateway(tries=1, timeout_s=inf), 1, thorough=False) is None


def test_a_visit_takes_its_tries_and_its_work() -> None:
    """One slot, work of 1 s, given up after 1.7 s: the third visit needs a second try, after its own work."""
    sent_s, work_s = np.array([0.0, 0.4, 0.8]), np.full(6, 1.0)
    served, times_s = replayed(sent_s, work_s, 1, Gateway(tries=2, timeout_s=1.7))
    assert served.tolist() == [True, True, True]
    assert times_s == pytest.approx([1.0, 1.6, 3.2])
    served, times_s = replayed(sent_s, work_s, 1, Gateway(tries=1, timeout_s=1.7))
    assert served.tolist() == [True, True, False]
    assert times_s == pytest.approx([1.0, 1.6, 1.7])


def test_refused_connections_are_no_overload() -> None:
    """Half a second and more without a connection is a service that went away; a few resets are not."""
    service = SyntheticService(station("constant", 0.005, 0.0, slots=3))
    step = service.play(planned(1, 40.0, 3.0))
    log = step.logs["web"]

    def cut(first: int, end: int) -> bool:
        gone = (np.arange(log.requests) >= first) & (np.arange(log.requests) < end)
        refused = replace(log, status=np.where(gone, 0, log.status), is_success=log.is_success & ~gone)
        visits = replace(step.visits, is_success=step.visits.is_success & ~gone)
        return refused_for_a_while(replace(step, logs={"web": refused}, visits=visits))

    def answered(first: int, end: int) -> bool:
        gone = (np.arange(log.requests) >= first) & (np.arange(log.requests) < end)
        visits = replace(step.visits, is_success=step.visits.is_success & ~gone)
        return refused_for_a_while(replace(step, visits=visits))

    assert not cut(0, 0)
    assert not cut(20, 26)
    assert cut(20, 100)
    assert not answered(20, 100)
