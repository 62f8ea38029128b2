"""Texts with placeholders and JSON paths of an endpoints file."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from string import Formatter
from typing import Any
from urllib.parse import quote, urlencode

from footfall._load.http.wire_format import is_header_value
from footfall._records.rows import BODY_NOT_SENDABLE, HEADER_NOT_SENDABLE, PATH_NOT_SENDABLE

# ── Texts with placeholders: what braces may contain, and how values are inserted

CUSTOMER_WORDS = (
    "subscriber",
    "customer",
    "arrival",
    "attempt",
    "phone",
    "pin",
    "plan",
    "recharge_fen",
    "browser",
    "segment",
    "operation",
    "channel",
)
"""Placeholders for what is known of a customer; numbers stay numbers in JSON."""
KEY_WORD = "uuid"
"""Key of the order: new with every attempt, the same if an order that may have been executed is repeated."""
ENVIRONMENT = "env."
Values = Mapping[str, object]
_SECRET_NAME = re.compile(
    r"^(proxy-)?authorization$|^cookie$|(^|[-_.])(api[-_]?key|apikey|password|passwd|secret|token)$",
    re.IGNORECASE,
)
_ONLY_ENVIRONMENT = re.compile(r"\{env\.[A-Za-z_][A-Za-z0-9_]*\}")
_WORD = re.compile(r"env\.[A-Za-z_][A-Za-z0-9_]*|[A-Za-z_][A-Za-z0-9_]*")


class UnfitValueError(ValueError):
    """A value cannot be sent where it is used; the text is the cause."""


@lru_cache(maxsize=4096)
def parts(text: str) -> tuple[tuple[str, str], ...]:
    """Split a text into pairs of literal text and the placeholder after it, which may be empty.

    Raises:
        ValueError: a brace is not closed, or does not contain a name.
    """
    try:
        found = list(Formatter().parse(text))
    except ValueError as error:
        msg = f"{error}; expected {{name}}, and {{{{ or }}}} for a brace itself".lower()
        raise ValueError(msg) from error
    for _, word, form, conversion in found:
        if word is not None and (form or conversion or not _WORD.fullmatch(word)):
            msg = f"{{{word}}} is not a placeholder; expected {{name}}, and {{{{ or }}}} for a brace itself"
            raise ValueError(msg)
    return tuple((literal, word or "") for literal, word, _, _ in found)


def words_in(tree: object) -> Iterator[str]:
    """Return the names of all placeholders in a tree of tables and lists, keys included."""
    if isinstance(tree, str):
        yield from (word for _, word in parts(tree) if word)
    elif isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from words_in(key)
            yield from words_in(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from words_in(value)


def is_from_environment(text: str) -> bool:
    """Whether a text is a single environment variable."""
    return _ONLY_ENVIRONMENT.fullmatch(text) is not None


def names_a_secret(name: str) -> bool:
    """Whether a header, a field of a body or a parameter of this name holds a secret."""
    return _SECRET_NAME.search(name) is not None


def secret_texts(value: object) -> frozenset[str]:
    """Return the text of a secret value, to be masked; empty if it has no text."""
    try:
        return frozenset({plain(value)} - {""})
    except UnfitValueError:
        return frozenset()


def in_path(text: str, values: Values) -> str:
    """Fill a path; values are URL-encoded, so that they cannot end a segment or begin a parameter.

    Raises:
        UnfitValueError: a value cannot be encoded.
    """
    try:
        return _filled(text, values, lambda value: quote(value, safe=""))
    except UnicodeError as error:
        raise UnfitValueError(PATH_NOT_SENDABLE) from error


def in_header(text: str, values: Values) -> str:
    """Fill the value of a header.

    Raises:
        UnfitValueError: a value has a control character, such as a line break, or a character outside
            Latin-1 (RFC 9110, 5.5).
    """
    filled = _filled(text, values, str)
    if not is_header_value(filled):
        raise UnfitValueError(HEADER_NOT_SENDABLE)
    return filled


def in_text(text: str, values: Values) -> str:
    """Fill a text; values are inserted unchanged."""
    return _filled(text, values, str)


def in_form(fields: Mapping[str, object], values: Values) -> str:
    """Fill the fields of a form and URL-encode it.

    Raises:
        UnfitValueError: a value cannot be encoded.
    """
    try:
        return urlencode({key: plain(in_json(value, values)) for key, value in fields.items()})
    except UnicodeError as error:
        raise UnfitValueError(BODY_NOT_SENDABLE) from error


def in_json(tree: Any, values: Values) -> Any:  # noqa: ANN401  JSON
    """Fill a tree for JSON; a text that is a single placeholder is replaced by the value itself."""
    if isinstance(tree, str):
        found = parts(tree)
        if len(found) == 1 and not found[0][0] and found[0][1]:
            return values[found[0][1]]
        return in_text(tree, values)
    if isinstance(tree, Mapping):
        return {key: in_json(value, values) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [in_json(value, values) for value in tree]
    return tree


def _filled(text: str, values: Values, escaped: Any) -> str:  # noqa: ANN401  text to text
    return "".join(literal + (escaped(plain(values[word])) if word else "") for literal, word in parts(text))


def plain(value: object) -> str:
    """Return a value as a text.

    Raises:
        UnfitValueError: it is nested too deep, or is a number with too many digits.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    try:
        return "" if value is None else str(value)
    except (RecursionError, ValueError) as error:
        raise UnfitValueError(BODY_NOT_SENDABLE) from error


# ── Paths in a JSON document: `data.items.0.id` is the id of the first item of the data

ABSENT = object()
"""Returned if a path does not exist."""


def value_at(document: Any, path: str) -> Any:  # noqa: ANN401  JSON
    """Return the value at a path: names and positions (from 0) with dots between; `ABSENT` if there is none.

    An empty path is the document itself.
    """
    here = document
    for name in path.split(".") if path else ():
        if isinstance(here, dict) and name in here:
            here = here[name]
        elif isinstance(here, list) and name.isdecimal() and int(name) < len(here):
            here = here[int(name)]
        else:
            return ABSENT
    return here


def is_same(found: Any, wanted: Any) -> bool:  # noqa: ANN401  JSON
    """Whether two values are equal in JSON, where `true` is not 1; a wanted list allows any of its values."""
    if isinstance(wanted, list | tuple):
        return any(is_same(found, each) for each in wanted)
    return isinstance(found, bool) is isinstance(wanted, bool) and bool(found == wanted)
