"""What is wrong with data from a file, as pydantic finds it, in one line of plain words."""

from collections.abc import Collection, Sequence
from difflib import get_close_matches

from pydantic_core import ErrorDetails

_REQUIREMENTS = {
    "greater_than": "a number above {gt:g}",
    "greater_than_equal": "{ge:g} or more",
    "less_than": "a number below {lt:g}",
    "less_than_equal": "{le:g} or less",
    "finite_number": "a finite number",
    "literal_error": "{expected}",
    "enum": "{expected}",
    "string_type": "a text",
    "string_pattern_mismatch": "a text that fits {pattern}",
    "string_too_short": "a text of at least {min_length} characters",
    "string_too_long": "a text of at most {max_length} characters",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
}
_INPUT = "Input should be "
_VALUE_MOST = 60


def requirement(detail: ErrorDetails) -> str:
    """Return what a value should have been, such as `a number above 0`."""
    words = _REQUIREMENTS.get(detail["type"])
    if words is not None:
        return words.format(**detail.get("ctx", {}))
    message = detail["msg"].removeprefix(_INPUT)
    return message[:1].lower() + message[1:]


def key_of(place: Sequence[int | str]) -> str:
    """Return a place in data as a user writes it, such as `outages[0].channel`."""
    key = ""
    for part in place:
        key += f"[{part}]" if isinstance(part, int) else f".{part}" if key else part
    return key


def in_words(
    detail: ErrorDetails, where: str, expected: str, known: Collection[str] = (), *, is_secret: bool = False
) -> tuple[str, str, str]:
    """Return place, problem and what was expected, for a `BadInputError`.

    `expected` is what a missing key is expected in; `known` are the keys that are allowed where an unknown
    one is; a value that `is_secret` is not shown.
    """
    key = key_of(detail["loc"])
    place = f"{where}: {key}" if key else where
    if detail["type"] == "value_error":
        problem, _, wanted = str(detail["ctx"]["error"]).partition("; expected ")
        return place, problem, wanted
    if detail["type"] == "extra_forbidden":
        return place, "no such key", _one_of(str(detail["loc"][-1]), known)
    if detail["type"] == "missing":
        return place, "missing", expected
    value = detail["input"]
    is_shown = isinstance(value, str | int | float) and not is_secret
    shown = f"{repr(value)[:_VALUE_MOST]} " if is_shown else ""
    return place, f"{shown}is not allowed here", requirement(detail)


def _one_of(word: str, known: Collection[str]) -> str:
    """Return the key that is probably meant, else all that there are."""
    close = get_close_matches(word, list(known), n=1)
    return close[0] if close else f"one of {', '.join(known)}" if known else ""
