"""NASA's requests of July 1995 make the web server's day; August's, and a simulated day, are held to it."""

import os
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats

from footfall.behaviour import keyed
from footfall.fit.arrival_fit import EVERY, ArrivalsFit, fit_arrivals
from footfall.fit.day_cells import WORKDAYS, rows_of_counts
from footfall.simulate.day import simulate_day
from footfall.workload.arrivals import busyness
from models.web_portal_1995 import FITTED, MODEL, MODELS

DATA = Path(os.environ.get("FOOTFALL_DATA") or Path(__file__).parents[3] / "shared" / "data")
REQUESTS = DATA / "nasa_http_1995_requests_per_second.parquet"
needs_data = pytest.mark.skipif(
    not REQUESTS.is_file(), reason=f"no {REQUESTS.name}: name its folder in FOOTFALL_DATA"
)
KINDS = ("workdays", "weekends")
SERVER_OFF = [datetime(1995, 8, day).date() for day in (1, 2, 3)]  # noqa: DTZ001  a clock on a wall


def month(part: str, number: int) -> dict[str, ArrivalsFit]:
    """Fit the workdays and the weekends of a month."""
    counts = pl.read_parquet(REQUESTS).filter(pl.col("part") == part)["n"]
    rows = rows_of_counts(counts.to_list(), datetime(1995, number, 1, 0, 0, 1))  # noqa: DTZ001  as above
    rows = rows.filter(~pl.col("day").is_in(SERVER_OFF))
    at_work = pl.col("weekday").is_in(WORKDAYS)
    return {
        name: fit_arrivals(rows.filter(own)) for name, own in zip(KINDS, (at_work, ~at_work), strict=True)
    }


@pytest.fixture(scope="module")
def july() -> dict[str, ArrivalsFit]:
    """Fit July, of which the last day is half."""
    return month("jul", 7)


@pytest.fixture(scope="module")
def august() -> dict[str, ArrivalsFit]:
    """Fit August, without the days on which the server was off."""
    return month("aug", 8)


@needs_data
@pytest.mark.parametrize("kind", KINDS)
def test_the_model_s_numbers_are_those_of_july_alone(july: dict[str, ArrivalsFit], kind: str) -> None:
    """Fitted anew they are the model's, to the digits kept."""
    fit, told = july[kind], FITTED[kind]
    assert len(fit.days) == told["days"] == {"workdays": 19, "weekends": 8}[kind]
    assert [round(rate, 2) for rate in fit.profile(EVERY)] == told["arrivals_per_half_hour"]
    assert fit.busyness is not None
    assert fit.busyness.cv == pytest.approx(told["busyness"]["cv"], abs=1e-4)


@needs_data
@pytest.mark.parametrize(
    ("kind", "correlation", "ratio"), [("workdays", 0.99, 0.78), ("weekends", 0.95, 0.73)]
)
def test_august_has_july_s_shape_and_a_quarter_less(
    july: dict[str, ArrivalsFit], august: dict[str, ArrivalsFit], kind: str, correlation: float, ratio: float
) -> None:
    """Half hours of the mean day correlate by 0.99 on workdays; no shuttle was launched in August."""
    old, new = (np.array(fit[kind].profile(EVERY)) for fit in (july, august))
    assert np.corrcoef(old, new)[0, 1] > correlation
    assert new.sum() / old.sum() == pytest.approx(ratio, abs=0.01)


@needs_data
def test_august_s_workdays_lie_within_what_july_says_of_days(august: dict[str, ArrivalsFit]) -> None:
    """Gamma busyness times Poisson: all 20 inside 99 %; the intervals of the variation meet."""
    mean, cv = sum(FITTED["workdays"]["arrivals_per_half_hour"]), float(MODEL.busyness_cv)
    # A gamma factor of a Poisson number: negative binomial of size 1/cv².
    size = cv**-2
    law = stats.nbinom(size, size / (size + mean))
    totals = august["workdays"].totals["arrivals"].to_numpy()
    assert totals.size == 20
    assert totals.min() > law.ppf(0.005)
    assert totals.max() < law.ppf(0.995)
    found, told = august["workdays"].busyness, FITTED["workdays"]["busyness"]
    assert found is not None
    assert found.high > told["low"]
    assert found.cv < told["low"], "July, with a launch and a holiday, varies more than August"


@pytest.mark.parametrize("kind", KINDS)
def test_a_simulated_day_has_the_profile_s_arrivals(kind: str) -> None:
    """Every half hour of two days, given the day's busyness, inside Poisson's 99.9 %; chi-square fits."""
    profile = np.array(FITTED[kind]["arrivals_per_half_hour"])
    for replication in range(2):
        day = simulate_day(MODELS[kind], 1, replication)
        came = np.bincount((day.visits["due_s"].to_numpy() // 1800).astype(int), minlength=48)
        expected = profile * busyness(MODELS[kind], keyed.run_key(1, replication))
        assert (came >= stats.poisson.ppf(0.0005 / 48, expected)).all()
        assert (came <= stats.poisson.ppf(1 - 0.0005 / 48, expected)).all()
        square = float(((came - expected) ** 2 / expected).sum())
        assert stats.chi2.ppf(0.0005, 48) < square < stats.chi2.ppf(0.9995, 48)
