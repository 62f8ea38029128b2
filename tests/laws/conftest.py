"""Stations of one channel with Poisson arrivals, run long enough to be held against theory."""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev

import numpy as np
import polars as pl
import pytest
from scipy import stats

from footfall._behaviour import keyed
from footfall._model.channel import Channel, Step, Verb, Work
from footfall._model.durations import Duration, constant_s, exponential_s
from footfall._model.model import Model, ShareDefinition
from footfall._model.numbers import Number
from footfall._model.population import Accounts, NestedLogit, RetryPolicy, Segment
from footfall._model.station_specs import Station
from footfall._simulate.day import Day
from footfall._workload.arrivals import Arrivals
from tests import made_up

SEED = 20_120_528


@dataclass(frozen=True, slots=True)
class Found:
    """Replication means of a quantity."""

    values: list[float]

    def agrees_with(self, expected: float, half_width_most: float) -> None:
        """Hold the law: theory within 4 standard errors, and the 95 % interval narrow (relative)."""
        error = stdev(self.values) / sqrt(len(self.values))
        half_width = float(stats.t.ppf(0.975, len(self.values) - 1)) * error
        found = fmean(self.values)
        assert abs(found - expected) < 4 * error, (
            f"found {found:.6g} ± {half_width:.2g}, theory {expected:.6g}"
        )
        assert half_width <= half_width_most * expected, f"interval ± {half_width / expected:.1%} is too wide"


def model_of(station: Station, service: Duration) -> Model:
    """Give a model of one channel whose visits are one turn of the given service."""
    zero = made_up.number(0)
    held = station.kind in {"counters", "call_centre", "kiosks"}
    turn = Step(verb=Verb.QUERY, human=service if held else constant_s(zero), pages=made_up.number(1))
    channel = Channel(
        name="one",
        title="one",
        nest="physical",
        station=station,
        sites=made_up.number(1),
        access_s_mean=zero,
        price_yuan=zero,
        works={Verb.QUERY: Work(service=constant_s(zero) if held else service)},
        dialogues={"query": (turn,)},
    )
    segment = Segment(
        name="all",
        title="all",
        population_share=made_up.number(1),
        month_visits={"query": made_up.number(31)},
        day_profile=made_up.always(1),
        taste=made_up.INDIFFERENT,
        reach={},
    )
    return Model(
        name="law",
        title="law",
        population=made_up.number(1),
        busy_day_factor=made_up.number(1),
        busyness_cv=zero,
        segments=(segment,),
        channels=(channel,),
        choice=NestedLogit(dissimilarity={"physical": made_up.number(1)}, constants={}, expected_wait_s={}),
        follow_ups=RetryPolicy(attempts_most=made_up.number(1), by_outcome={}),
        accounts=Accounts(
            subscribers=made_up.number(1),
            balance_yuan_mean=made_up.number(1),
            balance_cv=made_up.number(1),
            price_yuan={},
            under_contract_share=zero,
        ),
        share_definitions=(
            ShareDefinition(name="none", text="none", electronic=(), counted=(), operations=()),
        ),
    )


def poisson_crowd(customers: int, arrivals_per_s: float, replication: int) -> Arrivals:
    """Give customers of a Poisson stream."""
    run = keyed.run_key(SEED, replication)
    numbers = np.arange(customers, dtype=np.int64)
    keys = keyed.customer_keys(run, numbers)
    gaps_s = -np.log(keyed.uniforms(keys, "gap")) / arrivals_per_s
    zeros = np.zeros(customers, dtype=np.int64)
    return Arrivals(
        customers=numbers,
        keys=keys,
        at_s=np.cumsum(gaps_s),
        segments=zeros,
        operations=zeros,
        subscribers=zeros,
        channels=zeros,
        run=run,
    )


Quantity = Callable[[pl.DataFrame], float]
Experiment = Callable[..., list[Found]]


@pytest.fixture(scope="session")
def experiment() -> Experiment:
    """Run a station for some replications and give the replication means of quantities of its visits."""

    def run(
        station: Station,
        service: Duration,
        arrivals_per_s: float,
        *quantities: Quantity,
        customers: int = 16_000,
        replications: int = 12,
    ) -> list[Found]:
        model = model_of(station, service)
        rows = []
        for replication in range(replications):
            people = poisson_crowd(customers, arrivals_per_s, replication)
            visits = Day(model, people, SEED, float(people.at_s[-1]) + 1).run().visits
            settled = visits.filter(pl.col("due_s") >= people.at_s[customers // 8])
            rows.append([quantity(settled) for quantity in quantities])
        return [Found(list(column)) for column in zip(*rows, strict=True)]

    return run


@pytest.fixture(scope="session")
def number() -> Callable[[float], Number]:
    """Give what makes a test's numbers."""
    return made_up.number


@pytest.fixture(scope="session")
def exponential() -> Callable[[float], Duration]:
    """Give what makes an exponential time of a mean."""
    return lambda mean_s: exponential_s(made_up.number(mean_s))


@pytest.fixture(scope="session")
def endless() -> Duration:
    """Give a patience that never ends."""
    return constant_s(made_up.number(1e9))
