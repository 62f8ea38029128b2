"""A value stands where its placeholder stands, and nowhere else."""

import json
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given, strategies as st

from footfall._load.endpoints.placeholders import (
    UnfitValueError,
    in_form,
    in_header,
    in_json,
    in_path,
    in_text,
    names_a_secret,
    parts,
    words_in,
)

ANYTHING = st.text(st.characters(exclude_categories=["Cs"]))


@given(value=ANYTHING)
def test_a_value_in_a_path_neither_ends_its_segment_nor_adds_a_parameter(value: str) -> None:
    """Whatever it holds: slashes, question marks, ampersands; and it can be read again."""
    url = urlsplit(in_path("/a/{x}/b?y={x}&z=1", {"x": value}))
    assert [unquote(part) for part in url.path.split("/")] == ["", "a", value, "b"]
    assert parse_qs(url.query, keep_blank_values=True) == {"y": [value], "z": ["1"]}


@given(value=ANYTHING)
def test_a_value_in_a_body_is_that_value_and_nothing_else(value: str) -> None:
    """JSON and forms come back as they were meant."""
    tree = {"a": "{x}", "b": ["<{x}>"], "c": 1}
    assert json.loads(json.dumps(in_json(tree, {"x": value}))) == {"a": value, "b": [f"<{value}>"], "c": 1}
    form = in_form({"a": "{x}", "b": 2}, {"x": value})
    assert parse_qs(form, keep_blank_values=True) == {"a": [value], "b": ["2"]}


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "\x00", "\x7f"])
def test_a_header_takes_no_value_with_a_line_break(value: str) -> None:
    """It could begin a header of its own."""
    assert in_header("Bearer {x}", {"x": "abc"}) == "Bearer abc"
    with pytest.raises(UnfitValueError):
        in_header("Bearer {x}", {"x": value})


def test_a_placeholder_alone_keeps_its_type_in_json() -> None:
    """Numbers stay numbers, lists lists; within a longer text all is text."""
    values = {"n": 5, "yes": True, "list": [1, {"a": None}]}
    assert in_json({"a": "{n}", "b": "{yes}", "c": "{list}", "d": "no {n}"}, values) == {
        "a": 5,
        "b": True,
        "c": [1, {"a": None}],
        "d": "no 5",
    }
    assert in_text("{yes} {{n}}", values) == "true {n}"


@pytest.mark.parametrize(
    "text", ["{", "a}", "{}", "{a b}", "{0}", "{a!r}", "{a:>9}", "{a.b}", "{a[0]}", "{env.}"]
)
def test_what_is_no_name_in_braces_is_refused(text: str) -> None:
    """With the way to write a brace."""
    with pytest.raises(ValueError, match=r"expected \{name\}, and \{\{ or \}\} for a brace itself"):
        parts(text)


def test_all_placeholders_of_a_tree_are_found() -> None:
    """In keys, lists and texts; doubled braces are none."""
    assert sorted(words_in({"{a}": ["{b}{env.C}", {"x": "{{d}}"}], "n": 3})) == ["a", "b", "env.C"]


@pytest.mark.parametrize(
    "name", ["Authorization", "X-Api-Key", "api_key", "client_secret", "password", "Cookie", "access_token"]
)
def test_names_of_secrets_are_known(name: str) -> None:
    """In headers, bodies and parameters."""
    assert names_a_secret(name)


@pytest.mark.parametrize("name", ["Accept", "Idempotency-Key", "token_type", "max_tokens", "key", "state"])
def test_other_names_are_none_of_secrets(name: str) -> None:
    """An idempotency key is no secret."""
    assert not names_a_secret(name)
