"""Report of a run or a fit as one self-contained HTML page."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any, Protocol

import polars as pl
from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from footfall._chart import style
from footfall._records.runs import Manifest
from footfall._stats.intervals import percent

# ── Charts as inline SVG, without what only a separate file needs

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)
_NAMESPACE = re.compile(r'\s+xmlns(?::\w+)?="[^"]*"')
_SIZE = re.compile(r'\s+(?:width|height)="[^"]*pt"')
_COLOUR = re.compile(r"#[0-9a-f]{6}\b")
_BY_THE_PAGE = {
    "#ffffff": "card",
    style.INK: "ink",
    style.GREY: "soft",
    style.PALE: "pale",
    style.GRID: "grid",
    style.PREDICTED: "predicted",
    style.MEASURED: "measured",
    "#3e4c59": "slate",
}
"""Colours that the page replaces by CSS variables, so that charts follow a dark theme."""
_NAMED = re.compile(r'(\bid="|url\(#|href="#)')


def _inline_svg(chart: style.Chart, prefix: str) -> Markup:
    """Return the chart's SVG as an HTML element; the prefix makes its ids unique on the page."""
    whole = style.svg_text(chart.figure)
    element = whole[whole.index("<svg") :]
    head, bracket, body = _NAMESPACE.sub("", _METADATA.sub("", _COMMENT.sub("", element))).partition(">")
    named = _NAMED.sub(rf"\g<1>{prefix}-", body)
    opened = f'{_SIZE.sub("", head)} role="img" aria-label="{escape(chart.title)}"'
    shaded = _COLOUR.sub(_shade, named)
    # Names were escaped by matplotlib, which draws them as outlines; the title is escaped here.
    return Markup(opened + bracket + shaded)  # noqa: S704 - see above


def drawn_charts(charts: Sequence[style.Chart]) -> list[tuple[style.Chart, Markup, str, str]]:
    """Return each chart with its SVG, its subtitle, and the height of its heading as a share of its width."""
    found = []
    for n, chart in enumerate(charts, 1):
        subtitle, head = style.head_of(chart.figure)
        found.append((chart, _inline_svg(chart, f"c{n}"), subtitle, f"{head:.4f}"))
    return found


def _shade(found: re.Match[str]) -> str:
    """Return the page's variable for a colour, or the colour itself."""
    name = _BY_THE_PAGE.get(found[0])
    return f"var(--{name}, {found[0]})" if name else found[0]


# ── Tables of formatted text


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table of formatted text: the first columns name the row, the others contain figures."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""
    names: int = 1
    """Number of leading columns with names; the others are right-aligned."""
    texts: frozenset[int] = frozenset()
    """Indices of further text columns, from 0."""
    folded: bool = False
    """Whether only the title is shown until the reader opens it."""

    def is_text(self, column: int) -> bool:
        """Return whether a column, from 0, is left-aligned."""
        return column < self.names or column in self.texts


# ── The page of a run: the verdict, then its evidence, then how to read it

_UNKNOWN = "–"


