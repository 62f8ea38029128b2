"""An adoption that contradicts itself is refused when it is made."""

from collections.abc import Callable
from typing import Any

import pytest

import footfall as ff
from footfall._model.changes import set_number
from footfall._model.model import Model
from footfall._model.population import Adoption, Province, Trust
from footfall._model.value_errors import BadModelError
from footfall._records.errors import BadInputError
from models.guangxi import MODEL as PROVINCE
from tests import made_up
from tests.choice.small import slope


def remade(change: Callable[[Adoption], dict[str, object]]) -> Adoption:
    """Make the province's adoption again with some fields changed."""
    assert PROVINCE.adoption
    fields = {name: getattr(PROVINCE.adoption, name) for name in Adoption.model_fields}
    return Adoption(**fields | change(PROVINCE.adoption))


def province(name: str, share: float) -> Province:
    """Give a province."""
    return Province(name=name, population_share=made_up.number(share), upgrade_month=made_up.number(3))


def test_a_failure_that_weighs_less_than_a_success_is_refused() -> None:
    """Trust falls more on a failure than it rises on a success."""
    with pytest.raises(BadModelError, match="a failure weighs at least as much as a success"):
        Trust(gain_per_success=slope(0.03), loss_per_failure=slope(0.01))


def test_a_range_below_its_own_value_is_refused() -> None:
    """The factor is 1 or more."""
    with pytest.raises(BadModelError, match=r"0.5 is below 1; expected 1 or more"):
        slope(0.1, 0.5)


@pytest.mark.parametrize(
    ("provinces", "says"),
    [
        ((province("a", 0.5), province("b", 0.4)), "adds up to 0.9, not 1"),
        ((province("a", 0.5), province("a", 0.5)), "two provinces have the same name"),
        ((), "adds up to 0, not 1"),
    ],
)
def test_provinces_that_are_not_a_whole_are_refused(provinces: tuple[Province, ...], says: str) -> None:
    """They are all the customers, each once."""
    with pytest.raises(BadModelError, match=says):
        remade(lambda _: {"provinces": provinces})


def test_more_than_the_whole_habit_cannot_be_lost() -> None:
    """R lies between 0 and 1."""
    with pytest.raises(BadModelError, match="habit_loss_per_month lies between 0 and 1"):
        remade(lambda _: {"habit_loss_per_month": slope(1.2)})


def test_an_unknown_channel_cannot_become_known() -> None:
    """The line names it."""
    adoption = remade(lambda own: {"awareness": {"telex": own.awareness["web"]}})
    fields = {name: getattr(PROVINCE, name) for name in Model.model_fields}
    with pytest.raises(BadModelError, match="unknown channel telex"):
        Model(**fields | {"adoption": adoption})


def test_a_number_of_the_months_can_be_set() -> None:
    """By its shortened path; bounds hold."""
    later = set_number(PROVINCE, "provinces.guangxi.upgrade_month", 24)
    assert later.adoption
    assert later.adoption.provinces[0].upgrade_month == pytest.approx(24)
    with pytest.raises(BadInputError, match="expected a whole number from 1 on"):
        set_number(PROVINCE, "provinces.guangxi.upgrade_month", 0)


def test_parts_may_be_dictionaries_and_pairs() -> None:
    """As in TOML; a number alone is certain."""
    found = ff.Adoption(
        habit_loss_per_month=(0.1, 1.5),
        trust={"gain_per_success": ff.assumed((0.01, 2), "why"), "loss_per_failure": 0.03},
        awareness={},
        upgrade={
            "utility_gain": [0.1, 2],
            "failure_factor": 0.8,
            "cutover_utility_loss": 0.15,
            "cutover_failure_factor": 1.5,
        },
        provinces=[{"name": "all", "population_share": 1, "upgrade_month": 6}],
    )
    assert found.habit_loss_per_month == slope(0.1, 1.5)
    assert found.trust.gain_per_success.value.source == "why"
    assert found.trust.loss_per_failure == slope(0.03, 1)
    assert found.upgrade.utility_gain == slope(0.1, 2)


@pytest.mark.parametrize(
    ("pair", "says"),
    [((0.1, 0.5), "0.5 is below 1"), ((0.1, 2, 3), "is not allowed here"), ("much", "is not allowed here")],
)
def test_what_is_no_pair_is_refused(pair: Any, says: str) -> None:  # noqa: ANN401  of any kind
    """A factor below 1, three numbers, a word."""
    with pytest.raises(BadModelError, match=says):
        ff.Adoption(
            habit_loss_per_month=pair,
            trust={"gain_per_success": 0.01, "loss_per_failure": 0.03},
            awareness={},
            upgrade={},
            provinces=[],
        )
