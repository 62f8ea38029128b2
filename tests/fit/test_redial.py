"""Who tries again after giving up is told from who has something new."""

import numpy as np
import polars as pl
import pytest

from footfall._fit.patience_fit import fit_redial, weighed

RETRY, NEW = 0.4, 0.1


def calls(people: int, seed: int, named_share: float = 1.0) -> pl.DataFrame:
    """Give calls of people who abandon or are served, try again or have something new within the hour."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[float, str, str | None]] = []
    for k in range(people):
        who = str(k) if rng.random() < named_share else None
        at_s, outcome = float(rng.uniform(0, 1e7)), "abandoned" if k % 2 else "served"
        rows.append((at_s, outcome, who))
        # After each call there may be something new; after an abandoned one also the same again.
        while (outcome == "abandoned" and rng.random() < RETRY) or rng.random() < NEW:
            at_s, outcome = at_s + float(rng.uniform(60, 3000)), "served"
            rows.append((at_s, outcome, who))
    schema = {"at_s": pl.Float64, "outcome": pl.String, "customer": pl.String}
    frame = pl.DataFrame(rows, schema=schema, orient="row").sort("at_s").with_row_index("row", 1)
    return frame.with_columns(wait_s=pl.lit(0.0), service_s=pl.lit(0.0), kind=pl.lit("a"))


def test_the_share_that_tries_again_is_found_beside_new_errands() -> None:
    """40 % try again, a tenth has something new after any call: 0.4 within 0.02."""
    fit = fit_redial(calls(20_000, 1))
    assert fit is not None
    assert fit.share == pytest.approx(RETRY, abs=0.02)
    last = fit.after_abandoned[-1]
    assert last.low <= 1 - (1 - RETRY) * (1 - NEW) <= last.high
    assert last.high - last.low < 0.03


def test_those_who_are_not_known_by_name_are_taken_for_alike() -> None:
    """With half of the names the expected second tries are still those of all."""
    rows = calls(20_000, 2, named_share=0.5)
    fit = fit_redial(rows)
    assert fit is not None
    assert fit.identified == pytest.approx(fit.abandoned / 2, rel=0.05)
    off = rows.height - float(weighed(rows, fit)["weight"].sum())
    assert off == pytest.approx(RETRY * fit.abandoned, rel=0.06)


def test_delays_are_those_that_were_seen() -> None:
    """Evenly between one and fifty minutes."""
    fit = fit_redial(calls(20_000, 3))
    assert fit is not None
    seconds, shares = fit.delays
    assert np.interp(0.5, shares, seconds) == pytest.approx(1530, rel=0.03)
    assert seconds[0] == pytest.approx(60, abs=15)


def test_too_few_names_tell_nothing_and_every_call_counts_whole() -> None:
    """Forty-nine who abandoned."""
    rows = calls(98, 4)
    assert fit_redial(rows) is None
    assert weighed(rows, None)["weight"].to_list() == [1.0] * rows.height


def test_the_delay_runs_from_when_the_customer_left() -> None:
    """Arrived at 0, left at 100, back at 400: within 5 minutes of leaving, not of arriving."""
    rows = pl.DataFrame(
        {
            "at_s": [0.0, 400.0] * 60,
            "outcome": ["abandoned", "served"] * 60,
            "customer": [str(k // 2) for k in range(120)],
            "wait_s": [100.0, 0.0] * 60,
            "service_s": [None, 1.0] * 60,
            "row": range(120),
        }
    )
    since_left, since_arrived = fit_redial(rows), fit_redial(rows, "arrived")
    assert since_left is not None
    assert since_arrived is not None
    assert since_left.after_abandoned[0].share == 1.0
    assert since_arrived.after_abandoned[0].share == 0.0