class JudgedRun(Protocol):
    """One criterion with its verdict (`pass`, `fail`, `undecided` or `invalid`)."""

    @property
    def criterion(self) -> str:
        """The criterion as written."""

    @property
    def verdict(self) -> str:
        """`pass`, `fail`, `undecided` or `invalid`."""

    @property
    def reason(self) -> str:
        """One sentence."""

    @property
    def validity(self) -> bool:
        """Whether it checks the validity of the run itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportData:
    """Content of the page."""

    manifest: Manifest
    verdict: str
    """`pass`, `fail`, `undecided` or `invalid`."""
    reason: str
    """One sentence on the overall verdict."""
    judgements: Sequence[JudgedRun] = ()
    comparison: pl.DataFrame = field(default_factory=pl.DataFrame)
    """One row per channel and operation, figures as `predicted_…` and `measured_…`, and `target_share`.
    Bounds of a 95th percentile, `…_response_s_p95_low` and `…_high`, are shown if they are columns."""
    charts: Sequence[style.Chart] = ()
    findings: Sequence[str] = ()
    """Further sentences to show above the charts."""
    warnings: Sequence[str] = ()
    """Warnings about the validity of the figures."""
    sheets: Sequence[Sheet] = ()
    """Tables to show after the comparison."""


def render(report: ReportData) -> str:
    """Return the page as self-contained HTML, with all input text escaped."""
    manifest = report.manifest
    charts = drawn_charts(report.charts)
    return page_template("page.html.jinja").render(
        manifest=manifest,
        report=report,
        charts=charts,
        rows=_rows(report.comparison),
        facts=_facts(manifest),
        settings=settings_of(manifest),
    )


@cache
def page_template(name: str) -> Template:
    """Return a template of this package, which escapes all text."""
    loader = PackageLoader("footfall._chart", package_path="")
    pages = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return pages.get_template(name)


def settings_of(manifest: Manifest) -> dict[str, str]:
    """Return the settings of a run and its machine, one line each."""
    return _flat(manifest.settings) | {f"{k} (machine)": v for k, v in _flat(manifest.machine).items()}


def _rows(comparison: pl.DataFrame) -> list[dict[str, Any]]:
    """Return the comparison as formatted text, channels in the order of the charts, totals last."""
    if comparison.is_empty():
        return []
    rank = {channel: n for n, channel in enumerate(style.in_order(set(comparison["channel"]) - {"*"}))}
    rows = sorted(
        comparison.iter_rows(named=True),
        key=lambda r: (rank.get(r["channel"], len(rank)), r["operation"] == "*", r["operation"]),
    )
    return [_row(row) for row in rows]


def _row(row: dict[str, Any]) -> dict[str, Any]:
    target = row["target_share"]
    words: dict[str, Any] = {
        "channel": "all channels" if row["channel"] == "*" else style.name_of(row["channel"]),
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
            "p95": _UNKNOWN if p95 is None else style.duration(p95),
            "p95_bounds": _times(
                row.get(f"{world}_response_s_p95_low"), row.get(f"{world}_response_s_p95_high")
            ),
        }
    return words


def _times(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{style.duration(low)} – {style.duration(high)}"


def _against(low: float, high: float, target: float) -> str:
    """Return how an interval relates to the target."""
    if low >= target:
        return "met"
    return "missed" if high < target else "open"


def _facts(manifest: Manifest) -> list[tuple[str, str, str]]:
    """Return key facts about the run: name, figure, and explanation."""
    facts = []
    if counts := manifest.arrivals:
        facts.append(("arrivals due", f"{counts.due:,}", str(counts)))
    if workers := manifest.workers:
        gone = sum(each.status in {"left", "lost"} for each in workers)
        note = f"{gone} left during the run: the run is degraded" if gone else "all until the end"
        facts.append(("workers", str(len(workers)), note))
    if (lag := manifest.lag_s) and lag.p99 is not None:
        note = f"median {_lag(lag.p50)}, maximum {_lag(lag.max)}: how late the generator was"
        facts.append(("lag, 99th percentile", _lag(lag.p99), note))
    if manifest.started_at and manifest.ended_at:
        took = datetime.fromisoformat(manifest.ended_at) - datetime.fromisoformat(manifest.started_at)
        facts.append(("took", style.duration(took.total_seconds()), f"from {_utc(manifest.started_at)}"))
    facts.append(("seed", str(manifest.seed), f"run {manifest.run}, {manifest.status}"))
    return facts


def _utc(text: str) -> str:
    """Format a time as `2026-11-30 13:01:38 UTC`."""
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _lag(seconds: float | None) -> str:
    return _UNKNOWN if seconds is None else f"{seconds * 1000:.1f} ms"


def _flat(settings: Mapping[str, Any], above: str = "") -> dict[str, str]:
    """Flatten nested settings to one line each, without those that have no value."""
    lines: dict[str, str] = {}
    for key, value in settings.items():
        if value is None or value in ("", [], ()):
            continue
        if isinstance(value, Mapping):
            lines |= _flat(value, f"{above}{key}.")
        else:
            lines[f"{above}{key}"] = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return lines


# ── The page of a fit: warnings, then rows, numbers and charts


@dataclass(frozen=True, slots=True, kw_only=True)
class FitReport:
    """Content of the page."""

    title: str
    source: str
    summary: str
    version: str
    diagnostics: Sequence[tuple[str, str]]
    tables: Sequence[Sheet]
    charts: Sequence[style.Chart]


def render_fit(report: FitReport) -> str:
    """Return the page as self-contained HTML, with all input text escaped."""
    return page_template("fit.html.jinja").render(fit=report, charts=drawn_charts(report.charts))
