"""The fan says what the futures say, and how sure the probability is."""

import polars as pl
import pytest

from footfall._measure.time_series import fan, month_likely
from footfall._stats.intervals import wilson


def shares(*by_month: list[float]) -> pl.DataFrame:
    """Give futures of one definition, a list a month."""
    rows = [("d", month, share) for month, values in enumerate(by_month) for share in values]
    return pl.DataFrame(rows, schema=["definition", "month", "electronic_share"], orient="row")


def test_quantiles_are_those_of_the_futures() -> None:
    """0.60 to 0.80 in 21 even steps: the 5 % quantile is the second, the median the eleventh."""
    row = fan(shares([0.6 + k / 100 for k in range(21)]), 0.8).row(0, named=True)
    found = [row[f"electronic_share_p{q}"] for q in ("05", "25", "50", "75", "95")]
    assert found == pytest.approx([0.61, 0.65, 0.7, 0.75, 0.79])


def test_the_probability_counts_the_futures_and_has_wilson_bounds() -> None:
    """Three of ten, one of them exactly at the KPI but for rounding."""
    row = fan(shares([0.7] * 7 + [0.9, 0.9, 0.8 - 1e-12]), 0.8).row(0, named=True)
    assert (row["futures"], row["futures_met"]) == (10, 3)
    assert (row["met_share_low"], row["met_share_high"]) == wilson(3, 10)
    assert row["met_share"] == 0.3


def test_likely_is_the_first_month_after_which_it_stays_so() -> None:
    """A month that meets it before a cut-over takes it back does not count."""
    months = fan(shares([0.7] * 4, [0.9] * 4, [0.7] * 4, [0.7, 0.7, 0.9, 0.9], [0.9] * 4), 0.8)
    assert month_likely(months) == 3
    assert month_likely(months.head(3)) is None


def test_definitions_are_kept_apart() -> None:
    """Each has its own rows, in the order given."""
    both = pl.concat([shares([0.9]), shares([0.7]).with_columns(pl.lit("e").alias("definition"))])
    assert fan(both, 0.8).select("definition", "met_share").rows() == [("d", 1.0), ("e", 0.0)]
