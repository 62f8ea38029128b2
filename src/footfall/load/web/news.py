"""What is new in an account since somebody last asked."""

from dataclasses import dataclass
from typing import Any

from footfall.load.account import Account
from footfall.load.result import Row

AHEAD_S = 0.05
"""An arrival may be started a hair before its second, by the clock's own grain."""
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
    """Reads an account while it grows; each time in proportion to what is new and who is late."""

    def __init__(self, account: Account) -> None:
        """Begin with nothing read."""
        self._account = account
        self._visits = 0
        self._starts = 0
        self._due = 0
        self._waiting: list[int] = []

    def news(self, now_s: float) -> News:
        """Give what came since the last time.

        Starts and lags are noted in the same order unless several processes play: between two moments their
        lags may then change places.
        """
        visits = self._account.records.visits[self._visits :]
        self._visits += len(visits)
        return News(now_s=now_s, starts=self._new_starts(now_s), visits=visits)

    def _new_starts(self, now_s: float) -> list[Start]:
        arrivals, tally = self._account.arrivals, self._account.tally
        while self._due < len(arrivals) and arrivals[self._due].due_s <= now_s + AHEAD_S:
            self._waiting.append(self._due)
            self._due += 1
        started = [number for number in self._waiting if tally.has_started(number)]
        if started:
            self._waiting = [number for number in self._waiting if not tally.has_started(number)]
        lags = tally.lags_s[self._starts : self._starts + len(started)]
        self._starts += len(lags)
        return list(zip(started, lags, strict=True))
