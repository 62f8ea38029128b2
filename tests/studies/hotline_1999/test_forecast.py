"""A month foretold: the fitted model's days, weekday by weekday, counted like the recorded ones."""

from datetime import date
from itertools import product

import polars as pl
import pytest

from footfall._fit.fit import Fitted
from studies.hotline_1999.forecast import (
    LEARNED,
    Case,
    forecast,
    levels,
    model_on,
    recorded,
    with_own,
)
from studies.hotline_1999.forecast_measures import by_month, calibrated
from studies.hotline_1999.learn import learned
from studies.hotline_1999.level import Level, with_own_level
from studies.hotline_1999.records import RecordedDay, days_of, offered_calls, regular_calls
from studies.hotline_1999.spec import Hotline
from tests.made_calls import calls, working_days
from tests.made_up import number

MAY, JUNE = working_days(date(1999, 5, 2), 4), working_days(date(1999, 6, 6), 3)
SUMS = ("offered", "wait_s", "waited", "waited_20_s", "abandoned")


@pytest.fixture(scope="module")
def hotline(plain: Hotline) -> Hotline:
    """Give a hotline from nine to noon, of which one kind is not measured."""
    update = {"not_measured": ("IN",), "opens_s": number(32_400), "closes_s": number(43_200)}
    return plain.model_copy(update=update)


def regular(table: pl.DataFrame) -> pl.DataFrame:
    """Give the calls of regular days."""
    return regular_calls(offered_calls(table, "x"), "x")


@pytest.fixture(scope="module")
def may(hotline: Hotline) -> Fitted:
    """Fit four weeks."""
    return learned(hotline, regular(calls(MAY)))


@pytest.fixture(scope="module")
def june(hotline: Hotline) -> Fitted:
    """Fit three weeks with calls half as often, of twice the length, at three agents."""
    return learned(hotline, regular(calls(JUNE, between_s=180, service_s=280, agents=3)))


@pytest.fixture(scope="module")
def june_days() -> list[RecordedDay]:
    """Give three weeks of the hotline that was learned."""
    return days_of(regular(calls(JUNE)))


def test_a_hotline_that_stays_as_it_was_is_foretold(
    hotline: Hotline, may: Fitted, june_days: list[RecordedDay]
) -> None:
    """Its month's wait lies in the range, which is not wide; calls, losses and agents are near."""
    foretold = forecast([Case(LEARNED, "1999-06", tuple(JUNE), may)], 1, 20)
    known = {"1999-06": recorded(hotline, days_of(regular(calls(MAY))))}
    foretold = calibrated(foretold, foretold, known)
    month = by_month(recorded(hotline, june_days), foretold, known).row(0, named=True)
    low, high = month["wait_s_mean_predicted_low"], month["wait_s_mean_predicted_high"]
    assert low < month["wait_s_mean_recorded"] < high
    assert high < 4 * low
    assert month["offered_predicted"] == pytest.approx(month["offered"], rel=0.06)
    assert month["abandoned_share_predicted"] == pytest.approx(month["abandoned_share_recorded"], abs=0.03)
    assert levels(hotline, may, JUNE)["agents_on_duty_mean"] == pytest.approx(2, abs=0.2)


def test_every_half_hour_of_every_day_is_counted(may: Fitted) -> None:
    """Two weekdays, three days of each; the same seed gives the same table, another another one."""
    case = Case(LEARNED, "1999-06", (JUNE[0], JUNE[1], JUNE[5]), may)
    one, again, other = (forecast([case], seed, 3) for seed in (1, 1, 2))
    assert one.equals(again)
    assert not one.equals(other)
    assert one.height == 2 * 3 * 48
    assert set(one["weekday"]) == {"sunday", "monday"}
    assert one["replication"].n_unique() == 6, "no two weekdays share their luck"


