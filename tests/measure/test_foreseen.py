"""Where one more run would fall, from replications of a prediction."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, strategies as st

from footfall._measure.prediction import foreseen, next_value, range_of_shares, replications
from footfall._records.tables import REPLICATIONS
from footfall._stats.intervals import t_interval, wilson


def visits(served: int, failed: int, response_s: float) -> pl.DataFrame:
    """Give visits of one channel that all took as long."""
    n = served + failed
    ends = ["served"] * served + ["error"] * failed
    columns = {
        "channel": ["web"] * n,
        "operation": ["query"] * n,
        "due_s": [0.0] * n,
        "started_s": [0.0] * n,
        "ended_s": [response_s] * n,
        "human_s": [0.0] * n,
        "wait_s": [0.0] * n,
        "outcome": ends,
    }
    return pl.DataFrame(columns)


def test_each_replication_has_its_own_rows_and_totals() -> None:
    """Numbered from 0, counts as they are."""
    table = replications([visits(9, 1, 1.0), visits(8, 2, 2.0)])
    assert table.schema == REPLICATIONS
    web = table.filter((pl.col("channel") == "web") & (pl.col("operation") == "query"))
    assert web.select("replication", "visits", "served").rows() == [(0, 10, 9), (1, 10, 8)]
    assert table.filter((pl.col("channel") == "*") & (pl.col("operation") == "*")).height == 2
    assert replications([]).is_empty()


def test_the_range_is_that_of_one_more_run() -> None:
    """0.9 and 0.8: mean 0.85, s 0.0707, t(1) 12.706, √1.5; times: the geometric mean of 1 and 4."""
    found = foreseen(replications([visits(9, 1, 1.0), visits(8, 2, 4.0)])).row(0, named=True)
    assert found["replications"] == 2
    assert found["success_share"] == pytest.approx(0.85)
    assert (found["success_share_low"], found["success_share_high"]) == (0.0, 1.0)
    assert found["response_s_p95"] == pytest.approx(2.0)
    half = 12.706 * math.log(4) / math.sqrt(2) * math.sqrt(1.5)
    assert found["response_s_p95_high"] == pytest.approx(2.0 * math.exp(half), rel=1e-3)


def test_one_replication_has_no_range() -> None:
    """It is a value, and nothing is known of the next."""
    found = foreseen(replications([visits(9, 1, 1.0)])).row(0, named=True)
    assert found["success_share"] == 0.9
    assert found["success_share_low"] is found["response_s_p95_low"] is None
    with pytest.raises(ValueError, match="two values"):
        next_value([1.0])


def test_replications_that_agree_are_not_certainty() -> None:
    """Ten times three of three served: as sure as thirty of thirty, and not surer."""
    assert range_of_shares([3] * 10, [3] * 10) == wilson(30, 30)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=2, max_size=12))
def test_a_range_of_shares_lies_within_0_and_1_and_holds_the_mean(pairs: list[tuple[int, int]]) -> None:
    """Whatever the counts."""
    served, visits_ = [k for k, _ in pairs], [k + more + 1 for k, more in pairs]
    low, high = range_of_shares(served, visits_)
    mean = sum(k / n for k, n in zip(served, visits_, strict=True)) / len(pairs)
    assert 0 <= low <= mean + 1e-12
    assert mean - 1e-12 <= high <= 1


def test_one_more_value_falls_into_the_range_in_95_of_100() -> None:
    """4,000 times ten normal values and an eleventh; their mean has an interval that holds half of them."""
    values = np.random.default_rng(1).normal(size=(4000, 11))
    inside = [low <= row[10] <= high for row in values for low, high in [next_value(row[:10].tolist())]]
    assert sum(inside) / len(inside) == pytest.approx(0.95, abs=0.012)
    of_mean = [low <= row[10] <= high for row in values for low, high in [t_interval(row[:10].tolist())]]
    assert sum(of_mean) / len(of_mean) < 0.6
