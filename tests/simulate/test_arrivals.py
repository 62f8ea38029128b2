"""Arrivals: Poisson by half hour, a gamma busyness, and luck that nobody else can change."""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

from footfall._behaviour import keyed
from footfall._model.changes import set_number
from footfall._model.channel import Channel
from footfall._model.model import Model
from footfall._model.numbers import Grade, Number
from footfall._model.population import Segment
from footfall._model.profiles import profile
from footfall._model.station_specs import RequestServer
from footfall._records.errors import BadInputError
from footfall._records.tables import ARRIVALS
from footfall._workload.arrivals import (
    arrivals_of_trace,
    arrivals_table,
    busyness,
    draw_arrivals,
    poisson_quantiles,
    rates_per_half_hour,
    rates_within,
)
from tests import made_up

BUSY_CV = 0.05


def test_counts_by_half_hour_are_poisson(small_province: Model) -> None:
    """Mean and variance of the standardised counts of all cells are 0 and 1 within sampling error."""
    model = set_number(small_province, "busyness_cv", 0)
    rates = rates_per_half_hour(model).sum(axis=1)
    scores = []
    for replication in range(12):
        people = draw_arrivals(model, 1, replication)
        counts = np.zeros_like(rates)
        np.add.at(counts, (people.segments, (people.at_s // 1800).astype(int)), 1)
        scores.append((counts - rates) / np.sqrt(rates))
    z = np.concatenate([score.ravel() for score in scores])
    assert abs(z.mean()) < 4 / np.sqrt(len(z))
    assert abs(z.var() - 1) < 4 * np.sqrt(2 / len(z)) + 0.05


@given(u=st.floats(1e-9, 1 - 1e-9), mean=st.floats(0, 5e5))
def test_a_count_is_the_poisson_quantile(u: float, mean: float) -> None:
    """As the distribution of the statistics library gives it; no arrivals where none are expected."""
    found = poisson_quantiles(np.array([u]), np.array([mean]))
    assert found.tolist() == [stats.poisson.ppf(u, mean) if mean else 0]


def test_customers_come_in_order_and_evenly_within_their_half_hour(small_province: Model) -> None:
    """Times are sorted, and their place in the half hour is uniform."""
    people = draw_arrivals(small_province, 1, 0)
    assert np.all(np.diff(people.at_s) >= 0)
    within = people.at_s % 1800 / 1800
    assert abs(within.mean() - 0.5) < 4 * np.sqrt(1 / 12 / len(within))
    assert len(np.unique(people.customers)) == len(people)


def test_busyness_has_mean_1_and_the_given_variation(small_province: Model) -> None:
    """Over 2,000 replications, within 4 standard errors."""
    model = set_number(small_province, "busyness_cv", 0.3)
    factors = np.array([busyness(model, keyed.run_key(1, k)) for k in range(2000)])
    assert abs(factors.mean() - 1) < 4 * 0.3 / np.sqrt(2000)
    assert factors.std() == pytest.approx(0.3, rel=0.08)
    assert busyness(set_number(model, "busyness_cv", 0), 1) == 1


def test_the_busy_day_factor_scales_every_rate(small_province: Model) -> None:
    """Double is double, cell by cell."""
    double = rates_per_half_hour(set_number(small_province, "busy_day_factor", 2))
    assert double == pytest.approx(2 * rates_per_half_hour(small_province))
    assert draw_arrivals(set_number(small_province, "busy_day_factor", 2), 1, 0).at_s.size > 15_000


def test_one_rate_changed_leaves_all_other_customers_alone(small_province: Model) -> None:
    """Numbers, keys, times and first choices of the others stay; the cell itself keeps its first ones."""
    before = _rows(small_province)
    after = _rows(set_number(small_province, "young_urban.month_visits.recharge", 1.2))
    touched = pl.col("segment") == small_province.segments[0].name
    touched &= pl.col("operation") == "recharge"
    assert before.filter(~touched).equals(after.filter(~touched))
    more = after.filter(touched)
    assert more.height > before.filter(touched).height
    kept = before.filter(touched).join(more, on=before.columns, how="semi")
    assert kept.height == before.filter(touched).height


def test_a_replication_has_customers_of_its_own(small_province: Model) -> None:
    """Same seed, another day."""
    first, second = draw_arrivals(small_province, 1, 0), draw_arrivals(small_province, 1, 1)
    assert not set(first.keys.tolist()) & set(second.keys.tolist())


def test_a_trace_gives_back_the_customers_that_made_it(small_province: Model) -> None:
    """Written as arrivals and read again: the same keys, places and first choices."""
    people = draw_arrivals(small_province, 4, 0)
    table = arrivals_table(small_province, people)
    trace = table.with_columns(
        arrival=pl.int_range(pl.len()), due_s=pl.col("at_s"), subscriber=pl.lit(0, dtype=pl.Int64)
    ).select(list(ARRIVALS))
    again = arrivals_of_trace(small_province, trace, 4, 0)
    assert np.array_equal(again.keys, people.keys)
    for name in ("segments", "operations", "channels", "at_s"):
        assert np.array_equal(getattr(again, name), getattr(people, name)), name


@given(times=st.tuples(st.floats(0.1, 4), st.floats(0.1, 4)), replication=st.integers(0, 9))
@settings(max_examples=20)
def test_with_more_customers_of_the_same_mix_come_the_same_and_more(
    times: tuple[float, float], replication: int, small_province: Model, number: Callable[[float], Number]
) -> None:
    """Each with the time and choice that they have among fewer."""
    few = small_province.model_copy(update={"population": number(8000)})
    small, large = (draw_arrivals(few, 1, replication, each) for each in sorted(times))
    kept = np.isin(large.customers, small.customers)
    assert np.array_equal(large.customers[kept], small.customers)
    assert np.array_equal(large.at_s[kept], small.at_s)
    assert np.array_equal(large.channels[kept], small.channels)


def test_three_times_as_many_customers_are_as_irregular_as_three_days_at_once(
    small_province: Model, number: Callable[[float], Number]
) -> None:
    """Counts by half hour are Poisson, not three times a Poisson count: variance over mean 1, not 3."""
    steady = small_province.model_copy(update={"busyness_cv": number(0)})
    expected = 3 * rates_within(steady, None).sum(axis=(0, 1))
    counts = [
        np.bincount((draw_arrivals(steady, 1, r, 3).at_s // 1800).astype(int), minlength=48) for r in range(6)
    ]
    scores = (np.array(counts) - expected) ** 2 / expected
    assert 0.7 < scores.mean() < 1.35
    assert abs(np.sum(counts) - 6 * expected.sum()) < 5 * (6 * expected.sum()) ** 0.5


def test_a_part_of_the_day_has_the_customers_that_it_has_in_the_whole(small_province: Model) -> None:
    """Only half hours that do not touch it are left out."""
    whole, part = (
        draw_arrivals(small_province, 1, 0),
        draw_arrivals(small_province, 1, 0, within_s=(36_100, 36_200)),
    )
    inside = (whole.at_s >= 36_000) & (whole.at_s < 37_800)
    assert np.array_equal(part.customers, whole.customers[inside])
    assert np.array_equal(part.at_s, whole.at_s[inside])


def test_too_many_arrivals_in_one_cell_are_refused(
    small_province: Model, number: Callable[[float], Number]
) -> None:
    """A customer's number has room for a million of each cell."""
    huge = small_province.model_copy(update={"population": number(10**11)})
    with pytest.raises(BadInputError, match="more segments"):
        draw_arrivals(huge, 1, 0)


def _rows(model: Model) -> pl.DataFrame:
    return arrivals_table(model, draw_arrivals(model, 1, 0)).sort("customer")


def test_arrivals_by_minute_follow_their_minute(
    model: Callable[..., Model], segment: Callable[..., Segment], channel: Callable[..., Channel]
) -> None:
    """Four times as many in the minute after noon, none before it; half hours keep their counts."""
    server = RequestServer(
        slots=made_up.number(1), accept_queue=made_up.number(1), deadline_s=made_up.number(1)
    )
    values = [1.0] * 1440
    values[719], values[720] = 0.0, 4.0
    profiles = [profile(v, Grade.ASSUMED, "test") for v in (values, [1.0] * 1440, [1.0] * 48)]
    fine, even, coarse = (
        draw_arrivals(
            model(channel(server), population=made_up.number(300_000), segments=(segment(day_profile=p),)),
            1,
            0,
        )
        for p in profiles
    )
    counts = np.bincount((fine.at_s // 60).astype(int), minlength=1440)
    expected = 300_000 * np.array(values) / sum(values)
    assert counts[719] == 0
    assert abs(counts[720] - expected[720]) < 4 * np.sqrt(expected[720])
    z = (counts - expected)[expected > 0] / np.sqrt(expected[expected > 0])
    assert abs(z.var() - 1) < 4 * np.sqrt(2 / len(z))
    assert np.all(np.diff(fine.at_s) >= 0)
    assert np.array_equal(even.customers, coarse.customers)
    assert np.allclose(even.at_s, coarse.at_s, atol=1e-6)
