"""Channel shares of the months to come, with the interval that holds 95 of 100 recorded ones."""

from dataclasses import dataclass

import numpy as np

from footfall.simulate.fit.shares.history import Floats, History, shares_of
from footfall.simulate.fit.shares.learn import DRAWS, Variation, learn

RECENT_MONTHS = 6
LOW, HIGH = 0.025, 0.975
_HALF_COVERED = 0.5


@dataclass(frozen=True, slots=True)
class Forecast:
    """Shares of the months after a history, as they would be recorded."""

    share: Floats
    """Shape (months ahead, channels): the middle; each month sums to 1."""
    low: Floats
    high: Floats
    """Shape (months ahead, channels): 95 % of futures lie between."""
    draws: Floats
    """Shape (draws, months ahead, channels)."""
    last: Floats
    """Shape (channels,): the naive forecast, shares of the last month of which more than half is recorded."""
    cases: float
    """A month that the forecast supposes: the mean of the last ones."""
    variation: Variation

    def together(self, channels: list[int]) -> tuple[Floats, Floats, Floats]:
        """Give middle, low and high of the sum of some channels, each of shape (months ahead,)."""
        draws = self.draws[:, :, channels].sum(axis=2)
        low, high = np.quantile(draws, [LOW, HIGH], axis=0)
        middle: Floats = self.share[:, channels].sum(axis=1)
        return middle, np.minimum(low, middle), np.maximum(high, middle)


def forecast_of(history: History, ahead: int, draws: int = DRAWS) -> Forecast:
    """Forecast the `ahead` months after the last month of a history."""
    recent = history.since(RECENT_MONTHS)
    cases = float((np.nan_to_num(recent.counts).sum(axis=1) / recent.covered).mean())
    learned = learn(history, ahead, cases, draws)
    low, high = np.quantile(learned.draws, [LOW, HIGH], axis=0)
    whole = np.flatnonzero(history.covered > _HALF_COVERED)
    return Forecast(
        share=learned.middle,
        low=np.minimum(low, learned.middle),
        high=np.maximum(high, learned.middle),
        draws=learned.draws,
        last=shares_of(history.counts[whole[-1] if whole.size else -1]),
        cases=cases,
        variation=learned.variation,
    )
