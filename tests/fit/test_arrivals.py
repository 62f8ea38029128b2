"""Rates by half hour and weekday are means over days, with intervals that hold the truth."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from footfall._fit.arrival_fit import EVERY, fit_arrivals
from footfall._workload.log_mapping import WEEKDAYS

MONDAY = date(2024, 1, 1)


def rows(counts: list[tuple[int, int, str, int]]) -> pl.DataFrame:
    """Give rows of arrivals from day (0 is a Monday), half hour, kind and number."""
    found = [
        (MONDAY + timedelta(days=day), WEEKDAYS[(MONDAY + timedelta(days=day)).weekday()], half_hour, kind)
        for day, half_hour, kind, n in counts
        for _ in range(n)
    ]
    return pl.DataFrame(found, schema=["day", "weekday", "half_hour", "kind"], orient="row")


def test_a_rate_is_the_mean_over_days_whether_or_not_somebody_came() -> None:
    """Ten, none and two on three days: four a day; all kinds together are their sum."""
    fit = fit_arrivals(rows([(0, 20, "a", 10), (1, 21, "b", 3), (7, 20, "a", 2)]))
    assert fit.profile("a")[20] == 4.0
    assert fit.profile("b")[21] == 1.0
    assert sum(fit.profile(EVERY)) == 5.0
    assert fit.profile("a", "monday")[20] == 6.0
    assert fit.profile("a", "tuesday")[20] == 0.0
    assert fit.weekdays == {"monday": 2, "tuesday": 1}


def test_intervals_hold_the_true_rate_and_are_narrow() -> None:
    """Forty Poisson days, 30 in each of 192 half hours: 95 to 99 % of the intervals hold it, ± 1.8 wide."""
    rng = np.random.default_rng(1)
    counts = [(day, h, kind, int(rng.poisson(30))) for day in range(40) for h in range(48) for kind in "abcd"]
    rates = fit_arrivals(rows(counts)).rates.filter(pl.col("kind") != EVERY, pl.col("weekday") == EVERY)
    held = (rates["per_half_hour_low"] <= 30) & (rates["per_half_hour_high"] >= 30)
    assert 0.95 <= float(held.to_numpy().mean()) <= 0.99
    width = rates["per_half_hour_high"] - rates["per_half_hour_low"]
    assert width.median() == pytest.approx(2 * 2.02 * (30 / 40) ** 0.5, rel=0.1)


def test_one_day_has_the_exact_poisson_interval() -> None:
    """Garwood (1936): 10 lie in 4.80 to 18.39, none in 0 to 3.69."""
    rates = fit_arrivals(rows([(0, 20, "a", 10)])).rates.filter(
        pl.col("kind") == "a", pl.col("weekday") == EVERY
    )
    bounds = rates.select("per_half_hour_low", "per_half_hour_high").rows()
    assert bounds[20] == pytest.approx((4.7954, 18.3904), abs=1e-3)
    assert bounds[21] == pytest.approx((0.0, 3.6889), abs=1e-3)


def test_rows_that_weigh_less_count_less_and_no_rate_is_negative() -> None:
    """Second tries are taken off; a half hour that is left with less than nothing has nothing."""
    weighed = rows([(0, 20, "a", 2), (0, 21, "a", 1)]).with_columns(weight=pl.Series([1.0, 0.5, -0.25]))
    profile = fit_arrivals(weighed).profile("a")
    assert (profile[20], profile[21]) == (1.5, 0.0)


def test_bursts_show_in_the_dispersion_and_not_in_the_busyness() -> None:
    """Half hours that vary by themselves cancel over the day."""
    rng = np.random.default_rng(2)
    counts = [
        (7 * day, h, "a", int(rng.poisson(30 * rng.gamma(4, 1 / 4)))) for day in range(60) for h in range(48)
    ]
    fit = fit_arrivals(rows(counts))
    assert fit.dispersion is not None
    assert fit.dispersion.median == pytest.approx(1 + 30 / 4, rel=0.15)
    assert fit.dispersion.median > fit.dispersion.poisson_high
    assert fit.busyness is not None
    assert fit.busyness.cv == pytest.approx((1 / 4 / 48) ** 0.5, rel=0.3)
