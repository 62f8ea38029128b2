"""The grammar of a criterion: one parser for all kinds, and a message of its own for each kind of mistake.

    line      = measure "(" scope ")" rule
    measure   = "success" | "error" | "mean" | "max" | percentile | "arrivals" | "predicted" | "capacity"
    scope     = ["success,"] ["all "] ("*" | channel "." operation ["/" step] | "lag" | "own")
              | "server." figure
    rule      = ("<" | "<=" | ">" | ">=") limit ["-" number "pt"] tail
              | "not worse than baseline by" number ("%" | "pt" | "ms" | "s") tail
              | "within" number "% of trace" ["else invalid"]
              | "within" number "pt of measured" tail
              | ("<" | ">") limit "for" time "abort"
              | (">" | ">=") number "/s"
    limit     = number ["%"] | number ("ms" | "s" | "min") | number ["%" | "cores" | "KB" | "MB" | "GB"]
    tail      = ["episodes" number | "strict"] ["else invalid"]

The whole line is read before its meaning is checked, so that a missing sign is reported as such.
"""

import re
from dataclasses import dataclass, field
from types import MappingProxyType

from footfall._criteria.objects import (
    AbortCriterion,
    AgreementCriterion,
    ArrivalsCriterion,
    BaselineCriterion,
    CapacityCriterion,
    Criterion,
    LagCriterion,
    OwnCriterion,
    ResponseCriterion,
    Scope,
    ServerCriterion,
    ShareCriterion,
)
from footfall._criteria.scanner import REFERENCE, Scanner, near
from footfall._stats import LONGEST_EPISODE, STRICT_EPISODE

LAG_S_MOST = 1.0
"""No criterion allows more: so late a load generator did not send the load that was asked for."""
DAY_S = 86_400.0
EPISODES_MOST = 1e6
_PERCENT_MOST = 50.0
"""A tolerance above this limits nothing."""
_ABORT_S = (1.0, 3600.0)
_SECONDS = MappingProxyType({"ms": 0.001, "s": 1.0, "min": 60.0})
_SHARES = ("success", "error")
_MEASURES = (*_SHARES, "mean", "max", "arrivals", "predicted", "capacity")
_PERCENTILE = re.compile(r"p([0-9]{1,2}(?:\.[0-9]+)?)")
_DECIMALS_MOST = 2
_KEPT = MappingProxyType({"lag": ("p50", "p99", "max"), "own": ("p99",)})
"""What is the load generator's and not the service's, and the statistics that are kept of it."""
_MEANT = MappingProxyType(
    {"lag": "p99(lag)", "own": "p99(own)", "latency": "p95", "response": "p95", "median": "p50"}
    | {"average": "mean", "avg": "mean", "failure": "error", "failures": "error", "availability": "success"}
)
"""Words that others use, and what they are called here."""
_SERVER = "server."
"""What a scope begins with that names a figure of the service and not visits."""
_SERVER_UNITS = MappingProxyType(
    {"": ("", 1.0), "%": ("share", 0.01), "cores": ("cores", 1.0), "core": ("cores", 1.0)}
    | {"KB": ("bytes", 1e3), "MB": ("bytes", 1e6), "GB": ("bytes", 1e9)}
)
_SERVER_MEASURES = ("mean", "max")
_SIGNS = MappingProxyType(
    {"≥": ">=", "≤": "<=", "=>": ">=", "=<": "<=", "==": ">= or <=", "=": ">= or <=", "!=": ">= or <="}
)


@dataclass(slots=True)
class _Read:
    """The words of a line, before they are checked."""

    of: str = ""
    of_all: bool = False
    scope: str = ""
    sign: str = ""
    number: str = ""
    unit: str = ""
    margin: str = ""
    episodes: str = ""
    """Empty, `strict`, or a number."""
    abort: tuple[str, str] | None = None
    """Number and unit of the time behind `for`."""
    invalid: bool = False


