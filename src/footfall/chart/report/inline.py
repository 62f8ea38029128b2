"""A chart as a piece of a page: its SVG without what only a file of its own needs."""

import re

from markupsafe import Markup, escape

from footfall.chart.style import GREY, GRID, INK, MEASURED, PALE, PREDICTED, Chart, svg_text

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)
_NAMESPACE = re.compile(r'\s+xmlns(?::\w+)?="[^"]*"')
_SIZE = re.compile(r'\s+(?:width|height)="[^"]*pt"')
_COLOUR = re.compile(r"#[0-9a-f]{6}\b")
_BY_THE_PAGE = {
    "#ffffff": "card",
    INK: "ink",
    GREY: "soft",
    PALE: "pale",
    GRID: "grid",
    PREDICTED: "predicted",
    MEASURED: "measured",
    "#3e4c59": "slate",
}
"""Colours that a page has its own shade of, by its names for them: a dark page is no white sheet."""
_NAMED = re.compile(r'(\bid="|url\(#|href="#)')


def inline_svg(chart: Chart, prefix: str) -> Markup:
    """The chart's SVG as an element of an HTML page; the prefix keeps its names apart from other charts'."""
    whole = svg_text(chart.figure)
    element = whole[whole.index("<svg") :]
    head, bracket, body = _NAMESPACE.sub("", _METADATA.sub("", _COMMENT.sub("", element))).partition(">")
    named = _NAMED.sub(rf"\g<1>{prefix}-", body)
    opened = f'{_SIZE.sub("", head)} role="img" aria-label="{escape(chart.title)}"'
    shaded = _COLOUR.sub(_shade, named)
    # Names were escaped by matplotlib, which draws them as outlines; the title is escaped here.
    return Markup(opened + bracket + shaded)  # noqa: S704 - see above


def _shade(found: re.Match[str]) -> str:
    """The page's shade of a colour, with the colour itself where the page has none."""
    name = _BY_THE_PAGE.get(found[0])
    return f"var(--{name}, {found[0]})" if name else found[0]
