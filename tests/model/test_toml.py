"""A model as TOML is the model that it was written from, with every grade and source."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, strategies as st

import footfall as ff
from footfall._fit.fit import Fitted, fit_log
from footfall._fit.fitted_model import Named, model_of
from footfall._model.changes import set_number
from footfall._model.model import Model
from footfall._model.numbers import UNSOURCED, Grade, assumed, leaves
from footfall._model.profiles import profile
from footfall._records.errors import BadInputError
from footfall._workload.log_mapping import mapping_of
from models.mm3 import MODEL as MM3

NAMED = Named("shop", 'A "shop" {in} C:\\new', 'fitted from "odd" {name}\\log.csv: 2 days')

FOLDER = Path(__file__).parents[2]
MODELS = sorted(
    ".".join(path.relative_to(FOLDER).with_suffix("").parts)
    for path in (FOLDER / "models").rglob("*.py")
    if "\nMODEL = " in path.read_text(encoding="utf-8")
)


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


def told(model: Model) -> Iterator[tuple[str, object, Grade, str]]:
    """Give every number of a model with grade and source."""
    for path, number in leaves(model):
        yield path, number, number.grade, number.source


def same(model: Model) -> None:
    """Check that a model comes back from its text with every number, grade and source."""
    again = Model.from_toml(model.to_toml())
    assert again == model
    assert again.fingerprint() == model.fingerprint()
    assert list(told(again)) == list(told(model))


@pytest.mark.parametrize("station", ["hotline", "hall", "web"])
def test_a_fitted_model_comes_back_with_every_grade_and_source(station: str) -> None:
    """Also where the log's name holds quotes, braces and a backslash."""
    model = model_of(log(station), NAMED)
    assert {number.grade for _, number in leaves(model)} == {Grade.FITTED, Grade.ASSUMED}
    same(model)


def test_the_models_of_the_repository_are_found() -> None:
    """More than a handful."""
    assert {"models.guangxi", "models.mm3", "models.shop"} <= set(MODELS)


@pytest.mark.parametrize("name", MODELS)
def test_every_model_of_the_repository_comes_back(name: str) -> None:
    """Those of `models/`, whichever folder they are in."""
    same(import_module(name).MODEL)


def test_the_notes_stand_at_the_head_of_the_file() -> None:
    """Each on a line of its own, whatever it holds."""
    text = MM3.to_toml(['few-days: """ \\ only 2\nof them'])
    assert text.splitlines()[0] == '# few-days: """ \\ only 2 of them'
    assert Model.from_toml(text) == MM3


@given(st.floats(1e-6, 1e6), st.text(max_size=40), st.sampled_from(["hall.clerks_factor", "busy_day_factor"]))
def test_any_number_and_any_source_come_back(value: float, source: str, path: str) -> None:
    """Numbers keep every digit, names every character."""
    same(set_number(MM3, path, value).model_copy(update={"title": source, "busyness_cv": assumed(1, source)}))


@given(
    st.lists(st.sampled_from([0.0, 0.1, 2.0, 1e-7, 123456.789]), min_size=48, max_size=48),
    st.sampled_from([1, 2, 6]),
    st.sampled_from([UNSOURCED, "counted"]),
)
def test_any_day_comes_back(values: list[float], parts: int, source: str) -> None:
    """One value, a few hours or a list; at intervals of 30, 15 or 5 minutes, as it was."""
    (hall,) = MM3.channels
    fine = [value for value in values for _ in range(parts)]
    station = hall.station.model_copy(update={"clerks": profile(fine, Grade.PUBLIC, source)})
    same(MM3.model_copy(update={"channels": (hall.model_copy(update={"station": station}),)}))


def test_a_model_may_be_written_by_hand() -> None:
    """As short as in Python."""
    text = """
    name = "shop"
    arrivals = "20 per hour"

    [[channels]]
    name = "hall"
    station = { kind = "counters", clerks = { "9" = 2, "17:30" = 0 }, patience = "15 min" }
    service = { law = "exponential", mean_s = "6 min" }
    opening = "9-17:30"
    """
    hall = ff.Channel(
        "hall",
        ff.Counters({9: 2, "17:30": 0}, patience=ff.minutes(15)),
        service=ff.exponential(ff.minutes(6)),
        opening=(9, 17.5),
    )
    assert Model.from_toml(text) == ff.Model("shop", arrivals=ff.per_hour(20), channels=hall)


def test_the_example_of_the_documentation_is_a_model() -> None:
    """As it stands on the page on model files."""
    page = (FOLDER / "docs" / "reference" / "models.md").read_text(encoding="utf-8")
    shop = Model.from_toml(page.partition("```toml\n")[2].partition("```")[0])
    (number,) = (found for path, found in leaves(shop) if path.endswith("human.mean_s"))
    assert (float(number), number.source) == (300, "time study 2011")  # type: ignore[arg-type]  # no Profile here
    assert float(shop.population) == 480


ONE_HALL = """
name = "shop"
arrivals = "20 per hour"
channels = { name = "hall", service = 60, station = { %s } }
"""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name = ", ": is not valid TOML: invalid value (at end of document); expected a model such as "),
        ("name = 3", ": Model: does not say how many come; expected arrivals=per_hour(20), or "),
        (
            ONE_HALL % 'kind = "counters", clerks = "three"',
            ", line 4: Model channels[0].station.clerks: 'three' is not a number; expected a number of ",
        ),
        (
            ONE_HALL % 'kind = "shelf"',
            ", line 4: Model channels[0].station: {'kind': 'shelf'} is not allowed here; expected a ",
        ),
        (
            ONE_HALL % 'kind = "counters", clerks = 3, rooms = 4',
            ", line 4: Model channels[0].station.rooms: no such field; expected room",
        ),
    ],
)
def test_what_is_no_model_is_said_in_one_line(text: str, says: str) -> None:
    """With the place in the file, in words."""
    with pytest.raises(BadInputError) as caught:
        Model.from_toml(text, "shop.toml")
    assert str(caught.value).startswith("shop.toml" + says)
    assert "\n" not in str(caught.value)
