"""Choices and their tables check themselves."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from footfall._records.errors import BadInputError
from studies.validation.estimate import Choices, Columns, Term, as_table, choices_of, estimate

TABLE = pl.DataFrame(
    {
        "case": [1, 1, 2, 2, 3, 3, 3],
        "alternative": ["hall", "web", "hall", "web", "sms", "web", "hall"],
        "chosen": [1, 0, 0, 1, 1, 0, 0],
        "wait_min": [3.0, 0.0, 20.0, 0.0, 0.0, 0.0, 7.0],
        "times": [1.0, 1.0, 2.0, 2.0, 5.0, 5.0, 5.0],
    }
)
TERMS = (
    Term("constant_web", None, ("web",)),
    Term("wait", "wait_min"),
    Term("wait_hall", "wait_min", ("hall",)),
)


def test_a_long_table_becomes_choices() -> None:
    """Rows in the order of the table; an alternative that a choice does not list was not available."""
    found = choices_of(TABLE, TERMS, Columns(weight="times"))
    assert found.alternatives == ("hall", "web", "sms")
    assert found.parameters == ("constant_web", "wait", "wait_hall")
    assert found.available.tolist() == [[True, True, False], [True, True, False], [True, True, True]]
    assert found.chosen.tolist() == [0, 1, 2]
    assert found.attributes[1].tolist() == [[0, 20, 20], [1, 0, 0], [0, 0, 0]]
    assert found.weights.tolist() == [1, 2, 5]


def test_the_order_of_a_table_does_not_matter() -> None:
    """But for the order of rows and alternatives, which follow its first mention."""
    turned = choices_of(TABLE.reverse(), TERMS)
    assert turned.alternatives == ("hall", "web", "sms")
    assert turned.chosen.tolist() == [2, 1, 0]
    assert turned.attributes[::-1].tolist() == choices_of(TABLE, TERMS).attributes.tolist()


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (TABLE.drop("wait_min"), "no column wait_min; expected one of case, alternative"),
        (TABLE.with_columns(chosen=0), "has not one taken row in chosen; expected exactly one"),
        (TABLE.with_columns(chosen=1), "has not one taken row in chosen"),
        (pl.concat([TABLE, TABLE[:1]]), "names an alternative twice"),
        (TABLE.with_columns(case=pl.Series([None, 1, 2, 2, 3, 3, 3])), "case is empty in a row"),
        (
            TABLE.with_columns(wait_min=pl.Series([3.0, 0, None, 0, 0, 0, 7])),
            "wait is missing at row 1, hall; expected a number",
        ),
        (TABLE.filter(pl.col("alternative") != "web"), "unknown alternative web; expected hall, sms"),
        (TABLE.with_columns(wait_min=pl.lit("long")), "wait_min holds text that is no number"),
    ],
)
def test_a_wrong_table_is_refused_in_one_line(table: pl.DataFrame, says: str) -> None:
    """What is wrong, and what was expected."""
    with pytest.raises(BadInputError, match=says):
        choices_of(table, TERMS)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"alternatives": ("hall",)}, "alternatives are"),
        ({"parameters": ("a", "a", "b", "c", "d")}, "each named once"),
        ({"weights": np.zeros(6000)}, "a weight is not above 0"),
        ({"weights": np.ones(3)}, r"weights have the shape \(3,\); expected \(6000,\)"),
        ({"chosen": np.full(6000, 9)}, "chose an alternative that does not exist"),
        ({"available": np.zeros((6000, 4), bool)}, "row 0 chose .*, which it could not"),
    ],
)
def test_choices_that_do_not_fit_are_refused(plain: Choices, change: dict[str, Any], says: str) -> None:
    """Shapes, names, weights, and what was chosen."""
    with pytest.raises(BadInputError, match=says):
        replace(plain, **change)


def test_choices_are_frozen(plain: Choices) -> None:
    """Nobody changes an array by the way."""
    with pytest.raises(ValueError, match="read-only"):
        plain.attributes[0, 0, 0] = 1.0


def test_an_estimate_is_given_as_a_table(simulated: Callable[..., Choices]) -> None:
    """A row for each parameter; z is against 0, and against 1 for a λ."""
    found = estimate(simulated(2000, 0.5), {"hall": "physical", "kiosk": "physical"})
    rows = as_table(found)
    assert rows["parameter"].to_list() == list(found.parameters)
    assert rows["z"][3] == pytest.approx(found.values[3] / found.errors[3])
    assert rows["z"][5] == pytest.approx((found.values[5] - 1) / found.errors[5])
