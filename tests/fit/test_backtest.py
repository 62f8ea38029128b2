"""A fitted model tested on later days: coverage where the truth is known, and the input that was changed."""

from dataclasses import replace
from datetime import date
from math import nan
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, strategies as st

from footfall._fit.backtest import (
    REPLICATIONS_LEAST,
    Backtest,
    FigureCheck,
    InputEffect,
    PredictedDays,
    backtest,
    fitted_days,
    prediction_interval,
    recorded_days,
)
from footfall._fit.fit import fit_rows, read_log
from footfall._fit.fitted_model import Named
from footfall._fit.uncertainty import fitted_uncertainty
from footfall._stats.intervals import Interval
from footfall._workload.log_mapping import Mapping, mapping_of
from tests.made_calls import calls, working_days

NAMED = Named("calls", "calls", "made up")
MONDAYS = [day for day in working_days(date(1999, 5, 2), 24) if day.weekday() == 0]


def mapping() -> Mapping:
    """Give the mapping of the made-up calls."""
    columns = {
        "arrived": "vru_exit", "began": "ser_start", "wait_s": "wait_s", "service_s": "service_s",
        "outcome": "status", "agent": "agent",
    }  # fmt: skip
    outcomes = {"served": ["served"], "abandoned": ["abandoned_queue"]}
    return mapping_of({"columns": columns, "outcomes": outcomes, "options": {"redial": False}}, "a test")


def after(
    before: list[date], later_days: list[date], change: dict[str, Any], *, is_drawn: bool = False
) -> Backtest:
    """Fit to some days, and test on later ones, which may have another number of agents or other means."""
    log = pl.concat([calls(before), calls(later_days, **change)])
    rows, options = read_log(log, mapping()), mapping().options
    first, later = (
        replace(rows, frame=rows.frame.filter(pl.col("day").is_in(days))) for days in (before, later_days)
    )
    fit, own = fit_rows(first, options), fit_rows(later, options)
    known = fitted_days(fit, NAMED, fitted_uncertainty(first, options, fit, NAMED) if is_drawn else None)
    recorded = (recorded_days(later), recorded_days(rows))
    return backtest(known, fitted_days(own, NAMED, None), recorded, PredictedDays(1, REPLICATIONS_LEAST, 8))


def test_days_of_the_same_system_lie_in_their_intervals() -> None:
    """Twelve Mondays like the twelve before: coverage near 95 %, no error beyond chance, no input named."""
    found = after(MONDAYS[:12], MONDAYS[12:], {}, is_drawn=True)
    assert [each.figure for each in found.figures] == ["arrivals", "wait_s_mean", "abandoned_share"]
    for each in found.figures:
        assert (each.days, each.verdict) == (12, "as promised"), each
        assert each.inside >= 10, each
        assert each.bias.low < 0 < each.bias.high, each
    assert found.cause is None
    assert found.days.height == 12
    assert found.days["arrivals_last_week"].null_count() == 0


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"between_s": 60.0}, "arrivals"),
        ({"agents": 3}, "staff"),
        ({"service_s": 240.0}, "service times"),
        ({"patience_s": 20.0}, "patience"),
    ],
    ids=["arrivals", "staff", "service", "patience"],
)
def test_the_input_that_was_changed_is_the_one_that_is_named(change: dict[str, float], name: str) -> None:
    """Half as many calls again, an agent more, longer talks, less patience: each alone, in the later days."""
    found = after(MONDAYS[:6], MONDAYS[6:12], change)
    assert found.cause is not None
    assert found.cause.input == name
    effect = next(each for each in found.inputs if each.name == name)
    assert effect.fitted is not None
    assert effect.recorded is not None
    assert abs(effect.recorded / effect.fitted - 1) > 0.25
    others = [each for each in found.inputs if each.name != name]
    assert all(
        each.fitted and each.recorded and abs(each.recorded / each.fitted - 1) < 0.25 for each in others
    )


