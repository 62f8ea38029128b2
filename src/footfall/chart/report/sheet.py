"""A table of a page, in words."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table in words: the first columns name the row, the others hold figures."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""
    names: int = 1
    """How many of the first columns are names; the others are set to the right."""
    texts: frozenset[int] = frozenset()
    """Numbers, from 0, of further columns that hold text."""

    def is_text(self, column: int) -> bool:
        """Whether a column, from 0, is set to the left."""
        return column < self.names or column in self.texts
