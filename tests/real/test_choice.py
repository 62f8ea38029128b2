"""The estimator gives the published estimates of public choice data, and invents no effect."""

import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from footfall.simulate.estimate import (
    Choices,
    Columns,
    Estimate,
    Term,
    choices_of,
    estimate,
    likelihood_ratio,
    share_change,
    with_attribute,
)

DATA = Path(os.environ.get("FOOTFALL_DATA") or Path(__file__).parents[3] / "shared" / "data")
SWISSMETRO, CANADA, HILLSTROM = (
    DATA / f"{name}.csv.gz" for name in ("swissmetro", "mode_canada", "hillstrom_channels_2008")
)
pytestmark = pytest.mark.skipif(
    not all(path.is_file() for path in (SWISSMETRO, CANADA, HILLSTROM)),
    reason="no public choice data: name their folder in FOOTFALL_DATA",
)

# Biogeme's own reports, to the digits that they print: estimate, standard error, robust error.
# Bierlaire, github.com/michelbierlaire/biogeme, examples/swissmetro, 01logit.html (3.2.6a) and
# 09nested.html (3.2.7).
PLAIN = {
    "ASC_CAR": ("-0.155", "0.0432", "0.0582"),
    "ASC_TRAIN": ("-0.701", "0.0549", "0.0826"),
    "B_COST": ("-1.08", "0.0518", "0.0682"),
    "B_TIME": ("-1.28", "0.0569", "0.104"),
}
NESTED = {
    "ASC_CAR": ("-0.167", "0.0371", "0.0545"),
    "ASC_TRAIN": ("-0.512", "0.0452", "0.0791"),
    "B_COST": ("-0.857", "0.0463", "0.06"),
    "B_TIME": ("-0.899", "0.057", "0.107"),
}
EXISTING = {"train": "existing", "car": "existing"}

# Croissant, R package mlogit, vignette c3.rum: mlogit(choice ~ cost + freq + ovt | income | ivt,
# subset = noalt == 4, reflevel = "air"); the printed summary as quoted in the documents of torch-choice
# (gsbDBI/torch-choice, "R Output"). The same estimates stand in choice-learn's tests
# (artefactory/choice-learn, tests/integration_tests/models/test_conditional_logit.py).
MLOGIT = {
    "asc_train": (3.2741952, 0.6244152),
    "asc_bus": (0.6983381, 1.2802466),
    "asc_car": (1.8441129, 0.7085089),
    "cost": (-0.0333389, 0.0070955),
    "freq": (0.0925297, 0.0050976),
    "ovt": (-0.0430036, 0.0032247),
    "income_train": (-0.0381466, 0.0040831),
    "income_bus": (-0.0890867, 0.0183471),
    "income_car": (-0.0279930, 0.0038726),
    "ivt_air": (0.0595097, 0.0100727),
    "ivt_train": (-0.0014504, 0.0011875),
    "ivt_bus": (-0.0067835, 0.0044334),
    "ivt_car": (-0.0064603, 0.0018985),
}


def printed(value: float, like: str) -> str:
    """Give a value with as many digits as the other was printed with."""
    decimals = len(like.partition(".")[2])
    return f"{value:.{decimals}f}"


@pytest.fixture(scope="module")
def swissmetro() -> Choices:
    """Give the choices of those who commute or travel on business, as the example takes them."""
    table = pl.read_csv(SWISSMETRO).filter(pl.col("PURPOSE").is_in([1, 3]) & (pl.col("CHOICE") != 0))
    table = table.with_row_index("case")
    pays = (pl.col("GA") == 0).cast(pl.Int64)
    stated = pl.col("SP") != 0
    modes = {
        "train": (1, pl.col("TRAIN_TT"), pl.col("TRAIN_CO") * pays, (pl.col("TRAIN_AV") == 1) & stated),
        "swissmetro": (2, pl.col("SM_TT"), pl.col("SM_CO") * pays, pl.col("SM_AV") == 1),
        "car": (3, pl.col("CAR_TT"), pl.col("CAR_CO"), (pl.col("CAR_AV") == 1) & stated),
    }
    long = pl.concat(
        table.filter(available).select(
            "case",
            pl.lit(name).alias("alternative"),
            (pl.col("CHOICE") == code).alias("chosen"),
            (time / 100).alias("time"),
            (cost / 100).alias("cost"),
        )
        for name, (code, time, cost, available) in modes.items()
    )
    constants = (Term("ASC_CAR", None, ("car",)), Term("ASC_TRAIN", None, ("train",)))
    return choices_of(long, (*constants, Term("B_COST", "cost"), Term("B_TIME", "time")))


@pytest.fixture(scope="module")
def swissmetro_plain(swissmetro: Choices) -> Estimate:
    """Give the plain logit of Swissmetro."""
    return estimate(swissmetro)


def test_the_plain_logit_of_swissmetro_is_the_published_one(swissmetro_plain: Estimate) -> None:
    """Estimates, errors, robust errors and likelihoods, to every digit that Biogeme prints."""
    found = swissmetro_plain
    assert found.observations == 6768
    for name, *row in zip(found.parameters, found.values, found.errors, found.robust_errors, strict=True):
        assert [printed(v, p) for v, p in zip(row, PLAIN[name], strict=True)] == list(PLAIN[name])
    assert printed(found.log_likelihood, "-5331.252") == "-5331.252"
    assert printed(found.log_likelihood_null, "-6964.663") == "-6964.663"
    assert printed(found.rho_square, "0.235") == "0.235"
    assert printed(found.rho_square_adjusted, "0.234") == "0.234"


