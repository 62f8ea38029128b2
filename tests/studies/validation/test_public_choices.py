"""The estimator gives the published estimates of public choice data, and invents no effect."""

import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from studies.validation.checks import Check
from studies.validation.choices import (
    AREAS,
    CANADA,
    EXISTING,
    HILLSTROM,
    SWISSMETRO,
    by_area,
    canada,
    canada_checks,
    hillstrom,
    hillstrom_checks,
    hillstrom_choices,
    swissmetro,
    swissmetro_checks,
)
from studies.validation.estimate import estimate, likelihood_ratio, share_change

DATA = Path(os.environ.get("FOOTFALL_DATA") or Path(__file__).parents[4] / "shared" / "data")
pytestmark = pytest.mark.skipif(
    not all((DATA / name).is_file() for name in (SWISSMETRO, CANADA, HILLSTROM)),
    reason="no public choice data: name their folder in FOOTFALL_DATA",
)


def disagreeing(checks: list[Check]) -> list[Check]:
    """Give the checks that do not agree."""
    return [check for check in checks if not check.agrees]


def test_the_logits_of_swissmetro_are_the_published_ones() -> None:
    """Plain and nested: estimates, both kinds of errors, likelihoods, to every digit that Biogeme prints."""
    checks = swissmetro_checks(DATA)
    assert len(checks) == 30
    assert disagreeing(checks) == []


def test_the_nest_of_swissmetro_is_significant() -> None:
    """Twice the difference of the published log likelihoods, of 6,768 choices."""
    choices = swissmetro(DATA)
    plain, nested = estimate(choices), estimate(choices, EXISTING)
    assert plain.observations == 6768
    ratio = likelihood_ratio(plain, nested)
    assert ratio.statistic == pytest.approx(2 * (5331.252 - 5236.900), abs=0.002)
    assert ratio.p_value < 1e-40


def test_the_conditional_logit_of_canada_is_the_published_one() -> None:
    """All 13 estimates and errors of mlogit to five digits, or a thousandth of the error."""
    assert canada(DATA).observations == 2779
    checks = canada_checks(DATA)
    assert len(checks) == 27
    assert disagreeing(checks) == []


def test_no_effect_of_area_is_found_in_hillstroms_channels() -> None:
    """Not significant on 64,000 customers; the 95 % intervals of each share hold 0 and end below 2 points."""
    checks = hillstrom_checks(DATA)
    assert len(checks) == 7
    assert disagreeing(checks) == []
    assert all(check.low > -0.02 and check.high < 0.02 for check in checks[1:])


def test_an_effect_of_area_that_is_there_is_found() -> None:
    """Every twentieth city customer of the web moved to the phone, 2.2 points: seen, at the right size."""
    table = hillstrom(DATA)
    moved = (pl.col("urban") & (pl.col("channel") == "Web") & (pl.col("case") % 20 == 0)).alias("moved")
    changed = table.with_columns(channel=pl.when(moved).then(pl.lit("Phone")).otherwise("channel"))
    changed = changed.with_columns(chosen=pl.col("channel") == pl.col("alternative"))
    choices = hillstrom_choices(changed, *AREAS)
    full = estimate(choices)
    assert likelihood_ratio(estimate(hillstrom_choices(changed)), full).p_value < 1e-6
    change = share_change(full, by_area(choices, "suburban"), by_area(choices, "urban"))
    taken = changed.filter(pl.col("chosen"))
    city, suburbs = taken.filter("urban")["channel"], taken.filter(zip_code="Surburban")["channel"]
    observed = np.mean(city.to_numpy() == "Phone") - np.mean(suburbs.to_numpy() == "Phone")
    assert change.values[1] == pytest.approx(observed, abs=1e-9)
    assert change.values[1] > 4 * change.errors[1]
