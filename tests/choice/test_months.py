"""Months: what stands still stays, what moves moves the share the way it must."""

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from footfall._choice.month_step import world
from footfall._choice.months import AdoptionResult, adopt
from footfall._model.model import Model
from footfall._model.population import Awareness, Trust, Upgrade
from footfall._records.errors import BadInputError
from tests import made_up
from tests.choice.small import provinces, slope

MONTHS = 8
Operator = Callable[..., Model]


@pytest.fixture(scope="session")
def moving(upgrade: Callable[..., Upgrade], awareness: Callable[..., Awareness]) -> dict[str, Any]:
    """Give an adoption in which everything moves, and nobody knows exactly how fast."""
    return {
        "habit_loss_per_month": slope(0.1, 1.5),
        "trust": Trust(gain_per_success=slope(0.01, 2), loss_per_failure=slope(0.03, 2)),
        "awareness": {"kiosk": awareness(0.7, imitation_per_month=slope(0.03, 2))},
        "upgrade": upgrade(
            utility_gain=slope(0.1, 2), failure_factor=slope(0.8, 1.1), cutover_utility_loss=slope(0.2, 2)
        ),
        "provinces": provinces(3, 6),
    }


def whole(result: AdoptionResult, definition: str = "wide") -> list[float]:
    """Give the share of all customers in the central future, by month."""
    rows = result.segments.filter((pl.col("segment") == "*") & (pl.col("definition") == definition))
    return rows["electronic_share"].to_list()


def test_with_everything_off_the_share_stays_exactly_where_it_starts(operator: Operator) -> None:
    """76 %, in every month of every future."""
    shares = adopt(operator(), MONTHS, 1, 5).shares.filter(pl.col("definition") == "wide")
    assert shares.height == (MONTHS + 1) * 5
    assert shares["electronic_share"].to_list() == pytest.approx([0.76] * shares.height, abs=1e-12)


def test_without_a_declared_start_it_begins_at_the_model_s_choices(operator: Operator) -> None:
    """First choices of 76 % electronic, whose failures are more frequent than the hall's."""
    (start, *_) = whole(adopt(operator(start_share=None), 1, 1, 1))
    assert 0.74 < start < 0.76


def test_habit_alone_moves_nothing(operator: Operator) -> None:
    """Whoever goes on as before has the habit of it already."""
    shares = whole(adopt(operator(habit_loss_per_month=slope(0.3)), MONTHS, 1, 1))
    assert shares == pytest.approx([0.76] * (MONTHS + 1), abs=1e-12)


def test_habit_carries_a_gain_further(operator: Operator, upgrade: Callable[..., Upgrade]) -> None:
    """After an upgrade the share jumps; without habit it stays there, with habit it goes on rising."""
    better = upgrade(utility_gain=slope(0.2))
    plain, carried = (
        whole(adopt(operator(upgrade=better, habit_loss_per_month=slope(loss)), MONTHS, 1, 1))
        for loss in (0.0, 0.3)
    )
    assert plain[3] == pytest.approx(0.76, abs=1e-12)
    assert plain[4:] == pytest.approx([plain[4]] * (MONTHS - 3), abs=1e-12)
    assert plain[4] > 0.76 + 0.02
    assert carried[4] == pytest.approx(plain[4], abs=1e-12)
    assert carried[4:] == sorted(carried[4:])
    assert carried[-1] > plain[-1] + 0.005


def test_the_month_of_the_cut_over_dips(operator: Operator, upgrade: Callable[..., Upgrade]) -> None:
    """Below the start in month 4, above it afterwards, and as before until then."""
    cut = upgrade(utility_gain=slope(0.1), cutover_utility_loss=slope(0.3), cutover_failure_factor=slope(2))
    shares = whole(adopt(operator(upgrade=cut), MONTHS, 1, 1))
    assert shares[:4] == pytest.approx([0.76] * 4, abs=1e-12)
    assert shares[4] < 0.73
    assert min(shares[5:]) > 0.76


def test_a_channel_that_spreads_gains(operator: Operator, awareness: Callable[..., Awareness]) -> None:
    """Who learns of the kiosks uses them: the wide share rises, and that of the web alone falls."""
    spreading = awareness(0.5, innovation_per_month=slope(0.05))
    result = adopt(operator(awareness={"kiosk": spreading}), MONTHS, 1, 1)
    wide, narrow = whole(result), whole(result, "narrow")
    assert wide[0] == pytest.approx(0.76, abs=1e-12)
    assert wide == sorted(wide)
    assert wide[-1] > 0.765
    assert narrow[-1] < narrow[0]
    aware = result.segments.filter(pl.col("segment") == "*")["aware_share_kiosk"].to_list()
    assert aware[1] == pytest.approx(1 - 0.5 * 2.718281828459045**-0.05, abs=1e-6)


@settings(max_examples=15)
@given(low=st.floats(0, 3), high=st.floats(0, 3), gain=st.floats(0, 0.02), loss=st.floats(0.02, 0.1))
def test_fewer_failures_never_lower_the_share(
    operator: Operator, upgrade: Callable[..., Upgrade], low: float, high: float, gain: float, loss: float
) -> None:
    """Month by month, through what is served and through trust and habit."""
    low, high = sorted((low, high))
    trust = Trust(gain_per_success=slope(gain), loss_per_failure=slope(loss))
    better, worse = (
        whole(
            adopt(
                operator(
                    trust=trust,
                    habit_loss_per_month=slope(0.2),
                    upgrade=upgrade(failure_factor=slope(factor)),
                    provinces=provinces(1),
                ),
                MONTHS,
                1,
                1,
            )
        )
        for factor in (low, high)
    )
    assert all(one >= other - 1e-12 for one, other in zip(better, worse, strict=True))


