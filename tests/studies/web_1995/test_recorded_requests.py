"""NASA's requests of July 1995 make the web server's day; August's, and a simulated day, are held to it."""

import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats

from footfall._behaviour import keyed
from footfall._fit.arrival_fit import EVERY, ArrivalsFit
from footfall._simulate.day import simulate_day
from footfall._workload.arrivals import busyness
from studies.web_1995.measures import KINDS, compared, month_fits, read_requests
from studies.web_1995.model import FITTED, MODEL, MODELS

DATA = Path(os.environ.get("FOOTFALL_DATA") or Path(__file__).parents[4] / "shared" / "data")
REQUESTS = DATA / "nasa_http_1995_requests_per_second.parquet"
needs_data = pytest.mark.skipif(
    not REQUESTS.is_file(), reason=f"no {REQUESTS.name}: name its folder in FOOTFALL_DATA"
)


@pytest.fixture(scope="module")
def requests() -> pl.DataFrame:
    """Read both months."""
    return read_requests(REQUESTS)


@pytest.fixture(scope="module")
def july(requests: pl.DataFrame) -> dict[str, ArrivalsFit]:
    """Fit July, of which the last day is half."""
    return month_fits(requests, "jul")


@pytest.fixture(scope="module")
def august(requests: pl.DataFrame) -> dict[str, ArrivalsFit]:
    """Fit August, without the days on which the server was off."""
    return month_fits(requests, "aug")


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
    row = next(row for row in compared(july, august) if row["days"] == kind)
    assert row["half_hours_correlation"] > correlation
    assert row["requests_per_day_august"] / row["requests_per_day_july"] == pytest.approx(ratio, abs=0.01)


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