def test_recorded_calls_are_counted_but_those_not_measured(hotline: Hotline) -> None:
    """By hand: of a day's calls all but those of internet support."""
    table = calls(MAY[:2])
    (first, second) = days_of(regular(table))
    counted = recorded(hotline, [first, second])
    measured = table.filter(pl.col("type") != "IN")
    assert counted.height == 2 * 48
    assert counted["offered"].sum() == measured.height
    assert counted["wait_s"].sum() == pytest.approx(measured["wait_s"].sum())
    assert counted["abandoned"].sum() == (measured["status"] == "abandoned_queue").sum()
    assert counted["waited_20_s"].sum() == (measured["wait_s"] > 20).sum()


def test_an_input_of_its_own_replaces_the_learned_one_and_nothing_else(may: Fitted, june: Fitted) -> None:
    """Population is of the arrivals, talk of the handling, agents of the staff."""

    def told(fit: Fitted) -> tuple[float, float, float]:
        model = model_on(fit, "sunday")
        station = model.channels[0].station
        assert station.kind == "call_centre"
        return float(model.population), station.talk.mean_s, station.agents.at(36_000)

    earlier, own = told(may), told(june)
    assert all(one != other for one, other in zip(earlier, own, strict=True))
    cases = {name: told(fit) for name, fit in with_own(may, june).items()}
    assert cases["arrivals"] == (own[0], earlier[1], earlier[2])
    assert cases["handling"] == (earlier[0], own[1], earlier[2])
    assert cases["staff"] == (earlier[0], earlier[1], own[2])
    assert cases["all"] == own


def test_kinds_known_to_one_month_only_are_kept(hotline: Hotline, may: Fitted) -> None:
    """Whichever input is its own, the model has all kinds of its arrivals."""
    other = learned(hotline, regular(calls(JUNE).with_columns(type=pl.lit("NE"))))
    for fit, own in product(with_own(may, other).values(), ("sunday", "thursday")):
        kinds = {segment.name for segment in model_on(fit, own).segments}
        assert kinds == {kind for kind in fit.arrivals.rates["kind"].unique() if kind != "*"}


def test_a_weekday_that_was_never_seen_is_the_mean_day(hotline: Hotline) -> None:
    """Learned on Sundays and Mondays, a Tuesday has their mean arrivals and staff."""
    fit = learned(hotline, regular(calls([day for day in MAY if day.weekday() in {6, 0}])))
    model = model_on(fit, "tuesday")
    assert float(model.population) == round(sum(fit.arrivals.profile("*")))
    assert fit.staff is not None
    assert levels(hotline, fit, [MAY[2]])["agents_on_duty_mean"] == pytest.approx(
        sum(fit.staff.profile()[18:24]) / 6
    )


def test_a_file_without_agents_tells_none(hotline: Hotline) -> None:
    """Nobody was ever served: no staff, no services; the model's staff is endless and nobody waits."""
    nothing = calls(MAY[:5]).with_columns(status=pl.lit("abandoned_queue"), agent=pl.lit(""), service_s=0.0)
    unserved = nothing.with_columns(pl.lit(None, dtype=pl.Datetime("us")).alias("ser_start"))
    fit = learned(hotline, regular(unserved))
    assert levels(hotline, fit, MAY[:2]) == {"agents_on_duty_mean": None, "service_s_mean": None}
    foretold = forecast([Case(LEARNED, "1999-06", (JUNE[0],), fit)], 1, 2)
    assert foretold["offered"].sum() > 0
    assert foretold["wait_s"].sum() == 0


def test_a_level_moves_calls_agents_and_services_of_the_model(may: Fitted) -> None:
    """Each by its factor, and nothing else by it."""
    plain, moved = (model_on(may, "sunday", level) for level in (Level(), Level(1.2, 0.8, 1.5)))
    one, two = (model.channels[0].station for model in (plain, moved))
    assert one.kind == two.kind == "call_centre"
    assert float(moved.population) == pytest.approx(1.2 * float(plain.population), abs=1)
    assert two.agents.at(36_000) == pytest.approx(0.8 * one.agents.at(36_000))
    assert two.talk.mean_s == pytest.approx(1.5 * one.talk.mean_s)
    assert two.patience == one.patience
    assert Level(1.2, 0.8, 1.5) != with_own_level(Level(1.2, 0.8, 1.5), "staff") == Level(1.2, 1.0, 1.5)
