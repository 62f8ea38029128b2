"""Every model file runs, repeats, and says where its numbers are from; the province is the article's."""

import importlib
from math import sqrt
from pathlib import Path
from statistics import fmean, stdev

import polars as pl
import pytest
from scipy import stats

from footfall._model.changes import set_number
from footfall._model.model import Model
from footfall._model.numbers import UNSOURCED, Grade, leaves
from footfall._simulate.day import simulate_day
from footfall.theory.many_servers import erlang_c_wait_mean
from models.guangxi import MODEL as PROVINCE
from models.mm3 import MODEL as MM3

TOP = Path(__file__).parents[2]
PLACES = (
    "models/*.py",
    "models/services/*.py",
    "studies/*/model.py",
    "studies/validation/exact/*.py",
    "studies/validation/published/*.py",
)
PATHS = {
    ".".join(path.relative_to(TOP).with_suffix("").parts): path.read_text(encoding="utf-8")
    for place in PLACES
    for path in TOP.glob(place)
    if path.stem != "__init__"
}
FILES = sorted(name for name, text in PATHS.items() if "\nMODEL = " in text)
HOTLINES = sorted(name for name, text in PATHS.items() if "\nHOTLINE = " in text)
STUDIED = {"city_offices", "web_portal_1995"}
"""Names of the models of studies, whose files are all called `model.py`."""
PEOPLE_MOST = 10_000
POINT = 0.01
MINUTE_S = 60.0


@pytest.fixture(params=FILES, scope="session")
def model(request: pytest.FixtureRequest) -> Model:
    """Give the model of each file."""
    found = importlib.import_module(request.param).MODEL
    assert isinstance(found, Model)
    return found


def test_every_model_runs_and_repeats_at_a_seed(model: Model) -> None:
    """A part of the people is enough to show it."""
    small = set_number(model, "population", min(model.population, PEOPLE_MOST))
    days = [simulate_day(small, 3) for _ in range(2)]
    assert days[0].visits.height > 0
    assert days[0].visits.equals(days[1].visits)


def test_every_number_has_a_grade_and_a_source(model: Model) -> None:
    """None is from nowhere, none is graded as given by a user, and none has an empty source."""
    found = dict(leaves(model))
    assert len(found) > 20
    for path, number in found.items():
        assert number.grade in {Grade.ARTICLE, Grade.PUBLIC, Grade.ASSUMED, Grade.FITTED}, path
        assert number.source.strip(), path


def test_every_model_file_holds_a_model_or_a_hotline() -> None:
    """None is left out of these tests, and every place has some."""
    assert {*FILES, *HOTLINES} == set(PATHS)
    assert all(any(TOP.glob(place)) for place in PLACES)
    assert {"models.guangxi", "models.mm3", "models.services.stalls", "studies.web_1995.model"} <= set(FILES)


@pytest.mark.parametrize("name", HOTLINES)
def test_a_hotline_says_where_its_numbers_are_from(name: str) -> None:
    """Every one, and the pauses."""
    hotline = importlib.import_module(name).HOTLINE
    found = dict(leaves(hotline))
    assert len(found) > 10
    assert all(number.source.strip() for number in (*found.values(), hotline.pauses))


def test_the_offices_say_where_their_numbers_are_from() -> None:
    """Every queue's, too."""
    offices = importlib.import_module("studies.offices_warsaw.model").OFFICES
    found = dict(leaves(offices))
    assert len(found) > 4 * len(offices.queues)
    assert all(number.source.strip() for number in found.values())


def test_a_model_bears_the_name_of_its_file(model: Model) -> None:
    """So a run's folder says which file it came from."""
    assert model.name in {name.rpartition(".")[2] for name in FILES} | STUDIED


def test_mm3_waits_as_erlang_c_says() -> None:
    """Theory inside the 99.9 % interval of 200 days, the interval within ±10 %."""
    waits_s = [float(simulate_day(MM3, 1, k).visits["wait_s"].to_numpy().mean()) for k in range(200)]
    error = stdev(waits_s) / sqrt(len(waits_s))
    expected = erlang_c_wait_mean(3, 20 / 3600, 1 / 360)
    assert expected == pytest.approx(160, rel=1e-9)
    assert abs(fmean(waits_s) - expected) < float(stats.t.ppf(0.9995, len(waits_s) - 1)) * error
    assert error * 1.96 < 0.1 * expected


def test_every_number_of_the_province_has_a_source() -> None:
    """As `footfall show models/guangxi.py --unsourced` says."""
    assert [path for path, number in leaves(PROVINCE) if number.source == UNSOURCED] == []


@pytest.mark.slow
def test_the_province_s_day_is_the_article_s() -> None:
    """One day at full size, which takes a minute: share, success rates, crowded halls, volumes."""
    day = simulate_day(PROVINCE, 7).visits
    electronic_share_is_the_article_s(day)
    for channel, operation, success_share in (
        ("web", "query", 0.978),
        ("web", "transact", 0.933),
        ("sms", "transact", 0.911),
    ):
        success_is_the_article_s_and_failures_have_many_causes(day, channel, operation, success_share)
    own_halls_are_crowded_at_the_busy_hour(day)
    volumes_are_the_article_s(day)


def electronic_share_is_the_article_s(day: pl.DataFrame) -> None:
    """76.0 % of served business, by the definition that counts hotline and terminals."""
    definition = PROVINCE.share_definitions[0]
    assert definition.name == "article"
    served = day.filter(
        pl.col("outcome") == "served",
        pl.col("channel").is_in(definition.counted),
        pl.col("operation").is_in(definition.operations),
    )
    electronic = served.filter(pl.col("channel").is_in(definition.electronic))
    assert electronic.height / served.height == pytest.approx(0.76, abs=POINT / 2)


def success_is_the_article_s_and_failures_have_many_causes(
    day: pl.DataFrame, channel: str, operation: str, success_share: float
) -> None:
    """Within half a point; at least four causes, none of them more than 60 % of the failures."""
    visits = day.filter(pl.col("channel") == channel, pl.col("operation") == operation)
    failed = visits.filter(pl.col("outcome") != "served")
    assert 1 - failed.height / visits.height == pytest.approx(success_share, abs=POINT / 2)
    assert PROVINCE.target(channel, operation) == success_share
    causes = failed["cause"].value_counts()
    assert causes.height >= 4
    assert int(causes["count"].to_numpy().max()) < 0.6 * failed.height


def own_halls_are_crowded_at_the_busy_hour(day: pl.DataFrame) -> None:
    """The busiest hour's mean wait is 3 to 15 minutes, and at least twice the afternoon's."""
    halls = day.filter(pl.col("channel") == "own_hall", pl.col("served_s").is_not_null())
    by_hour = halls.group_by((pl.col("due_s") // 3600).alias("hour")).agg(
        visits=pl.len(), wait_s=pl.col("wait_s").mean()
    )
    wait_s = dict(by_hour.select("hour", "wait_s").iter_rows())
    busiest = by_hour.sort("visits")["hour"][-1]
    assert 3 * MINUTE_S <= wait_s[busiest] <= 15 * MINUTE_S
    assert wait_s[busiest] >= 2 * fmean(wait_s[hour] for hour in (13, 14, 15, 16))


def volumes_are_the_article_s(day: pl.DataFrame) -> None:
    """SMS transactions: 250 M a month in 31 provinces over 31 days, business of all kinds, ± 10 %."""
    business = day.filter(pl.col("channel") == "sms", pl.col("operation") != "query")
    assert business.height == pytest.approx(250e6 / 31 / 31, rel=0.1)