def test_the_nested_logit_of_swissmetro_is_the_published_one(
    swissmetro: Choices, swissmetro_plain: Estimate
) -> None:
    """As above; Biogeme's MU 2.05 is 1/λ, with errors by the delta method: error(λ)/λ²."""
    found = estimate(swissmetro, EXISTING)
    for k, name in enumerate(NESTED):
        row = (found.values[k], found.errors[k], found.robust_errors[k])
        assert [printed(v, p) for v, p in zip(row, NESTED[name], strict=True)] == list(NESTED[name])
    lam = found.value("dissimilarity_existing")
    assert printed(1 / lam, "2.05") == "2.05"
    assert printed(found.errors[4] / lam**2, "0.118") == "0.118"
    assert printed(found.robust_errors[4] / lam**2, "0.164") == "0.164"
    assert printed(found.log_likelihood, "-5236.9") == "-5236.9"
    ratio = likelihood_ratio(swissmetro_plain, found)
    assert ratio.statistic == pytest.approx(2 * (5331.252 - 5236.900), abs=0.002)
    assert ratio.p_value < 1e-40


def test_the_conditional_logit_of_canada_is_the_published_one() -> None:
    """All 13 estimates and errors of mlogit to five digits, or a thousandth of the error."""
    table = pl.read_csv(CANADA).filter(pl.col("noalt") == 4)
    others, every = ("train", "bus", "car"), ("air", "train", "bus", "car")
    terms = [Term(name, name) for name in ("cost", "freq", "ovt")]
    terms += [Term(f"asc_{mode}", None, (mode,)) for mode in others]
    terms += [Term(f"income_{mode}", "income", (mode,)) for mode in others]
    terms += [Term(f"ivt_{mode}", "ivt", (mode,)) for mode in every]
    found = estimate(choices_of(table, terms, Columns("case", "alt", "choice")))
    assert found.observations == 2779
    assert set(found.parameters) == set(MLOGIT)
    for name, value, error in zip(found.parameters, found.values, found.errors, strict=True):
        assert value == pytest.approx(MLOGIT[name][0], rel=1e-5, abs=1e-3 * error), name
        assert error == pytest.approx(MLOGIT[name][1], rel=1e-4), name
    assert printed(found.log_likelihood, "-1874.3") == "-1874.3"


CHANNELS = ("Web", "Phone", "Multichannel")
AREAS = ("rural", "urban")


def hillstrom_table() -> pl.DataFrame:
    """Give a row for each of 64,000 customers and each channel, marked by area."""
    known = pl.read_csv(HILLSTROM).with_row_index("case")
    known = known.with_columns(
        rural=pl.col("zip_code") == "Rural",
        urban=pl.col("zip_code") == "Urban",
        spend=pl.col("history").log(),
    )
    long = known.join(pl.DataFrame({"alternative": CHANNELS}), how="cross")
    return long.with_columns(chosen=pl.col("channel") == pl.col("alternative"))


def hillstrom_choices(table: pl.DataFrame, *columns: str) -> Choices:
    """Give choices with constants and the effect of columns on phone and on several channels, against web."""
    terms = [Term(f"constant_{name}", None, (name,)) for name in CHANNELS[1:]]
    terms += [Term(f"{column}_{name}", column, (name,)) for column in columns for name in CHANNELS[1:]]
    return choices_of(table, terms)


CONTROLS = ("recency", "spend", "mens", "womens", "newbie")


def by_area(choices: Choices, area: str) -> Choices:
    """Give the same customers as if all lived in one area; any other name is the suburbs."""
    for known in AREAS:
        for place in (1, 2):
            values = np.zeros(3)
            values[place] = float(known == area)
            choices = with_attribute(choices, f"{known}_{CHANNELS[place]}", values)
    return choices


@pytest.fixture(scope="module")
def hillstrom() -> pl.DataFrame:
    """Give the long table of Hillstrom's customers."""
    return hillstrom_table()


@pytest.fixture(scope="module")
def with_area(hillstrom: pl.DataFrame) -> Choices:
    """Give their choices with recency, spend, what they buy, being new, and area."""
    return hillstrom_choices(hillstrom, *CONTROLS, *AREAS)


def test_no_effect_of_area_is_found_in_hillstroms_channels(
    hillstrom: pl.DataFrame, with_area: Choices
) -> None:
    """Not significant on 64,000 customers; the 95 % intervals of each share hold 0 and end below 2 points."""
    full, without = estimate(with_area), estimate(hillstrom_choices(hillstrom, *CONTROLS))
    assert full.observations == 64_000
    ratio = likelihood_ratio(without, full)
    assert ratio.degrees == 4
    assert ratio.p_value > 0.05
    for area in AREAS:
        change = share_change(full, by_area(with_area, "suburban"), by_area(with_area, area))
        half_width = 1.96 * change.errors
        assert (np.abs(change.values) < half_width).all()
        assert (half_width < 0.012).all()
        assert (np.abs(change.values) + half_width < 0.02).all()


def test_an_effect_of_area_that_is_there_is_found(hillstrom: pl.DataFrame) -> None:
    """Every twentieth city customer of the web moved to the phone, 2.2 points: seen, at the right size."""
    moved = (pl.col("urban") & (pl.col("channel") == "Web") & (pl.col("case") % 20 == 0)).alias("moved")
    changed = hillstrom.with_columns(channel=pl.when(moved).then(pl.lit("Phone")).otherwise("channel"))
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
