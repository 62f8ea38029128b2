"""Customers of a model, seen as choices, give the model's own coefficients back."""

import numpy as np
import polars as pl
import pytest

from footfall._behaviour.choice import NO_CHANNEL
from footfall._model.model import Model
from footfall._records.errors import BadInputError
from footfall._workload.arrivals import draw_arrivals
from studies.validation.estimate import Term, as_table, choice_table, choices_of, estimate

OPERATION = "transact"
AGES = ("young", "middle", "older")


@pytest.fixture(scope="module")
def table(small_province: Model) -> pl.DataFrame:
    """Give the choices of a day's orders in a fiftieth of the province, the wait apart by age."""
    found = choice_table(small_province, draw_arrivals(small_province, 11, 0), OPERATION)
    return found.with_columns(
        (pl.col("wait_min") * pl.col("segment").str.starts_with(age)).alias(f"wait_{age}") for age in AGES
    )


@pytest.fixture(scope="module")
def terms(table: pl.DataFrame) -> list[Term]:
    """Give a constant for each channel but web, and the coefficients of the model."""
    names = [name for name in table["alternative"].unique(maintain_order=True) if name != "web"]
    constants = [Term(f"constant_{name}", None, (name,)) for name in names]
    return [*constants, *(Term(f"wait_{age}", f"wait_{age}") for age in AGES), Term("habit", "habit")]


def test_every_customer_of_the_operation_is_in_the_table(small_province: Model, table: pl.DataFrame) -> None:
    """Once, with one channel taken, among those that were open and within reach."""
    people = draw_arrivals(small_province, 11, 0)
    coming = (people.operations == small_province.operations.index(OPERATION)) & (
        people.channels != NO_CHANNEL
    )
    assert table["case"].n_unique() == coming.sum()
    assert table["chosen"].sum() == coming.sum()
    halls = table.filter(pl.col("alternative") == "own_hall")
    at_s = dict(zip(people.customers.tolist(), people.at_s.tolist(), strict=True))
    assert all(30_600 <= at_s[case] < 66_600 for case in halls["case"])


def test_the_models_coefficients_come_back(
    small_province: Model, table: pl.DataFrame, terms: list[Term]
) -> None:
    """Within four errors; with trust held at the model's value, which is what habit and λ leave free.

    A constant stands for all that a channel is to everybody: its own constant, access and price.
    """
    model, choice = small_province, small_province.choice
    fixed = {
        channel.name: float(choice.constants[OPERATION].get(channel.name, 0.0))
        - 0.02 * channel.access_s_mean / 60
        - 0.26 * channel.price_yuan
        for channel in model.channels
    }
    nests = {channel.name: channel.nest for channel in model.channels if OPERATION in channel.dialogues}
    found = estimate(choices_of(table, [*terms, Term("trust", "trust")]), nests)
    true = [fixed[t.alternatives[0]] - fixed["web"] for t in terms if t.column is None]
    true += [-0.06, -0.04, -0.02, 1.16, 1.0]
    true += [float(choice.dissimilarity[name.split("_")[1]]) for name in found.parameters[len(true) :]]
    known = ~np.isnan(found.errors)
    assert known.sum() >= len(true) - 1
    off = (found.values - true)[known] / found.errors[known]
    assert np.abs(off).max() < 4, as_table(found)
    assert found.errors[found.parameters.index("constant_sms")] < 0.1


def test_what_a_channel_is_to_everybody_cannot_be_told_from_its_constant(
    table: pl.DataFrame, terms: list[Term]
) -> None:
    """The way to a hall is as long for all in this model, so its coefficient hides in the constants."""
    with pytest.raises(BadInputError, match=r"cannot tell apart .*access"):
        estimate(choices_of(table, [*terms, Term("access", "access_min")]))
