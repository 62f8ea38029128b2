"""The steps of a visit in words."""

from typing import Any

import pytest

import footfall as ff
from footfall._model.numbers import UNSOURCED, leaves
from footfall._model.value_errors import BadModelError

PERSON = ff.assumed(ff.lognormal("7s", cv=0.8), "observed")


def channel(text: str, **fields: Any) -> ff.Channel:  # noqa: ANN401  the field checks it
    """Give a channel with one dialogue."""
    return ff.Channel("web", ff.RequestServer(8), dialogues={"query": text}, **fields)


def test_a_text_is_the_steps_that_it_says() -> None:
    """Verb, pages, and the customer's own time, with the law and the source of `human`."""
    found = channel(
        "login, browse x3, query x2 15s, confirm 2 min, logout 0s", human=PERSON, confirm_expiry=60
    )
    fifteen, two_minutes = (PERSON.model_copy(update={"mean_s": ff.assumed(s, "")}) for s in (15, 120))
    assert found.dialogues["query"] == (
        ff.Step("login", PERSON),
        ff.Step("browse", PERSON, 3),
        ff.Step("query", fifteen, 2),
        ff.Step("confirm", two_minutes),
        ff.Step("logout", 0),
    )
    assert UNSOURCED not in {number.source for _, number in leaves(found.dialogues)}


def test_without_a_time_of_one_s_own_steps_follow_at_once() -> None:
    """And a time of its own never varies."""
    assert channel("login, query 15s").dialogues["query"] == (ff.Step("login"), ff.Step("query", "15s"))


def test_a_text_stands_next_to_steps() -> None:
    """Each operation is given as suits it; in TOML, too."""
    given = ff.Channel(
        "web",
        ff.RequestServer(8),
        dialogues={"query": "query", "order": (ff.Step("login"), ff.Step("order"))},
        human={"law": "exponential", "mean_s": 5},  # type: ignore[arg-type]  # as TOML has it
    )
    assert given.dialogues["query"] == (ff.Step("query", ff.exponential(5)),)
    assert len(given.dialogues["order"]) == 2
    model = ff.Model("shop", arrivals=ff.per_hour(20), wants={"query": 0.5, "order": 0.5}, channels=given)
    assert ff.Model.from_toml(model.to_toml()) == model


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("login, , query", "'' is not a step; expected steps, such as"),
        ("login 3 apples", "'login 3 apples' is not a step"),
        ("Login", "'Login' is not a step"),
        ("login x", "'login x' is not a step"),
        ("qery", "'qery' is not what a step asks; expected login, browse, query"),
        ("query x0", "0 is below 1"),
        ("query -3s", "'query -3s' is not a step"),
    ],
)
def test_what_is_no_step_is_refused_in_words(text: str, says: str) -> None:
    """With the line, and an example."""
    with pytest.raises(BadModelError) as caught:
        channel(text, human=PERSON)
    assert says in str(caught.value)
    assert "test_dialogue_texts.py:" in str(caught.value)


def test_a_time_for_no_steps_is_refused() -> None:
    """It would count for nothing."""
    with pytest.raises(BadModelError, match="human is the time of steps that are a text"):
        ff.Channel("web", ff.RequestServer(8), service="1s", human="7s")
