"""Each warning is given where it is due, not where it is not, and is explained."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from footfall._fit import fit as module
from footfall._fit.fit import diagnostics, fit_log
from footfall._workload.log_mapping import mapping_of

DOCS = Path(__file__).parents[3] / "docs" / "how-to" / "fitting.md"
COLUMNS = {"arrived": "at", "wait_s": "wait", "service_s": "took", "outcome": "how", "agent": "agent"}
MONDAY_S = 1_704_067_200
DAY_S = 86_400


def good(seed: int = 1, days: int = 28, a_day: int = 200) -> pl.DataFrame:
    """Give four good weeks: lognormal services, exponential patience, agents and callers with names."""
    rng = np.random.default_rng(seed)
    counts = rng.poisson(a_day, days)
    at_s = np.concatenate(
        [MONDAY_S + day * DAY_S + rng.uniform(28_800, 72_000, n) for day, n in enumerate(counts)]
    )
    n = at_s.size
    patience, offered = rng.exponential(100, n), rng.exponential(60, n)
    left = patience < offered
    return pl.DataFrame(
        {
            "at": np.sort(at_s),
            "wait": np.minimum(patience, offered),
            "took": np.where(left, np.nan, rng.lognormal(5, 0.7, n)),
            "how": np.where(left, "abandoned", "served"),
            "agent": rng.choice(["x", "y"], n),
            "who": np.arange(n).astype(str),
        }
    )


def warned(table: pl.DataFrame, columns: dict[str, str] | None = None, **options: Any) -> dict[str, str]:  # noqa: ANN401  any option
    """Give the warnings of a table."""
    named = COLUMNS | {"customer": "who"} if columns is None else columns
    fit = fit_log(table, mapping_of({"columns": named, "options": options}, "test"))
    return dict(diagnostics(fit))


def spoilt(table: pl.DataFrame, column: str, value: object, every: int) -> pl.DataFrame:
    """Give a table with one cell of `every` replaced."""
    hit = pl.int_range(pl.len()) % every == 0
    return table.with_columns(pl.when(hit).then(pl.lit(value)).otherwise(column).alias(column))


def test_of_a_good_log_there_is_nothing_to_warn() -> None:
    """Four weeks of two hundred calls."""
    assert warned(good()) == {}


def test_suspicious_rows_are_warned_of_over_one_in_a_hundred() -> None:
    """One in fifty waits is negative; one in two hundred is let pass."""
    assert warned(spoilt(good(), "wait", -50.0, 50))["suspicious-rows"].endswith(
        "negative wait (first: row 1)"
    )
    assert "suspicious-rows" not in warned(spoilt(good(), "wait", -50.0, 200))


def test_a_log_joined_to_itself_is_noticed() -> None:
    """Every row twice."""
    assert "copied-rows" in warned(pl.concat([good(), good()]))


def test_days_that_are_few_missing_low_or_unlike_are_named() -> None:
    """A week; a day cut out; a day nearly empty; Sundays with a tenth."""
    assert "few-days" in warned(good(days=7))
    table = good().with_columns(
        day=((pl.col("at") - MONDAY_S) // DAY_S).cast(pl.Int64), k=pl.int_range(pl.len())
    )
    plain = good().columns
    gap = table.filter(pl.col("day") != 8).select(plain)
    assert warned(gap)["missing-days"].startswith("no rows for 2024-01-09")
    low = table.filter((pl.col("day") != 8) | (pl.col("k") % 5 == 0)).select(plain)
    assert warned(low)["low-days"].startswith("2024-01-09")
    quiet = table.filter((pl.col("day") % 7 != 6) | (pl.col("k") % 10 == 0)).select(plain)
    assert "sunday 2" in warned(quiet)["weekdays-differ"]
    assert "no-busyness" in warned(good(days=3))


def test_bursts_within_the_day_are_warned_of() -> None:
    """Calls that come in bunches of four at a time."""
    quarter = good(a_day=60)
    bunches = pl.concat([quarter.with_columns(who=pl.col("who") + f"_{k}") for k in range(4)])
    assert "bursts" in warned(bunches)


def test_services_that_are_few_short_long_or_lawless_are_warned_of() -> None:
    """Each by its own table."""
    few = good().with_columns(
        what=pl.when(pl.int_range(pl.len()) < 60).then(pl.lit("b")).otherwise(pl.lit("a"))
    )
    few = few.with_columns(
        took=pl.when((pl.col("what") == "b") & (pl.int_range(pl.len()) > 20)).then(None).otherwise("took"),
        how=pl.when((pl.col("what") == "b") & (pl.int_range(pl.len()) > 20))
        .then(pl.lit("error"))
        .otherwise("how"),
    )
    assert "b: too few" in warned(few, COLUMNS | {"customer": "who", "class": "what"})["few-services"]
    short = spoilt(good(), "took", 2.0, 20)
    assert "hang-ups?" in warned(short)["short-services"]
    assert "shorter than 10 s: kept as load" in warned(short, short_service_s=10)["short-services"]
    assert "measured distribution" in warned(spoilt(good(), "took", 2000.0, 4))["no-law"]
    assert "long-services" in warned(spoilt(good(), "took", 7000.0, 150))


def test_a_law_whose_mean_is_off_is_told() -> None:
    """One service in a hundred takes most of an hour: too few to bend the law."""
    assert "the load is off by the same factor" in warned(spoilt(good(), "took", 3000.0, 100))["mean-off"]


def test_patience_that_is_hardly_known_is_told() -> None:
    """Few who left; a curve that ends high; a curve without a law."""
    table = good()
    kept = (pl.col("how") == "served") | (pl.int_range(pl.len()) % 60 == 0)
    assert "few-abandoned" in warned(table.filter(kept))
    jumpy = table.with_columns(
        wait=pl.when(pl.col("how") == "abandoned").then(pl.col("wait") % 8).otherwise(pl.col("wait") + 8)
    )
    told = warned(jumpy)
    assert told["no-law"].endswith("the model has the Kaplan–Meier curve instead")
    assert "wait for ever" in told["patience-tail"] or "s on average" in told["patience-tail"]


def test_staff_and_redial_that_are_not_known_are_told() -> None:
    """Without agents, without services, without names, with a third of the names."""
    nobody = {key: name for key, name in COLUMNS.items() if key != "agent"}
    assert "no-agents" in warned(good(), nobody)
    bare = warned(good(), {"arrived": "at"})
    assert "no-staff" in bare
    assert bare["few-services"].endswith("in the model they take no time")
    assert "no-redial" in warned(good(), COLUMNS)
    third = good().with_columns(who=pl.when(pl.int_range(pl.len()) % 3 == 0).then("who"))
    assert warned(third)["few-known"].startswith("only 32 % of those")


def test_counts_tell_no_shape_and_no_staff_and_how_they_were_read() -> None:
    """A service is exponential by assumption; which table it was is told."""
    at_s = [MONDAY_S + 1800 * k for k in range(48 * 20)]
    table = pl.DataFrame({"at": at_s, "n": [20.0] * len(at_s), "took": [60.0] * len(at_s)})
    found = warned(table, {"arrived": "at", "count": "n", "service_s_mean": "took"})
    assert set(found) >= {"as-read", "no-shape", "no-staff"}
    assert "counts per 30 min: 19,200 arrivals" in found["as-read"]
    assert "--set hotline.agents=N" in found["no-staff"]


@pytest.mark.parametrize(
    "name", sorted(set(re.findall(r'Caution\(\s*"([a-z-]+)"', Path(module.__file__).read_text("utf-8"))))
)
def test_every_warning_is_explained_and_tested(name: str) -> None:
    """In the table of the documents, and in this file."""
    assert f"| `{name}` |" in DOCS.read_text(encoding="utf-8")
    assert f'"{name}"' in Path(__file__).read_text(encoding="utf-8")
