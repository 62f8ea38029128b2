"""A source for one number, or for all numbers of a part of a model that have none."""

import pytest
from hypothesis import given, strategies as st

import footfall as ff
from footfall._model.numbers import DEFAULT, UNSOURCED, Grade, leaves
from footfall._model.value_errors import BadModelError

WHY = "timed, n = 40"


def sources(part: object) -> dict[str, str]:
    """Give the source of each number of a part of a model."""
    return {path: number.source for path, number in leaves(part)}


def test_a_part_of_a_model_has_the_source_where_it_has_none() -> None:
    """A number's own source stays, and so does that of a default."""
    station = ff.Counters(
        {9: 2, 17: 0}, room=40, patience=ff.lognormal(ff.public("40 min", "yearbook"), cv=0.6)
    )
    found = ff.assumed(station, WHY)
    assert {path: source for path, source in sources(found).items() if source == WHY} == {
        "clerks": WHY,
        "room": WHY,
        "patience.cv": WHY,
    }
    assert sources(found)["patience.mean_s"] == "yearbook"
    assert sources(found)["clerks_factor"] == DEFAULT
    assert sources(station)["room"] == UNSOURCED


def test_no_value_changes() -> None:
    """A source is not another model."""
    hall = ff.Channel("hall", ff.Counters(3), service="5 min", opening="9-17", access="20 min")
    model = ff.Model("hall", arrivals=ff.per_hour({9: 20, 17: 0}), channels=hall)
    found = ff.fitted(model, WHY)
    assert found.fingerprint() == model.fingerprint()
    assert set(sources(found).values()) & {WHY, UNSOURCED} == {WHY}


@given(st.floats(0, 1e6), st.sampled_from((ff.article, ff.public, ff.assumed, ff.fitted)))
def test_tuples_and_dictionaries_keep_their_form(value: float, give: object) -> None:
    """Each number in them has the source."""
    assert callable(give)
    pair = give((value, 2), WHY)
    by_name = give({"a": value, "b": "30%", "c": "2 min"}, WHY)
    assert pair == (value, 2)
    assert by_name == {"a": value, "b": 0.3, "c": 120}
    assert {number.source for number in (*pair, *by_name.values())} == {WHY}


def test_words_that_are_no_numbers_stay_words() -> None:
    """A name that looks like a time is a name."""
    hall = ff.assumed(ff.Channel("90s", ff.Counters(3), service=60, title="30%"), WHY)
    assert (hall.name, hall.title) == ("90s", "30%")


def test_a_rate_stays_a_rate() -> None:
    """So that a model's arrivals can have a source."""
    rate = ff.assumed(ff.per_hour(20), WHY)
    model = ff.Model("hall", arrivals=rate, channels=ff.Channel("hall", ff.Counters(3), service=60))
    assert float(model.population) == 480
    assert model.population.source == WHY
    assert ff.assumed(ff.per_hour({9: 20, 17: 0}), WHY).per_day == 160


def test_a_source_of_one_s_own_does_the_same() -> None:
    """With a number, a text, a day, or a part of a model."""
    yearbook = ff.source("B", "yearbook")
    assert yearbook("2 min", "p. 3").source == "p. 3; yearbook"
    assert yearbook({9: 2, 17: 0}).at(10 * 3600) == 2
    assert yearbook([1.0] * 24).source == "yearbook"
    assert yearbook({"web": 0.4})["web"].source == "yearbook"
    assert yearbook(ff.exponential(60)).mean_s.grade is Grade.PUBLIC


@pytest.mark.parametrize("value", ["three", None, True, float("nan")])
def test_what_is_no_number_is_refused_in_words(value: object) -> None:
    """With what may stand there, and the line."""
    with pytest.raises(BadModelError, match=r'test_sources\.py:\d+: .* is not a number; expected .*"2 min"'):
        ff.assumed(value, WHY)
