"""The judgements of a run as Markdown, for the summary page of a CI."""

import re
from collections.abc import Sequence

from footfall.measure.verdict import Decision, Judgement, Verdict
from footfall.records.runs import Manifest

_MARKS = {
    Verdict.PASS: "✅ pass",
    Verdict.FAIL: "❌ fail",
    Verdict.UNDECIDED: "❔ undecided",
    Verdict.INVALID: "⚠️ invalid",
}
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~$@-])")


def summary_md(judgements: Sequence[Judgement], decision: Decision, manifest: Manifest) -> str:
    """Give a heading with the verdict, the accounts, and a table with a row a criterion."""
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
        lines.append(_plain(f"connections: {manifest.connections.told(manifest.settings)}"))
    return [*lines, f"model {_plain(manifest.model)}, seed {manifest.seed}, run {_code(manifest.run)}"]


def _plain(text: str) -> str:
    """Text that no reader of Markdown takes for anything else, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _code(text: str) -> str:
    """Text as code; a bar would end the table's cell, even there."""
    words = " ".join(text.split()).replace("|", "\\|")
    longest = max((len(run) for run in re.findall("`+", words)), default=0)
    fence, pad = "`" * (longest + 1), " " if longest else ""
    return f"{fence}{pad}{words}{pad}{fence}"
