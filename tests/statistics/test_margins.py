"""The margins of the scenarios' criteria: wide enough for the visits that their window has."""

from pathlib import Path

import numpy as np
import pytest

import footfall as ff
from footfall._stats.episodes import bad_share_bounds, episodes_of

SCENARIO = Path(__file__).parents[2] / "scenarios" / "ordinary_day.toml"
RUNS = 500
UNDECIDED_MOST = 0.03
"""At most one run in fifty is aimed at; 500 runs tell that from one in twenty."""


@pytest.mark.parametrize(
    ("measure", "visits", "failed_share"),
    [("web.query", 426, 0.031), ("web.transact", 132, 0.092), ("sms.transact", 404, 0.074)],
)
def test_a_run_as_predicted_is_seldom_undecided(measure: str, visits: int, failed_share: float) -> None:
    """Of runs whose visits fail independently, with the counts and shares of the ordinary day."""
    (line,) = (
        c for c in ff.read_scenario(str(SCENARIO)).criteria if str(c).startswith(f"success({measure})")
    )
    base, margin = str(line).partition(">=")[2].split("-")
    limit = (float(base.strip(" %")) - float(margin.strip(" pt"))) / 100
    rng = np.random.default_rng(1)
    lows = [1 - bad_share_bounds(episodes_of(rng.random(visits) < failed_share)).high for _ in range(RUNS)]
    assert np.mean(np.array(lows) < limit) <= UNDECIDED_MOST
