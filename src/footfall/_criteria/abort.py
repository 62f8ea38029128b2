"""Watches an abort criterion, `error(*) > 20% for 30s abort`, during a run and again when it is judged."""

from collections import deque
from dataclasses import dataclass

from footfall._criteria.objects import AbortCriterion

SECONDS_OF_AN_HOUR = 3600.0
FALSE_ALARMS_AN_HOUR = 0.01
"""Of hours whose true share is exactly the criterion's, at most this share is ended."""
VISITS_LEAST = 50
"""Nearly all of this many visits must be bad for a total break: one short outage may hit fewer."""
_TOTAL_SHARE, _TOTAL_SHARE_SHORT, _SHORT_S = 0.95, 0.8, 10.0
_BETS = (0.25, 0.5, 0.75, 0.95)
_BATCH_S_LEAST, _BATCH_S_MOST = 0.5, 10.0
_BATCH_VISITS_LEAST = 25
"""Five episodes of the default length: most of them lie within one batch."""
_BINS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """When and how an abort criterion was violated."""

    at_s: float
    """Second of the run."""
    bad: int
    visits: int
    """Of the last `for_s` seconds."""
    is_total: bool
    """Nearly all of them were bad; else surely more than the criterion's share."""

    @property
    def share(self) -> float:
        """Of bad visits among those of the last `for_s` seconds."""
        return self.bad / self.visits


def batch_s(criterion: AbortCriterion) -> float:
    """Return the length of the batches whose bad shares are compared: a third of `for_s`, 0.5 s to 10 s.

    Short outages, of a second or three, then lie within one batch and count as one event.
    """
    return min(_BATCH_S_MOST, max(_BATCH_S_LEAST, criterion.for_s / 3))


class AbortMonitor:
    """Watches one criterion over visits in the order in which they end, at a fixed cost per visit.

    Two things violate it, once `for_s` seconds have passed:

    - a total break: nearly all visits of the last `for_s` seconds were bad, and nearly all of the last 50;
    - more than the criterion's share of the last `for_s` seconds were bad, and that is sure although it is
      checked again and again: for each batch of visits with bad share x, R = (R + 1) (1 + l (x - share)) for
      each of four bets l; their mean exceeds (batches in an hour) / 1 %. If the true share is the criterion's
      own or less, from batch to batch, an hour goes that far in at most 1 % of cases, and far more seldom
      where it is clearly less. A batch has at least 25 visits.

    Sources: I. Waudby-Smith and A. Ramdas, Journal of the Royal Statistical Society B 86 (2024) 1-27, for the
    bets; J. Shin, A. Ramdas and A. Rinaldo, New England Journal of Statistics in Data Science 2 (2024)
    229-260, for the sum over all starting points.
    """

    def __init__(self, criterion: AbortCriterion) -> None:
        """Start before the first visit."""
        self.criterion = criterion
        self.violation: Violation | None = None
        self._bins: deque[list[int]] = deque()
        """Of the last `for_s` seconds: number of the bin, bad visits, visits."""
        self._bad = self._visits = 0
        self._last: deque[bool] = deque(maxlen=VISITS_LEAST)
        """Whether each of the last visits was bad."""
        self._last_bad = 0
        self._total_share = _TOTAL_SHARE if criterion.for_s >= _SHORT_S else _TOTAL_SHARE_SHORT
        self._bets = tuple(part / criterion.share for part in _BETS)
        self._evidence = [0.0] * len(_BETS)
        self._is_sure = False
        self._batch_s = batch_s(criterion)
        self._enough = SECONDS_OF_AN_HOUR / self._batch_s / FALSE_ALARMS_AN_HOUR
        self._batch = [0, 0]
        """Bad visits and visits of the batch that is being filled …"""
        self._batch_from_s: float | None = None
        """… and when it began."""
        self._now_s = 0.0

    def see(self, ended_s: float, outcome: str, response_s: float) -> None:
        """Add a visit of the criterion's scope that ended at that second of the run."""
        if self.violation is not None:
            return
        bad = self.criterion.is_bad(outcome, response_s)
        # Visits of several workers do not arrive in quite the order in which they ended.
        self._now_s = now_s = max(self._now_s, ended_s)
        self._close_batch(now_s)
        self._batch[0] += bad
        self._batch[1] += 1
        self._count(now_s, bad)
        if now_s < self.criterion.for_s:
            return
        is_total = (
            len(self._last) == VISITS_LEAST
            and min(self._bad / self._visits, self._last_bad / VISITS_LEAST) >= self._total_share
        )
        if is_total or (self._is_sure and self._bad > self.criterion.share * self._visits):
            self.violation = Violation(at_s=now_s, bad=self._bad, visits=self._visits, is_total=is_total)

    def _count(self, now_s: float, bad: bool) -> None:  # noqa: FBT001  counted, not a switch
        """Add to the window, and take out what is older than `for_s`."""
        self._last_bad += bad - (len(self._last) == VISITS_LEAST and self._last[0])
        self._last.append(bad)
        number = int(now_s / self.criterion.for_s * _BINS)
        if not self._bins or self._bins[-1][0] != number:
            self._bins.append([number, 0, 0])
        self._bins[-1][1] += bad
        self._bins[-1][2] += 1
        self._bad += bad
        self._visits += 1
        while self._bins[0][0] <= number - _BINS:
            _, old_bad, old = self._bins.popleft()
            self._bad -= old_bad
            self._visits -= old

    def _close_batch(self, now_s: float) -> None:
        """Bet on a batch that is full."""
        if self._batch_from_s is None:
            self._batch_from_s = now_s
        bad, visits = self._batch
        if visits < _BATCH_VISITS_LEAST or now_s < self._batch_from_s + self._batch_s:
            return
        beyond = bad / visits - self.criterion.share
        self._evidence = [
            (so_far + 1) * (1 + bet * beyond) for so_far, bet in zip(self._evidence, self._bets, strict=True)
        ]
        self._is_sure = sum(self._evidence) > self._enough * len(self._evidence)
        self._batch, self._batch_from_s = [0, 0], now_s
