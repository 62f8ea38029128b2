"""Report of a search for capacity as one self-contained HTML page."""

from collections.abc import Sequence
from dataclasses import dataclass

from footfall._chart import style
from footfall._chart.html_report import JudgedRun, Sheet, drawn_charts, page_template, settings_of
from footfall._records.runs import Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityPage:
    """Content of the page, as text."""

    manifest: Manifest
    what: str
    """What was loaded: `http://…/work`, or a scenario and its service."""
    is_found: bool
    answer: str
    """The capacity with its unit, or that none was found."""
    sentence: str
    """What the answer means, with its interval."""
    facts: Sequence[tuple[str, str, str]]
    """Name, figure and explanation of what else was found."""
    sentences: Sequence[str] = ()
    """How sure it is, and from what."""
    flags: Sequence[tuple[str, str]] = ()
    """What kind of service it is and what happened to it: a word or two, and an explanation."""
    warnings: Sequence[str] = ()
    judgements: Sequence[JudgedRun] = ()
    """Criteria about the capacity."""
    charts: Sequence[style.Chart] = ()
    sheets: Sequence[Sheet] = ()


def render_capacity(page: CapacityPage) -> str:
    """Return the page as self-contained HTML, with all input text escaped."""
    return page_template("capacity.html.jinja").render(
        page=page,
        manifest=page.manifest,
        charts=drawn_charts(page.charts),
        settings=settings_of(page.manifest),
    )
