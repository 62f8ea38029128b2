"""The page itself: the verdict first, then what it rests on, then how to read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Protocol

import polars as pl
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from footfall.chart.report.inline import inline_svg
from footfall.chart.report.sheet import Sheet
from footfall.chart.style import Chart, duration, in_order, name_of, percent
from footfall.records.runs import Manifest

_UNKNOWN = "–"


class Judged(Protocol):
    """One criterion with its verdict (`pass`, `fail`, `undecided` or `invalid`), whoever judged it."""

    @property
    def criterion(self) -> str:
        """The line as it was written."""

    @property
    def verdict(self) -> str:
        """`pass`, `fail`, `undecided` or `invalid`."""

    @property
    def reason(self) -> str:
        """One sentence."""

    @property
    def validity(self) -> bool:
        """Whether it asks if the run can be trusted at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportData:
    """All that the page shows."""

    manifest: Manifest
    verdict: str
    """`pass`, `fail`, `undecided` or `invalid`."""
    reason: str
    """One sentence for the verdict on the whole."""
    judgements: Sequence[Judged] = ()
    comparison: pl.DataFrame = field(default_factory=pl.DataFrame)
    """One row a channel and operation, figures as `predicted_…` and `measured_…`, and `target_share`.
    Bounds of a 95th percentile, `…_response_s_p95_low` and `…_high`, are shown where they are columns."""
    charts: Sequence[Chart] = ()
    findings: Sequence[str] = ()
    """Further sentences worth reading before the charts."""
    warnings: Sequence[str] = ()
    """What a reader must know before they believe a figure."""
    sheets: Sequence[Sheet] = ()
    """Tables that stand behind the comparison."""


def render(report: ReportData) -> str:
    """The page as HTML: self-contained, every text from outside escaped."""
    manifest = report.manifest
    charts = [(chart, inline_svg(chart, f"c{n}")) for n, chart in enumerate(report.charts, 1)]
    return _template().render(
        manifest=manifest,
        report=report,
        charts=charts,
        rows=_rows(report.comparison),
        facts=_facts(manifest),
        settings=_flat(manifest.settings) | {f"{k} (machine)": v for k, v in _flat(manifest.machine).items()},
    )


@cache
def _template() -> Template:
    loader = PackageLoader("footfall.chart.report", package_path="")
    page = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return page.get_template("page.html.jinja")


def _rows(comparison: pl.DataFrame) -> list[dict[str, Any]]:
    """The comparison as words, channels in the order of the charts, totals of all channels last."""
    if comparison.is_empty():
        return []
    rank = {channel: n for n, channel in enumerate(in_order(set(comparison["channel"]) - {"*"}))}
    rows = sorted(
        comparison.iter_rows(named=True),
        key=lambda r: (rank.get(r["channel"], len(rank)), r["operation"] == "*", r["operation"]),
    )
    return [_row(row) for row in rows]


def _row(row: dict[str, Any]) -> dict[str, Any]:
    target = row["target_share"]
    words: dict[str, Any] = {
        "channel": "all channels" if row["channel"] == "*" else name_of(row["channel"]),
        "operation": "all" if row["operation"] == "*" else row["operation"],
        "total": "*" in (row["channel"], row["operation"]),
        "target": _UNKNOWN if target is None else percent(target),
    }
    for world in ("predicted", "measured"):
        share, p95 = row[f"{world}_success_share"], row[f"{world}_response_s_p95"]
        low, high = row[f"{world}_success_share_low"], row[f"{world}_success_share_high"]
        known, bounded = share is not None, low is not None and high is not None
        words[world] = {
            "visits": f"{row[f'{world}_visits']:,}" if known else _UNKNOWN,
            "share": percent(share) if known else _UNKNOWN,
            "bounds": f"{low * 100:.1f} – {high * 100:.1f}" if bounded else "",
            "against": _against(low, high, target) if bounded and target is not None else "",
            "p95": _UNKNOWN if p95 is None else duration(p95),
            "p95_bounds": _times(
                row.get(f"{world}_response_s_p95_low"), row.get(f"{world}_response_s_p95_high")
            ),
        }
    return words


def _times(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{duration(low)} – {duration(high)}"


def _against(low: float, high: float, target: float) -> str:
    """Where an interval lies, seen from the target."""
    if low >= target:
        return "met"
    return "missed" if high < target else "open"


def _facts(manifest: Manifest) -> list[tuple[str, str, str]]:
    """What the reader needs to trust the run: name, figure, and what it means."""
    facts = []
    if counts := manifest.arrivals:
        facts.append(("arrivals due", f"{counts.due:,}", str(counts)))
    if workers := manifest.workers:
        gone = sum(each.status in {"left", "lost"} for each in workers)
        told = f"{gone} went in the middle: the run is degraded" if gone else "all to the end"
        facts.append(("workers", str(len(workers)), told))
    if (lag := manifest.lag_s) and lag.p99 is not None:
        told = f"median {_lag(lag.p50)}, at most {_lag(lag.max)}: how late the generator was"
        facts.append(("lag, 99th percentile", _lag(lag.p99), told))
    if manifest.started_at and manifest.ended_at:
        took = datetime.fromisoformat(manifest.ended_at) - datetime.fromisoformat(manifest.started_at)
        facts.append(("took", duration(took.total_seconds()), f"from {manifest.started_at}"))
    facts.append(("seed", str(manifest.seed), f"run {manifest.run}, {manifest.status}"))
    return facts


def _lag(seconds: float | None) -> str:
    return _UNKNOWN if seconds is None else f"{seconds * 1000:.1f} ms"


def _flat(settings: Mapping[str, Any], above: str = "") -> dict[str, str]:
    """Nested settings as one line each."""
    lines: dict[str, str] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping):
            lines |= _flat(value, f"{above}{key}.")
        else:
            lines[f"{above}{key}"] = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return lines
