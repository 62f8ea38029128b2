"""The errors that end a run: bad input, and violated invariants."""

import re
from collections.abc import Collection, Iterable, Sequence
from difflib import get_close_matches
from os import PathLike
from pathlib import Path

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
    rf"(?:{_NUMBER}h(?:rs?|ours?)?)?\s*(?:{_NUMBER}m(?:in(?:s|utes?)?)?)?\s*(?:{_NUMBER}s(?:ecs?|econds?)?)?\s*"
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
            f"{where} {_on_a_line(text)}",
            "is not a duration",
            "seconds, or a time such as 90s, 2min or 1h30m",
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
            f"{where} {_on_a_line(text)}", "is not a share", "a number such as 0.25, or a text such as '25 %'"
        )
    return float(parts[1]) / 100 if parts[2] else float(parts[1])


# ── What is wrong with data, as pydantic finds it, in one line of plain words

_REQUIREMENTS = {
    "greater_than": "a number above {gt:g}",
    "greater_than_equal": "{ge:g} or more",
    "less_than": "a number below {lt:g}",
    "less_than_equal": "{le:g} or less",
    "finite_number": "a finite number",
    "literal_error": "{expected}",
    "enum": "{expected}",
    "string_type": "a text",
    "string_sub_type": "a text",
    "string_unicode": "a text in UTF-8",
    "string_pattern_mismatch": "a text that fits {pattern}",
    "string_too_short": "a text of at least {min_length} characters",
    "string_too_long": "a text of at most {max_length} characters",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number of fewer digits",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "too_short": "a list of at least {min_length}",
    "too_long": "a list of at most {max_length}",
    "dict_type": "a table",
    "mapping_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "union_tag_invalid": "one of {expected_tags}",
    "union_tag_not_found": "a table with {discriminator}",
    "none_required": "nothing",
    "date_type": "a date such as 2024-03-31",
    "date_parsing": "a date such as 2024-03-31",
    "date_from_datetime_type": "a date such as 2024-03-31",
    "date_from_datetime_parsing": "a date such as 2024-03-31",
    "date_from_datetime_inexact": "a date without a time of day",
    "path_type": "the path of a file",
}
_KINDS: dict[type, str] = {dict: "a table", list: "a list"}
"""What is named rather than shown: a part of it may be a secret."""
_ENUM_WORD = re.compile(r"<[\w.]+: ('[^']*')>")
_VALUE_MOST = 60


def requirement(detail: ErrorDetails) -> str:
    """Return what a value should have been, such as `a number above 0`."""
    words = _REQUIREMENTS.get(detail["type"])
    if words is None:
        return "a value of another type"
    return _ENUM_WORD.sub(r"\1", words.format(**detail.get("ctx", {})))


def shown(value: object) -> str:
    """Return a value as one short line: plain data as it is written, all else by the name of its type."""
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, str):
        return _shortened(repr(str(value)))
    if value is None or isinstance(value, bool | int | bytes | list | tuple | dict | set | frozenset):
        return _representation(value)
    return value.__name__ if isinstance(value, type) else f"{type(value).__name__}(…)"


def _representation(value: object) -> str:
    try:
        return _on_a_line(repr(value))
    except ValueError:  # an integer of more digits than Python prints
        return f"{type(value).__name__}(…)"


def _on_a_line(text: str) -> str:
    return _shortened(" ".join(text.split()))


def _shortened(text: str) -> str:
    return text if len(text) <= _VALUE_MOST else f"{text[:_VALUE_MOST]}…"


def _key_of(place: Sequence[int | str]) -> str:
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
    key = _key_of(detail["loc"])
    place = f"{where}: {key}" if key else where
    if detail["type"] == "value_error":
        return place, *problem_of(detail["ctx"]["error"])
    if detail["type"] == "extra_forbidden":
        return place, "no such key", one_of(str(detail["loc"][-1]), known)
    if detail["type"] == "missing":
        return place, "missing", expected
    value = detail["input"]
    said = _KINDS.get(type(value), "this value") if is_secret or type(value) in _KINDS else shown(value)
    return place, f"{said} is not allowed here", requirement(detail)


def problem_of(error: Exception) -> tuple[str, str]:
    """Return what a check of our own says: the problem, and what was expected."""
    problem, _, wanted = str(error).partition("; expected ")
    return problem, wanted


def one_of(word: str, known: Collection[str]) -> str:
    """Return the key that is probably meant, else all that there are."""
    close = get_close_matches(word, list(known), n=1)
    return close[0] if close else f"one of {', '.join(known)}" if known else ""


# ── Paths that are given as arguments of a job

_PATH = "the path of a file or folder"


def path_of(given: object, name: str) -> Path:
    """Return a path that was given as a text or a path; `name` is that of the argument.

    Raises:
        BadInputError: it is neither.
    """
    if isinstance(given, str | PathLike) and str(given).strip():
        return Path(given)
    raise BadInputError(name, f"{shown(given)} is not a path", _PATH)


def paths_of(given: object, name: str) -> list[Path]:
    """Return paths that were given as a list; one may stand alone.

    Raises:
        BadInputError: one is not a path, or there is none.
    """
    if isinstance(given, str | PathLike) or not isinstance(given, Iterable):
        return [path_of(given, name)]
    found = [path_of(each, name) for each in given]
    if not found:
        raise BadInputError(name, "is empty", "at least one path")
    return found
