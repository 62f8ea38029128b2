"""The line of a value in a TOML file, whatever the form in which it is written."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from footfall._records.errors import BadInputError
from footfall._records.toml_lines import at_line, parsed_toml
from footfall._runs.content import read_model

TEXT = '''# a comment with x = 1
title = """
x = 2
[fake]
""" # the end
"a b".'c' = [
    1, # one = 1
    { x = "}", y = [
        2 ] },
]

[table]
x = 1979-05-27 07:32:00
sub = { deep = { x = 'a # b' }, y = 3 }
[[items]]
x = 1
[[items]]
name = "second"
[items.part]
access_s_mean = 4
'''


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("title",), 2),
        (("a b", "c"), 6),
        (("a b", "c", 0), 7),
        (("a b", "c", 1, "x"), 8),
        (("a b", "c", 1, "y", 0), 9),
        (("table",), 12),
        (("table", "x"), 13),
        (("table", "sub", "deep", "x"), 14),
        (("table", "sub", "y"), 14),
        (("items", 0, "x"), 16),
        (("items", 1), 17),
        (("items", 1, "name"), 18),
        (("items", 1, "part"), 19),
        (("items", 1, "part", "access_s_mean"), 20),
        (("items", 1, "part", "missing"), 19),
        (("items", 1, "part", "some_tag", "access_s_mean", "value"), 20),
        (("table", 0, "x"), 13),
        (("title_s",), 2),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_line_of_a_value(place: tuple[int | str, ...], line: int, end: str) -> None:
    """Of the nearest table where the value is missing; steps that are not written are passed over."""
    assert at_line("f.toml", TEXT.replace("\n", end), place) == f"f.toml, line {line}"


def test_a_place_of_no_line_has_none() -> None:
    """What is wrong with the whole file."""
    assert at_line("f.toml", TEXT, ()) == "f.toml"
    assert at_line("f.toml", TEXT, ("elsewhere",)) == "f.toml"
    assert at_line("f.toml", "", ("x",)) == "f.toml"


def places(data: Any, place: tuple[int | str, ...] = ()) -> Iterator[tuple[int | str, ...]]:  # noqa: ANN401  TOML
    """Give the place of every value."""
    items: Any = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for step, value in items:
        yield (*place, step)
        yield from places(value, (*place, step))


@pytest.mark.parametrize("name", ["mm3", "shop"])
def test_every_value_of_a_model_has_its_line(name: str) -> None:
    """The line holds the key."""
    text = read_model(Path(f"models/{name}.py")).to_toml()
    lines = text.splitlines()
    for place in places(tomllib.loads(text)):
        number = int(at_line("f", text, place).rpartition(" ")[2])
        key = next(step for step in reversed(place) if isinstance(step, str))
        assert key in lines[number - 1] or isinstance(place[-1], int)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x = ", "f.toml: is not valid TOML: invalid value (at end of document); expected a model"),
        ("x = 1\nx = 2", "f.toml: is not valid TOML: cannot overwrite a value (at end of document)"),
        ("[a]\n[a]\nx = 1", "f.toml: is not valid TOML: cannot declare ('a',) twice (at line 2, column 3)"),
        ("x = " + "[" * 5000, "f.toml: is nested too deeply; expected a model"),
    ],
)
def test_what_is_not_toml_is_said_with_its_place(text: str, says: str) -> None:
    """A syntax error, a key given twice, a table given twice, brackets without end."""
    with pytest.raises(BadInputError) as caught:
        parsed_toml(text, "f.toml", "a model")
    assert str(caught.value).startswith(says)
