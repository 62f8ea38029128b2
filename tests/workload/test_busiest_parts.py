"""The busiest window of a day is found from the parts of the day that may hold it."""

from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from footfall._model.model import Model
from footfall._runs.content import model_in
from footfall._workload.arrivals import arrivals_table, busiest_parts, draw_arrivals
from footfall._workload.trace import busiest_window


@pytest.fixture(scope="module")
def large() -> Model:
    """Give a model of a million customers a day, with a profile of half hours."""
    return model_in(Path("models/guangxi.py"))


@pytest.mark.parametrize(("seed", "window_s"), [(1, 60.0), (2, 900.0)])
def test_the_parts_hold_the_window_and_its_customers_of_the_whole_day(
    large: Model, seed: int, window_s: float
) -> None:
    """Same second, same customers; and most of the day was not drawn."""
    parts = busiest_parts(large, seed, 0, window_s)
    some = pl.concat(arrivals_table(large, draw_arrivals(large, seed, 0, within_s=part)) for part in parts)
    whole = arrivals_table(large, draw_arrivals(large, seed, 0))
    assert some.height < whole.height / 3
    starts_s = [busiest_window(each["at_s"].to_numpy(), window_s) for each in (some, whole)]
    assert starts_s[0] == starts_s[1]
    inside = pl.col("at_s").is_between(starts_s[0], starts_s[0] + window_s)
    assert some.filter(inside).equals(whole.filter(inside))


def test_parts_are_in_order_and_apart(large: Model) -> None:
    """Whole half hours of one day; those of a short window, whose number says less, are more."""
    for window_s in (1.0, 60.0, 1800.0):
        parts = busiest_parts(large, 1, 0, window_s)
        assert all(0 <= begins < ends <= 86_400 for begins, ends in parts)
        assert all(first[1] < second[0] for first, second in pairwise(parts))
    lengths_s = [sum(b - a for a, b in busiest_parts(large, 1, 0, window)) for window in (5.0, 60.0, 900.0)]
    assert lengths_s == sorted(lengths_s, reverse=True)


def test_a_window_longer_than_half_an_hour_may_be_anywhere(large: Model) -> None:
    """The whole day is one part then."""
    assert busiest_parts(large, 1, 0, 3600.0) == [(0.0, 86_400.0)]
