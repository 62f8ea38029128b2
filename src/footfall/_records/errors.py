"""The errors that end a run: bad input, and violated invariants."""

import re
from collections.abc import Collection, Sequence
from difflib import get_close_matches

from pydantic_core import ErrorDetails


class BadInputError(Exception):
    """The user's input is wrong; the message is the one line that they see (exit code 2)."""

    def __init__(self, where: str, problem: str, expected: str = "") -> None:
        """Create the error: where it is, what is wrong there, and what was expected instead."""
        line = f"{where}: {problem}"
        super().__init__(f"{line}; expected {expected}" if expected else line)


class InvariantError(ValueError):
    """An invariant of all runs is violated: the run cannot be trusted (exit code 3)."""

    def __init__(self, invariant: str, where: str, evidence: str) -> None:
        """Create the error: the invariant, the station and interval, and both numbers."""
        super().__init__(invariant, where, evidence)
        self.invariant = invariant
        self.where = where
        self.evidence = evidence

    def __str__(self) -> str:
        """Return all three as one line."""
        return f"violated invariant '{self.invariant}' at {self.where}: {self.evidence}"


# ── Largest number that a user may give

NUMBER_MOST = 1e15
"""Thirty million years in seconds; beyond it, sums lose their fractions."""


# ── Parse times and shares: `90s`, `2min`, `1h30m`, `90 %`

_NUMBER = r"([0-9]+(?:\.[0-9]+)?)\s*"
_PLAIN = re.compile(_NUMBER)
_WITH_UNITS = re.compile(
    rf"(?:{_NUMBER}h(?:ours?)?)?\s*(?:{_NUMBER}m(?:in(?:utes?)?)?)?\s*(?:{_NUMBER}s(?:econds?)?)?\s*"
    rf"(?:{_NUMBER}ms)?"
)
_UNITS_S = (3600.0, 60.0, 1.0, 0.001)
_SHARE = re.compile(rf"{_NUMBER}(%?)")


def seconds_of(text: str, where: str) -> float:
    """Read a time in seconds; a number alone is seconds, and Locust's own `1h30m` and `45s` are understood.

    Raises:
        BadInputError: the text is no time.
    """
    found_s = seconds_in(text)
    if found_s is None:
        raise BadInputError(
            f"{where} {text}", "is not a duration", "seconds, or a time such as 90s, 2min or 1h30m"
        )
    return found_s


def seconds_in(text: str) -> float | None:
    """Read a time as `seconds_of` does; None: the text is no time."""
    if plain := _PLAIN.fullmatch(text.strip()):
        return float(plain[1])
    parts = _WITH_UNITS.fullmatch(text.strip())
    if parts is None or not any(parts.groups()):
        return None
    return sum(float(part) * unit_s for part, unit_s in zip(parts.groups(), _UNITS_S, strict=True) if part)


def share_of(text: str, where: str) -> float:
    """Read a share: `25 %` is 0.25, and so is `0.25`.

    Raises:
        BadInputError: the text is no share.
    """
    parts = _SHARE.fullmatch(text.strip())
    if parts is None:
        raise BadInputError(
            f"{where} {text}", "is not a share", "a number such as 0.25, or a text such as '25 %'"
        )
    return float(parts[1]) / 100 if parts[2] else float(parts[1])


# ── What is wrong with data from a file, as pydantic finds it, in one line of plain words

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
