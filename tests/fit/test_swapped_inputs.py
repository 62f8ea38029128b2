"""One input of a fitted model replaced by another fit's, the others as they were."""

from datetime import date

import polars as pl
import pytest

from footfall._fit.fit import fit_log
from footfall._fit.fitted_model import Named, model_of
from footfall._fit.swapped_inputs import (
    INPUTS,
    Input,
    arrivals_of,
    check_is_fitted,
    has_queue,
    input_values,
    inputs_of,
    with_inputs,
)
from footfall._model.durations import NEVER
from footfall._model.model import Model
from footfall._records.errors import BadInputError
from footfall._workload.log_mapping import mapping_of
from models.guangxi import MODEL as PROVINCE
from tests.made_calls import calls

DAYS = [date(1999, 5, 3), date(1999, 5, 10), date(1999, 5, 17)]
COLUMNS = {
    "arrived": "vru_exit", "began": "ser_start", "wait_s": "wait_s", "service_s": "service_s",
    "outcome": "status", "class": "type",
}  # fmt: skip
OUTCOMES = {"served": ["served"], "abandoned": ["abandoned_queue"]}


def fitted(log: pl.DataFrame, station: str) -> Model:
    """Fit a model of a kind of station to made-up calls."""
    options = {"station": station, "class_rows_least": 1, "redial": False}
    mapping = mapping_of({"columns": COLUMNS, "outcomes": OUTCOMES, "options": options}, "a test")
    return model_of(fit_log(log, mapping), Named("calls", "calls", "made up"))


@pytest.fixture(scope="module", params=["hotline", "hall"])
def two(request: pytest.FixtureRequest) -> tuple[Model, Model]:
    """Give models of a station on quiet days, and on days that differ in every input."""
    quiet = calls(DAYS, between_s=120)
    other = calls(DAYS, between_s=60, service_s=300, agents=4, patience_s=30)
    return fitted(quiet, request.param), fitted(other, request.param)


@pytest.mark.parametrize("name", INPUTS)
def test_the_named_input_is_the_others_and_the_rest_stays(two: tuple[Model, Model], name: Input) -> None:
    """Whichever it is; and the model is a valid one, whose kinds are the same."""
    first, other = two
    found = with_inputs(first, other, (name,), "a test")
    values, was, theirs = (input_values(model) for model in (found, first, other))
    assert values[name] != pytest.approx(was[name])
    # Means over kinds of customer weigh them by the arrivals, which change what they are.
    if name == "arrivals":
        assert values["arrivals"] == pytest.approx(theirs["arrivals"])
    else:
        assert values[name] == pytest.approx(theirs[name], rel=0.2)
    for each in INPUTS:
        if each != name:
            assert values[each] == pytest.approx(was[each], rel=0.2), each
    assert [segment.name for segment in found.segments] == [segment.name for segment in first.segments]
    assert Model.model_validate(found.model_dump()) == found


def test_with_no_input_replaced_the_model_is_the_same(two: tuple[Model, Model]) -> None:
    """To its fingerprint."""
    first, other = two
    assert with_inputs(first, other, (), "a test").fingerprint() == first.fingerprint()


def test_arrivals_of_a_model_are_those_of_its_log(two: tuple[Model, Model]) -> None:
    """A third of the three days' calls, all before noon."""
    model, _ = two
    total = [sum(half_hour) for half_hour in zip(*arrivals_of(model).values(), strict=True)]
    assert sum(total) == pytest.approx(calls(DAYS, between_s=120).height / len(DAYS), rel=1e-4)
    assert sum(total[:18]) == sum(total[24:]) == 0


def test_a_web_server_has_two_inputs_and_no_people_who_wait_for_staff() -> None:
    """Its slots are only known to be enough."""
    log = calls(DAYS).filter(pl.col("status") == "served")
    columns = {"arrived": "vru_exit", "service_s": "service_s"}
    mapping = mapping_of({"columns": columns, "options": {"station": "web"}}, "a test")
    model = model_of(fit_log(log, mapping), Named("web", "web", "made up"))
    assert inputs_of(model) == ("arrivals", "service times")
    assert input_values(model)["patience"] is None
    slower = fit_log(log.with_columns(pl.col("service_s") * 3), mapping)
    other = model_of(slower, Named("web", "web", "made up"))
    found = input_values(with_inputs(model, other, ("service times",), "a test"))
    assert found["service times"] == pytest.approx(input_values(other)["service times"])


def test_a_model_without_staff_says_nothing_of_waits() -> None:
    """A log of arrivals alone."""
    mapping = mapping_of({"columns": {"arrived": "vru_exit"}}, "a test")
    model = model_of(fit_log(calls(DAYS), mapping), Named("calls", "calls", "made up"))
    assert not has_queue(model)
    assert inputs_of(model) == ("arrivals", "service times")


def test_a_model_of_another_form_is_refused(two: tuple[Model, Model]) -> None:
    """A whole province, or a station of another kind than the mapping's."""
    with pytest.raises(BadInputError, match="has 8 channels"):
        check_is_fitted(PROVINCE, "hotline", "province.py")
    with pytest.raises(BadInputError, match="the mapping's station is 'web'"):
        check_is_fitted(two[0], "web", "model.toml")


@pytest.mark.parametrize("station", ["hotline", "hall"])
def test_where_nobody_left_patience_does_not_end(station: str) -> None:
    """It is `never`, and not a long time; also after the model was written and read."""
    model = fitted(calls(DAYS, between_s=1200), station)
    for found in (model, Model.from_toml(model.to_toml())):
        (channel,) = found.channels
        assert channel.station.patience == NEVER  # type: ignore[union-attr]  # a hotline or a hall
