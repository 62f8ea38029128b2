"""What the kit simulates from a known model, fitted from its own records, is that model again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from footfall._fit.arrival_fit import EVERY
from footfall._fit.fit import Fitted, fit_log
from footfall._fit.fitted_model import Named, model_of
from footfall._model.channel import Channel, Step, Verb, Work
from footfall._model.durations import DistributionFamily, Duration, exponential_s, lognormal_s
from footfall._model.model import Model, ShareDefinition
from footfall._model.numbers import Grade, Profile
from footfall._model.population import Accounts, NestedLogit, RetryPolicy, Segment
from footfall._model.profiles import profile
from footfall._model.station_specs import CallCentre, Counters, RequestServer, Station
from footfall._simulate.day import simulate_day
from footfall._workload.log_mapping import mapping_of
from tests import made_up

DAYS = 20
A_DAY = 600.0
AGENTS = 3.0
CV = 0.15
MU, SIGMA = 4.9, 0.8
TALK_S = float(np.exp(MU + SIGMA**2 / 2))
TALK_CV = float(np.expm1(SIGMA**2) ** 0.5)
PATIENCE = Duration(law=DistributionFamily.WEIBULL, mean_s=made_up.number(250), cv=made_up.number(1.4))
RATES = profile([0.0] * 16 + [1.0] * 8 + [2.0] * 8 + [1.0] * 8 + [0.0] * 8, Grade.ASSUMED, "made up")
MONDAY = datetime(2024, 1, 1, tzinfo=UTC)
TARGET = {"arrived": "at", "wait_s": "wait", "service_s": "took", "outcome": "outcome", "class": "operation"}


def channel(name: str, station: Station, human: Duration) -> Channel:
    """Give a channel of one turn."""
    turn = Step(verb=Verb.QUERY, human=human, pages=made_up.number(1))
    return Channel(
        name=name,
        title=name,
        nest="electronic",
        station=station,
        sites=made_up.number(1),
        access_s_mean=made_up.number(0),
        price_yuan=made_up.number(0),
        works={Verb.QUERY: Work(service=made_up.seconds(0))},
        dialogues={"query": (turn,)},
    )


def truth(one: Channel) -> Model:
    """Give a model of one channel and one kind of customer."""
    return Model(
        name="truth",
        title="truth",
        population=made_up.number(A_DAY),
        busy_day_factor=made_up.number(1),
        busyness_cv=made_up.number(CV),
        segments=(
            Segment(
                name="all",
                title="all",
                population_share=made_up.number(1),
                month_visits={"query": made_up.number(31)},
                day_profile=RATES,
                taste=made_up.INDIFFERENT,
                reach={},
            ),
        ),
        channels=(one,),
        choice=NestedLogit(dissimilarity={one.nest: made_up.number(1)}, constants={}, expected_wait_s={}),
        follow_ups=RetryPolicy(attempts_most=made_up.number(1), by_outcome={}),
        accounts=Accounts(
            subscribers=made_up.number(1),
            balance_yuan_mean=made_up.number(1),
            balance_cv=made_up.number(1),
            price_yuan={},
            under_contract_share=made_up.number(0),
        ),
        share_definitions=(ShareDefinition(name="n", text="n", electronic=(), counted=(), operations=()),),
    )


def hotline(agents: Profile) -> Model:
    """Give a hotline of lognormal talks and impatient callers."""
    station = CallCentre(
        lines=made_up.number(1000),
        agents=agents,
        agents_factor=made_up.number(1),
        patience=PATIENCE,
        talk=lognormal_s(made_up.number(TALK_S), made_up.number(TALK_CV)),
        wrap_up=made_up.seconds(0),
        agent_share={"query": made_up.number(1)},
    )
    return truth(channel("hotline", station, made_up.seconds(0)))


def hall() -> Model:
    """Give a hall with enough clerks whose services are lognormal."""
    endless = made_up.seconds(1e9)
    station = Counters(
        clerks=made_up.always(6),
        clerks_factor=made_up.number(1),
        room=made_up.number(1000),
        patience=endless,
        balk_wait=endless,
    )
    return truth(channel("hall", station, lognormal_s(made_up.number(TALK_S), made_up.number(TALK_CV))))


def web() -> Model:
    """Give a server with many slots and exponential answers of 80 ms."""
    station = RequestServer(
        slots=made_up.number(50), accept_queue=made_up.number(50), deadline_s=made_up.number(30)
    )
    quick = channel("web", station, made_up.seconds(0))
    work = Work(service=exponential_s(made_up.number(0.08)))
    return truth(quick.model_copy(update={"works": {Verb.QUERY: work}}))


def log_of(model: Model, days: int = DAYS) -> pl.DataFrame:
    """Give the records of some simulated days as a log: clock time, seconds waited and served, outcome."""
    tables = []
    for day in range(days):
        visits = simulate_day(model, 7, day).visits
        start = MONDAY + timedelta(days=day)
        at = pl.lit(start.replace(tzinfo=None)) + pl.duration(microseconds=(pl.col("due_s") * 1e6).round())
        whole_s = pl.col("ended_s") - pl.col("due_s") - pl.col("wait_s")
        took = pl.when(pl.col("outcome") == "served").then(whole_s)
        tables.append(visits.select("operation", "outcome", at=at, wait="wait_s", took=took))
    return pl.concat(tables)


def fitted(model: Model, **options: Any) -> Fitted:  # noqa: ANN401  any option
    """Fit the log of a model."""
    return fit_log(log_of(model), mapping_of({"columns": TARGET, "options": options}, "test"))


@pytest.fixture(scope="module")
def crowded() -> Fitted:
    """Fit a hotline with too few agents for its callers, so that many wait and some leave."""
    return fitted(hotline(made_up.always(AGENTS)))


def test_the_rates_of_a_day_are_found_with_their_intervals(crowded: Fitted) -> None:
    """Of 32 half hours at least 28 intervals hold the rate; the day's total is within 10 %."""
    rates = crowded.arrivals.rates.filter(pl.col("kind") == EVERY, pl.col("weekday") == EVERY)
    truth_h = np.array(RATES.values) / sum(RATES.values) * A_DAY
    held = (rates["per_half_hour_low"].to_numpy() <= truth_h) & (
        truth_h <= rates["per_half_hour_high"].to_numpy()
    )
    assert held[truth_h == 0].all()
    assert held[truth_h > 0].sum() >= 0.87 * (truth_h > 0).sum()
    width = rates["per_half_hour_high"].to_numpy() - rates["per_half_hour_low"].to_numpy()
    assert width[truth_h > 0].max() < 0.5 * truth_h.max()
    assert sum(crowded.arrivals.profile(EVERY)) == pytest.approx(A_DAY, rel=0.1)


