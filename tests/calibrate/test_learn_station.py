"""A station is learned from its request logs: what is known is right, and what is unknown is said."""

from dataclasses import replace
from math import inf, isfinite

import numpy as np
import pytest

from footfall._calibrate.learn import learn_station
from footfall._calibrate.learned_station import (
    BOUNDED_QUEUE,
    CONNECTION_POOL,
    DEADLINE,
    LOSS_SYSTEM,
    RATE_LIMIT,
    SEPARATE_QUEUES,
    SHARED_CORES,
    STALLS,
)
from footfall._calibrate.request_log import RequestLog
from footfall._calibrate.station_parameters import SLOTS_UNLIMITED, ServiceLaw
from tests.calibrate.learned import DRAWS, holds, law, learned, logs_of, number, station

MEAN = "laws.web.kind0/GET /.mean_s"
CV = "laws.web.kind0/GET /.cv"


@pytest.mark.parametrize(
    ("slots", "of_one"),
    [
        (1, law("exponential", 0.0125, 1.0)),
        (7, law("gamma", 0.1, 0.5)),
        (2, law("constant", 0.03, 0.0)),
    ],
)
def test_two_runs_below_the_knee_give_slots_and_law(slots: int, of_one: ServiceLaw) -> None:
    """From 40 and 75 % of the capacity: slots exactly, mean within 5 %, intervals that hold the truth."""
    truth = station(of_one, slots=slots)
    capacity = slots / of_one.mean_s
    found = learned(truth, (0.4 * capacity, 0.75 * capacity))
    assert found.parameters.slots == slots
    assert number(found, "slots").identified
    assert found.parameters.laws[0].mean_s == pytest.approx(of_one.mean_s, rel=0.05)
    # One seed: an interval may just miss, not by as much again.
    assert holds(found, MEAN, of_one.mean_s, wider=2)
    assert number(found, MEAN).high - number(found, MEAN).low < 0.2 * of_one.mean_s
    assert found.parameters.network_s == pytest.approx(0.002, abs=0.1 * of_one.mean_s)
    assert found.flags == ()


def test_what_was_never_reached_is_unknown() -> None:
    """Deadline, accept queue and rate limit stay without a limit; sentences say how far the logs went."""
    found = learned(station(slots=3), (0.4 * 75, 0.75 * 75))
    best = found.parameters
    assert (best.deadline_s, best.accept_queue, best.rate_limit_per_s) == (inf, inf, inf)
    for path in ("deadline_s", "accept_queue", "rate_limit_per_s", "queue_timeout_s"):
        assert not number(found, path).identified
    for word in ("deadline: never reached", "accept queue: never full", "rate limit: never reached"):
        assert any(word in sentence for sentence in found.unknown)


def test_slots_that_were_never_all_taken_are_unknown() -> None:
    """At 30 of 1000 requests a second that the slots could serve, more slots would have shown the same."""
    found = learned(station(slots=40), (30.0,))
    slots = number(found, "slots")
    assert not slots.identified
    assert slots.high == inf
    assert found.parameters.slots == SLOTS_UNLIMITED
    assert any(sentence.startswith("slots:") for sentence in found.unknown)
    assert any(sentence.startswith("network delay:") for sentence in found.unknown)
    assert len({draw.slots for draw in found.draws}) > 10
    # What is known is known: work and delay together.
    total = found.parameters.laws[0].mean_s + found.parameters.network_s
    assert total == pytest.approx(0.042, rel=0.1)


def test_two_kinds_share_the_slots_and_fail_by_their_own_shares() -> None:
    """Laws and fault shares by kind, one number of slots."""
    kinds = (law("lognormal", 0.06, 0.8), law("gamma", 0.02, 0.5))
    found = learned(station(*kinds, faults=0.03, slots=4), (40.0, 75.0), 12.0)
    assert found.parameters.slots == 4
    for kind, of_one in enumerate(kinds):
        assert found.parameters.laws[kind].mean_s == pytest.approx(of_one.mean_s, rel=0.06)
        assert holds(found, f"fault_shares.web.kind{kind}/GET /", 0.03)


def test_a_station_that_refuses_at_its_slots_is_a_loss_system() -> None:
    """No queue: the slots are the bound, exactly."""
    found = learned(station(slots=7, accept_queue=0), (80.0, 190.0), 10.0)
    assert found.flags == (LOSS_SYSTEM,)
    assert (found.parameters.slots, found.parameters.accept_queue) == (7, 0)
    assert found.fit.refusals_misread < 0.3 * found.fit.refusals


def test_slots_and_accept_queue_come_from_overload() -> None:
    """Four slots, nine places to wait."""
    found = learned(station(slots=4, accept_queue=9), (50.0, 130.0), 10.0)
    assert found.flags == (BOUNDED_QUEUE,)
    assert (found.parameters.slots, found.parameters.accept_queue) == (4, 9)
    assert number(found, "accept_queue").identified


def test_a_rate_limit_is_found_from_what_it_refuses() -> None:
    """60 a second with a burst of 10, told from a bound on the requests inside."""
    found = learned(station(slots=200, rate_limit_per_s=60.0, rate_limit_burst=10), (30.0, 80.0))
    assert found.flags == (RATE_LIMIT,)
    assert found.parameters.rate_limit_per_s == pytest.approx(60, rel=0.005)
    assert found.parameters.rate_limit_burst == 10
    assert found.parameters.accept_queue == inf
    assert found.fit.refusals_misread < 0.1 * found.fit.refusals


