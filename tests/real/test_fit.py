"""The calls of Anonymous Bank (Mandelbaum, Sakov and Zeltyn 2000), January to May 1999, fitted as known."""

import os
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from footfall._fit.fit import Fitted, diagnostics, fit_log
from footfall._fit.fitted_model import Named, model_of
from footfall._fit.log_rows import rows_of
from footfall._fit.patience_fit import fit_redial
from footfall._model.durations import DistributionFamily
from footfall._records.log_file import read_log
from footfall._simulate.day import simulate_day
from footfall._workload.log_mapping import mapping_of

DATA = Path(os.environ.get("FOOTFALL_DATA") or Path(__file__).parents[3] / "shared" / "data")
CALLS = DATA / "anonbank_calls_1999_jan_may.parquet"
TRUTH = DATA / "anonbank_truth_day_halfhour_jan_may.parquet"
pytestmark = pytest.mark.skipif(
    not CALLS.is_file(), reason="no calls of Anonymous Bank: name their folder in FOOTFALL_DATA"
)

COLUMNS = {
    "arrived": "vru_exit",
    "began": "ser_start",
    "ended": "ser_exit",
    "left": "q_exit",
    "outcome": "status",
    "class": "type",
    "agent": "agent",
    "customer": "customer",
}
OUTCOMES = {"served": ["served"], "abandoned": ["abandoned_queue"], "ignored": ["left_vru", "phantom"]}
WORKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday"]
REGULAR = {
    "weekdays": WORKDAYS,
    "low_day_share": 0.7,
    "classes": ["PS", "NW", "NE", "TT", "PE"],
    "short_service_s": 10,
    "nobody": ["0"],
}


@pytest.fixture(scope="module")
def calls() -> pl.DataFrame:
    """Give the file."""
    return read_log(CALLS)


def mapping(**options: Any) -> Any:  # noqa: ANN401  any option
    """Give the mapping of the file."""
    return mapping_of({"columns": COLUMNS, "outcomes": OUTCOMES, "options": options}, "test")


@pytest.fixture(scope="module")
def all_days(calls: pl.DataFrame) -> Fitted:
    """Fit all calls of five months."""
    return fit_log(calls, mapping(short_service_s=10, nobody=["0"]))


@pytest.fixture(scope="module")
def february(calls: pl.DataFrame) -> Fitted:
    """Fit the regular days of February."""
    return fit_log(calls, mapping(**REGULAR, **{"from": date(1999, 2, 1), "until": date(1999, 2, 28)}))


def test_regular_customers_are_served_for_a_lognormal_time(all_days: Fitted) -> None:
    """Over ten seconds close to lognormal, mu 4.92 and sigma 0.89 (Brown et al. 2005, section 3)."""
    service = all_days.kinds["PS"].service
    assert service is not None
    assert service.chosen is DistributionFamily.LOGNORMAL
    mu, sigma = service.best.parameters
    assert mu.value == pytest.approx(4.92, abs=0.01)
    assert sigma.value == pytest.approx(0.89, abs=0.01)
    assert mu.high - mu.low < 0.02
    assert service.distance_share < 0.03


def test_six_of_a_hundred_services_are_shorter_than_ten_seconds(all_days: Fitted) -> None:
    """Agents who hang up to rest (Brown et al. 2005); a warning tells it for each kind."""
    services = all_days.services
    short = int(services.filter(pl.col("service_s") < 10)["services"].sum())
    assert short / int(services["services"].sum()) == pytest.approx(0.066, abs=0.005)
    told = [text for name, text in diagnostics(all_days) if name == "short-services"]
    assert any(text.startswith("PS: 4.9 % of services are shorter than 10 s") for text in told)


@pytest.mark.parametrize(
    ("kind", "shares"),
    [("PS", (0.90, 0.83, 0.73, 0.59)), ("NW", (0.83, 0.72, 0.57, 0.31)), ("NE", (0.96, 0.92, 0.86, 0.73))],
)
def test_patience_is_the_known_one(all_days: Fitted, kind: str, shares: tuple[float, ...]) -> None:
    """Share still waiting after 30, 60, 120 and 300 s, within a point; the band is narrow."""
    patience = all_days.kinds[kind].patience
    assert patience is not None
    for t_s, share in zip((30, 60, 120, 300), shares, strict=True):
        assert patience.curve.at(t_s) == pytest.approx(share, abs=0.0101)
        assert patience.curve.error_at(t_s) < 0.01
    assert patience.chosen is not DistributionFamily.EXPONENTIAL