def test_the_busyness_of_days_is_found(crowded: Fitted) -> None:
    """0.15 lies in an interval not wider than 0.15."""
    busyness = crowded.arrivals.busyness
    assert busyness is not None
    assert busyness.low <= CV <= busyness.high
    assert busyness.high - busyness.low < CV


def test_the_law_of_service_is_found(crowded: Fitted) -> None:
    """Lognormal; both parameters in intervals of some percent."""
    service = crowded.kinds["query"].service
    assert service is not None
    assert service.chosen is DistributionFamily.LOGNORMAL
    mu, sigma = service.best.parameters
    assert mu.low <= MU <= mu.high
    assert sigma.low <= SIGMA <= sigma.high
    assert mu.high - mu.low < 0.05
    assert sigma.high - sigma.low < 0.04


def test_patience_is_found_behind_the_queue(crowded: Fitted) -> None:
    """Kaplan–Meier and the chosen law against the true Weibull, where enough callers still waited."""
    patience = crowded.kinds["query"].patience
    assert patience is not None
    assert patience.left > 500
    for t_s in (15.0, 30.0, 60.0, 120.0, 180.0):
        error = patience.curve.error_at(t_s)
        assert 0 < error < 0.015
        assert patience.curve.at(t_s) == pytest.approx(PATIENCE.survival(t_s), abs=3.3 * error)
    assert patience.chosen is DistributionFamily.WEIBULL
    shape = patience.best.parameters[0]
    assert shape.low <= 0.7275 <= shape.high, "of cv 1.4"
    assert shape.high - shape.low < 0.15


def test_the_fitted_model_gives_the_same_days_again(crowded: Fitted) -> None:
    """Simulated anew, mean wait and abandonment are those of the truth within a few percent of them.

    The log names no agents, so its staff is the most served at once, which on a crowded day is all.
    """
    assert crowded.staff is not None
    staff = crowded.staff.profile()
    assert staff[16:40] == pytest.approx([AGENTS] * 24, abs=0.2)
    again = model_of(crowded, Named("again", "again", "fitted from a test"))
    true, fit = (
        np.array([figures(model, day) for day in range(DAYS)])
        for model in (hotline(made_up.always(AGENTS)), again)
    )
    spread = np.hypot(true.std(axis=0, ddof=1), fit.std(axis=0, ddof=1)) / DAYS**0.5
    assert np.all(np.abs(true.mean(axis=0) - fit.mean(axis=0)) < 2.5 * spread)
    assert np.all(spread < 0.25 * true.mean(axis=0))


def figures(model: Model, day: int) -> tuple[float, float]:
    """Give mean wait and abandoned share of a day."""
    visits = simulate_day(model, 21, day).visits
    abandoned = (visits["outcome"] == "abandoned").to_numpy().mean()
    return float(visits["wait_s"].to_numpy().mean()), float(abandoned)


def test_a_hall_is_found_again() -> None:
    """Clerks' services are lognormal; nobody left, so patience is endless."""
    fit = fitted(hall(), station="hall")
    service = fit.kinds["query"].service
    assert service is not None
    assert service.chosen is DistributionFamily.LOGNORMAL
    assert service.best.parameters[0].low <= MU <= service.best.parameters[0].high
    assert fit.kinds["query"].patience is None
    again = model_of(fit, Named("hall", "hall", "fitted from a test"))
    assert isinstance(again.channels[0].station, Counters)
    assert simulate_day(again, 1).visits["outcome"].unique().to_list() == ["served"]


def test_requests_are_found_again() -> None:
    """Answers are exponential, and milliseconds are no trouble."""
    fit = fitted(web(), station="web")
    service = fit.kinds["query"].service
    assert service is not None
    assert service.chosen in {
        DistributionFamily.EXPONENTIAL,
        DistributionFamily.GAMMA,
        DistributionFamily.WEIBULL,
    }
    assert service.mean_s.low <= 0.08 <= service.mean_s.high
    assert service.mean_s.high - service.mean_s.low < 0.004
    again = model_of(fit, Named("web", "web", "fitted from a test"))
    assert isinstance(again.channels[0].station, RequestServer)
    assert simulate_day(again, 1).visits.height == pytest.approx(A_DAY, rel=0.5)
