"""A model file, when it is run, is the model that it was written from, with every source."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.fit.fit import Fitted, fit_log
from footfall.fit.fitted_model import Named, model_of, on_day
from footfall.fit.fitted_model_file import model_text
from footfall.model.changes import set_number
from footfall.model.model import Model
from footfall.model.numbers import Grade, leaves
from footfall.workload.log_mapping import mapping_of
from models.single_counter import MODEL as SINGLE_COUNTER

NAMED = Named("shop", 'A "shop" {in} C:\\new', 'fitted from "odd" {name}\\log.csv: 2 days')


def log(station: str, seed: int = 1) -> Fitted:
    """Fit a made-up log with everything in it: two kinds, short services, people who leave and come again."""
    rng = np.random.default_rng(seed)
    n = 3000
    at_s = np.sort(rng.uniform(0, 12 * 86_400, n))
    left = rng.random(n) < 0.3
    table = pl.DataFrame(
        {
            "at": 1.7e9 + at_s,
            "wait": rng.exponential(60, n),
            "took": np.where(rng.random(n) < 0.1, 3.0, rng.lognormal(5, 1, n)),
            "how": np.where(left, "abandoned", np.where(rng.random(n) < 0.05, "error", "served")),
            "what": rng.choice(["a", "b c"], n),
            "agent": rng.choice(["x", "y", "z"], n),
            "who": rng.integers(0, 300, n).astype(str),
        }
    )
    columns = {"arrived": "at", "wait_s": "wait", "service_s": "took", "outcome": "how", "class": "what"}
    asked = {
        "columns": columns | {"agent": "agent", "customer": "who"},
        "options": {"station": station, "short_service_s": 10},
    }
    return fit_log(table, mapping_of(asked, "test"))


def run(text: str) -> dict[str, Any]:
    """Run a model file."""
    names: dict[str, Any] = {}
    exec(compile(text, "model.py", "exec"), names)  # noqa: S102  running it is the point
    return names


def told(model: Model) -> Iterator[tuple[str, object, Grade, str]]:
    """Give every number of a model with grade and source."""
    for path, number in leaves(model):
        yield path, number, number.grade, number.source


@pytest.mark.parametrize("station", ["hotline", "hall", "web"])
def test_the_file_gives_the_model_with_every_grade_and_source(station: str) -> None:
    """Also where the log's name holds quotes, braces and a backslash."""
    model = model_of(log(station), NAMED)
    again = run(model_text(model, NAMED, {}))["MODEL"]
    assert again == model
    assert list(told(again)) == list(told(model))
    assert {number.grade for _, number in leaves(model)} == {Grade.FITTED, Grade.ASSUMED}


def test_the_weekdays_of_the_file_are_models_of_their_own() -> None:
    """Their arrivals and staff are as given."""
    fit = log("hotline")
    model = model_of(fit, NAMED)
    arrivals = {kind: fit.arrivals.profile(kind, "monday") for kind in fit.kinds}
    days = {"monday": (arrivals, [2.0] * 48)}
    models = run(model_text(model, NAMED, days))["MODELS"]
    assert models == {"monday": on_day(model, *days["monday"], f"{NAMED.log}; every monday")}
    assert models["monday"].channels[0].station.agents.values == (2.0,) * 48
    monday = sum(map(sum, arrivals.values()))
    assert models["monday"].population == round(monday)


def test_the_warnings_stand_at_the_head_of_the_file() -> None:
    """Whoever opens it reads them, whatever they hold."""
    text = model_text(model_of(log("hall"), NAMED), NAMED, {}, ['few-days: """ \\ only 2'])
    assert "- few-days: ''' / only 2" in run(text)["__doc__"]


@given(st.floats(1e-6, 1e6), st.text(max_size=40), st.sampled_from(["hall.clerks_factor", "busy_day_factor"]))
def test_any_number_and_any_source_come_back(value: float, source: str, path: str) -> None:
    """Numbers keep every digit, names every character."""
    model = set_number(SINGLE_COUNTER, path, value).model_copy(update={"title": source})
    named = Named("any", source, "made up")
    again = run(model_text(model, named, {}))["MODEL"]
    assert dict(leaves(again)) == dict(leaves(model))
    assert again.title == source