def test_callers_who_gave_up_call_again(calls: pl.DataFrame) -> None:
    """13, 26 and 44 % within 5, 15 and 60 minutes of their call, 4, 7 and 16 % after a served one."""
    rows = rows_of(calls, mapping(nobody=["0"])).frame
    fit = fit_redial(rows, since="arrived")
    assert fit is not None
    assert [again.share for again in fit.after_abandoned] == pytest.approx([0.13, 0.26, 0.44], abs=0.012)
    assert [again.share for again in fit.after_served] == pytest.approx([0.04, 0.07, 0.16], abs=0.005)
    assert all(again.high - again.low < 0.02 for again in fit.after_abandoned)
    assert 0.25 < fit.share < 0.35


def test_agents_on_duty_are_those_of_the_truth(calls: pl.DataFrame) -> None:
    """By day and half hour: 4,560 of them, correlation over 0.998, less than 0.05 agents apart."""
    fit = fit_log(calls, mapping(**REGULAR))
    assert fit.staff is not None
    truth = (
        pl.read_parquet(TRUTH).filter(pl.col("pool") == "regular").with_columns(pl.col("date").cast(pl.Date))
    )
    staff = fit.staff.days.with_columns(pl.col("half_hour").cast(pl.Int64))
    both = staff.join(truth, left_on=["day", "half_hour"], right_on=["date", "half_hour"])
    assert both.height == 95 * 48, "one more than are regular there, where IN calls count for the rule, too"
    assert both.filter("regular_day").height == 94 * 48
    for ours, theirs in (("on_duty", "agents_on_avg"), ("busy", "agents_busy_avg")):
        assert np.corrcoef(both[ours], both[theirs])[0, 1] > 0.998
        assert float(np.abs(both[ours].to_numpy() - both[theirs].to_numpy()).mean()) < 0.05


def test_arrivals_and_rows_of_february_are_those_of_the_truth(february: Fitted) -> None:
    """28,454 calls on twenty days, half hour by half hour; every row of the file has its fate."""
    assert len(february.arrivals.days) == 20
    assert february.used == 28_454
    assert sum(status.rows for status in february.row_statuses) == february.read == 175_333
    assert sum(kind.rows for kind in february.kinds.values()) == 28_454
    truth = pl.read_parquet(TRUTH).filter(pl.col("pool") == "regular", pl.col("regular_day"))
    month = truth.filter(pl.col("date").dt.month() == 2)
    assert sorted(month["date"].cast(pl.Date).unique()) == list(february.arrivals.days)


def test_days_are_busier_than_chance(all_days: Fitted, calls: pl.DataFrame) -> None:
    """Variance over mean of half hours has median 3.0; the days' own factor is a part of it."""
    regular = fit_log(calls, mapping(**REGULAR, redial=False))
    assert regular.arrivals.dispersion is not None
    assert regular.arrivals.dispersion.median == pytest.approx(3.0, abs=0.15)
    assert regular.arrivals.dispersion.poisson_high < 1.2
    busyness = regular.arrivals.busyness
    assert busyness is not None
    assert busyness.low > 0.1
    assert busyness.high - busyness.low < 0.06
    assert {"weekdays-differ", "low-days", "missing-days"} <= {name for name, _ in diagnostics(all_days)}


def test_evenings_are_fitted_apart(calls: pl.DataFrame) -> None:
    """In May, the mean patience of PS callers falls to 165 s after 20:00; by day it is over twice that."""
    may = {"from": date(1999, 5, 1), "until": date(1999, 5, 31)}
    fit = fit_log(calls, mapping(**may, day_parts_h=[20], short_service_s=10))
    day, evening = (fit.kinds[f"PS_{part}"].patience for part in ("00_20", "20_24"))
    assert day is not None
    assert evening is not None
    assert evening.mean_s.low < 165 < evening.mean_s.high
    assert evening.mean_s.high - evening.mean_s.low < 20
    assert day.mean_s.low > 2 * evening.mean_s.high


def test_the_fitted_february_waits_and_abandons_as_it_did(february: Fitted) -> None:
    """Nothing is tuned: its mean wait is within 30 % of 45.2 s, its abandonment within 3 points."""
    model = model_of(february, Named("february", "February", "fitted from a test"))
    days = [simulate_day(model, 1, day).visits for day in range(8)]
    visits = pl.concat(days)
    assert visits.height / 8 == pytest.approx(28_454 / 20, rel=0.12)
    assert visits["wait_s"].mean() == pytest.approx(45.2, rel=0.3)
    assert (visits["outcome"] == "abandoned").mean() == pytest.approx(0.131, abs=0.03)
