"""Forecasts of channel shares: what holds whatever the counts are."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays

from footfall._fit.share_fit import check
from footfall._fit.share_model import Floats, History, forecast_of

FIRST = 2015 * 12


def history(counts: object) -> History:
    """Give months from January 2015 on."""
    table = np.array(counts, dtype=np.float64)
    return History(FIRST + np.arange(len(table)), table)


@settings(max_examples=15, deadline=None)
@given(
    arrays(np.float64, (4, 3), elements=st.integers(0, 50_000).map(float)).filter(lambda c: c[-1].sum() > 0)
)
def test_shares_add_up_to_one_inside_their_intervals(counts: Floats) -> None:
    """For every month ahead, zeros included; bounds are shares, too."""
    forecast = forecast_of(history(counts), 2, draws=400)

    assert forecast.share.sum(axis=1) == pytest.approx(1)
    assert (forecast.low >= 0).all()
    assert (forecast.high <= 1).all()
    assert (forecast.low <= forecast.share).all()
    assert (forecast.share <= forecast.high).all()
    assert forecast.draws.sum(axis=2) == pytest.approx(1)


def test_the_same_history_gives_the_same_forecast() -> None:
    """Futures are drawn from a fixed seed."""
    counts = [[900, 100], [880, 130], [850, 160], [850, 150]]

    assert (forecast_of(history(counts), 3).high == forecast_of(history(counts), 3).high).all()


def test_channels_can_be_told_in_any_order() -> None:
    """No channel is the base of the odds: turned round, the forecast is the same but for the draws."""
    counts = np.array([[900, 100, 40], [880, 130, 30], [850, 160, 45], [850, 150, 50]])
    one, two = (forecast_of(history(each), 1, draws=20_000) for each in (counts, counts[:, ::-1]))

    assert one.share == pytest.approx(two.share[:, ::-1], abs=0.005)
    assert one.high == pytest.approx(two.high[:, ::-1], abs=0.02)


def test_the_interval_widens_with_the_months_ahead_and_narrows_with_the_record() -> None:
    """A level that drifted goes on drifting; more months tell more."""
    random = np.random.default_rng(3)
    level = np.cumsum(random.normal(0, 0.1, 24))
    counts = np.stack([random.binomial(5000, 1 / (1 + np.exp(-level))), np.zeros(24)], axis=1)
    counts[:, 1] = 5000 - counts[:, 0]
    forecast = forecast_of(history(counts), 6)
    width = (forecast.high - forecast.low)[:, 0]
    still = np.tile([3000.0, 2000.0], (24, 1))
    long, short = (forecast_of(history(still[:months]), 1) for months in (24, 4))

    assert (np.diff(width) > 0).all()
    assert width[5] > 1.5 * width[0]
    assert (long.high - long.low)[0, 0] < 0.6 * (short.high - short.low)[0, 0]


def test_a_trend_is_followed_and_fades() -> None:
    """Twelve months of a steady rise go on, each month by less."""
    odds = -1.5 + 0.08 * np.arange(12)
    share = 1 / (1 + np.exp(-odds))
    counts = np.stack([20_000 * share, 20_000 * (1 - share)], axis=1).round()
    forecast = forecast_of(history(counts), 6)
    steps = np.diff(np.log(forecast.share[:, 0] / forecast.share[:, 1]))

    assert forecast.share[0, 0] > share[-1]
    assert 0.02 < steps[0] <= 0.09
    assert steps[-1] < steps[0]
    assert forecast.variation.slope_sd > 0.01


def test_overdispersion_is_told_from_counting() -> None:
    """Multinomial counts have about 1; counts that scatter ten times more have far more."""
    random = np.random.default_rng(4)
    plain = random.multinomial(4000, [0.6, 0.4], size=18)
    shares = random.beta(0.6 * 400, 0.4 * 400, size=18)
    rough = random.binomial(4000, shares)
    one, two = (forecast_of(history(each), 1) for each in (plain, np.stack([rough, 4000 - rough], axis=1)))

    assert one.variation.overdispersion < 2
    assert 5 < two.variation.overdispersion < 25
    assert (two.high - two.low)[0, 0] > 2 * (one.high - one.low)[0, 0]


def test_a_season_is_learned_from_two_years_and_not_from_less() -> None:
    """The same month next year comes again as it was."""
    at = np.arange(36)
    share = 0.4 + 0.12 * np.sin(2 * np.pi * at / 12)
    counts = np.stack([10_000 * share, 10_000 * (1 - share)], axis=1).round()
    forecast = forecast_of(history(counts[:30]), 6)
    early = forecast_of(history(counts[:12]), 1)

    assert forecast.variation.season_sd is not None
    assert forecast.share[:, 0] == pytest.approx(share[30:], abs=0.02)
    assert early.variation.season_sd is None


def test_a_check_uses_the_months_before_only() -> None:
    """What comes later cannot change a forecast of the check."""
    counts = np.array([[700, 300], [690, 310], [650, 350], [640, 360], [600, 400.0]])
    changed = counts.copy()
    changed[-1] = [100, 900]
    one, two = (check(history(each), 1).points for each in (counts, changed))

    assert [point.month for point in one] == [FIRST + 3, FIRST + 4]
    assert all((a.share == b.share).all() for a, b in zip(one, two, strict=True))
    assert one[1].naive == pytest.approx([0.64, 0.36])
    assert two[1].recorded == pytest.approx([0.1, 0.9])


def test_a_check_says_which_is_better_only_where_it_can_tell() -> None:
    """A steady trend beats the last month; five months that change at random tell nothing."""
    odds = -1.0 + 0.1 * np.arange(16)
    share = 1 / (1 + np.exp(-odds))
    trend = np.stack([50_000 * share, 50_000 * (1 - share)], axis=1).round()
    few = check(history([[700, 300], [650, 350], [720, 280], [660, 340], [690, 310]]), 1)

    assert check(history(trend), 1).by_ahead[0].better == "forecast"
    assert few.by_ahead[0].better == "unknown"
    assert few.by_ahead[0].shares == 4
