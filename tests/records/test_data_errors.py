"""What pydantic finds wrong is told in plain words, with the key, the value and what was expected."""

from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from footfall._records.errors import BadInputError, in_words


class Part(BaseModel):
    """A part of some data."""

    model_config = ConfigDict(extra="forbid")

    share: float = Field(default=0, ge=0, lt=1, allow_inf_nan=False)
    count: int = Field(default=1, gt=0)
    word: Literal["one", "two"] = "one"
    text: str = Field(default="x", min_length=1, max_length=3)
    flag: bool = True


class Data(BaseModel):
    """Some data."""

    parts: list[Part]


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ({}, "f: parts: missing; expected data as in the manual"),
        ({"parts": 3}, "f: parts: 3 is not allowed here; expected a list"),
        (
            {"parts": [{}, {"share": 1}]},
            "f: parts[1].share: 1 is not allowed here; expected a number below 1",
        ),
        ({"parts": [{"share": -1}]}, "expected 0 or more"),
        ({"parts": [{"share": float("inf")}]}, "expected a finite number"),
        ({"parts": [{"share": "x"}]}, "f: parts[0].share: 'x' is not allowed here; expected a number"),
        ({"parts": [{"count": 0}]}, "expected a number above 0"),
        ({"parts": [{"count": 1.5}]}, "expected a whole number"),
        ({"parts": [{"word": "three"}]}, "'three' is not allowed here; expected 'one' or 'two'"),
        ({"parts": [{"text": ""}]}, "expected a text of at least 1 characters"),
        ({"parts": [{"text": 5}]}, "5 is not allowed here; expected a text"),
        ({"parts": [{"flag": "maybe"}]}, "expected true or false"),
        ({"parts": [{"cuont": 1}]}, "f: parts[0].cuont: no such key; expected count"),
        ({"parts": [{"zzz": 1}]}, "no such key; expected one of share, count, word, text, flag"),
        ({"parts": ["x"]}, "f: parts[0]: 'x' is not allowed here; expected a table"),
    ],
)
def test_the_first_mistake_is_told_in_one_line(data: dict[str, Any], line: str) -> None:
    """Each kind of limit in words, never pydantic's own."""
    with pytest.raises(ValidationError) as caught:
        Data.model_validate(data)
    detail = caught.value.errors()[0]
    told = str(BadInputError(*in_words(detail, "f", "data as in the manual", list(Part.model_fields))))
    assert line in told
    assert "nput should" not in told
    hidden = BadInputError(*in_words(detail, "f", "data as in the manual", is_secret=True))
    assert f"{detail['input']!r} is not" not in str(hidden)
