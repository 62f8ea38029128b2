"""Tables that the charts of the studies are drawn from, made up from a fixed seed."""

from random import Random

import polars as pl
import pytest

from footfall._chart.style import Stamp


@pytest.fixture
def stamp() -> Stamp:
    """Where the made-up charts come from."""
    return Stamp(run="0123456789abcdef", seed=7, version="0.1.0")


@pytest.fixture
def validated() -> pl.DataFrame:
    """Give thirty keys with recorded and predicted figures."""
    luck = Random(3)
    rows = []
    for n in range(30):
        wait_s, waited, late, lost = 60 + 30 * luck.random(), 0.7, 0.6, 0.2
        figures = (wait_s, wait_s * 1.1, waited, 0.68, late, 0.55, lost, 0.21)
        rows.append((f"1999-{n + 1:02d}", 16 + n % 30, 1000 + n, *figures))
    names = [
        f"{name}_{world}"
        for name in ("wait_s_mean", "waited_share", "waited_20_s_share", "abandoned_share")
        for world in ("recorded", "predicted")
    ]
    return pl.DataFrame(rows, schema=["key", "half_hour", "offered", *names], orient="row")


@pytest.fixture
def validated_months(validated: pl.DataFrame) -> pl.DataFrame:
    """Give a row a month."""
    return validated.rename({"key": "month"}).head(6)


@pytest.fixture
def validated_days(validated: pl.DataFrame) -> pl.DataFrame:
    """Give a row a day."""
    return validated.rename({"key": "day"})


@pytest.fixture
def validated_half_hours(validated: pl.DataFrame) -> pl.DataFrame:
    """Give a row a half hour."""
    return validated.drop("key")


@pytest.fixture
def offices_queues() -> pl.DataFrame:
    """Queues of service halls, from one in which nobody waits to one of fifty."""
    luck = Random(7)
    lengths = [0.0, *(0.02 * 1.5**n for n in range(20))]
    rows = [(length, length * luck.uniform(0.3, 3)) for length in lengths]
    return pl.DataFrame(rows, schema=["waiting_recorded", "waiting_predicted"], orient="row")


@pytest.fixture
def offices_half_hours() -> pl.DataFrame:
    """The offices' day from eight to four; one half hour was never looked at."""
    luck = Random(7)
    names = [
        *(f"{figure}_{world}" for figure in ("arrivals", "counters") for world in ("recorded", "first_days")),
        *(f"waiting_{world}" for world in ("recorded", "predicted", "first_days")),
    ]
    rows = [
        {"half_hour": half} | {name: luck.uniform(0.8, 1.2) * 400 * _busyness(half / 2) for name in names}
        for half in range(16, 32)
    ]
    unseen = ("waiting_recorded", "waiting_predicted", "counters_recorded")
    missing = pl.col("half_hour") == 23
    return pl.DataFrame(rows).with_columns(
        pl.when(missing).then(None).otherwise(pl.col(name)).alias(name) for name in unseen
    )


@pytest.fixture
def foretold_months(validated_months: pl.DataFrame) -> pl.DataFrame:
    """Give a row a month that was learned beforehand: the second one knows neither range nor agents."""
    known = pl.int_range(pl.len()) != 1
    return validated_months.with_columns(
        days=pl.lit(20),
        offered_predicted=pl.col("offered") * 0.9,
        wait_s_mean_predicted_low=pl.when(known).then(pl.col("wait_s_mean_predicted") * 0.8),
        wait_s_mean_predicted_high=pl.when(known).then(pl.col("wait_s_mean_predicted") * 1.3),
        agents_on_duty_mean_recorded=pl.when(known).then(5.0),
        agents_on_duty_mean_predicted=pl.when(known).then(6.0),
        service_s_mean_recorded=200.0,
        service_s_mean_predicted=190.0,
        wait_s_mean_last_month=pl.when(known).then(pl.col("wait_s_mean_recorded") * 1.2),
    )


def _busyness(hour: float) -> float:
    """Share of the peak's load: low at night, highest in the morning."""
    return 0.04 + 0.96 * max(0.0, 1 - abs(hour - 11) / 10)
