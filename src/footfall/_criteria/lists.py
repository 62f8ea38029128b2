"""Lists of criteria: parsed from lines, checked against a model's names, and completed."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from footfall._criteria.grammar import Parser
from footfall._criteria.objects import Criterion, LagCriterion, SampleCriterion, ScopedCriterion
from footfall._criteria.scanner import near
from footfall._records.errors import BadInputError, shown

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
