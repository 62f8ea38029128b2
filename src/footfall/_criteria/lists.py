"""Lists of criteria as files and options write them, and the criteria that end a run early."""

import re
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from footfall._criteria.grammar import Parser
from footfall._criteria.objects import (
    AbortCriterion,
    Criterion,
    LagCriterion,
    SampleCriterion,
    ScopedCriterion,
)
from footfall._criteria.scanner import near
from footfall._records.errors import BadInputError, shown

# ── Watches an abort criterion, `error(*) > 20% for 30s abort`, during a run and again when it is judged

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


# ── Lists of criteria: parsed from lines, checked against a model's names, and completed

LAG_S_MAX = 0.050
"""A load generator whose 99th percentile of lag is above this measures itself."""
LINES_MAX = 1000
_NAMES_MOST = 60
"""Letters of the names that a message lists."""
_ELSE_INVALID = re.compile(r"\s+else\s+invalid$")
_EPISODES = re.compile(r"\s(?:episodes\s+\S+|strict)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The channels and operations that exist, so that a misspelt name is refused and not merely unmatched."""

    channels: Collection[str]
    operations: Collection[str]


def parse(text: str, where: str = "criterion") -> Criterion:
    """Parse one criterion; `where` names its place in errors.

    Raises:
        BadInputError: the text is not a criterion; the message says where and why.
    """
    if not isinstance(text, str):
        raise BadInputError(where, f"{shown(text)} is not a criterion", "a text such as error(*) <= 1%")
    lines = _plain(text)
    if len(lines) != 1:
        problem = f"holds {len(lines)} criteria" if lines else "is empty"
        raise BadInputError(where, problem, "one criterion, such as success(web.query) >= 97.8%")
    return Parser(lines[0][1], where).criterion()


def parse_lines(text: str, where: str, known: Vocabulary | None = None) -> tuple[Criterion, ...]:
    """Parse a text with one criterion a line; blank lines and comments (from `#` on) are left out.

    Raises:
        BadInputError: a line is not a criterion, or names a channel or operation that does not exist.
    """
    found: list[Criterion] = []
    for number, line in _plain(text, where):
        criterion = Parser(line, f"{where}:{number}").criterion()
        _check_name(criterion, known, f"{where}:{number}")
        found.append(criterion)
    return tuple(found)


def criteria_of(given: str | Criterion | Iterable[str | Criterion], where: str) -> tuple[Criterion, ...]:
    """Return criteria from texts, criteria, or a mixture; texts are parsed, criteria stay as they are.

    Raises:
        BadInputError: a text is not a criterion.
    """
    if isinstance(given, str):
        return parse_lines(given, where)
    if isinstance(given, Criterion) or not isinstance(given, Iterable):
        given = [given]
    found: list[Criterion] = []
    for number, each in enumerate(given, 1):
        place = f"{where}:{number}"
        if isinstance(each, Criterion):
            found.append(each)
        elif isinstance(each, str):
            found += [Parser(line, place).criterion() for _, line in _plain(each, place)]
        else:
            raise BadInputError(place, f"{shown(each)} is not a criterion", "a text such as error(*) <= 1%")
    return tuple(found)


def read_criteria(path: Path, known: Vocabulary | None = None) -> tuple[Criterion, ...]:
    """Read a file with one criterion a line.

    Raises:
        BadInputError: the file cannot be read, holds no criterion, or a line is not one.
    """
    where = f"--criteria {path}"
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(where, "cannot be read", "a text file") from error
    return not_empty(parse_lines(text, where, known), where)


def not_empty(criteria: tuple[Criterion, ...], where: str) -> tuple[Criterion, ...]:
    """Return criteria after seeing that there are any.

    Raises:
        BadInputError: there is none.
    """
    if not criteria:
        raise BadInputError(where, "holds no criterion", "lines such as success(web.query) >= 97.8%")
    return criteria


def check_names(criteria: Sequence[Criterion], known: Vocabulary | None, where: str) -> None:
    """See that each channel and operation that is named exists; nothing is checked where none are known.

    Raises:
        BadInputError: one does not.
    """
    for number, criterion in enumerate(criteria, 1):
        _check_name(criterion, known, f"{where}:{number}")


def with_defaults(criteria: tuple[Criterion, ...]) -> tuple[Criterion, ...]:
    """Return the criteria of a load test: p99 of the lag is under `LAG_S_MAX`, unless they set a limit.

    Only a limit of p99 or max does, a tighter one, or a looser one with `else invalid`.
    """
    if any(isinstance(each, LagCriterion) and _limits_lag(each) for each in criteria):
        return criteria
    return (*criteria, parse(f"p99(lag) < {LAG_S_MAX * 1000:g}ms else invalid", "built in"))


def with_episodes(criteria: Iterable[Criterion], length: str | None) -> tuple[Criterion, ...]:
    """Return criteria with `episodes …` in each that could say it and does not.

    `length` is `strict`, or a number of visits; None changes nothing.

    Raises:
        BadInputError: the length is neither.
    """
    if length is None:
        return tuple(criteria)
    words = length if length == "strict" else f"episodes {length}"
    where = f"--longest-episode {length}"
    longest = Parser(words, where).episodes()
    return tuple(_with_episodes(each, words, longest) for each in criteria)


def _with_episodes(criterion: Criterion, words: str, longest: float) -> Criterion:
    body = _ELSE_INVALID.sub("", criterion.text)
    if not isinstance(criterion, SampleCriterion) or _EPISODES.search(body):
        return criterion
    text = f"{body} {words}{criterion.text[len(body) :]}"
    return replace(criterion, text=text, longest_episode=longest)


def _plain(text: str, where: str = "criterion") -> list[tuple[int, str]]:
    """Return the lines that say something, without comments, with their numbers."""
    lines = text.splitlines()
    if len(lines) > LINES_MAX:
        raise BadInputError(where, f"{len(lines)} lines", f"at most {LINES_MAX}")
    plain = ((number, line.partition("#")[0].strip()) for number, line in enumerate(lines, 1))
    return [(number, line) for number, line in plain if line]


def _limits_lag(criterion: LagCriterion) -> bool:
    is_meant = criterion.limit_s <= LAG_S_MAX or criterion.says_invalid
    return criterion.statistic in {"p99", "max"} and is_meant


def _check_name(criterion: Criterion, known: Vocabulary | None, where: str) -> None:
    if known is not None and isinstance(criterion, ScopedCriterion):
        scope = criterion.scope
        _check_pattern("channel", scope.channel, known.channels, where)
        _check_pattern("operation", scope.operation, known.operations, where)


def _check_pattern(kind: str, pattern: str, names: Collection[str], where: str) -> None:
    if any(fnmatchcase(name, pattern) for name in names):
        return
    listed = ", ".join(sorted(names))
    if len(listed) > _NAMES_MOST:
        listed = listed[:_NAMES_MOST].rpartition(",")[0] + ", …"
    meant = near(pattern, names)
    hint = f"; did you mean {meant}?" if meant else ""
    raise BadInputError(where, f"there is no {kind} {pattern!r}{hint}", f"one of {listed}")