@dataclass(slots=True)
class Parser:
    """Parses one line, stripped and without a comment; `where` names its place in errors."""

    text: str
    where: str
    _in: Scanner = field(init=False)
    _read: _Read = field(init=False, default_factory=_Read)

    def __post_init__(self) -> None:
        """Start at the beginning of the line."""
        self._in = Scanner(self.text, self.where)

    def criterion(self) -> Criterion:
        """Return the criterion that the line is.

        Raises:
            BadInputError: it is none; the message names the position and the cause.
        """
        read = self._read
        self._measure()
        if self._in.take_word("within"):
            return self._within()
        if self._in.take_word("not"):
            self._in.need_words("worse than baseline by")
            return self._baseline()
        self._comparison()
        if read.of == "capacity":
            return self._capacity()
        if read.of in {"arrivals", "predicted"}:
            form = "within 2% of trace" if read.of == "arrivals" else "within 1pt of measured"
            self._in.refuse_text(f"{read.of}(…) takes a tolerance, not a limit: write {form}")
        if self._is_of_server():
            return self._server()
        self._limit()
        self._tail(can_abort=True)
        if read.abort is not None:
            return self._abort()
        return self._share() if read.of in _SHARES else self._time()

    def episodes(self) -> float:
        """Return the mean number of bad visits in a row that a line such as `strict` or `episodes 20` says.

        Raises:
            BadInputError: it says nothing of the kind.
        """
        self._in = Scanner(f" {self.text}", self.where)
        self._tail(can_abort=False)
        return self._longest()

    # ── The words ─────────────────────────────────────────────────────────────────────────────────

    def _measure(self) -> None:
        """Read up to the bracket behind the scope."""
        found, read = self._in.take(r"[^\W_][\w.]*"), self._read
        read.of = found["found"] if found else ""
        if read.of not in _MEASURES and not _PERCENTILE.fullmatch(read.of):
            self._in.refuse_text(*_unknown_measure(read.of or self._in.rest()))
        if not self.text[self._in.at :].startswith("("):
            self._in.missing("(")
        self._in.need("(")
        if read.of == "predicted":
            self._predicted()
        elif self._in.take(r"all\s+") is not None:
            read.of_all = True
        scope = self._in.take(r"server\.(?:[^(),]*[^(),\s])?|[^()\s,/]+(?:/[^(),]*[^(),\s])?")
        if scope is None:
            if self._in.rest() == ")":
                self._in.refuse_text("nothing is between ( and ): write * or channel.operation")
            self._in.missing("scope, such as * or web.query")
        read.scope = scope["found"]
        if self._in.rest().startswith(","):
            self._in.refuse_text("a comma in the scope: write channel.operation with a point")
        self._in.need(")")

    def _predicted(self) -> None:
        if self._in.take("success") is None or not self._in.rest().startswith(","):
            self._in.refuse_text("only success is compared: write predicted(success, web.*)")
        self._in.need(",")

    def _comparison(self) -> None:
        found = self._in.take(r"[<>]=?(?![<>=])")
        if found is not None:
            self._read.sign = found["found"]
            return
        wrong = re.match(r"\s*([≥≤<>=!]+)", self.text[self._in.at :])
        if wrong and wrong[1] in _SIGNS:
            self._in.refuse_text(f"{wrong[1]} is not a comparison: write {_SIGNS[wrong[1]]}")
        self._in.missing("comparison (<, <=, >, >=)")

    def _limit(self) -> None:
        """Read a share with its margin, or a time."""
        read = self._read
        read.number = self._in.number(f" after {read.sign}" if self._in.is_at_end else "")
        if read.of not in _SHARES:
            write = f"{read.of} is a time, not {{}}: write ms, s or min, such as 800ms"
            read.unit = self._in.unit(tuple(_SECONDS), write if self._in.rest() in {"%", "pt"} else "")
            if self._in.rest() == "-":
                self._in.refuse_text("a margin in points belongs to shares: write success(…) or error(…)")
            return
        if self._in.take("%") is not None:
            read.unit = "%"
        elif re.fullmatch(r"ms|s|min|sec|pt", self._in.rest()):
            found = f"{read.number}{self._in.rest()}"
            self._in.refuse_text(f"{read.of} is a share, not {found}: write a percentage such as 97.8%")
        if self._in.take("-") is not None:
            read.margin = self._in.number(" of points")
            self._in.unit(("pt",), "a margin is in points, not {}: write 3pt")

    def _tail(self, *, can_abort: bool) -> None:
        """Read what may stand behind any rule."""
        read = self._read
        if can_abort and self._in.take_word("for"):
            read.abort = (self._in.number(), self._in.unit(("s", "min")))
            self._in.need_words("abort")
            self._end()
            return
        if self._in.take_word("strict"):
            read.episodes = "strict"
        elif self._in.take_word("episodes"):
            read.episodes = self._in.number(", such as episodes 20,")
        if self._in.take_word("else"):
            self._in.need_words("invalid")
            read.invalid = True
        self._end()

    def _end(self) -> None:
        if self._in.is_at_end:
            return
        word = self._in.rest()
        if word == "abort":
            self._in.missing("'for 30s', the time before abort,", found_too=False)
        if word.startswith((",", ";", "&")) or word in {"and", "or"}:
            self._in.refuse_text(f"write one criterion a line: end this one before {word!r}")
        if word in {"for", "episodes", "strict", "else"}:
            self._in.refuse_text(f"{word!r} is not allowed there", REFERENCE)
        self._in.refuse_text(f"unexpected {word!r} at the end", REFERENCE)

    # ── Their meaning ─────────────────────────────────────────────────────────────────────────────

    def _within(self) -> Criterion:
        read = self._read
        if read.of not in {"arrivals", "predicted"}:
            self._in.refuse_text("'within' belongs to arrivals(…) and predicted(success, …)", REFERENCE)
        read.number = self._in.number()
        if read.of == "arrivals":
            self._in.unit(("%",), "arrivals are compared in %, not {}: write 2%")
            self._in.need_words("of trace")
        else:
            self._in.unit(("pt",), "shares are compared in points, not {}: write 1pt")
            self._in.need_words("of measured")
        self._tail(can_abort=False)
        number, scope = float(read.number), self._scope()
        if scope.step:
            self._in.refuse("a prediction or a trace has no requests", "channel.operation without a step")
        if read.of == "arrivals":
            if number > _PERCENT_MOST:
                cause = f"a tolerance of {read.number}% would be another load"
                self._in.refuse(cause, f"at most {_PERCENT_MOST:g}%")
            self._no_episodes()
            return ArrivalsCriterion(text=self.text, scope=scope, tolerance_share=number / 100)
        if not 0 < number <= _PERCENT_MOST:
            self._in.refuse(f"a tolerance of {number:g}pt", f"above 0pt, at most {_PERCENT_MOST:g}pt")
        return AgreementCriterion(
            text=self.text,
            scope=scope,
            tolerance_share=number / 100,
            longest_episode=self._longest(),
            validity=read.invalid,
        )

    def _capacity(self) -> Criterion:
        read = self._read
        read.number = self._in.number(f" after {read.sign}" if self._in.is_at_end else "")
        if self._in.take("/s") is None:
            self._in.missing("unit (/s, arrivals per second)", found_too=not self._in.is_at_end)
        self._end()
        if read.of_all:
            self._in.refuse_text("a capacity is of all visits already: leave out 'all'")
        limit_per_s = float(read.number)
        if not limit_per_s > 0:
            self._in.refuse(f"a capacity of {read.number}/s", "above 0")
        self._direction(">")
        scope = self._scope()
        if scope.step or scope.operation != "*":
            self._in.refuse("a capacity is of a channel or of all", "capacity(*) or capacity(web.*)")
        return CapacityCriterion(text=self.text, scope=scope, operator=read.sign, limit_per_s=limit_per_s)

    def _is_of_server(self) -> bool:
        """Whether a figure of the service is limited; a time is that of a channel called `server`."""
        if not self._read.scope.startswith(_SERVER) or self._read.of in _SHARES:
            return False
        return re.match(r"\s*[0-9.,]+\s*(ms|s|min)\b", self.text[self._in.at :]) is None

    def _server(self) -> Criterion:
        read = self._read
        if read.of not in _SERVER_MEASURES or read.of_all:
            of = f"{read.of}({'all ' if read.of_all else ''}{read.scope})"
            self._in.refuse(f"{of} is no measure of a figure of the service", "mean or max")
        if read.scope == _SERVER:
            self._in.missing("figure, such as server.cpu")
        read.number = self._in.number(f" after {read.sign}" if self._in.is_at_end else "")
        found = self._in.take(r"%|(?!(?:else|for|episodes|strict)\b)[^\W\d_]+")
        word = found["found"] if found else ""
        if word not in _SERVER_UNITS:
            known = ", ".join(each for each in _SERVER_UNITS if each not in {"", "core"})
            self._in.refuse_text(f"unknown unit {word[:20]!r} after {read.number}: write {known} or none")
        self._tail(can_abort=False)
        self._no_episodes()
        self._direction("<")
        unit, factor = _SERVER_UNITS[word]
        limit = float(read.number) * factor
        if not limit > 0 or (unit == "share" and limit > 1):
            most = "above 0, at most 100%" if unit == "share" else "above 0"
            self._in.refuse(f"a limit of {read.number}{word}", most)
        return ServerCriterion(
            text=self.text,
            figure=read.scope.removeprefix(_SERVER),
            statistic=read.of,
            operator=read.sign,
            limit=limit,
            unit=unit,
            validity=read.invalid,
        )

    def _share(self) -> Criterion:
        read = self._read
        if read.of_all:
            self._in.refuse_text(f"{read.of} counts all visits already: leave out 'all'")
        share = float(read.number) / (100 if read.unit else 1)
        if not 0 <= share <= 1:
            hint = f"; did you mean {read.number}%?" if not read.unit and share <= 100 else ""  # noqa: PLR2004 - percent
            self._in.refuse(f"a share of {read.number}{read.unit}{hint}", "0% to 100%, or 0 to 1")
        margin = float(read.margin or 0) / 100
        if margin > share:
            self._in.refuse(f"the margin {read.margin}pt is above the target", "a smaller margin")
        self._direction(">" if read.of == "success" else "<")
        self._can_decide(share - margin)
        return ShareCriterion(
            text=self.text,
            scope=self._scope(),
            of=read.of,
            operator=read.sign,
            target_share=share,
            margin_share=margin,
            longest_episode=self._longest(),
            validity=read.invalid,
        )

    def _time(self) -> Criterion:
        read = self._read
        limit_s = float(read.number) * _SECONDS[read.unit]
        self._direction("<")
        of_generator = read.scope in _KEPT
        most_s = LAG_S_MOST if of_generator else DAY_S
        if not 0 < limit_s <= most_s:
            self._in.refuse(f"a limit of {read.number}{read.unit}", f"above 0, at most {most_s:g} s")
        if not of_generator:
            return ResponseCriterion(
                text=self.text,
                scope=self._scope(),
                quantile=self._quantile(),
                operator=read.sign,
                limit_s=limit_s,
                of_all=read.of_all,
                longest_episode=self._longest(),
                validity=read.invalid,
            )
        if read.of_all or read.of not in _KEPT[read.scope]:
            of = f"{'all ' if read.of_all else ''}{read.scope}"
            self._in.refuse(f"{read.of} of {of} is not kept", " or ".join(_KEPT[read.scope]))
        self._no_episodes()
        if read.scope == "own":
            return OwnCriterion(text=self.text, operator=read.sign, limit_s=limit_s)
        return LagCriterion(text=self.text, statistic=read.of, operator=read.sign, limit_s=limit_s)

    def _baseline(self) -> Criterion:
        read, of_share = self._read, self._read.of in _SHARES
        if read.of in {"arrivals", "predicted", "capacity"}:
            self._in.refuse_text(f"{read.of}(…) is not compared with a baseline", REFERENCE)
        read.number = self._in.number()
        other = f"{read.of} is a share, not {{}}: write points, such as 1pt"
        if not of_share:
            other = f"{read.of} is a time, not {{}}: write 5% or 50ms"
        read.unit = self._in.unit(("pt",) if of_share else ("%", "ms", "s"), other)
        self._tail(can_abort=False)
        if of_share and read.of_all:
            self._in.refuse_text(f"{read.of} counts all visits already: leave out 'all'")
        number, unit = float(read.number), read.unit
        most = {"pt": _PERCENT_MOST, "%": 100.0}.get(unit, DAY_S / _SECONDS.get(unit, 1.0))
        if not 0 < number <= most:
            self._in.refuse(f"a tolerance of {number:g}{unit}", f"above 0, at most {most:g}{unit}")
        return BaselineCriterion(
            text=self.text,
            scope=self._scope(),
            of=read.of,
            quantile=None if of_share else self._quantile(),
            tolerance=number * _SECONDS[unit] if unit in _SECONDS else number / 100,
            unit={"pt": "share", "%": "ratio"}.get(unit, "s"),
            of_all=read.of_all,
            longest_episode=self._longest(),
            validity=read.invalid,
        )

    def _abort(self) -> Criterion:
        read = self._read
        if read.of in {"mean", "max"} or read.of_all or read.margin:
            self._in.refuse(
                "a run is ended by error, success or a percentile", "error(*) > 20% for 30s abort"
            )
        if read.of in _SHARES and not read.unit:
            self._in.refuse_text(f"missing % after {read.number}")
        if (read.of == "success") is read.sign.startswith(">"):
            right = "<" if read.of == "success" else ">"
            self._in.refuse("this would abort a healthy run", f"{read.of}(…) {right} …")
        number, event, limit_s = float(read.number), "error", 0.0
        if read.of == "success":
            event, share = "failure", 1 - number / 100
        elif read.of == "error":
            share = number / 100
        else:
            event, share, limit_s = "slower", 1 - float(read.of[1:]) / 100, number * _SECONDS[read.unit]
        if not 0 < share < 1:
            self._in.refuse(f"a share of {share:.0%} before abort", "above 0% and below 100%")
        for_s = float(read.abort[0]) * _SECONDS[read.abort[1]] if read.abort else 0.0
        if not _ABORT_S[0] <= for_s <= _ABORT_S[1]:
            self._in.refuse(f"a time of {for_s:g} s before abort", "for 1s to for 60min")
        if "." not in read.scope and read.scope != "*":
            read.scope += ".*"
        scope = self._scope()
        if scope.step:
            self._in.refuse("a run is ended by its visits, not by requests", "channel.operation, no step")
        return AbortCriterion(
            text=self.text, scope=scope, event=event, limit_s=limit_s, share=share, for_s=for_s
        )

    def _direction(self, good: str) -> None:
        """Refuse what would ask for a bad service, or a late load generator."""
        if not self._read.sign.startswith(good):
            can_abort = self._read.scope not in _KEPT and self._read.of not in {"mean", "max"}
            hint = "; add 'for 30s abort' to end a run by it" if can_abort else ""
            self._in.refuse(f"{self._read.sign} would ask for a bad result{hint}", f"{good} or {good}=")

    def _can_decide(self, limit: float) -> None:
        """Refuse a share that every run keeps, or that none can."""
        if self._read.of == "success":
            wrong = limit <= 0 or (limit >= 1 and self._read.sign == ">")
        else:
            wrong = limit >= 1 or (limit <= 0 and self._read.sign == "<")
        if wrong:
            self._in.refuse("it holds for every run, or for none", "a limit between 0% and 100%")

    def _quantile(self) -> float | None:
        of = self._read.of
        if of == "mean":
            return None
        if of == "max":
            self._in.refuse("the longest time of a sample limits nothing", "mean, or a percentile: p99.9")
        quantile = round(float(of[1:]) / 100, 6)
        if not 0 < quantile < 1 or len(of.partition(".")[2]) > _DECIMALS_MOST:
            self._in.refuse(f"{of} of response times", "p1 to p99.99, or mean")
        return quantile

    def _longest(self) -> float:
        words = self._read.episodes
        if not words:
            return LONGEST_EPISODE
        length = STRICT_EPISODE if words == "strict" else float(words)
        if not 1 <= length <= EPISODES_MOST:
            self._in.refuse(f"episodes of {length:g} visits", f"1 to {EPISODES_MOST:,.0f}")
        return length

    def _no_episodes(self) -> None:
        if words := self._read.episodes:
            said = words if words == "strict" else f"episodes {words}"
            self._in.refuse(f"{said!r} says nothing here", "it with success, error, predicted or a time")

    def _scope(self) -> Scope:
        text, _, step = self._read.scope.partition("/")
        parts = ["*", "*"] if text == "*" else text.split(".")
        if text in _KEPT:
            self._in.refuse(f"{text} is the load generator's, not the service's", f"p99({text}) < …")
        if text == "all":
            self._in.refuse_text("missing scope after all: write all * or all web.query")
        if len(parts) == 1 and re.fullmatch(r"[\w*?!\[\]-]+", text):
            self._in.refuse(f"scope {text!r} names no operation", f"channel.operation, such as {text}.*")
        if len(parts) != 2 or not all(re.fullmatch(r"[\w*?!\[\]-]+", part) for part in parts):  # noqa: PLR2004 - a channel and an operation
            self._in.refuse(f"scope {text!r}", "channel.operation or channel.operation/step")
        return Scope(parts[0], parts[1], step)


def _unknown_measure(word: str) -> tuple[str, str]:
    """Say what may stand first instead of a word."""
    lower = word.lower()
    meant = _MEANT.get(lower) or (lower if _PERCENTILE.fullmatch(lower) else near(word, _MEASURES))
    if meant:
        return f"unknown measure {word[:20]!r}; did you mean {meant}?", REFERENCE
    if lower[:1] == "p" and lower[1:2].isdigit():
        return f"{word[:20]} is not a percentile: write p1 to p99.99", ""
    return (
        f"unknown measure {word[:20]!r}",
        "known are success, error, p95, mean, capacity, arrivals",
    )
