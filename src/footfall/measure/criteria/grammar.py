"""Read criteria, one a line; `#` starts a comment.

    success(sms.transact) >= 91.1%
    success(web.query) >= 97.8% - 3pt
    p95(web.*) < 800ms
    p99(lag) < 10ms else invalid
    arrivals(*) within 2% of trace
    predicted(success, web.*) within 1pt of measured

`else invalid` behind a criterion makes it one of validity: where it is broken, the run proves nothing.
`lag` and `arrivals` always are.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from fnmatch import fnmatchcase

from footfall.measure.criteria.spec import (
    AgreementCriterion,
    ArrivalsCriterion,
    Criterion,
    LagCriterion,
    ResponseCriterion,
    Scope,
    SuccessCriterion,
)
from footfall.records.errors import BadInputError

LAG_S_MAX = 0.050
"""A generator whose 99th percentile of lag is above this measures itself."""
LINES_MAX = 1000

_FORMS = (
    "success(web.query) >= 97.8%, p95(web.*) < 800ms, p99(lag) < 10ms else invalid, "
    "arrivals(*) within 2% of trace, or predicted(success, web.*) within 1pt of measured"
)
_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_SCOPE = r"\s*(?P<scope>[^()\s,]+)\s*"
_IS = r"\s*(?P<operator>[<>]=?)\s*"
_SUCCESS = re.compile(
    rf"success\({_SCOPE}\){_IS}(?P<share>{_NUMBER}%?)(?:\s*-\s*(?P<margin>{_NUMBER})\s*pt)?"
)
_TIME = re.compile(
    rf"(?P<statistic>p50|p90|p95|p99|mean|max)\({_SCOPE}\){_IS}(?P<limit>{_NUMBER})\s*(?P<unit>ms|s|min)"
)
_ARRIVALS = re.compile(rf"arrivals\({_SCOPE}\)\s+within\s+(?P<percent>{_NUMBER})\s*%\s+of\s+trace")
_AGREEMENT = re.compile(
    rf"predicted\(\s*success\s*,{_SCOPE}\)\s+within\s+(?P<points>{_NUMBER})\s*pt\s+of\s+measured"
)
_ELSE_INVALID = re.compile(r"\s+else\s+invalid$")
_LATER = re.compile(r"\bbaseline\b|\bfor\s+\S+\s+abort\b")
_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0}
_QUANTILES = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99, "mean": None}
_LAG = ("p50", "p99", "max")


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
    if _LATER.search(line):
        raise BadInputError(where, f"{line!r}: not supported yet", _FORMS)
    body = _ELSE_INVALID.sub("", line)
    reader = _Reader(line, where, known, validity=body != line)
    for form, read in (
        (_SUCCESS, reader.success),
        (_TIME, reader.time),
        (_ARRIVALS, reader.arrivals),
        (_AGREEMENT, reader.agreement),
    ):
        if match := form.fullmatch(body):
            return read(match)
    raise BadInputError(where, f"{line!r} is no criterion", _FORMS)


def with_defaults(criteria: tuple[Criterion, ...]) -> tuple[Criterion, ...]:
    """The criteria of a played run: where none speaks of lag, p99 of it must be under `LAG_S_MAX`."""
    if any(isinstance(each, LagCriterion) for each in criteria):
        return criteria
    text = f"p99(lag) < {LAG_S_MAX * 1000:g}ms else invalid"
    return (*criteria, parse_criterion(text, "built in"))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Turn the parts of one line into data, with the line at hand for errors."""

    text: str
    where: str
    known: Vocabulary | None
    validity: bool

    def success(self, match: re.Match[str]) -> Criterion:
        share, margin = self._share(match["share"]), float(match["margin"] or 0) / 100
        if margin > share:
            raise BadInputError(self.where, f"the margin {match['margin']}pt is above the target", "less")
        return SuccessCriterion(
            text=self.text,
            scope=self._scope(match["scope"]),
            operator=match["operator"],
            target_share=share,
            margin_share=margin,
            validity=self.validity,
        )

    def time(self, match: re.Match[str]) -> Criterion:
        statistic, limit_s = match["statistic"], float(match["limit"]) * _SECONDS[match["unit"]]
        if match["scope"] == "lag":
            if statistic not in _LAG:
                raise BadInputError(self.where, f"{statistic} of lag is not kept", ", ".join(_LAG))
            return LagCriterion(
                text=self.text, statistic=statistic, operator=match["operator"], limit_s=limit_s
            )
        if statistic not in _QUANTILES:
            raise BadInputError(self.where, f"{statistic} of response times", ", ".join(_QUANTILES))
        return ResponseCriterion(
            text=self.text,
            scope=self._scope(match["scope"]),
            quantile=_QUANTILES[statistic],
            operator=match["operator"],
            limit_s=limit_s,
            validity=self.validity,
        )

    def arrivals(self, match: re.Match[str]) -> Criterion:
        if match["scope"] not in ("*", "*.*"):
            raise BadInputError(self.where, f"arrivals({match['scope']}) is not kept apart", "arrivals(*)")
        return ArrivalsCriterion(text=self.text, tolerance_share=float(match["percent"]) / 100)

    def agreement(self, match: re.Match[str]) -> Criterion:
        points = float(match["points"])
        if not 0 < points <= 100:  # noqa: PLR2004 - points of a hundred
            raise BadInputError(self.where, f"a tolerance of {points:g}pt", "above 0pt, at most 100pt")
        return AgreementCriterion(
            text=self.text,
            scope=self._scope(match["scope"]),
            tolerance_share=points / 100,
            validity=self.validity,
        )

    def _share(self, text: str) -> float:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        if not 0 <= share <= 1:
            raise BadInputError(self.where, f"a share of {text}", "0% to 100%, or 0 to 1 without a sign")
        return share

    def _scope(self, text: str) -> Scope:
        parts = text.split(".")
        if text == "*":
            parts = ["*", "*"]
        if len(parts) != 2 or not all(re.fullmatch(r"[\w*]+", part) for part in parts):  # noqa: PLR2004 - a channel and an operation
            raise BadInputError(
                self.where, f"scope {text!r}", "channel.operation, such as web.query or *.query"
            )
        if self.known:
            self._check("channel", parts[0], self.known.channels)
            self._check("operation", parts[1], self.known.operations)
        return Scope(*parts)

    def _check(self, kind: str, pattern: str, names: Collection[str]) -> None:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise BadInputError(
                self.where, f"there is no {kind} {pattern!r}", f"one of {', '.join(sorted(names))}"
            )
