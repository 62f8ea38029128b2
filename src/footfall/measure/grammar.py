"""Read criteria, one a line; `#` starts a comment.

    success(sms.transact) >= 91.1%
    success(web.query) >= 97.8% - 3pt
    error(w*.query) <= 1%
    p99.9(web.*) < 800ms
    mean(*) < 300ms
    p99(lag) < 10ms else invalid
    p99(own) < 20ms else invalid
    arrivals(*) within 2% of trace
    predicted(success, web.*) within 1pt of measured
    p95(web.query) not worse than baseline by 5%
    error(*) > 20% for 30s abort

`p95(web.recharge/POST /login) < 300ms` and `error(web.*/*login) <= 1%` are of the requests of a step.
`p95(all web.query)` is of failed visits too. `episodes 20` behind a criterion of shares or times says how
many bad visits in a row, in the mean, are thought possible (5 where nothing is said); `strict` is `episodes
60`.

`else invalid` behind a criterion makes it one of validity: where it is broken, the run proves nothing.
`lag`, `own` and `arrivals` always are.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import MappingProxyType

from footfall.measure.spec import (
    AbortCriterion,
    AgreementCriterion,
    ArrivalsCriterion,
    BaselineCriterion,
    Criterion,
    LagCriterion,
    OwnCriterion,
    ResponseCriterion,
    Scope,
    ShareCriterion,
)
from footfall.records.abort import abort_rule, is_abort
from footfall.records.errors import BadInputError
from footfall.stats.episodes import LONGEST_EPISODE, STRICT_EPISODE

LAG_S_MAX = 0.050
"""A generator whose 99th percentile of lag is above this measures itself."""
LAG_S_MOST = 1.0
"""No criterion allows more: so late a generator did not play the load that was asked for."""
LINES_MAX = 1000
DAY_S = 86_400.0
_PERCENT_MOST = 50.0
"""A tolerance above this bounds nothing."""

_FORMS = (
    "success(web.query) >= 97.8%, error(*) <= 1%, p95(web.*) < 800ms, p99(lag) < 10ms else invalid, "
    "arrivals(*) within 2% of trace, predicted(success, web.*) within 1pt of measured, "
    "p95(web.query) not worse than baseline by 5%, or error(*) > 20% for 30s abort"
)
_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_SCOPE = r"\s*(?P<scope>[^()\s,/]+(?:/[^(),]*[^(),\s])?)\s*"
_ALL = r"\s*(?P<all>all\s+)?"
_IS = r"\s*(?P<operator>[<>]=?)\s*"
_OF_TIME = r"p[0-9]{1,2}(?:\.[0-9]{1,2})?|mean|max"
_SHARE = re.compile(
    rf"(?P<of>success|error)\({_SCOPE}\){_IS}(?P<share>{_NUMBER}(?:\s*%)?)(?:\s*-\s*(?P<margin>{_NUMBER})\s*pt)?"
)
_TIME = re.compile(
    rf"(?P<statistic>{_OF_TIME})\({_ALL}{_SCOPE}\){_IS}(?P<limit>{_NUMBER})\s*(?P<unit>ms|s|min)"
)
_ARRIVALS = re.compile(rf"arrivals\({_SCOPE}\)\s+within\s+(?P<percent>{_NUMBER})\s*%\s+of\s+trace")
_AGREEMENT = re.compile(
    rf"predicted\(\s*success\s*,{_SCOPE}\)\s+within\s+(?P<points>{_NUMBER})\s*pt\s+of\s+measured"
)
_BASELINE = re.compile(
    rf"(?P<of>success|error|{_OF_TIME})\({_ALL}{_SCOPE}\)\s+not\s+worse\s+than\s+baseline\s+by\s+"
    rf"(?P<number>{_NUMBER})\s*(?P<unit>%|pt|ms|s)"
)
_ELSE_INVALID = re.compile(r"\s+else\s+invalid$")
_EPISODES = re.compile(rf"\s+(?:episodes\s+(?P<length>{_NUMBER})|strict)$")
EPISODES_MOST = 1e6
_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0}
_GENERATORS = MappingProxyType({"lag": ("p50", "p99", "max"), "own": ("p99",)})
"""What is the generator's and not the service's, and the statistics that are kept of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The channels and operations that exist, so that a misspelt name is refused and not merely unmatched."""

    channels: Collection[str]
    operations: Collection[str]


def parse_criteria(text: str, where: str, known: Vocabulary | None = None) -> tuple[Criterion, ...]:
    """Criteria of a text, in its order; `where` names it in errors.

    Raises:
        BadInputError: a line is no criterion, or names a channel or operation that does not exist.
    """
    lines = text.splitlines()
    if len(lines) > LINES_MAX:
        raise BadInputError(where, f"{len(lines)} lines", f"at most {LINES_MAX}")
    plain = [(number, line.partition("#")[0].strip()) for number, line in enumerate(lines, 1)]
    return tuple(parse_criterion(line, f"{where}:{number}", known) for number, line in plain if line)


def parse_criterion(line: str, where: str, known: Vocabulary | None = None) -> Criterion:
    """One criterion of one line.

    Raises:
        BadInputError: as `parse_criteria`.
    """
    body = _ELSE_INVALID.sub("", line)
    is_validity = body != line
    if is_abort(line):
        return _Reader(line, where, known, validity=is_validity).abort()
    length = _EPISODES.search(body)
    body = _EPISODES.sub("", body)
    reader = _Reader(line, where, known, validity=is_validity, longest=_longest(length, where))
    for form, read in (
        (_SHARE, reader.share),
        (_TIME, reader.time),
        (_ARRIVALS, reader.arrivals),
        (_AGREEMENT, reader.agreement),
        (_BASELINE, reader.baseline),
    ):
        if match := form.fullmatch(body):
            criterion = read(match)
            if isinstance(criterion, ArrivalsCriterion | AgreementCriterion) and criterion.scope.step:
                problem = f"{body!r} names a step"
                raise BadInputError(
                    where, problem, "channel.operation: a prediction or a trace has no requests"
                )
            if length and isinstance(criterion, LagCriterion | OwnCriterion | ArrivalsCriterion):
                problem = f"{length[0].strip()!r} behind {body!r}"
                raise BadInputError(
                    where, problem, "episodes of success, error, predicted, or a response time"
                )
            return criterion
    raise BadInputError(where, f"{line!r} is no criterion", _FORMS)


def with_defaults(criteria: tuple[Criterion, ...]) -> tuple[Criterion, ...]:
    """The criteria of a played run: p99 of the lag is under `LAG_S_MAX`, unless they bound it themselves.

    Only p99 or max does, by a tighter limit, or by a looser one with `else invalid` behind it.
    """
    if any(isinstance(each, LagCriterion) and _bounds_lag(each) for each in criteria):
        return criteria
    text = f"p99(lag) < {LAG_S_MAX * 1000:g}ms else invalid"
    return (*criteria, parse_criterion(text, "built in"))


def _bounds_lag(criterion: LagCriterion) -> bool:
    is_meant = criterion.limit_s <= LAG_S_MAX or _ELSE_INVALID.search(criterion.text) is not None
    return criterion.statistic in {"p99", "max"} and is_meant


def declare_episodes(lines: Collection[str], length: str | None) -> tuple[str, ...]:
    """Criteria with `episodes …` behind each that could say it and does not; `strict`, or a number of visits.

    Raises:
        BadInputError: the length is no such thing.
    """
    if length is None:
        return tuple(lines)
    words = "strict" if length == "strict" else f"episodes {length}"
    where = f"--longest-episode {length}"
    if not (match := _EPISODES.fullmatch(f" {words}")):
        raise BadInputError(where, "is no number of visits", "a number from 1 on, or strict")
    _longest(match, where)
    return tuple(_declared(line, words) for line in lines)


def _declared(line: str, words: str) -> str:
    plain = line.partition("#")[0].strip()
    body = _ELSE_INVALID.sub("", plain)
    forms = (_SHARE, _TIME, _AGREEMENT, _BASELINE)
    of_generator = any(f"({name})" in body for name in _GENERATORS)
    if is_abort(plain) or of_generator or not any(form.fullmatch(body) for form in forms):
        return line
    return f"{body} {words}{plain[len(body) :]}"


def _longest(match: re.Match[str] | None, where: str) -> float:
    if match is None:
        return LONGEST_EPISODE
    length = float(match["length"]) if match["length"] else STRICT_EPISODE
    if not 1 <= length <= EPISODES_MOST:
        raise BadInputError(where, f"episodes of {length:g} visits", f"1 to {EPISODES_MOST:,.0f}")
    return length


@dataclass(frozen=True, slots=True)
class _Reader:
    """Turn the parts of one line into data, with the line at hand for errors."""

    text: str
    where: str
    known: Vocabulary | None
    validity: bool
    longest: float = LONGEST_EPISODE

    def share(self, match: re.Match[str]) -> Criterion:
        share, margin = self._share(match["share"]), float(match["margin"] or 0) / 100
        if margin > share:
            raise BadInputError(self.where, f"the margin {match['margin']}pt is above the target", "less")
        self._direction(match, ">" if match["of"] == "success" else "<")
        self._can_decide(match, share - margin)
        return ShareCriterion(
            text=self.text,
            scope=self._scope(match["scope"]),
            of=match["of"],
            operator=match["operator"],
            target_share=share,
            margin_share=margin,
            longest_episode=self.longest,
            validity=self.validity,
        )

    def time(self, match: re.Match[str]) -> Criterion:
        statistic, limit_s = match["statistic"], float(match["limit"]) * _SECONDS[match["unit"]]
        self._direction(match, "<")
        most_s = LAG_S_MOST if match["scope"] in _GENERATORS else DAY_S
        if not 0 < limit_s <= most_s:
            problem = f"a limit of {match['limit']}{match['unit']}"
            raise BadInputError(self.where, problem, f"above 0, at most {most_s:g} s")
        if match["scope"] in _GENERATORS:
            kept = _GENERATORS[match["scope"]]
            if match["all"] or statistic not in kept:
                problem = f"{statistic} of {match['all'] or ''}{match['scope']} is not kept"
                raise BadInputError(self.where, problem, ", ".join(kept))
            if match["scope"] == "own":
                return OwnCriterion(text=self.text, operator=match["operator"], limit_s=limit_s)
            return LagCriterion(
                text=self.text, statistic=statistic, operator=match["operator"], limit_s=limit_s
            )
        return ResponseCriterion(
            text=self.text,
            scope=self._scope(match["scope"]),
            quantile=self._quantile(statistic),
            operator=match["operator"],
            limit_s=limit_s,
            of_all=match["all"] is not None,
            longest_episode=self.longest,
            validity=self.validity,
        )

    def arrivals(self, match: re.Match[str]) -> Criterion:
        if float(match["percent"]) > _PERCENT_MOST:
            problem = f"a tolerance of {match['percent']}%"
            raise BadInputError(self.where, problem, f"at most {_PERCENT_MOST:g}%: else it is another load")
        return ArrivalsCriterion(
            text=self.text,
            scope=self._scope(match["scope"]),
            tolerance_share=float(match["percent"]) / 100,
        )

    def agreement(self, match: re.Match[str]) -> Criterion:
        points = float(match["points"])
        if not 0 < points <= _PERCENT_MOST:
            problem = f"a tolerance of {points:g}pt"
            raise BadInputError(self.where, problem, f"above 0pt, at most {_PERCENT_MOST:g}pt")
        return AgreementCriterion(
            text=self.text,
            scope=self._scope(match["scope"]),
            tolerance_share=points / 100,
            longest_episode=self.longest,
            validity=self.validity,
        )

    def baseline(self, match: re.Match[str]) -> Criterion:
        of, number, unit = match["of"], float(match["number"]), match["unit"]
        of_share = of in {"success", "error"}
        if of_share is not (unit == "pt"):
            better = "points of the share, such as 1pt" if of_share else "a part or a time: 5% or 50ms"
            raise BadInputError(self.where, f"{of} by {match['number']}{unit}", better)
        if of_share and match["all"]:
            raise BadInputError(self.where, f"{of} of all visits", f"{of}({match['scope']}): it is of all")
        most = {"pt": _PERCENT_MOST, "%": 100.0}.get(unit, DAY_S / _SECONDS.get(unit, 1.0))
        if not 0 < number <= most:
            problem = f"a tolerance of {number:g}{unit}"
            raise BadInputError(self.where, problem, f"above 0, at most {most:g}{unit}")
        if match["scope"] in _GENERATORS:
            problem = f"{match['scope']} is the generator's, not the service's"
            raise BadInputError(self.where, problem, _FORMS)
        return BaselineCriterion(
            text=self.text,
            scope=self._scope(match["scope"]),
            of=of,
            quantile=None if of_share else self._quantile(of),
            tolerance=number * _SECONDS[unit] if unit in _SECONDS else number / 100,
            unit={"pt": "share", "%": "ratio"}.get(unit, "s"),
            of_all=match["all"] is not None,
            longest_episode=self.longest,
            validity=self.validity,
        )

    def abort(self) -> Criterion:
        rule = abort_rule(self.text, self.where)
        if "/" in rule.operation:
            problem = f"{self.text!r} names a step"
            raise BadInputError(self.where, problem, "channel.operation: a run is ended by its visits")
        self._scope(
            "*" if (rule.channel, rule.operation) == ("*", "*") else f"{rule.channel}.{rule.operation}"
        )
        return AbortCriterion(text=self.text, rule=rule)

    def _direction(self, match: re.Match[str], good: str) -> None:
        """Refuse what would ask for a bad service, or a late generator."""
        if not match["operator"].startswith(good):
            problem = f"{self.text!r} would ask for what is bad"
            raise BadInputError(self.where, problem, f"{good} or {good}=")

    def _can_decide(self, match: re.Match[str], bound: float) -> None:
        """Refuse a share that every run keeps, or that none can."""
        if match["of"] == "success":
            wrong = bound <= 0 or (bound >= 1 and match["operator"] == ">")
        else:
            wrong = bound >= 1 or (bound <= 0 and match["operator"] == "<")
        if wrong:
            problem = f"{self.text!r} holds for every run, or for none"
            raise BadInputError(self.where, problem, "a bound between 0% and 100%")

    def _quantile(self, statistic: str) -> float | None:
        if statistic == "mean":
            return None
        if statistic == "max":
            problem = "the longest of a sample bounds nothing"
            raise BadInputError(self.where, problem, "mean, or a percentile such as p99.9")
        quantile = round(float(statistic[1:]) / 100, 6)
        if not 0 < quantile < 1:
            raise BadInputError(self.where, f"{statistic} of response times", "p1 to p99.99, or mean")
        return quantile

    def _share(self, text: str) -> float:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        if not 0 <= share <= 1:
            raise BadInputError(self.where, f"a share of {text}", "0% to 100%, or 0 to 1 without a sign")
        return share

    def _scope(self, text: str) -> Scope:
        text, _, step = text.partition("/")
        parts = text.split(".")
        if text == "*":
            parts = ["*", "*"]
        if len(parts) != 2 or not all(re.fullmatch(r"[\w*?!\[\]-]+", part) for part in parts):  # noqa: PLR2004 - a channel and an operation
            raise BadInputError(
                self.where,
                f"scope {text!r}",
                "channel.operation, such as web.query or *.query, or channel.operation/step",
            )
        if self.known:
            self._check("channel", parts[0], self.known.channels)
            self._check("operation", parts[1], self.known.operations)
        return Scope(parts[0], parts[1], step)

    def _check(self, kind: str, pattern: str, names: Collection[str]) -> None:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise BadInputError(
                self.where, f"there is no {kind} {pattern!r}", f"one of {', '.join(sorted(names))}"
            )