def test_the_wider_definition_never_has_the_smaller_share(operator: Operator, moving: dict[str, Any]) -> None:
    """In every month of every future."""
    shares = adopt(operator(**moving), MONTHS, 1, 30).shares
    by_name = {name: shares.filter(pl.col("definition") == name) for name in ("wide", "narrow")}
    difference = by_name["wide"]["electronic_share"] - by_name["narrow"]["electronic_share"]
    assert min(difference.to_list()) > 0.05


def test_a_future_does_not_depend_on_how_many_are_computed(
    operator: Operator, moving: dict[str, Any]
) -> None:
    """Of 3 and of 40 futures the first three are the same; another seed gives others."""
    model = operator(**moving)
    few, many, other = (adopt(model, MONTHS, seed, n).shares for seed, n in ((1, 3), (1, 40), (2, 3)))
    same = many.filter(pl.col("future") <= 3)
    assert same.select("definition", "month", "future").equals(few.select("definition", "month", "future"))
    assert same["electronic_share"].to_list() == pytest.approx(few["electronic_share"].to_list(), abs=1e-12)
    assert few["electronic_share"].to_list() != pytest.approx(other["electronic_share"].to_list(), abs=1e-4)


def test_a_month_s_shares_add_up(operator: Operator, moving: dict[str, Any]) -> None:
    """First choices to one, visits to at least one an errand, and none is served twice."""
    ready = world(operator(**moving))
    month = ready.first_month()
    assert month.chosen.sum(axis=-1) == pytest.approx(1, abs=1e-12)
    errands = 31.0
    assert (month.attempted.sum(axis=-1) >= errands).all()
    assert (month.succeeded.sum(axis=-1) <= errands).all()
    electronic, counted = month.counted(ready.model.share_definitions[0])
    assert (electronic < counted).all()


def test_a_province_s_upgrade_leaves_the_others_alone(operator: Operator, moving: dict[str, Any]) -> None:
    """Only the second province's own rows change with its month, and not before it."""
    one, other = (
        adopt(operator(**moving | {"provinces": provinces(3, month)}), MONTHS, 1, 1).provinces
        for month in (5, 7)
    )
    first = pl.col("province") == "p0"
    assert one.filter(first).equals(other.filter(first))
    second = [frame.filter(pl.col("province") == "p1") for frame in (one, other)]
    before, after = pl.col("month") < 5, pl.col("month") == 5
    assert second[0].filter(before).equals(second[1].filter(before))
    assert not second[0].filter(after).equals(second[1].filter(after))


def test_provinces_that_are_alike_are_as_one(operator: Operator, moving: dict[str, Any]) -> None:
    """Three with one month of upgrade have the share of the whole."""
    alone, three = (
        adopt(operator(**moving | {"provinces": provinces(*months)}), MONTHS, 1, 4).shares
        for months in ((3,), (3, 3, 3))
    )
    assert three["electronic_share"].to_list() == pytest.approx(
        alone["electronic_share"].to_list(), abs=1e-12
    )


def test_upgrades_beyond_the_horizon_are_never_seen(operator: Operator, moving: dict[str, Any]) -> None:
    """A province of month 99 is as one of month 50, and nobody is upgraded."""
    late, later = (
        adopt(operator(**moving | {"provinces": provinces(month)}), MONTHS, 1, 4) for month in (50, 99)
    )
    assert late.shares.equals(later.shares)
    assert late.rollout["upgraded_share"].to_list() == [0.0] * (MONTHS + 1)


def test_a_model_without_adoption_has_no_months(operator: Operator) -> None:
    """It is said in one line."""
    bare = operator().model_copy(update={"adoption": None})
    with pytest.raises(
        BadInputError,
        match="model test: has no adoption data, so its months cannot be simulated; expected a model with",
    ):
        adopt(bare, 1)


def test_a_channel_that_fewer_know_than_choose_is_refused(
    operator: Operator, awareness: Callable[..., Awareness]
) -> None:
    """60 % choose the web, so 50 % cannot be all who know it."""
    with pytest.raises(BadInputError, match="fewer know a channel than choose it"):
        adopt(operator(awareness={"web": awareness(0.5)}), 1)


def test_a_definition_that_counts_nothing_is_refused(operator: Operator) -> None:
    """A share of nothing is no number."""
    model = operator()
    empty = model.share_definitions[0].model_copy(update={"name": "empty", "counted": (), "electronic": ()})
    both = model.model_copy(update={"share_definitions": (model.share_definitions[0], empty)})
    with pytest.raises(BadInputError, match="share definition empty: counts no served visits"):
        adopt(both, 1)


def test_a_start_that_no_choice_gives_is_refused(operator: Operator) -> None:
    """All of the business cannot be electronic while the hall is open."""
    with pytest.raises(BadInputError, match="start_share: no choice of test gives an electronic share of 1"):
        adopt(operator(start_share=made_up.number(1)), 1)
