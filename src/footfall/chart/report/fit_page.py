"""What was fitted to a log as one page: warnings first, then rows, numbers and charts."""

from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

from footfall.chart.report.inline import inline_svg
from footfall.chart.report.sheet import Sheet
from footfall.chart.style import Chart


@dataclass(frozen=True, slots=True, kw_only=True)
class FitReport:
    """All that the page shows."""

    title: str
    source: str
    summary: str
    version: str
    cautions: Sequence[tuple[str, str]]
    tables: Sequence[Sheet]
    charts: Sequence[Chart]


def render_fit(report: FitReport) -> str:
    """The page as HTML: self-contained, every text from outside escaped."""
    loader = PackageLoader("footfall.chart.report", package_path="")
    page = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    charts = [(chart, inline_svg(chart, f"c{n}")) for n, chart in enumerate(report.charts, 1)]
    return page.get_template("fit.html.jinja").render(fit=report, charts=charts)
