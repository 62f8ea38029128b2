"""Forecasts of channel shares hold as often as they say; docs/how-to/channel-shares.md has more histories."""

import pytest

from tests.statistics.channel_shares import KINDS, held

HISTORIES = 25


@pytest.mark.parametrize(("kind", "months"), [("all of it", 6), ("fast drift", 12)])
def test_intervals_of_95_percent_hold_that_often(kind: str, months: int) -> None:
    """Within three standard errors of 90 to 98 %."""
    for found in held(KINDS[kind], months, HISTORIES).values():
        assert 0.90 - 3 * found.coverage_error <= found.coverage <= 0.98 + 3 * found.coverage_error