@given(days=st.lists(st.floats(0, 1e6), min_size=39, max_size=200), new=st.integers(0, 200))
def test_an_interval_holds_all_but_a_twentieth_of_its_own_days(days: list[float], new: int) -> None:
    """Taken out one at a time, at most one in twenty lies outside the others' interval."""
    low, high = prediction_interval(days)
    outside = sum(not low <= day <= high for day in days)
    assert outside <= 0.05 * (len(days) + 1)
    assert min(days) <= low <= high <= max(days)
    assert prediction_interval([*days[new:], *days[:new]]) == (low, high)


def test_fewer_than_39_days_give_no_interval_of_95_percent() -> None:
    """Of 38, even the smallest and the largest hold less."""
    with pytest.raises(ValueError, match="38 days"):
        prediction_interval([float(k) for k in range(38)])


def test_a_new_day_lies_inside_with_95_percent() -> None:
    """Over many draws of 79 days and one more, 76 of 80 in the mean."""
    luck = np.random.default_rng(3)
    inside = 0
    for _ in range(2000):
        *days, new = luck.lognormal(0, 1, 80).tolist()
        low, high = prediction_interval(days)
        inside += low <= new <= high
    assert inside / 2000 == pytest.approx(0.95, abs=0.015)


def check(figure: str, recorded: float, predicted: float, half: float) -> FigureCheck:
    """Give a figure whose mean error has an interval of such a half-width."""
    error = predicted - recorded
    bias = Interval(error - half, error + half)
    return FigureCheck(
        figure=figure, days=10, inside=9, coverage=Interval(0.6, 0.98), recorded_mean=recorded,
        predicted_mean=predicted, error_mean=abs(error), bias=bias, is_off=not bias.low <= 0 <= bias.high,
        naive=None,
    )  # fmt: skip


def found(*figures: FigureCheck, **effects: dict[str, float]) -> Backtest:
    """Give a test with made-up effects of inputs."""
    return Backtest(
        days=pl.DataFrame(),
        figures=figures,
        inputs=tuple(
            InputEffect(name=name.replace("_", " "), fitted=1, recorded=1, predicted=predicted)  # type: ignore[arg-type]  # an input's name
            for name, predicted in effects.items()
        ),
        as_fitted={each.figure: each.predicted_mean for each in figures},
        all_recorded={each.figure: each.recorded_mean for each in figures},
    )


def test_no_input_is_named_where_none_explains_half_of_the_error() -> None:
    """Then the model itself is off, and the share that is left with all inputs known is told."""
    wait = check("wait_s_mean", 60, 20, 10)
    test = found(wait, arrivals={"wait_s_mean": 30}, staff={"wait_s_mean": 15})
    assert test.cause == ("wait_s_mean", None, 0.0)
    named = found(wait, arrivals={"wait_s_mean": 30}, staff={"wait_s_mean": 52})
    assert named.cause is not None
    assert named.cause[:2] == ("wait_s_mean", "staff")
    assert named.cause.remaining_share == pytest.approx(8 / 40)


def test_arrivals_are_named_where_they_alone_are_off() -> None:
    """And where the waits are off too, the input that explains the waits."""
    came, wait = check("arrivals", 130, 100, 5), check("wait_s_mean", 60, 20, 10)
    effect = {"arrivals": 130.0, "wait_s_mean": 55.0}
    calm = check("wait_s_mean", 22, 20, 10)
    assert found(came, calm, arrivals=effect).cause == ("arrivals", "arrivals", 0.0)
    both = found(came, wait, arrivals=effect, staff={"arrivals": 100, "wait_s_mean": 20}).cause
    assert both is not None
    assert both[:2] == ("wait_s_mean", "arrivals")
    assert found(check("arrivals", 100, 101, 5)).cause is None


def test_figures_that_a_log_does_not_tell_are_left_out() -> None:
    """Nobody left in this log: no share of those who did; a day without known waits has no mean wait."""
    log = calls(MONDAYS[:2], between_s=600).filter(pl.col("status") == "served")
    days = recorded_days(read_log(log, mapping()))
    assert days["abandoned_share"].null_count() == 2
    assert days["arrivals"].sum() == log.height
    assert not np.isclose(days["wait_s_mean"].to_numpy(), nan).any()
