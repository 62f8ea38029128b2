"""The product-limit estimate is the textbooks' to their last digit."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from footfall._fit.distributions import kaplan_meier

# Weeks of remission under 6-MP, Freireich et al. (1963), Blood 21, 699-716; 1: relapse, 0: cut short.
WEEKS = (6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35)
RELAPSED = (1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0)
# Kleinbaum and Klein (2012), Survival Analysis, 3rd ed., table 2.4; errors: Lawless (2003), table 3.2.
PUBLISHED = {
    6: (21, 3, 0.857, 0.076),
    7: (17, 1, 0.807, 0.087),
    10: (15, 1, 0.753, 0.096),
    13: (12, 1, 0.690, 0.107),
    16: (11, 1, 0.627, 0.114),
    22: (7, 1, 0.538, 0.128),
    23: (6, 1, 0.448, 0.135),
}


def test_the_remissions_of_freireich_are_the_published_ones() -> None:
    """At risk, relapsed, share and Greenwood's error at all seven weeks."""
    found = kaplan_meier(WEEKS, RELAPSED)
    assert found.seconds.tolist() == list(PUBLISHED)
    for week, (at_risk, left, share, error) in PUBLISHED.items():
        k = found.seconds.tolist().index(week)
        assert (found.at_risk[k], found.left[k]) == (at_risk, left)
        assert found.at(week) == pytest.approx(share, abs=5.1e-4)
        assert found.error_at(week) == pytest.approx(error, abs=5.1e-4)


def test_the_example_of_kaplan_and_meier_is_theirs() -> None:
    """Deaths at 0.8, 3.1, 5.4, 9.2; losses at 1.0, 2.7, 7.0, 12.1 (JASA 53, 1958, p. 464)."""
    months = (0.8, 1.0, 2.7, 3.1, 5.4, 7.0, 9.2, 12.1)
    died = (1, 0, 0, 1, 1, 0, 1, 0)
    found = kaplan_meier(months, died)
    assert found.survival.tolist() == pytest.approx([7 / 8, 7 / 10, 21 / 40, 21 / 80])


def test_who_left_at_a_time_is_counted_before_who_was_served_at_it() -> None:
    """Both were waiting when the one left."""
    assert kaplan_meier([1, 1], [1, 0]).survival.tolist() == [0.5]


def test_without_cut_waits_it_is_the_share_still_waiting() -> None:
    """And Greenwood's error is the binomial one."""
    rng = np.random.default_rng(1)
    waits_s = np.round(rng.exponential(100, 500))
    found = kaplan_meier(waits_s, np.ones(500))
    for t_s in (10, 50, 200):
        share = float((waits_s > t_s).mean())
        assert found.at(t_s) == pytest.approx(share)
        assert found.error_at(t_s) == pytest.approx((share * (1 - share) / 500) ** 0.5)


@given(
    st.lists(
        st.tuples(st.integers(0, 50).map(float), st.booleans()),
        min_size=1,
        max_size=60,
    )
)
def test_the_curve_falls_within_its_band(waits: list[tuple[float, bool]]) -> None:
    """Shares fall from at most 1 to at least 0, and the bounds hold them."""
    found = kaplan_meier([t for t, _ in waits], [left for _, left in waits])
    assert np.all(np.diff(found.survival, prepend=1.0) <= 0)
    assert np.all((found.low <= found.survival) & (found.survival <= found.high))
    assert np.all((found.low >= 0) & (found.high <= 1))
    assert found.left.sum() == sum(left for _, left in waits)
