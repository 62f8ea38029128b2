"""The fast simulation of a server and its clients ends every visit as the simulated day does."""

from dataclasses import dataclass
from math import inf
from random import Random
from typing import Any

import numpy as np
import pytest

from footfall._behaviour import keyed
from footfall._behaviour.client_guards import backoff_u, try_number
from footfall._behaviour.customer_rules import (
    HUMAN,
    SERVICE,
    SERVICE_AGAIN,
    SERVICE_FAULT,
    SERVICE_FAULT_AGAIN,
)
from footfall._model.channel import Fault, Outage, Work
from footfall._model.durations import exponential_s, lognormal_s
from footfall._model.model import Model
from footfall._model.station_specs import CircuitBreaker, RateLimit, RequestServer, Retry, Stalls
from footfall._simulate.day import Day
from footfall._simulate.storm_simulation import (
    StormPlayed,
    StormRequest,
    StormRun,
    StormVisits,
    Watch,
    requests_of,
)
from footfall._workload.arrivals import Arrivals
from tests.laws.conftest import SEED, model_of
from tests.made_up import number

RUN = keyed.run_key(SEED, 0)
PAGES = 64


@dataclass(frozen=True)
class KeyedDraws:
    """The numbers that the simulated day draws for its customers' first attempts."""

    keys: list[int]

    def human_s(self, visit: int, request: StormRequest) -> float:
        """By the step."""
        assert request.human is not None
        return request.human.at(keyed.uniform(self.keys[visit], HUMAN, 1, request.number // PAGES))

    def work_s(self, visit: int, request: StormRequest, retries: int) -> float:
        """By the request; of a retry by the try."""
        purpose, turn = (
            (SERVICE, request.number) if not retries else (SERVICE_AGAIN, try_number(request.number, retries))
        )
        return request.work.service.at(keyed.uniform(self.keys[visit], purpose, 1, turn))

    def fault_u(self, visit: int, request: StormRequest, retries: int) -> float:
        """By the step; of a retry by the try."""
        if retries:
            return keyed.uniform(
                self.keys[visit], SERVICE_FAULT_AGAIN, 1, try_number(request.number, retries)
            )
        return keyed.uniform(self.keys[visit], SERVICE_FAULT, 1, request.number // PAGES)

    def pause_u(self, visit: int, request: StormRequest, retries: int) -> float:
        """By the retry."""
        return backoff_u(self.keys[visit], 1, request.number, retries)


def simulated(model: Model, at_s: list[float], length_s: float) -> list[tuple[str, float]]:
    """Give outcome and end of each visit of a simulated day."""
    numbers = np.arange(len(at_s), dtype=np.int64)
    zeros = np.zeros(len(at_s), dtype=np.int64)
    people = Arrivals(
        customers=numbers,
        keys=keyed.customer_keys(RUN, numbers),
        at_s=np.array(at_s),
        segments=zeros,
        operations=zeros,
        subscribers=zeros,
        channels=zeros,
    )
    visits = Day(model, people, SEED, length_s=length_s).run().visits.sort("customer")
    return list(visits.select("outcome", "ended_s").iter_rows())


def played(model: Model, at_s: list[float]) -> StormPlayed:
    """Play the same customers fast."""
    (channel,) = model.channels
    station = channel.station
    assert isinstance(station, RequestServer)
    (operation,) = channel.dialogues
    stalls = station.stalls
    windows = []
    if stalls.length_s:
        assert stalls.first_s is not None
        windows = [(float(stalls.first_s), float(stalls.first_s + stalls.length_s), 0.0)]
    visits = StormVisits(np.array(at_s), [requests_of(channel, operation)] * len(at_s))
    keys = keyed.customer_keys(RUN, np.arange(len(at_s))).tolist()
    outages = [(float(each.starts_s), float(each.ends_s)) for each in channel.outages]
    return StormRun(station, visits, KeyedDraws(keys), windows, outages).play(Watch(inf))


def storm_model(
    outage: tuple[float, float] | None = None,
    faults: float = 0,
    steps: int = 1,
    **fields: Any,  # noqa: ANN401  of a station
) -> Model:
    """Give a model of one channel with anything set."""
    server = RequestServer(
        **{"slots": number(2), "accept_queue": number(10**6), "deadline_s": number(1)} | fields
    )
    model = model_of(server, lognormal_s(number(0.04), number(0.7)))
    (channel,) = model.channels
    fault = Fault.model_validate(
        {"cause": "crm", "by": "service", "outcome": "error", "share": number(faults)}
    )
    works = {
        verb: Work(service=work.service, faults=(fault,) if faults else ())
        for verb, work in channel.works.items()
    }
    (operation,) = channel.dialogues
    (first, *_) = channel.dialogues[operation]
    step = first.model_copy(update={"human": exponential_s(number(0.2)), "pages": number(2)})
    update: dict[str, Any] = {"works": works}
    if steps > 1:
        update["dialogues"] = {operation: (first, *([step] * (steps - 1)))}
    if outage:
        update["outages"] = (Outage(starts_s=number(outage[0]), ends_s=number(outage[1])),)
    return model.model_copy(update={"channels": (channel.model_copy(update=update),)})


RETRY = Retry(retries_most=number(2), backoff_s=number(0.1))
STALL = Stalls(length_s=number(1.5), every_s=number(1000), first_s=number(2))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"stale_work": "served", "retry": RETRY, "stalls": STALL},
        {"stale_work": "dropped", "retry": RETRY, "stalls": STALL, "deadline_s": number(0.4)},
        {"stale_work": "cut", "retry": RETRY, "stalls": STALL, "deadline_s": number(0.4)},
        {"stale_work": "served", "retry": RETRY, "stalls": STALL, "accept_queue": number(20)},
        {"stale_work": "dropped", "retry": RETRY, "stalls": STALL, "queue_timeout_s": number(0.4)},
        {"stale_work": "served", "retry": RETRY, "stalls": STALL, "queue_timeout_s": number(1.4)},
        {"stale_work": "served", "retry": RETRY, "outage": (2, 4), "faults": 0.1},
        {"retry": RETRY, "rate_limit": RateLimit(requests_per_s=number(30), burst=number(5))},
        {
            "retry": RETRY,
            "rate_limit": RateLimit(requests_per_s=number(30), burst=number(50), excess="delayed"),
        },
        {
            "stale_work": "served",
            "stalls": STALL,
            "retry": RETRY.model_copy(update={"retry_budget_share": number(0.2)}),
        },
        {
            "stale_work": "served",
            "stalls": STALL,
            "retry": RETRY,
            "breaker": CircuitBreaker(failure_share=number(0.5), open_s=number(1)),
        },
        {"stale_work": "served", "retry": RETRY, "stalls": STALL, "steps": 3, "faults": 0.05},
        {"stale_work": "served", "retry": RETRY, "stalls": STALL, "network_s": number(0.03)},
    ],
)
def test_every_visit_ends_as_in_the_simulated_day(fields: dict[str, Any]) -> None:
    """The same outcome at the same second, customer by customer, whatever the server and its clients do."""
    model, rng = storm_model(**fields), Random(SEED)
    at_s = sorted(rng.uniform(0, 10) for _ in range(400))
    foreseen, found = simulated(model, at_s, 11), played(model, at_s)
    assert [each.value for each in found.outcome] == [outcome for outcome, _ in foreseen]
    assert found.ended_s == pytest.approx([ended_s for _, ended_s in foreseen], abs=1e-7)
    assert len({outcome for outcome, _ in foreseen}) > 1 or not fields, "the case shows something"
