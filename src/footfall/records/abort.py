"""What ends a run early, `error(*) > 20% for 30s abort`: watched while it is played, judged alike later."""

import math
import re
from collections import deque
from dataclasses import dataclass
from fnmatch import fnmatchcase
from statistics import NormalDist

from footfall.records.errors import BadInputError
from footfall.records.outcomes import TECHNICAL, Outcome

_Z = NormalDist().inv_cdf(0.975)
_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_CLAUSE = re.compile(r"\s+for\s+(?P<for>\S+)\s+abort$")
_BODY = re.compile(
    rf"(?P<what>success|error|p[0-9]{{1,2}}(?:\.[0-9]+)?)\(\s*(?P<scope>[^()\s,]+)\s*\)"
    rf"\s*(?P<operator>[<>])=?\s*(?P<number>{_NUMBER})\s*(?P<unit>%|ms|s|min)"
)
_TIME = re.compile(rf"(?P<number>{_NUMBER})(?P<unit>s|min)")
_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0}
_FORMS = "error(*) > 20% for 30s abort, success(web.*) < 50% for 1min abort, or p95(*) > 5s for 30s abort"


@dataclass(frozen=True, slots=True, kw_only=True)
class AbortRule:
    """A run is not worth going on when this holds over the last `for_s` seconds."""

    text: str
    channel: str
    operation: str
    """Globs."""
    event: str
    """What is bad in a visit: `error` (technical), `failure` (not served), or `slower` than `limit_s`."""
    limit_s: float
    share: float
    """Of bad visits, above which it is broken."""
    for_s: float

    def is_bad(self, outcome: str, response_s: float) -> bool:
        """Whether a visit counts against it."""
        if self.event == "slower":
            return response_s > self.limit_s
        return outcome in TECHNICAL if self.event == "error" else outcome != Outcome.SERVED.value

    def matches(self, channel: str, operation: str) -> bool:
        """Whether it speaks of visits of that channel and operation."""
        return fnmatchcase(channel, self.channel) and fnmatchcase(operation, self.operation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """When and how an abort rule was broken."""

    at_s: float
    """Second of play."""
    bad: int
    visits: int
    """Of the last `for_s` seconds."""


class Guard:
    """Watches one rule over visits in the order in which they end."""

    def __init__(self, rule: AbortRule) -> None:
        """Have seen nothing."""
        self.rule = rule
        self.breach: Breach | None = None
        self._window: deque[tuple[float, bool]] = deque()
        self._bad = 0

    def see(self, ended_s: float, outcome: str, response_s: float) -> None:
        """Note a visit that ended at that second of play; it belongs to the rule's scope."""
        bad = self.rule.is_bad(outcome, response_s)
        self._window.append((ended_s, bad))
        self._bad += bad
        while self._window[0][0] <= ended_s - self.rule.for_s:
            self._bad -= self._window.popleft()[1]
        if self.breach is None and ended_s >= self.rule.for_s and self._is_sure():
            self.breach = Breach(at_s=ended_s, bad=self._bad, visits=len(self._window))

    def _is_sure(self) -> bool:
        """Whether the whole 95 % interval (Wilson 1927) of the bad share lies above the rule's."""
        n, k = len(self._window), self._bad
        share = k / n
        spread = _Z * math.sqrt(share * (1 - share) / n + _Z * _Z / (4 * n * n))
        return (share + _Z * _Z / (2 * n) - spread) / (1 + _Z * _Z / n) > self.rule.share


def is_abort(line: str) -> bool:
    """Whether a criterion is one that ends a run."""
    return bool(re.search(r"\babort$", line))


def abort_rule(line: str, where: str) -> AbortRule:
    """Read an abort criterion; `where` names it in errors.

    Raises:
        BadInputError: it is none.
    """
    clause = _CLAUSE.search(line)
    body = _BODY.fullmatch(line[: clause.start()]) if clause else None
    if clause is None or body is None:
        raise BadInputError(where, f"{line!r} is no criterion", _FORMS)
    for_s = _seconds(clause["for"], where)
    channel, _, operation = body["scope"].partition(".")
    event, share, limit_s = _bad_share(body, where)
    if not 0 < share < 1:
        raise BadInputError(where, f"a share of {share:.0%}", "between 0% and 100%")
    return AbortRule(
        text=line,
        channel=channel,
        operation=operation or "*",
        event=event,
        limit_s=limit_s,
        share=share,
        for_s=for_s,
    )


def abort_rules(lines: tuple[str, ...], where: str) -> tuple[AbortRule, ...]:
    """Give those of some criteria that end a run.

    Raises:
        BadInputError: one of them is malformed.
    """
    plain = (line.partition("#")[0].strip() for line in lines)
    return tuple(abort_rule(line, where) for line in plain if is_abort(line))


def _bad_share(body: re.Match[str], where: str) -> tuple[str, float, float]:
    """Give the bad event, the share of it that is too much, and the limit of a time."""
    what, above, number = body["what"], body["operator"] == ">", float(body["number"])
    if (what == "success") is above:
        good = "success(…) < …" if what == "success" else f"{what}(…) > …"
        raise BadInputError(where, f"{body.string!r} would end a run that is well", good)
    if (what in {"success", "error"}) is not (body["unit"] == "%"):
        raise BadInputError(where, f"{body['number']}{body['unit']} of {what}", _FORMS)
    if what == "success":
        return "failure", 1 - number / 100, 0.0
    if what == "error":
        return "error", number / 100, 0.0
    return "slower", 1 - float(what[1:]) / 100, number * _SECONDS[body["unit"]]


def _seconds(text: str, where: str) -> float:
    match = _TIME.fullmatch(text)
    seconds = float(match["number"]) * _SECONDS[match["unit"]] if match else 0.0
    if not 1 <= seconds <= 3600:  # noqa: PLR2004  a second and an hour
        raise BadInputError(where, f"for {text}", "1s to 60min")
    return seconds
