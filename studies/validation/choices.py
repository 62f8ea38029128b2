"""Published estimates of choice models, estimated anew from the same public data."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from studies.validation.checks import Check, at_least, rounded
from studies.validation.estimate import (
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

SWISSMETRO, CANADA, HILLSTROM = (
    f"{name}.csv.gz" for name in ("swissmetro", "mode_canada", "hillstrom_channels_2008")
)
BIOGEME = "Biogeme's report (Bierlaire, examples/swissmetro, {}): Swissmetro, 6,768 choices"
PLAIN = {
    "ASC_CAR": ("-0.155", "0.0432", "0.0582"),
    "ASC_TRAIN": ("-0.701", "0.0549", "0.0826"),
    "B_COST": ("-1.08", "0.0518", "0.0682"),
    "B_TIME": ("-1.28", "0.0569", "0.104"),
}
"""Estimate, standard error, robust error, to the digits that Biogeme 3.2.6a prints."""
NESTED = {
    "ASC_CAR": ("-0.167", "0.0371", "0.0545"),
    "ASC_TRAIN": ("-0.512", "0.0452", "0.0791"),
    "B_COST": ("-0.857", "0.0463", "0.06"),
    "B_TIME": ("-0.899", "0.057", "0.107"),
}
"""As above, Biogeme 3.2.7."""
EXISTING = {"train": "existing", "car": "existing"}

MLOGIT_SOURCE = "R's mlogit (Croissant, vignette c3.rum, the printed summary): ModeCanada, 2,779 choices"
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
"""Estimate and standard error; choice-learn's tests have the same (artefactory/choice-learn)."""

CHANNELS = ("Web", "Phone", "Multichannel")
AREAS = ("rural", "urban")
CONTROLS = ("recency", "spend", "mens", "womens", "newbie")
_NO_EFFECT = "No effect is known (Hillstrom 2008: 64,000 customers)"
_Z_95 = 1.96
_SIGNIFICANT = 0.05


def swissmetro_checks(data: Path) -> list[Check]:
    """Estimate the plain and the nested logit of Swissmetro, as Biogeme's examples do."""
    choices = swissmetro(data)
    plain, nested = estimate(choices), estimate(choices, EXISTING)
    lam = nested.value("dissimilarity_existing")
    own = BIOGEME.format("09nested.html")
    return [
        *_estimates(plain, PLAIN, BIOGEME.format("01logit.html")),
        rounded("log likelihood", BIOGEME.format("01logit.html"), "-5331.252", plain.log_likelihood),
        rounded("adjusted rho square", BIOGEME.format("01logit.html"), "0.234", plain.rho_square_adjusted),
        *_estimates(nested, NESTED, own),
        rounded("MU of the nest (1/λ)", own, "2.05", 1 / lam),
        rounded("MU of the nest, error", own, "0.118", nested.errors[4] / lam**2),
        rounded("MU of the nest, robust error", own, "0.164", nested.robust_errors[4] / lam**2),
        rounded("log likelihood", own, "-5236.9", nested.log_likelihood),
    ]


def _estimates(found: Estimate, printed: dict[str, tuple[str, str, str]], source: str) -> Iterator[Check]:
    for k, (name, row) in enumerate(printed.items()):
        ours = (found.values[k], found.errors[k], found.robust_errors[k])
        for what, digits, value in zip(("", ", error", ", robust error"), row, ours, strict=True):
            yield rounded(f"{name}{what}", source, digits, float(value))


def swissmetro(data: Path) -> Choices:
    """Give the choices of those who commute or travel on business, as the example takes them."""
    table = pl.read_csv(data / SWISSMETRO).filter(pl.col("PURPOSE").is_in([1, 3]) & (pl.col("CHOICE") != 0))
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


def canada_checks(data: Path) -> list[Check]:
    """Estimate the conditional logit of ModeCanada, as mlogit's vignette does.

    An estimate agrees within a thousandth of its error, an error within a part in ten thousand.
    """
    found = canada(data)
    ours = dict(zip(found.parameters, zip(found.values, found.errors, strict=True), strict=True))
    checks = []
    for name, (value, error) in MLOGIT.items():
        near = max(1e-5 * abs(value), 1e-3 * error)
        pairs = (("", value, ours[name][0], near), (", error", error, ours[name][1], 1e-4 * error))
        checks += [
            Check(name + what, MLOGIT_SOURCE, printed, float(got), float(got) - off, float(got) + off, "")
            for what, printed, got, off in pairs
        ]
    return [*checks, rounded("log likelihood", MLOGIT_SOURCE, "-1874.3", found.log_likelihood)]


def canada(data: Path) -> Estimate:
    """Estimate mlogit's model of those who had all four modes."""
    table = pl.read_csv(data / CANADA).filter(pl.col("noalt") == 4)  # noqa: PLR2004  as there
    others, every = ("train", "bus", "car"), ("air", "train", "bus", "car")
    terms = [Term(name, name) for name in ("cost", "freq", "ovt")]
    terms += [Term(f"asc_{mode}", None, (mode,)) for mode in others]
    terms += [Term(f"income_{mode}", "income", (mode,)) for mode in others]
    terms += [Term(f"ivt_{mode}", "ivt", (mode,)) for mode in every]
    return estimate(choices_of(table, terms, Columns("case", "alt", "choice")))


def hillstrom_checks(data: Path) -> list[Check]:
    """Look for an effect of area on the choice of channel, where there is none."""
    table = hillstrom(data)
    choices = hillstrom_choices(table, *CONTROLS, *AREAS)
    full, without = estimate(choices), estimate(hillstrom_choices(table, *CONTROLS))
    p_value = likelihood_ratio(without, full).p_value
    checks = [at_least("p of the four effects of area", _NO_EFFECT, _SIGNIFICANT, p_value)]
    for area in AREAS:
        change = share_change(full, by_area(choices, "suburban"), by_area(choices, area))
        for channel, value, error in zip(CHANNELS, change.values, change.errors, strict=True):
            half = _Z_95 * float(error)
            name = f"share of {channel.lower()}, {area} against suburban"
            checks.append(
                Check(name, _NO_EFFECT, 0.0, float(value), float(value) - half, float(value) + half, "")
            )
    return checks


def hillstrom(data: Path) -> pl.DataFrame:
    """Give a row for each of 64,000 customers and each channel, marked by area."""
    known = pl.read_csv(data / HILLSTROM).with_row_index("case")
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


def by_area(choices: Choices, area: str) -> Choices:
    """Give the same customers as if all lived in one area; any other name is the suburbs."""
    for known in AREAS:
        for place in (1, 2):
            values = np.zeros(3)
            values[place] = float(known == area)
            choices = with_attribute(choices, f"{known}_{CHANNELS[place]}", values)
    return choices
