"""Utilisation laws: demands come back, single rows do not decide, and one row's interval holds."""

import numpy as np
import pytest

from footfall._calibrate.utilisation_law import learn_utilisation_law
from footfall._records.errors import BadInputError


def table(rows: int = 200, noise: float = 0.03) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Give rates of two kinds of work and of one that costs nothing, and the utilisation in percent."""
    rng = np.random.default_rng(7)
    rates = {"orders": rng.uniform(5, 40, rows), "queries": rng.uniform(50, 300, rows)}
    utilisation = (6 + 0.5 * rates["orders"] + 0.1 * rates["queries"]) * rng.normal(1, noise, rows)
    return rates, utilisation


def test_demands_and_background_come_back() -> None:
    """Each inside its interval, which is narrow."""
    rates, utilisation = table()
    law = learn_utilisation_law(rates, utilisation)
    for name, truth in (("orders", 0.5), ("queries", 0.1)):
        assert law.demand_lows[name] <= truth <= law.demand_highs[name]
        assert law.demands[name] == pytest.approx(truth, rel=0.05)
    assert law.background == pytest.approx(6, abs=1)
    assert law.error_median < 0.03


def test_a_few_wrong_rows_do_not_decide() -> None:
    """Ten rows in which another program ran leave the demands as they are."""
    rates, utilisation = table()
    utilisation[::20] += 60
    law = learn_utilisation_law(rates, utilisation)
    assert law.demands["queries"] == pytest.approx(0.1, rel=0.05)


def test_rates_that_cost_nothing_are_left_out() -> None:
    """Of many columns those that explain nothing are not kept."""
    rates, utilisation = table()
    rng = np.random.default_rng(8)
    more = {f"idle{n}": rng.uniform(0, 100, len(utilisation)) for n in range(4)}
    assert set(learn_utilisation_law(rates | more, utilisation).demands) == {"orders", "queries"}


def test_the_interval_of_a_row_holds_its_measurement() -> None:
    """On rows that were not learned from, about 95 in 100."""
    rates, utilisation = table(400)
    law = learn_utilisation_law({k: v[:200] for k, v in rates.items()}, utilisation[:200])
    _, low, high = law.predict({k: v[200:] for k, v in rates.items()})
    assert 0.9 <= ((low <= utilisation[200:]) & (utilisation[200:] <= high)).mean() <= 1
    assert law.error_high - law.error_low < 0.2


def test_tables_that_say_nothing_are_refused() -> None:
    """Too few rows, negative loads, no utilisation, no column, or a missing one: one line each."""
    rates, utilisation = table(30)
    for bad_rates, bad_utilisation, reason in (
        ({k: v[:5] for k, v in rates.items()}, utilisation[:5], "5 rows"),
        ({"orders": -rates["orders"]}, utilisation, "not numbers"),
        (rates, utilisation * 0, "not numbers"),
        ({}, utilisation, "0 columns"),
    ):
        with pytest.raises(BadInputError, match=reason):
            learn_utilisation_law(bad_rates, bad_utilisation)
    with pytest.raises(BadInputError, match="queries"):
        learn_utilisation_law(rates, utilisation).predict({"orders": rates["orders"]})
