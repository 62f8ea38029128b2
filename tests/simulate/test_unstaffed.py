"""Customers who come while nobody is on duty are counted; hours in which a channel is closed are not."""

import polars as pl

from footfall._model.changes import set_text
from footfall._model.channel import OpeningHours
from footfall._model.model import Model
from footfall._model.numbers import Grade, assumed
from footfall._model.profiles import constant
from footfall._model.station_specs import AgentGroup
from footfall._simulate.day import simulate_day
from footfall._simulate.staff_tables import unstaffed
from models.mm3 import MODEL


def test_hours_without_clerks_are_found_and_their_customers_counted() -> None:
    """Two gaps; the count is that of the visits due in them."""
    model = set_text(set_text(MODEL, "hall.clerks[09:00-12:00]=0"), "hall.clerks[15:15-15:30]=0")
    visits = simulate_day(model, seed=1).visits
    (found,) = unstaffed(model, visits)
    assert (found.channel, found.operation, found.staff) == ("hall", "*", "clerks")
    assert found.hours_s == ((32_400.0, 43_200.0), (54_900.0, 55_800.0))
    due_s = visits["due_s"]
    assert found.customers == sum(32_400 <= at_s < 43_200 or 54_900 <= at_s < 55_800 for at_s in due_s)
    assert 0 < found.served <= found.customers


def test_a_hall_that_is_closed_then_lacks_nobody() -> None:
    """Opening hours say that nobody should be there."""
    model = set_text(MODEL, "hall.clerks[18:00-09:00]=0")
    (found,) = unstaffed(model, simulate_day(model, seed=1).visits)
    assert found.hours_s == ((0.0, 32_400.0), (64_800.0, 86_400.0))
    hours = OpeningHours(opens_s=assumed(32_400, "as staffed"), closes_s=assumed(64_800, "as staffed"))
    hall = model.channels[0].model_copy(update={"opening": hours})
    closed = model.model_copy(update={"channels": (hall,)})
    assert unstaffed(closed, simulate_day(closed, seed=1).visits) == []


def test_a_factor_that_rounds_to_nobody_counts_and_full_staff_does_not() -> None:
    """0.1 of three clerks are none; nothing is said of a staffed day, nor of one without customers."""
    visits = simulate_day(MODEL, seed=1).visits
    assert unstaffed(MODEL, visits) == []
    (found,) = unstaffed(set_text(MODEL, "hall.clerks_factor=0.1"), visits)
    assert found.hours_s == ((0.0, 86_400.0),)
    assert found.customers == visits.height
    assert unstaffed(set_text(MODEL, "hall.clerks=0"), visits.filter(pl.lit(value=False))) == []


def test_a_group_with_the_skill_is_staff(small_province: Model) -> None:
    """Only the operations that no group serves are without agents."""
    hotline = small_province.channel("hotline")
    operations = tuple(hotline.dialogues)
    visits = pl.DataFrame(
        [("hotline", operation, 43_000.0, 1, "abandoned") for operation in operations],
        schema=["channel", "operation", "due_s", "attempt", "outcome"],
        orient="row",
    )
    model = set_text(small_province, "hotline.agents=0")
    (found,) = unstaffed(model, visits)
    assert (found.operation, found.customers, found.served) == ("*", len(operations), 0)
    station = model.channel("hotline").station
    tellers = AgentGroup(
        name="tellers", agents=constant(2000, Grade.ASSUMED, "made up"), skills=operations[:1]
    )
    station = station.model_copy(update={"groups": (tellers,)})
    channels = tuple(
        each.model_copy(update={"station": station}) if each.name == "hotline" else each
        for each in model.channels
    )
    served = model.model_copy(update={"channels": channels})
    assert [each.operation for each in unstaffed(served, visits)] == list(operations[1:])
