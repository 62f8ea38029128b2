"""Pass, fail, undecided or invalid: the verdict on a run, as JUnit XML and as Markdown."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from footfall._records.runs import Manifest

# ── Pass, fail, undecided or invalid: single judgements and the overall verdict


class Verdict(StrEnum):
    """The verdict on a criterion or a run."""

    PASS = "pass"  # noqa: S105 - the name of a verdict, no password
    FAIL = "fail"
    UNDECIDED = "undecided"
    """Too few samples to tell. Never a pass."""
    INVALID = "invalid"
    """The run is not valid, whatever its figures. Never a pass."""


EXIT_CODES: Mapping[Verdict, int] = MappingProxyType(
    {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.UNDECIDED: 3, Verdict.INVALID: 3}
)
GRAVEST_FIRST = (Verdict.INVALID, Verdict.FAIL, Verdict.UNDECIDED, Verdict.PASS)
"""Which of several verdicts stands for all of them."""
USAGE_EXIT_CODE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One criterion evaluated on the run's data."""

    criterion: str
    """The criterion as written."""
    verdict: Verdict
    reason: str
    """One sentence for readers who do not know the criteria grammar."""
    value: float | None = None
    """What was found, in `unit`."""
    low: float | None = None
    high: float | None = None
    """95 % bounds of the value, where it has any."""
    bound: float | None = None
    """What it was held against, in `unit`."""
    unit: str = ""
    """`share` (0..1) or `s`."""
    n: int = 0
    """Samples that the value rests on."""
    validity: bool = False
    """It checks the validity of the run, hence takes precedence over all other criteria."""
    decisive: bool = False
    """It ended the run, so that nothing else can be asked of it: a failure beats even broken validity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictDecision:
    """The verdict on a whole run, and the criteria that brought it about."""

    verdict: Verdict
    reason: str


def decide(judgements: Sequence[Judgement]) -> VerdictDecision:
    """The verdict on a run: invalid before fail, fail before undecided, undecided before pass.

    A run is invalid where a criterion of validity does not pass. Only a failure that ended the run itself
    comes before that: what was not sent afterwards is its doing. Nothing judged is invalid.
    """
    if not judgements:
        return VerdictDecision(verdict=Verdict.INVALID, reason="nothing was judged")
    by_verdict = {each: [j for j in judgements if j.verdict is each] for each in Verdict}
    failed = by_verdict[Verdict.FAIL]
    for verdict, broken in (
        (Verdict.FAIL, [j for j in failed if j.decisive]),
        (Verdict.INVALID, [j for j in judgements if _is_broken(j)]),
        (Verdict.FAIL, failed),
        (Verdict.UNDECIDED, by_verdict[Verdict.UNDECIDED]),
    ):
        if broken:
            return VerdictDecision(verdict=verdict, reason=_because(broken))
    return VerdictDecision(verdict=Verdict.PASS, reason=f"all {len(judgements)} criteria hold")


def _is_broken(judgement: Judgement) -> bool:
    """Whether the run cannot be trusted because of this criterion."""
    if judgement.validity:
        return judgement.verdict is not Verdict.PASS
    return judgement.verdict is Verdict.INVALID


def _because(broken: Sequence[Judgement]) -> str:
    first, others = broken[0], len(broken) - 1
    more = f" (and {others} more)" if others else ""
    return f"{first.criterion}: {first.reason}{more}"


# ── The judgements of a run as JUnit XML, which any CI reads

# XML 1.0 has no way to write these, not even escaped (section 2.2).
_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_TAGS = {Verdict.FAIL: "failure", Verdict.UNDECIDED: "error", Verdict.INVALID: "error"}


def junit_xml(judgements: Sequence[Judgement], manifest: Manifest) -> str:
    """One test case a criterion: a failed one is a `<failure>`, an undecided or invalid one an `<error>`."""
    verdicts = [each.verdict for each in judgements]
    counts = {
        "tests": str(len(verdicts)),
        "failures": str(verdicts.count(Verdict.FAIL)),
        "errors": str(sum(verdicts.count(each) for each, tag in _TAGS.items() if tag == "error")),
    }
    # The schema that CI servers agree on knows skipped tests of a suite alone, and we skip none.
    root = Element("testsuites", {"name": "footfall", **counts})
    name = _clean(manifest.scenario or manifest.model)
    suite = SubElement(root, "testsuite", {"name": name, **counts, "timestamp": manifest.started_at})
    properties = SubElement(suite, "properties")
    for key in ("run", "model", "seed", "status"):
        SubElement(properties, "property", {"name": key, "value": _clean(str(getattr(manifest, key)))})
    for each in judgements:
        _add(suite, each, name)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _add(suite: Element, judgement: Judgement, suite_name: str) -> None:
    case = SubElement(
        suite,
        "testcase",
        {"classname": f"footfall.{suite_name}", "name": _clean(judgement.criterion), "time": "0"},
    )
    if judgement.verdict in _TAGS:
        reason = _clean(judgement.reason)
        element = SubElement(
            case, _TAGS[judgement.verdict], {"message": reason, "type": judgement.verdict.value}
        )
        element.text = reason
    else:
        SubElement(case, "system-out").text = _clean(judgement.reason)


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)


# ── The judgements of a run as Markdown, for the summary page of a CI

_MARKS = {
    Verdict.PASS: "✅ pass",
    Verdict.FAIL: "❌ fail",
    Verdict.UNDECIDED: "❔ undecided",
    Verdict.INVALID: "⚠️ invalid",
}
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~$@-])")


def summary_md(judgements: Sequence[Judgement], decision: VerdictDecision, manifest: Manifest) -> str:
    """Return a heading with the verdict, the counts, and a table with one row per criterion."""
    name = _plain(manifest.scenario or manifest.model)
    lines = [f"### Footfall: {name}: {_MARKS[decision.verdict]}", "", _plain(decision.reason), ""]
    lines += [f"- {line}" for line in _accounts(manifest)]
    lines += ["", "| | criterion | found |", "| --- | --- | --- |"]
    lines += [
        f"| {_MARKS[each.verdict]} | {_code(each.criterion)} | {_plain(each.reason)} |" for each in judgements
    ]
    return "\n".join(lines) + "\n\n"


def _accounts(manifest: Manifest) -> list[str]:
    lines = []
    if counts := manifest.arrivals:
        lines.append(f"{counts.due:,} arrivals due: {counts}")
    if (lag := manifest.lag_s) and lag.p99 is not None:
        lines.append(
            f"lag of the generator: p99 {lag.p99 * 1000:.1f} ms, at most {(lag.max or 0) * 1000:.1f} ms"
        )
    if manifest.workers:
        lines.append(f"workers: {len(manifest.workers)}{', degraded' if manifest.degraded else ''}")
    if manifest.connections is not None:
        lines.append(_plain(f"connections: {manifest.connections.describe(manifest.settings)}"))
    return [*lines, f"model {_plain(manifest.model)}, seed {manifest.seed}, run {_code(manifest.run)}"]


def _plain(text: str) -> str:
    """Escape text for Markdown, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _code(text: str) -> str:
    """Text as code; a bar would end the table's cell, even there."""
    words = " ".join(text.split()).replace("|", "\\|")
    longest = max((len(run) for run in re.findall("`+", words)), default=0)
    fence, pad = "`" * (longest + 1), " " if longest else ""
    return f"{fence}{pad}{words}{pad}{fence}"