def test_a_deadline_is_told_from_a_bound_on_the_wait() -> None:
    """Both fail after a constant time; only a bound on the wait lets responses take longer."""
    late = learned(station(slots=4, deadline_s=0.3, stale_work="dropped"), (50.0, 130.0), 9.0)
    assert late.parameters.stale_work == "dropped"
    assert late.flags == (DEADLINE,)
    assert late.parameters.deadline_s == pytest.approx(0.3, rel=0.01)
    pool = learned(station(slots=4, queue_timeout_s=0.3), (50.0, 130.0), 9.0)
    assert pool.flags == (CONNECTION_POOL,)
    assert pool.parameters.queue_timeout_s == pytest.approx(0.3, rel=0.01)
    for found in (late, pool):
        assert found.parameters.slots == 4
        assert found.parameters.laws[0].mean_s == pytest.approx(0.04, rel=0.12)


def test_stalls_are_found_and_are_no_service_times() -> None:
    """A second in ten without any response; the law is that of the time between."""
    found = learned(station(slots=8, stall_length_s=1.0, stall_every_s=10.0), (60.0, 100.0), 40.0)
    assert found.flags == (STALLS,)
    assert found.parameters.stall_length_s == pytest.approx(1.0, rel=0.05)
    assert found.parameters.stall_every_s == pytest.approx(10.0, rel=0.1)
    assert found.parameters.slots == 8
    assert found.parameters.laws[0].mean_s == pytest.approx(0.04, rel=0.05)


def test_shared_cores_are_told_from_slots() -> None:
    """Work on each slows down with the number inside: no queue explains that."""
    found = learned(station(law("lognormal", 0.04, 0.8), cores=3, slots=1000), (40.0, 58.0), 10.0)
    assert found.flags == (SHARED_CORES,)
    assert found.parameters.cores == 3
    assert found.parameters.laws[0].mean_s == pytest.approx(0.04, rel=0.06)


def test_separate_queues_are_told_from_one_queue_and_from_shared_cores() -> None:
    """A request waits while another worker is free: which queue it joined need not be seen."""
    found = learned(station(law("lognormal", 0.04, 0.8), slots=4, queues=4), (40.0, 75.0), 9.0)
    assert found.flags == (SEPARATE_QUEUES,)
    assert (found.parameters.queues, found.parameters.slots) == (4, 4)
    assert found.parameters.dispatch == "round_robin"
    assert found.parameters.laws[0].mean_s == pytest.approx(0.04, rel=0.1)


def test_runs_that_no_station_explains_are_left_out_and_named() -> None:
    """Every other two seconds are slow: no station does that, and the lighter run alone is learned from."""
    logs = logs_of(station(slots=3), (40.0, 56.0), 8.0, 1)
    slow = np.where(logs[1].sent_s % 4 < 2, 0.3, 0.0)
    changed = replace(logs[1], run="now and then slow", ended_s=logs[1].ended_s + slow)
    found = learn_station([logs[0], changed], draws=DRAWS)
    assert any("now and then slow" in sentence for sentence in found.unknown)
    assert found.parameters.laws[0].mean_s == pytest.approx(0.04, rel=0.1)


def test_a_right_station_agrees_with_its_logs() -> None:
    """Blocks vote alike, service times are independent, percentiles are as measured."""
    fit = learned(station(slots=3), (0.4 * 75, 0.75 * 75)).fit
    assert fit.agreeing_share >= 0.8
    assert abs(fit.autocorrelation) < 0.1
    assert abs(fit.work_trend) < 0.1
    for one in fit.response_quantiles:
        if one.share < 0.99:
            assert one.expected_s == pytest.approx(one.measured_s, rel=0.25)


def test_the_same_seed_gives_the_same_draws() -> None:
    """Draws are stations of the same kinds, and chance is only that of the seed."""
    logs = logs_of(station(slots=3), (30.0,), 8.0, 5)
    first, again = learn_station(logs, seed=5, draws=DRAWS), learned(station(slots=3), (30.0,), 8.0, 5)
    assert first.draws == again.draws
    assert len(first.draws) == DRAWS
    for draw in first.draws:
        assert draw.kinds == first.parameters.kinds
        assert all(isfinite(one.mean_s) and one.mean_s > 0 for one in draw.laws)


def test_too_few_requests_say_so() -> None:
    """Nothing is made up from a handful of requests."""
    times = np.linspace(0, 1, 5)
    log = RequestLog(
        run="short",
        kinds=("web",),
        kind=np.zeros(5, np.int64),
        sent_s=times,
        ended_s=times + 0.1,
        status=np.full(5, 200),
        is_success=np.ones(5, bool),
        is_answered=np.ones(5, bool),
        length_s=1.0,
    )
    with pytest.raises(ValueError, match="at least 20 successful requests"):
        learn_station([log])


def test_requests_sent_together_may_come_in_the_other_order() -> None:
    """Work of many lengths, much of it shorter than clocks can tell, of requests that pass each other."""
    truth = station(law("gamma", 0.04, 1.3), slots=4)
    log = logs_of(truth, (75.0,), 20.0, 1)[0]
    rng = np.random.default_rng(5)
    together = np.flatnonzero(rng.random(log.requests - 1) < 0.1)
    together = together[np.diff(together, prepend=-2) > 1]
    sent_s = log.sent_s.copy()
    # The one that came first was sent last.
    sent_s[together], sent_s[together + 1] = sent_s[together] + 5e-5, sent_s[together]
    order = np.argsort(sent_s, kind="stable")
    ended_s = log.ended_s + 0.0003 * rng.standard_normal(log.requests)
    mixed = replace(log, sent_s=sent_s[order], ended_s=np.maximum(ended_s, sent_s + 1e-4)[order])
    found = learn_station([mixed], draws=DRAWS)
    assert found.parameters.slots == 4
    assert found.parameters.laws[0].mean_s == pytest.approx(0.04, rel=0.06)
    assert found.fit.agreeing_share >= 0.8
