"""What is new in an account since somebody last asked."""

from dataclasses import dataclass
from typing import Any

from footfall.load.account import Account
from footfall.load.rows import Row

Start = tuple[int, float]
"""Number of an arrival, and how late it was started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What came between two moments."""

    now_s: float
    starts: list[Start]
    visits: list[Row]

    def as_json(self) -> dict[str, Any]:
        """Give it as plain lists."""
        return {"now_s": self.now_s, "starts": self.starts, "visits": self.visits}


class Reader:
    """Reads an account while it grows; each time in proportion to what is new."""

    def __init__(self, account: Account) -> None:
        """Begin with nothing read."""
        self._account = account
        self._visits = 0
        self._starts = 0

    def news(self, now_s: float) -> News:
        """Give what came since the last time."""
        visits = list(self._account.records.visits.since(self._visits))
        self._visits = len(self._account.records.visits)
        starts = self._account.tally.starts_since(self._starts)
        self._starts += len(starts)
        return News(now_s=now_s, starts=starts, visits=visits)
