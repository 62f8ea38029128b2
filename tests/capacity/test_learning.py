"""What a search learns from: few kinds of requests and not too many of them, and the mix of its visits."""

from dataclasses import replace

import numpy as np
import pytest

from footfall._calibrate.request_log import RequestLog
from footfall._calibrate.station_parameters import ServiceLaw, StationParameters
from footfall._capacity.learning import learn_channels
from footfall._capacity.load_steps import PlannedStep, PlayedStep, StepVisits
from footfall._capacity.service_model import ServiceModel, StationSets, traffic_of


def step(kinds: int = 12, visits: int = 600, channel: str = "web") -> PlayedStep:
    """A step whose visits make a request of one of two operations with many kinds, in turn."""
    rng = np.random.default_rng(1)
    sent_s = np.sort(rng.random(visits)) * 20.0
    kind = np.arange(visits) % kinds
    operation = np.where(kind % 2 == 0, "buy", "look")
    names = tuple(
        f"{channel}.{'buy' if number % 2 == 0 else 'look'}/GET /{number}" for number in range(kinds)
    )
    took_s = rng.gamma(4.0, (0.01 + 0.001 * kind) / 4.0)
    true = np.ones(visits, dtype=np.bool_)
    log = RequestLog(
        run="step 1",
        kinds=names,
        kind=kind.astype(np.int64),
        sent_s=sent_s,
        ended_s=sent_s + took_s,
        status=np.full(visits, 200),
        is_success=true,
        is_answered=true,
        length_s=20.0,
    )
    return PlayedStep(
        planned=PlannedStep(number=1, offered_per_s=visits / 20, length_s=20.0, purpose="structure"),
        sent_per_s=visits / 20,
        length_s=20.0,
        logs={channel: log},
        visits=StepVisits(
            channel=np.full(visits, channel),
            operation=operation,
            due_s=sent_s,
            response_s=took_s,
            is_success=true,
            is_error=~true,
            is_answered=true,
        ),
        requests_per_s=visits / 20,
        under_way_at_end=0,
    )


def test_many_kinds_are_learned_as_three_and_a_channel_that_hardly_counts_is_left_out() -> None:
    """Kinds that take about as long share a law, all requests count; 20 visits of 420 by telephone do not."""
    web, phone = step(kinds=8, visits=400), step(kinds=1, visits=20, channel="phone")
    played = replace(web, logs={**web.logs, **phone.logs}, visits=_joined(web.visits, phone.visits))
    learned = learn_channels([played], 1)
    assert learned is not None
    assert set(learned.stations) == {"web"}
    names = learned.stations["web"].parameters.kinds
    assert len(names) <= 3
    assert set(learned.pooled) == set(web.logs["web"].kinds)
    assert set(learned.pooled.values()) == set(names)
    traffic = traffic_of([web], learned.pooled)
    assert traffic.requests_per_arrival("web") == pytest.approx(1.0)
    assert sum(traffic.kind_shares("web", names)) == pytest.approx(1.0)
    assert {one.operation: one.share for one in traffic.operations} == {"buy": 0.5, "look": 0.5}


def test_too_few_requests_teach_nothing() -> None:
    """Thirty requests are no model of a service."""
    assert learn_channels([step(visits=30)], 1) is None


def test_simulated_visits_keep_the_shares_of_their_operations() -> None:
    """Two operations that share a kind of request are both there, by their arrivals."""
    played = step(kinds=2)
    pooled = dict.fromkeys(played.logs["web"].kinds, "web.any")
    law = ServiceLaw(family="constant", mean_s=0.01, cv=0.0)
    one = StationParameters(kinds=("web.any",), laws=(law,), fault_shares=(0.0,), slots=50)
    model = ServiceModel(traffic=traffic_of([played], pooled), stations={}, seed=1, pooled=pooled)
    sets = StationSets(stations={"web": [one]}, streams=(0,))
    samples = model.samples(sets, np.array([[30.0]]), 1000)
    visits = {sample.operation: int(sample.is_present.sum()) for sample in samples if not sample.step}
    assert visits == {"buy": 500, "look": 500}
    assert {sample.step for sample in samples if sample.step} == {"GET /0", "GET /1"}


def _joined(first: StepVisits, second: StepVisits) -> StepVisits:
    return StepVisits(
        channel=np.concatenate([first.channel, second.channel]),
        operation=np.concatenate([first.operation, second.operation]),
        due_s=np.concatenate([first.due_s, second.due_s]),
        response_s=np.concatenate([first.response_s, second.response_s]),
        is_success=np.concatenate([first.is_success, second.is_success]),
        is_error=np.concatenate([first.is_error, second.is_error]),
        is_answered=np.concatenate([first.is_answered, second.is_answered]),
    )
