"""Boston's 311 cases by channel, January to June 2015: read, forecast, and checked on its own months."""

import os
from pathlib import Path

import pytest

from footfall._fit.share_fit import SharesFit, fit_shares
from footfall._fit.share_mapping import EXAMPLE, read_share_mapping
from footfall._records.log_file import read_table

DATA = Path(os.environ.get("FOOTFALL_DATA") or Path(__file__).parents[3] / "shared" / "data")
CASES = DATA / "boston311_channels_2015H1_partial.parquet"
pytestmark = pytest.mark.skipif(
    not CASES.is_file(), reason="no cases of Boston: name their folder in FOOTFALL_DATA"
)


@pytest.fixture(scope="module")
def fit() -> SharesFit:
    """Fit by the mapping that `footfall fit --example-shares` prints."""
    return fit_shares(read_table(CASES), read_share_mapping(EXAMPLE, "example"), 3)


def test_shares_are_as_counted_otherwise(fit: SharesFit) -> None:
    """Of citizens' cases, phone .705, app .150, web .145 (the data's own notes)."""
    found = fit.counted
    shares = dict(zip(found.names, found.counts.sum(axis=0) / found.counts.sum(), strict=True))

    assert found.read == 58_119
    assert sum(status.rows for status in found.row_statuses) == found.read
    assert shares == pytest.approx({"phone": 0.705, "app": 0.150, "web": 0.145}, abs=0.0005)
    assert (found.covered == 1).all()


def test_its_known_months_are_inside_the_intervals(fit: SharesFit) -> None:
    """Each from the months before; whether "as last month" is better, three months cannot tell."""
    assert [each.months for each in fit.check.by_ahead] == [3, 2, 1]
    assert all(each.held >= 0.9 * each.shares for each in fit.check.by_ahead)
    assert {each.better for each in fit.check.by_ahead} == {"unknown"}
    assert any("season" in note for note in fit.notes)
