"""Reads the words of one line from left to right, and says in one line what is wrong with it."""

import re
from collections.abc import Collection, Sequence
from difflib import get_close_matches
from typing import NoReturn

from footfall._records.errors import BadInputError

REFERENCE = "see the criteria reference"
_LINE_MOST = 150
_SHOWN_MOST = 56
_WORD_MOST = 20
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_COMMA = re.compile(r"[0-9]+,[0-9]+")
_WORD = re.compile(r"[^\s()<>=]+|[<>=]+|\S")


class Scanner:
    """A position in one line, and what was read last."""

    def __init__(self, text: str, where: str) -> None:
        """Start at the beginning of a line; `where` names its place in errors."""
        self.text = text
        self.where = where
        self.at = 0

    @property
    def is_at_end(self) -> bool:
        """Whether nothing but spaces is left."""
        return not self.text[self.at :].strip()

    def take(self, pattern: str) -> re.Match[str] | None:
        """Read what fits a pattern, after any spaces; None where it does not fit."""
        return self._take(re.compile(rf"\s*(?P<found>{pattern})"))

    def take_word(self, word: str) -> bool:
        """Read one word that spaces separate from what is before it."""
        return self._take(re.compile(rf"\s+(?P<found>{word})\b")) is not None

    def need_words(self, words: str) -> None:
        """Read several words, one after the other.

        Raises:
            BadInputError: one is missing.
        """
        for word in words.split():
            if not self.take_word(word):
                self.missing(f"'{word}'")

    def need(self, sign: str) -> None:
        """Read a sign such as a bracket.

        Raises:
            BadInputError: it is missing.
        """
        if self.take(re.escape(sign)) is None:
            self.missing(sign)

    def number(self, of: str = "") -> str:
        """Read a number.

        Raises:
            BadInputError: there is none.
        """
        if comma := re.match(r"\s*([0-9]+,[0-9]+)", self.text[self.at :]):
            self.refuse_text(f"{comma[1]} has a comma: write decimals with a point, thousands without a sign")
        found = self.take(_NUMBER.pattern)
        if found is None:
            self.missing(f"number{of}")
        return found["found"]

    def unit(self, units: Sequence[str], other: str = "") -> str:
        """Read a unit; `other` says what is wrong with any other one, which stands for {}.

        Raises:
            BadInputError: it is missing, or is another.
        """
        number, listed = self._last(), ", ".join(units)
        found = self.take(r"%|(?!abort\b)[^\W\d_]+")
        if found is None:
            self.missing(f"unit ({listed})", found_too=False)
        unit = found["found"]
        if unit not in units:
            unknown = f"unknown unit {_short(unit)!r} after {number}: write {' or '.join(units)}"
            self.refuse_text(other.format(f"{number}{_short(unit)}") if other else unknown)
        return unit

    def rest(self) -> str:
        """Return the next word, shortened; empty at the end."""
        found = _WORD.search(self.text, self.at)
        return _short(found[0]) if found else ""

    def missing(self, what: str, *, found_too: bool = True) -> NoReturn:
        """Say that something is missing after what was read last.

        Raises:
            BadInputError: always.
        """
        place = f" after {self._last()}" if self.at else ""
        found = f", found {self.rest()!r}" if found_too and not self.is_at_end else ""
        self.refuse_text(f"missing {what}{place}{found}", REFERENCE)

    def refuse_text(self, cause: str, advice: str = "") -> NoReturn:
        """Say why the text is not a criterion.

        Raises:
            BadInputError: always.
        """
        line = f"cannot parse {self._shown()}: {cause}"
        if advice and len(line) + len(advice) < _LINE_MOST:
            line += f"; {advice}"
        raise BadInputError(self.where, line)

    def refuse(self, cause: str, expected: str) -> NoReturn:
        """Say why a text that is well formed makes no sense.

        Raises:
            BadInputError: always.
        """
        raise BadInputError(self.where, f"{self._shown()}: {cause}", expected)

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
        return found

    def _last(self) -> str:
        """Return what was read last, up to the space before it; of a long one the end."""
        word = self.text[: self.at].rstrip().rpartition(" ")[2]
        return word if len(word) <= _WORD_MOST else "…" + word[1 - _WORD_MOST :]

    def _shown(self) -> str:
        """Return the line in quotes, of a long one the part around the position."""
        if len(self.text) <= _SHOWN_MOST:
            return repr(self.text)
        start = max(0, min(self.at - _SHOWN_MOST * 2 // 3, len(self.text) - _SHOWN_MOST))
        end = start + _SHOWN_MOST
        return repr(("…" if start else "") + self.text[start:end] + ("…" if end < len(self.text) else ""))


def near(word: str, known: Collection[str]) -> str:
    """Return the known word that is most like this one, empty where none is."""
    by_lower = {each.lower(): each for each in known}
    found = get_close_matches(word.lower(), list(by_lower), n=1, cutoff=0.6)
    return by_lower[found[0]] if found else ""


def _short(word: str) -> str:
    return word if len(word) <= _WORD_MOST else word[: _WORD_MOST - 1] + "…"
