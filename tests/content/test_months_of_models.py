"""The operator's months begin at the article's share and follow its roll-out."""

import polars as pl
import pytest

from footfall._choice.month_step import world
from footfall._choice.months import AdoptionResult, over_months
from footfall._model.numbers import Grade
from models.guangxi import MODEL as PROVINCE
from models.national import MODEL as NATION

MONTHS = 14


@pytest.fixture(scope="module")
def results() -> dict[str, AdoptionResult]:
    """Give fourteen months of the nation and of its one province, in a few futures."""
    ready = {model.name: world(model) for model in (PROVINCE, NATION)}
    return {name: over_months(each, MONTHS, 1, 20) for name, each in ready.items()}


def whole(result: AdoptionResult, definition: str) -> list[float]:
    """Give the share of all customers in the central future, by month."""
    rows = result.segments.filter((pl.col("segment") == "*") & (pl.col("definition") == definition))
    return rows["electronic_share"].to_list()


@pytest.mark.parametrize("name", ["guangxi", "national"])
def test_month_0_has_the_article_s_share(results: dict[str, AdoptionResult], name: str) -> None:
    """76 % exactly by its definition; near 72.2 %, within a quarter point, if terminals count as physical."""
    assert whole(results[name], "article")[0] == pytest.approx(0.76, abs=1e-12)
    assert whole(results[name], "without_kiosks")[0] == pytest.approx(0.722, abs=0.0025)


def test_the_share_rises_but_for_the_cut_over(results: dict[str, AdoptionResult]) -> None:
    """In every month but the twelfth, in which the province is upgraded."""
    shares = whole(results["guangxi"], "article")
    steps = {month: shares[month] - shares[month - 1] for month in range(1, MONTHS + 1)}
    assert steps.pop(12) < 0
    assert min(steps.values()) > 0


def test_guangxi_is_the_same_in_the_nation_and_alone(results: dict[str, AdoptionResult]) -> None:
    """Its row among the provinces is its own model's."""
    own, among = (
        results[name].provinces.filter(pl.col("province") == "guangxi") for name in ("guangxi", "national")
    )
    assert own["is_upgraded"].to_list() == among["is_upgraded"].to_list()
    assert own["electronic_share"].to_list() == pytest.approx(among["electronic_share"].to_list(), abs=1e-12)


def test_all_provinces_are_upgraded_within_three_years() -> None:
    """31 of them, the first not at once, the last by month 36 (article, section 1)."""
    assert NATION.adoption
    months = [float(province.upgrade_month) for province in NATION.adoption.provinces]
    assert len(months) == 31
    assert 1 <= min(months) < max(months) <= 36


def test_only_the_start_is_the_article_s() -> None:
    """Every slope's range is our assumption, and says so."""
    assert PROVINCE.adoption
    assert PROVINCE.adoption.start_share is not None
    assert PROVINCE.adoption.start_share.grade is Grade.ARTICLE
    assert PROVINCE.adoption.upgrade.utility_gain.value.grade is Grade.ASSUMED
    assert PROVINCE.adoption.upgrade.utility_gain.range_factor.grade is Grade.ASSUMED
