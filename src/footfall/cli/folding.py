"""Where a line that is too long goes on in the next: at blanks, then at a name's separators."""

import re
from itertools import pairwise

from rich.cells import cell_len, chop_cells
from rich.console import Console, JustifyMethod, OverflowMethod
from rich.containers import Lines
from rich.text import Text

_WORD = re.compile(r"\s*\S+\s*")
_SEPARATORS = frozenset("._-/:,(|")
_WIDE = 2


class NameText(Text):
    """A cell whose text goes on in the next line at blanks and at separators, and is never cut."""

    def wrap(
        self,
        console: Console,
        width: int,
        *,
        justify: JustifyMethod | None = None,
        overflow: OverflowMethod | None = None,
        tab_size: int = 8,
        no_wrap: bool | None = None,
    ) -> Lines:
        """Fold the text, as `Text.wrap` does, at the places that `fold_at` gives."""
        if no_wrap:
            return super().wrap(
                console, width, justify=justify, overflow=overflow, tab_size=tab_size, no_wrap=no_wrap
            )
        lines = Lines()
        for line in self.split(allow_blank=True):
            parts = line.divide(fold_at(line.plain, width))
            for part in parts:
                part.rstrip_end(width)
            parts.justify(console, width, justify=justify or "left", overflow="fold")
            lines.extend(parts)
        return lines


def fold_at(text: str, width: int) -> list[int]:
    """Give the positions at which a text is folded so that no line is wider than `width` cells.

    Words stay whole where they fit a line; a longer one is folded after a separator that a letter follows,
    or between wide letters (Chinese, Japanese, Korean), which take two cells, and else where the line ends.
    """
    places: list[int] = []
    used = 0
    place = 0
    for end in _word_ends(text):
        word = text[place:end]
        if cell_len(word.rstrip()) <= width:
            parts = [word]
        else:
            parts = [chopped for piece in _pieces(word) for chopped in _chopped(piece, width)]
        for part in parts:
            if used and used + cell_len(part.rstrip()) > width:
                places.append(place)
                used = 0
            used += cell_len(part)
            place += len(part)
    return places


def wrapped(line: str, width: int) -> str:
    """Wrap a line of prose at blanks; what follows is indented as it is, and no word is taken apart."""
    indent = line[: len(line) - len(line.lstrip())]
    room = width - cell_len(indent)
    if cell_len(line) <= width or room < width // 2:
        return line
    lines, used = [""], 0
    for word in _WORD.findall(line.strip()):
        if used and used + cell_len(word.rstrip()) > room:
            lines.append("")
            used = 0
        lines[-1] += word
        used += cell_len(word)
    return "\n".join(f"{indent}{each.rstrip()}" for each in lines)


def _word_ends(text: str) -> list[int]:
    ends = [match.end() for match in _WORD.finditer(text)]
    return ends or ([len(text)] if text else [])


def _pieces(word: str) -> list[str]:
    """Take a word apart after its separators, and between wide letters."""
    cuts = [k for k, (before, after) in enumerate(pairwise(word), start=1) if _may_fold(before, after)]
    return [word[start:end] for start, end in pairwise([0, *cuts, len(word)])]


def _may_fold(before: str, after: str) -> bool:
    if before in _SEPARATORS and after.isalpha():
        return True
    return _WIDE in {cell_len(before), cell_len(after)} and not after.isspace()


def _chopped(piece: str, width: int) -> list[str]:
    return chop_cells(piece, width) if cell_len(piece.rstrip()) > width else [piece]
