"""In which line of a TOML file a value stands: `tomllib` gives the values alone."""

import re
import tomllib
from collections.abc import Callable, Sequence
from typing import Any

from footfall._records.errors import BadInputError

_Path = tuple[int | str, ...]

_BLANK = re.compile(r"(?:\s|#[^\n]*)*")
_KEY = re.compile(r"""[\w-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|'
    r"'''.*?'{3,5}|"
    r""""(?:[^"\\\n]|\\.)*"|'[^'\n]*'""",
    re.DOTALL,
)
_PLAIN = re.compile(r"[^,\]}#\n]*")


def parsed_toml(text: str, where: str, expected: str) -> dict[str, Any]:
    """Parse TOML; `where` names the file, `expected` says what it should hold.

    Raises:
        BadInputError: it is not TOML; the line says where in the file.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = f"{str(error)[:1].lower()}{str(error)[1:]}"
        raise BadInputError(where, f"is not valid TOML: {message}", expected) from error
    except RecursionError:
        raise BadInputError(where, "is nested too deeply", expected) from None


def at_line(where: str, text: str, place: Sequence[int | str]) -> str:
    """Return `FILE, line N`, of the line that holds the value at a place in TOML; or of what it is part of.

    `text` is valid TOML. Steps of the place that the file does not have are passed over: a list of one may be
    written without brackets, and a key without its unit.
    """
    try:
        lines = _Scanner(text).lines
    except RecursionError:
        return where
    path: _Path = ()
    for step in place:
        path = next((found for name in _spellings(step) if (found := (*path, name)) in lines), path)
    return f"{where}, line {lines[path]}" if path else where


def _spellings(step: int | str) -> tuple[int | str, ...]:
    """Return a key as it may be written: with its unit, and without one after another."""
    if not isinstance(step, str):
        return (step,)
    parts = step.split("_")
    return tuple("_".join(parts[:count]) for count in range(len(parts), 0, -1))


class _Scanner:
    """Walks through valid TOML and notes the line of every value."""

    def __init__(self, text: str) -> None:
        self.lines: dict[_Path, int] = {}
        self._text, self._at = text.replace("\r\n", "\n"), 0
        self._items: dict[_Path, int] = {}
        table: _Path = ()
        while self._skip(_BLANK) < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._assignment(table)

    def _skip(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._at

    def _take(self, sign: str) -> bool:
        """Go past blanks, and past a sign where it comes next."""
        self._skip(_BLANK)
        is_next = self._text.startswith(sign, self._at)
        self._at += len(sign) if is_next else 0
        return is_next

    def _note(self, path: _Path) -> None:
        self.lines.setdefault(path, self._text.count("\n", 0, self._at) + 1)

    def _key(self) -> tuple[str, ...]:
        parts = []
        while True:
            self._skip(_BLANK)
            start = self._at
            part = self._text[start : self._skip(_KEY)]
            parts.append(str(tomllib.loads(f"k = {part}")["k"]) if part[:1] in {'"', "'"} else part)
            if not self._take("."):
                return tuple(parts)

    def _header(self) -> _Path:
        is_item = self._text.startswith("[[", self._at)
        self._at += 2 if is_item else 1
        *parents, last = self._key()
        path: _Path = ()
        for part in parents:
            path = self._current((*path, part))
        path = (*path, last)
        if is_item:
            self._items[path] = self._items.get(path, -1) + 1
        for length in range(1, len(path) + 1):
            self._note(path[:length])
        path = self._current(path)
        self._note(path)
        self._take("]]" if is_item else "]")
        return path

    def _current(self, path: _Path) -> _Path:
        """Return the path of the last item of a list of tables; of anything else, the path."""
        return (*path, self._items[path]) if path in self._items else path

    def _assignment(self, table: _Path) -> None:
        self._skip(_BLANK)
        start = self._at
        path = (*table, *self._key())
        end, self._at = self._at, start
        for length in range(len(table) + 1, len(path) + 1):
            self._note(path[:length])
        self._at = end
        self._take("=")
        self._value(path)

    def _value(self, path: _Path) -> None:
        self._skip(_BLANK)
        if self._take("["):
            self._until("]", lambda number: self._item((*path, number)))
        elif self._take("{"):
            self._until("}", lambda _: self._assignment(path))
        elif self._text[self._at : self._at + 1] in {'"', "'"}:
            self._skip(_STRING)
        else:
            self._skip(_PLAIN)

    def _item(self, path: _Path) -> None:
        self._skip(_BLANK)
        self._note(path)
        self._value(path)

    def _until(self, end: str, part: Callable[[int], None]) -> None:
        number = 0
        while not self._take(end) and self._at < len(self._text):
            part(number)
            number += 1
            self._take(",")
