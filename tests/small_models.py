"""Small models made to measure, and customers who come when a test says."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl
import pytest

from footfall._behaviour import keyed
from footfall._model.channel import Channel, Step, Verb, Work
from footfall._model.durations import Duration, exponential_s
from footfall._model.model import Model, ShareDefinition
from footfall._model.numbers import DAY_S, Number, Profile
from footfall._model.population import Accounts, AfterFailure, NestedLogit, RetryPolicy, Segment
from footfall._model.station_specs import Station
from footfall._records.rows import Outcome
from footfall._simulate.day import Day, DayResult
from footfall._workload.arrivals import Arrivals
from tests import made_up

SEED = 7


@pytest.fixture(scope="session")
def number() -> Callable[[float], Number]:
    """Give what makes a test's numbers."""
    return made_up.number


@pytest.fixture(scope="session")
def exactly() -> Callable[[float], Duration]:
    """Give what makes a time that never varies."""
    return made_up.seconds


@pytest.fixture(scope="session")
def exponential() -> Callable[[float], Duration]:
    """Give what makes an exponential time of a mean."""
    return lambda mean_s: exponential_s(made_up.number(mean_s))


@pytest.fixture(scope="session")
def all_day() -> Callable[[float], Profile]:
    """Give what makes a profile that is the same all day."""
    return made_up.always


@pytest.fixture(scope="session")
def turn() -> Callable[..., Step]:
    """Make a turn of exact times."""

    def make(verb: Verb = Verb.QUERY, human_s: float = 0.0, pages: int = 1) -> Step:
        return Step(verb=verb, human=made_up.seconds(human_s), pages=made_up.number(pages))

    return make


@pytest.fixture(scope="session")
def channel(turn: Callable[..., Step]) -> Callable[..., Channel]:
    """Make a channel that answers a query of `human_s` and then `service_s`; any field may be given."""

    def make(station: Station, human_s: float = 0.0, service_s: float = 0.0, **fields: Any) -> Channel:  # noqa: ANN401  any field
        whole: dict[str, Any] = {
            "name": "one",
            "title": "one",
            "nest": "physical",
            "sites": made_up.number(1),
            "access_s_mean": made_up.number(0),
            "price_yuan": made_up.number(0),
            "works": {verb: Work(service=made_up.seconds(service_s)) for verb in Verb},
            "dialogues": {"query": (turn(human_s=human_s),)},
        } | fields
        return Channel(station=station, **whole)

    return make


@pytest.fixture(scope="session")
def segment() -> Callable[..., Segment]:
    """Make a segment of people without preferences who query once a day."""

    def make(**fields: Any) -> Segment:  # noqa: ANN401  any field
        whole: dict[str, Any] = {
            "name": "all",
            "title": "all",
            "population_share": made_up.number(1),
            "month_visits": {"query": made_up.number(31)},
            "day_profile": made_up.always(1),
            "taste": made_up.INDIFFERENT,
            "reach": {},
        } | fields
        return Segment(**whole)

    return make


@pytest.fixture(scope="session")
def follow_ups() -> Callable[..., RetryPolicy]:
    """Make the rules of retry and switch, given as outcome=(retry, switch, delay in s)."""

    def make(attempts_most: int = 1, **rules: tuple[float, float, float]) -> RetryPolicy:
        by_outcome = {
            Outcome(name): AfterFailure(
                retry_share=made_up.number(retry),
                switch_share=made_up.number(switch),
                delay=made_up.seconds(delay_s),
            )
            for name, (retry, switch, delay_s) in rules.items()
        }
        return RetryPolicy(attempts_most=made_up.number(attempts_most), by_outcome=by_outcome)

    return make


@pytest.fixture(scope="session")
def model(segment: Callable[..., Segment], follow_ups: Callable[..., RetryPolicy]) -> Callable[..., Model]:
    """Make a model of channels; any field may be given."""

    def make(*channels: Channel, **fields: Any) -> Model:  # noqa: ANN401  any field
        nests = {"physical": made_up.number(1), "electronic": made_up.number(1)}
        whole: dict[str, Any] = {
            "name": "test",
            "title": "test",
            "population": made_up.number(100),
            "busy_day_factor": made_up.number(1),
            "busyness_cv": made_up.number(0),
            "segments": (segment(),),
            "choice": NestedLogit(dissimilarity=nests, constants={}, expected_wait_s={}),
            "follow_ups": follow_ups(),
            "accounts": Accounts(
                subscribers=made_up.number(50),
                balance_yuan_mean=made_up.number(50),
                balance_cv=made_up.number(1),
                price_yuan={},
                under_contract_share=made_up.number(0),
            ),
            "share_definitions": (
                ShareDefinition(name="none", text="none", electronic=(), counted=(), operations=()),
            ),
        } | fields
        return Model(channels=channels, **whole)

    return make


@pytest.fixture(scope="session")
def people() -> Callable[..., Arrivals]:
    """Make customers 0, 1, 2 … who come at given seconds to the first channel, unless told otherwise."""

    def make(at_s: Sequence[float], channels: Sequence[int] | None = None, seed: int = SEED) -> Arrivals:
        count = len(at_s)
        numbers = np.arange(count, dtype=np.int64)
        zeros = np.zeros(count, dtype=np.int64)
        return Arrivals(
            customers=numbers,
            keys=keyed.customer_keys(keyed.run_key(seed, 0), numbers),
            at_s=np.array(at_s, dtype=np.float64),
            segments=zeros,
            operations=zeros,
            subscribers=numbers % 50,
            channels=zeros if channels is None else np.array(channels, dtype=np.int64),
            run=keyed.run_key(seed, 0),
        )

    return make


@pytest.fixture(scope="session")
def day(people: Callable[..., Arrivals]) -> Callable[..., DayResult]:
    """Run a model with customers who come at given seconds."""

    def run(
        played: Model, at_s: Sequence[float], channels: Sequence[int] | None = None, length_s: float = DAY_S
    ) -> DayResult:
        return Day(played, people(at_s, channels), SEED, length_s).run()

    return run


@pytest.fixture(scope="session")
def visits(day: Callable[..., DayResult]) -> Callable[..., pl.DataFrame]:
    """Run a model with customers who come at given seconds; the visits by customer and attempt."""

    def run(*args: Any, **options: Any) -> pl.DataFrame:  # noqa: ANN401  as `day`
        return day(*args, **options).visits.sort("customer", "attempt")

    return run


@pytest.fixture(scope="session")
def small_province() -> Model:
    """Give a fiftieth of the province: people, lines and staff scaled alike."""
    from footfall._model.changes import set_number
    from models.guangxi import MODEL

    changes = {
        "population": round(MODEL.population / 50),
        "own_hall.sites": 4,
        "partner_hall.sites": 9,
        "kiosk.sites": 6,
        "hotline.lines": 14,
        "hotline.agents_factor": 0.02,
        "sms.messages_per_s": 2,
        "web.slots": 2,
        "wap.slots": 2,
    }
    small = MODEL
    for path, value in changes.items():
        small = set_number(small, path, value)
    return small
