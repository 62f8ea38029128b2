"""Read an endpoints file; every mistake in it is told before anything is sent."""

import tomllib
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from footfall.load.endpoints.spec import (
    Basic,
    Bearer,
    Call,
    Endpoints,
    Errand,
    Header,
    Login,
    Step,
    Success,
    Until,
)
from footfall.load.endpoints.words import CUSTOMER_WORDS, ENVIRONMENT, KEY_WORD, words_in
from footfall.load.transport.message import is_header_value
from footfall.records.errors import BadInputError

_FILE_BYTES_MOST = 1024 * 1024
_EXPECTED = "a TOML file as in docs/how-to/own-service.md"
_TABLES: dict[str, type[BaseModel]] = {
    "errand": Errand,
    "step": Step,
    "success": Success,
    "until": Until,
    "bearer": Bearer,
    "header": Header,
    "basic": Basic,
    "login": Login,
}
_SHOWN = frozenset({"method", "kind", "per", "unmapped", "for", "auth", "status"})
"""Texts at these keys are no secrets, whatever somebody wrote there."""


def read_text(path: Path) -> str:
    """Give the text of a file.

    Raises:
        BadInputError: it is missing, not UTF-8, or far too large.
    """
    if not path.is_file():
        raise BadInputError(str(path), "no such file", _EXPECTED)
    try:
        if path.stat().st_size > _FILE_BYTES_MOST:
            raise BadInputError(str(path), f"more than {_FILE_BYTES_MOST} bytes", _EXPECTED)
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInputError(str(path), f"byte {error.start} is not UTF-8", _EXPECTED) from error
    except OSError as error:
        raise BadInputError(str(path), (error.strerror or str(error)).lower(), _EXPECTED) from error


def endpoints_in(text: str, where: str) -> Endpoints:
    """Read the text of an endpoints file; `where` names it in errors.

    Raises:
        BadInputError: it is no TOML, a key or value is wrong, or a placeholder will have no value.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInputError(where, f"is no TOML ({str(error).lower()})", _EXPECTED) from error
    try:
        endpoints = Endpoints.model_validate(data)
    except ValidationError as error:
        raise _told(where, error.errors()[0]) from None
    _check_words(endpoints, where)
    return endpoints


def secrets_of(endpoints: Endpoints, environment: Mapping[str, str], where: str) -> dict[str, str]:
    """Give the values of the environment's variables that a file names, by placeholder.

    Raises:
        BadInputError: one is not set, empty, or stands in a header that cannot carry it.
    """
    found = {}
    for word in sorted(word for word in endpoints.words if word.startswith(ENVIRONMENT)):
        name = word.removeprefix(ENVIRONMENT)
        if not environment.get(name):
            raise BadInputError(f"{where}: {{{word}}}", f"{name} is not set", f"{name} in the environment")
        found[word] = environment[name]
    for word in _in_headers(endpoints) & found.keys():
        if not is_header_value(found[word]):
            place, name = f"{where}: {{{word}}}", word.removeprefix(ENVIRONMENT)
            expected = "letters of Latin-1 without a line break"
            raise BadInputError(place, f"{name} holds what no header can carry", expected)
    return found


def _in_headers(endpoints: Endpoints) -> set[str]:
    """Give the placeholders that stand in headers."""
    auth = endpoints.auth
    calls: list[Call] = [step for errand in endpoints.errand for step in errand.step]
    if isinstance(auth, Login):
        calls.append(auth)
    texts = [auth.token] if isinstance(auth, Bearer) else [auth.value] if isinstance(auth, Header) else []
    return set(words_in([*texts, *(call.headers for call in calls)]))


def _check_words(endpoints: Endpoints, where: str) -> None:
    """See that every placeholder will have a value when it is needed."""
    customer = {*CUSTOMER_WORDS, KEY_WORD}
    login = endpoints.auth
    if isinstance(login, Login):
        known = set(CUSTOMER_WORDS) if login.per == "visit" else set()
        _check_known(login.words, known, f"{where}: auth")
    elif isinstance(login, Basic):
        _check_known(set(words_in(login.user)), set(CUSTOMER_WORDS), f"{where}: auth.user")
    for number, errand in enumerate(endpoints.errand):
        known = set(customer)
        for position, step in enumerate(errand.step):
            place = f"{where}: errand[{number}].step[{position}]"
            _check_known(step.words, known, place)
            for name in step.save:
                if not name.isidentifier() or name in customer:
                    expected = f"a name other than {', '.join(sorted(customer))}"
                    raise BadInputError(f"{place}.save.{name}", "cannot be a placeholder's name", expected)
            known |= step.save.keys()


def _check_known(words: AbstractSet[str], known: AbstractSet[str], place: str) -> None:
    for word in sorted(words - known):
        if not word.startswith(ENVIRONMENT):
            expected = (
                f"one of {', '.join(sorted(known))}, or {{{ENVIRONMENT}NAME}}" if known else "{env.NAME}"
            )
            raise BadInputError(place, f"{{{word}}} has no value here", expected)


def _told(where: str, error: Any) -> BadInputError:  # noqa: ANN401  pydantic's own kind
    """Tell the first mistake: file, key, value (never a secret), and what was expected."""
    key = _key(error["loc"])
    place = f"{where}: {key}" if key else where
    if error["type"] == "value_error":
        problem, _, expected = str(error["ctx"]["error"]).partition("; expected ")
        return BadInputError(place, problem, expected)
    if error["type"] == "extra_forbidden":
        return BadInputError(place, "no such key", f"one of {', '.join(_keys_beside(error['loc']))}")
    if error["type"] == "missing":
        return BadInputError(place, "missing", _EXPECTED)
    value, last = error["input"], error["loc"][-1] if error["loc"] else ""
    shown = isinstance(value, int | float) or (isinstance(value, str) and last in _SHOWN)
    said = error["msg"][0].lower() + error["msg"][1:]
    return BadInputError(place, f"{value!r} cannot stand here" if shown else "cannot stand here", said)


def _key(loc: Sequence[str | int]) -> str:
    key = ""
    for part in loc:
        if isinstance(part, int):
            key += f"[{part}]"
        elif part not in {"bearer", "basic", "login"} and not (part == "header" and key == "auth"):
            # The kind of an `[auth]` is a part of pydantic's place, and of no file's.
            key += f".{part}" if key else part
    return key


def _keys_beside(loc: Sequence[str | int]) -> list[str]:
    table = next((part for part in reversed(loc[:-1]) if part in _TABLES), None)
    spec = Endpoints if table is None else _TABLES[str(table)]
    return [field.alias or name for name, field in spec.model_fields.items()]
