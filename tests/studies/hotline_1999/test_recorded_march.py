"""The bank's March 1999, as January and February foretell it, and what its prediction may know."""

import os
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from footfall._records.log_file import read_log
from studies.hotline_1999.forecast import LEARNED, Case, forecast, levels, model_on, recorded
from studies.hotline_1999.forecast_measures import by_month, calibrated
from studies.hotline_1999.learn import Outlook, learned, outlooks
from studies.hotline_1999.model import HOTLINE
from studies.hotline_1999.records import calls_on, days_of, offered_calls

DATA = Path(os.environ.get("FOOTFALL_DATA") or Path(__file__).parents[4] / "shared" / "data")
CALLS = DATA / "anonbank_calls_1999_jan_may.parquet"
pytestmark = pytest.mark.skipif(
    not CALLS.is_file(), reason=f"no {CALLS.name}: name its folder in FOOTFALL_DATA"
)


@pytest.fixture(scope="module")
def offered() -> pl.DataFrame:
    """Give the calls of the first three months."""
    calls = read_log(CALLS).filter(pl.col("date").dt.month() <= 3)
    return offered_calls(calls, CALLS.name)


@pytest.fixture(scope="module")
def march(offered: pl.DataFrame) -> Outlook:
    """Give March as it was ahead."""
    *_, last = outlooks(HOTLINE, offered, CALLS.name)
    return last


def test_march_is_learned_from_the_39_regular_days_before_it(march: Outlook) -> None:
    """19 of January and 20 of February; March has 21."""
    assert (march.month, len(march.days)) == ("1999-03", 21)
    assert len(march.earlier.arrivals.days) == 39
    assert max(march.earlier.arrivals.days) < march.days[0]


def test_nothing_of_march_enters_its_prediction(offered: pl.DataFrame, march: Outlook) -> None:
    """With a tenth of its calls, all of them changed, models and days stay the same."""
    is_march = pl.col("day") >= march.days[0]
    spoilt = offered.filter(~is_march | (pl.int_range(pl.len()) % 10 == 0)).with_columns(
        wait_s=pl.when(is_march).then(60).otherwise("wait_s"),
        service_s=pl.when(is_march).then(1).otherwise("service_s"),
        status=pl.when(is_march).then(pl.lit("served")).otherwise("status"),
        agent=pl.when(is_march).then(pl.lit("R1")).otherwise("agent"),
    )
    *_, other = outlooks(HOTLINE, spoilt, CALLS.name)
    assert other.days == march.days
    for weekday in ("sunday", "thursday"):
        one, two = (model_on(each.earlier, weekday, each.level).fingerprint() for each in (march, other))
        assert one == two


def test_march_had_fewer_agents_and_longer_calls_than_were_to_be_expected(
    offered: pl.DataFrame, march: Outlook
) -> None:
    """5.2 agents in place of 5.9, and services of 202 s in place of 192."""
    regular = [day for day in march.days if day != date(1999, 3, 8)]
    calls = calls_on(regular, offered)
    was = levels(HOTLINE, learned(HOTLINE, calls), regular)
    expected = levels(HOTLINE, march.earlier, march.days)
    assert was["agents_on_duty_mean"] == pytest.approx(5.2, abs=0.05)
    assert expected["agents_on_duty_mean"] == pytest.approx(5.9, abs=0.05)
    assert was["service_s_mean"] == pytest.approx(202, abs=1)
    assert expected["service_s_mean"] == pytest.approx(192, abs=1)


def test_the_calendar_says_what_is_predicted_and_an_unusual_day_is_said(
    offered: pl.DataFrame, march: Outlook
) -> None:
    """On 8 March a third of the usual calls came: no calendar tells, so it is predicted and compared."""
    assert len(march.days) == 21
    assert date(1999, 3, 8) in march.days
    known = {march.month: recorded(HOTLINE, days_of(march.before))}
    happened = recorded(HOTLINE, days_of(calls_on(march.days, offered)))
    foretold = forecast([Case(LEARNED, march.month, march.days, march.earlier, march.level)], 1, 4)
    month = by_month(happened, calibrated(foretold, foretold, known), known).row(0, named=True)
    assert (month["days"], month["days_unusual"]) == (21, 1)
    assert month["wait_s_mean_last_month"] == pytest.approx(45.2, abs=0.1)
    assert month["wait_s_mean_earlier"] == pytest.approx(42.5, abs=0.2)
    assert month["wait_s_mean_predicted"] == pytest.approx(43, abs=5)
    assert 10 < month["wait_s_mean_predicted_low"] < 30
    assert 90 < month["wait_s_mean_predicted_high"] < 150
