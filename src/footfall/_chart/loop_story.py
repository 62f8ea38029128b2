"""The page of a loop: one answer, then its story in sections, each with a picture."""

from collections.abc import Sequence
from dataclasses import dataclass

from footfall._chart.html_report import Sheet, drawn_charts, page_template
from footfall._chart.style import Chart

_TONES = {"held": "pass", "did not hold": "fail"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StorySection:
    """One part of the story."""

    title: str
    texts: Sequence[str] = ()
    charts: Sequence[Chart] = ()
    tables: Sequence[Sheet] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopStory:
    """Content of the page."""

    title: str
    answer: str
    """The first sentence."""
    verdict: str
    """`held`, `did not hold` or `cannot tell`."""
    reason: str
    source: str
    version: str
    sections: Sequence[StorySection]


def render_story(story: LoopStory) -> str:
    """Return the page as self-contained HTML, with all input text escaped."""
    drawn = drawn_charts([chart for section in story.sections for chart in section.charts])
    sections = []
    for section in story.sections:
        own, drawn = drawn[: len(section.charts)], drawn[len(section.charts) :]
        sections.append((section, own))
    word = f"Prediction {story.verdict}" if story.verdict in _TONES else "Cannot tell"
    return page_template("loop.html.jinja").render(
        story=story, sections=sections, word=word, tone=_TONES.get(story.verdict, "undecided")
    )
